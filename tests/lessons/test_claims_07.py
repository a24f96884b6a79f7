"""What lesson 07 says, computed: by section and claim."""

import pytest
import sympy

from cnnviz import (
    explore_kernel_gradient,
    explore_meetings,
    explore_whole_layer,
    sample_input,
    sample_kernel,
    symbol_array,
)
from cnnviz.explorers.shared import SHARED
from cnnviz.functional import conv2d, conv2d_input, conv2d_weight

X, K, B, G = (
    symbol_array("X", (3, 3)),
    symbol_array("K", (2, 2)),
    sympy.Symbol("B"),
    symbol_array("g", (2, 2)),
)
Z = conv2d(X, K, B)
L = (G * Z).sum()
INPUT, KERNEL, UPSTREAM = sample_input(3, 3), sample_kernel(2, 2), [[2, -1], [4, 3]]


@pytest.fixture(autouse=True)
def first_letters():
    """Letters are shared by all pictures: put them back."""
    yield
    SHARED.choose(notation="note")


def test_0_sixteen_cards_in_9_rows_and_four_for_the_middle():
    scene = explore_meetings(sort="by input", notation="blog").scene
    assert scene["cards"].size == 16 and scene["sums"].size == 9
    rows = [len(scene.lit("sums", row)["cards"]) for row in range(9)]
    assert rows == [1, 2, 1, 2, 4, 2, 1, 2, 1]
    middle = scene.lit("sums", 4)["cards"]
    weights = [scene["cards"].texts[card].split("·")[1] for card in middle]
    assert weights == ["K_22", "K_21", "K_12", "K_11"]


def test_0_sizes_stride_and_padding_never_change_the_order():
    explorer = explore_meetings()
    for sort, backwards in (("by output", 0), ("by weight", 0), ("by input", 1)):
        for control in ("input_size", "kernel_size", "stride", "padding"):
            start = explorer.values[control]
            for value in explorer.controls[control].options:
                explorer.move(sort=sort, **{control: value})
                words = explorer.scene.lamps[1].words
                assert words.endswith("weights run backwards") <= backwards
                assert sum(not lamp.holds for lamp in explorer.scene.lamps) <= backwards
            explorer.move(**{control: start})


def test_1_four_equations_and_their_numbers():
    assert Z.shape == (2, 2) and all(len(sympy.Add.make_args(one)) == 5 for one in Z.ravel())
    assert conv2d(INPUT, KERNEL, 2).tolist() == [[6, 39], [34, 1]]


def test_1_18_lines_in_all():
    assert 4 + 4 + 1 + 9 == explore_whole_layer(blank=True).scene.length == 18


def test_2_the_sum_over_the_outputs_is_the_transposed_slopes_times_the_upstream_gradient():
    slopes = sympy.Matrix(Z.ravel()).jacobian(sympy.Matrix(K.ravel()))
    assert slopes.shape == (4, 4)
    by_columns = slopes.T * sympy.Matrix(G.ravel())
    assert all(
        one == sympy.diff(L, weight) for one, weight in zip(by_columns, K.ravel(), strict=True)
    )


def test_3_the_kernel_gradient():
    assert conv2d_weight(INPUT, (2, 2), UPSTREAM).tolist() == [[31, 32], [19, 28]]


def test_4_the_bias_gradient():
    assert sympy.diff(L, B) == G.sum() and sum(map(sum, UPSTREAM)) == 8


def test_5_the_input_gradient_and_its_terms():
    terms = [len(sympy.Add.make_args(sympy.diff(L, cell))) for cell in X.ravel()]
    assert terms == [1, 2, 1, 2, 4, 2, 1, 2, 1] and sum(terms) == 16
    gradient = conv2d_input((3, 3), KERNEL, UPSTREAM)
    assert gradient.tolist() == [[2, 3, -2], [10, 4, 8], [12, 1, -6]]


def test_6_the_window_lies_on_all_four_at_the_fifth_stop():
    scene = explore_kernel_gradient(3, 2, role="input gradient").scene
    padding = scene["spread"].zeros
    met = [{*scene.lit("input_gradient", stop)["spread"]} - {*padding} for stop in range(9)]
    assert [len(cells) for cells in met].index(4) == 4 and max(map(len, met)) == 4
    assert scene["spread"].shape[2:] == (4, 4)


def test_7_the_loss_and_one_more_on_the_bias():
    z = conv2d(INPUT, KERNEL, 2)
    target = z - UPSTREAM
    assert target.tolist() == [[4, 40], [30, -2]] and ((z - target) ** 2).sum() / 2 == 15
    more = conv2d(INPUT, KERNEL, 3) - target
    assert (more - (z - target)).tolist() == [[1, 1], [1, 1]]
    assert more.sum() - (z - target).sum() == 4


def test_end_each_upstream_gradient_stands_in_four_terms_of_both_gradients():
    for wanted in (K, X):
        terms = [
            term
            for cell in wanted.ravel()
            for term in sympy.Add.make_args(sympy.expand(sympy.diff(L, cell)))
        ]
        assert sum(term.has(G[0, 0]) for term in terms) == 4
