"""The pictures of the input gradient: what they write, light up and say, against laws and by hand."""

import itertools
import math

import numpy as np
import pytest
import sympy

from cnnviz import (
    explore_index_substitution,
    explore_rotation,
    explore_scatter_gather,
    explore_transpose,
)
from cnnviz.derivations import symbol_array
from cnnviz.functional import conv2d, conv2d_input, rot180
from cnnviz.functional.geometry import DoesNotFit, Geometry
from cnnviz.functional.samples import sample_gradient, sample_input, sample_kernel
from cnnviz.pictures.input_gradient.gathering import gather_table
from cnnviz.pictures.input_gradient.index_substitution import index_substitution
from cnnviz.pictures.input_gradient.input_gradient import transposed_matrix
from cnnviz.pictures.input_gradient.scatter_gather import scatter_gather
from cnnviz.pictures.input_gradient.turned_kernel import TURNS, turned_kernel
from cnnviz.pictures.input_gradient.written_out import written_out
from cnnviz.pictures.maps import INSERTED, PADDING
from cnnviz.pictures.transposed.coverage import coverage
from cnnviz.scene import NOWHERE
from cnnviz.scene.svg import svg
from cnnviz.symbols import NOTATIONS, number
from tests.tools import brute_force


def fitting():
    """Geometries of every kind, rectangles among them."""
    for size, kernel, stride, padding, dilation in itertools.product(
        ((3, 4), (6, 5)), ((1, 2), (3, 2), (3, 3)), (1, 2, 3), (0, 1, 3), (1, 2)
    ):
        try:
            yield Geometry.of(size, kernel, stride, padding, dilation)
        except DoesNotFit:
            continue


GEOMETRIES = list(fitting())


def scene_of(geometry: Geometry, **more):
    numbers = (
        sample_gradient(*geometry.output_size),
        sample_kernel(*geometry.kernel_size),
        geometry.input_size,
    )
    around = (geometry.stride, [p.before for p in geometry.padding], geometry.dilation)
    stride, padding, dilation = map(tuple, around)
    return scatter_gather(*numbers, stride, padding, dilation, **more)


def meetings(geometry: Geometry) -> set:
    """The products of the backward pass as (output, kernel, input) cells, by plain loops."""
    (h, w), (kh, kw), (oh, ow) = (
        geometry.input_size,
        geometry.kernel_size,
        geometry.output_size,
    )
    around = geometry.stride, geometry.padding, geometry.dilation
    found = brute_force.meetings((1, 1, h, w), (1, 1, kh, kw), (oh, ow), *around, 1)
    return {(o[2] * ow + o[3], k[2] * kw + k[3], x[2] * w + x[3]) for o, x, k in found}


def products(scene, order: str) -> list:
    """The products of each step on one side, as (output, kernel, input) cells."""
    sides = {"scatter": ("upstream", "kernel", "input_gradient")}
    if order == "scatter":
        return [tuple(step.lit[name][0] for name in sides[order]) for step in scene.steps]
    turned = rot180(np.arange(scene["kernel"].size).reshape(scene["kernel"].shape)).ravel()
    found = []
    for step in scene.steps:
        spread, kernel, target = (step.lit[name][0] for name in ("spread", "turned", "gathered"))
        rows = np.flatnonzero(scene.table["spread"] == spread)
        found.append((int(scene.table["upstream"][rows[0]]), int(turned[kernel]), target))
    return found


def test_there_are_geometries_of_every_kind():
    assert len(GEOMETRIES) > 80
    assert any(min(g.adjoint_padding[0]) < 0 for g in GEOMETRIES)
    assert any(any(g.remainder) for g in GEOMETRIES)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_scatter_and_gather_make_the_same_products_and_all_of_them(geometry):
    scene, wanted = scene_of(geometry), meetings(geometry)
    for order in ("scatter", "gather"):
        made = products(scene, order)
        assert len(made) == len(set(made)) == len(wanted) and set(made) == wanted
    assert products(scene, "scatter") == sorted(wanted)  # one stamp after the other
    targets = [target for _, _, target in products(scene, "gather")]
    assert targets == sorted(targets)  # one cell after the other
    assert all(lamp.holds for lamp in scene.lamps)


@pytest.mark.parametrize("geometry", GEOMETRIES[::7], ids=str)
def test_the_last_frames_are_the_gradient(geometry):
    scene = scene_of(geometry, show="numbers")
    if not scene.steps:
        pytest.skip("no output read anything but padding")
    last = scene.at_step(len(scene.steps) - 1)
    for name in ("input_gradient", "gathered"):
        assert last.shown(last[name]) == scene[name].numbers
    counted = scene_of(geometry).at_step(len(scene.steps) - 1)
    assert all(
        text == "0" or text.split(" of ")[0] == text.split(" of ")[1]
        for text in counted.shown(counted["gathered"])
    )


def test_the_first_steps_of_scatter_and_gather_by_hand():
    scene = scatter_gather(np.ones((2, 2)), np.ones((2, 2)), (3, 3), notation=NOTATIONS["blog"])
    first, second = scene.steps[:2]
    assert first.reads == {"upstream": (0,), "kernel": (0,), "spread": (5,), "turned": (3,)}
    assert first.writes == {"input_gradient": (0,), "gathered": (0,)}
    assert first.around == {"input_gradient": (0, 1, 3, 4), "spread": (0, 1, 4, 5)}
    assert first.say == (
        "A adds ∂L/∂Z₁₁ · K₁₁ to ∂L/∂X₁₁. B adds ∂L/∂Z₁₁ · K₁₁ to ∂L/∂X₁₁. "
        "Finished cells: A 1, B 1. The sum of B’s cell:"
    )
    assert second.lit["input_gradient"] == second.lit["gathered"] == (1,)
    assert scene.steps[4].lit["upstream"] == (1,) and scene.steps[4].lit["gathered"] == (3,)
    assert scene.at_step(4).shown(scene["input_gradient"])[:6] == (
        *("1 of 1", "2 of 2", "", "1 of 2", "1 of 4", ""),
    )
    assert scene.steps[-1].say.endswith(
        "The same 16 products were made, and A = B. The sum of B’s cell:"
    )
    assert scene.counters == (("16", "products in each"),)
    assert scene.lamps == ((True, "A = B", True), (True, "A = Wᵀ times what arrives", True))


@pytest.mark.parametrize("geometry", GEOMETRIES[::9], ids=str)
def test_the_term_of_this_product_is_one_of_those_in_the_sum_that_is_shown(geometry):
    """The stage marks it: all of its factors' cells, and no other term's, are read by the step."""
    scene = scene_of(geometry)
    for step in scene.steps:
        grid, cell = step.of
        assert step.writes[grid] == (cell,)
        products = [here for _, here in scene._products(grid, cell)]
        now = [
            here for here in products
            if here["turned"] in step.reads["turned"] and here["spread"] in step.reads["spread"]
        ]  # fmt: skip
        assert len(now) == 1
        assert scene.equations[grid].factors in (
            ("{turned}", "{spread}"),
            ("{spread}", "{turned}"),
        )


def test_the_stamp_and_the_window_show_faintly_around_a_product():
    scene = scatter_gather(np.ones((2, 2)), np.ones((2, 2)), (3, 3))
    assert 'class="band"' not in svg(scene)
    assert svg(scene.at_step(0)).count('class="band"') == 2
    assert scene.view()["steps"][0]["around"]["spread"] == (0, 1, 4, 5)
    assert scene.at_step(0).at("kernel", 0).around == {}


def test_pointing_links_both_sides():
    scene = scatter_gather(np.ones((2, 2)), np.ones((3, 3)), (4, 4))
    corner = {"input_gradient": (0,), "gathered": (0,), "upstream": (0,), "kernel": (0,)}
    for name in ("input_gradient", "gathered"):
        lit = scene.lit(name, 0)
        assert {key: lit[key] for key in corner} == corner
        assert lit["spread"] == (0, 1, 2, 6, 7, 8, 12, 13, 14) and len(lit["turned"]) == 9
    assert scene.lit("upstream", 3)["input_gradient"] == (5, 6, 7, 9, 10, 11, 13, 14, 15)
    assert scene.lit("kernel", 0) == {
        "kernel": (0,),
        "upstream": (0, 1, 2, 3),
        "input_gradient": (0, 1, 4, 5),
        "spread": (14, 15, 20, 21),
        "turned": (8,),
        "gathered": (0, 1, 4, 5),
    }
    assert scene.sentence("kernel", 1).endswith(
        "It stands in row 1, column 2 of the kernel, and in row 3, column 2 of the turned one."
    )


def equals(text: str, wanted) -> bool:
    """Whether an equation as a line of text is the expression, upstream gradients being g."""
    right = text.split(" = ")[1].replace("·", "*")
    for old, new in (("∂F/∂h_", "g_"), ("∂L/∂O_", "g_"), ("∂L/∂Z_", "g_")):
        right = right.replace(old, new)
    names = {s.name: s for s in wanted.free_symbols}
    return sympy.expand(sympy.sympify(right, locals=names) - wanted) == 0


@pytest.mark.parametrize("geometry", GEOMETRIES[::9], ids=str)
def test_equations_are_the_derivatives_of_sympy(geometry):
    a = symbol_array("a", geometry.input_size)
    k, g = symbol_array("k", geometry.kernel_size), symbol_array("g", geometry.output_size)
    padding = tuple(p.before for p in geometry.padding)
    scalar = (g * conv2d(a, k, None, geometry.stride, padding, geometry.dilation)).sum()
    scene = scene_of(geometry)
    for cell, symbol in enumerate(a.ravel()):
        wanted = sympy.diff(scalar, symbol)
        assert equals(scene.equation_text("input_gradient", cell), wanted)
        assert equals(scene.equation_text("gathered", cell), wanted)


def test_spread_cells_show_zeros_padding_and_crop():
    assert scene_of(Geometry.of((1, 5), (1, 3), stride=2))["spread"].cells == (
        *(PADDING, PADDING, 0, INSERTED, 1, PADDING, PADDING),
    )
    assert scene_of(Geometry.of((1, 2), (1, 1), padding=(0, 1)))["spread"].cells == (1, 2)
    scene = scatter_gather(np.ones((4, 4)), np.ones((1, 1)), (2, 2), 1, 1)
    assert scene["spread"].title == "the same, cropped by 1: 2×2"
    assert scatter_gather(np.ones((2, 2)), np.ones((3, 3)), (5, 5), 2)["spread"].title == (
        "spread, padded by 2: 7×7"
    )
    assert "cropped" in scene.say
    assert scene.sentence("upstream", 0).endswith("it adds nothing, and is cropped.")
    strided = scatter_gather(np.ones((2, 2)), np.ones((3, 3)), (6, 6), 2)
    assert strided["spread"].marks["inserted"] == (
        20 - 1,
        8 * 3 + 2,
        8 * 3 + 3,
        8 * 3 + 4,
        8 * 4 + 3,
    )


def test_the_code_is_the_call_of_pytorch():
    scene = scatter_gather(np.ones((2, 2)), np.ones((3, 3)), (6, 6), 2)
    assert scene.code == "grad_a = torch.nn.grad.conv2d_input((1, 1, 6, 6), k, g, stride=2)"


def test_sliders_for_stride_and_dilation_come_with_either_of_them():
    assert not {"stride", "dilation"} & set(explore_scatter_gather().controls)
    for given in ({"stride": 2}, {"dilation": 1}):
        explorer = explore_scatter_gather(5, rectangles=True, **given)
        assert {"stride", "dilation", "input_height"} <= set(explorer.controls)
        assert explorer.values | given == explorer.values and explorer.values["input_height"] == 5


def test_a_probe_is_not_typed_into_but_the_kernel_beside_it_is():
    explorer = explore_scatter_gather(one_hot=1, show="numbers")
    assert explorer.scene["kernel"].editable and not explorer.scene["upstream"].editable
    explorer.move(one_hot=0)
    assert explorer.scene["upstream"].editable


def overwriting(geometry: Geometry) -> np.ndarray:
    """The loop with = where += is right, on a padded map whose padding is then cut off."""
    (h, w), (kh, kw) = geometry.input_size, geometry.kernel_size
    g, k = sample_gradient(*geometry.output_size), sample_kernel(kh, kw)
    (top, left), (down, right) = (p.before for p in geometry.padding), geometry.dilation
    padded = np.zeros((h + 2 * top, w + 2 * left))
    for u, v in np.ndindex(*g.shape):
        y, x = u * geometry.stride[0], v * geometry.stride[1]
        padded[y : y + down * kh : down, x : x + right * kw : right] = g[u, v] * k
    return padded[top : top + h, left : left + w]


@pytest.mark.parametrize("geometry", GEOMETRIES[::5], ids=str)
def test_overwriting_leaves_what_the_loop_with_the_mistake_leaves(geometry):
    scene = scene_of(geometry, overwrite=True, show="numbers")
    left = overwriting(geometry)
    written = tuple(number(n) for n in left.ravel())
    assert scene["input_gradient"].numbers == written
    assert scene["input_gradient"].frames[-1:] in ((written,), ())
    truth = scene_of(geometry, show="numbers")
    assert scene["gathered"].numbers == truth["input_gradient"].numbers
    wanted = truth["input_gradient"].counts.reshape(left.shape)
    differs = tuple(np.flatnonzero(left != wanted).tolist())
    assert scene["input_gradient"].marks.get("wrong", ()) == differs
    assert [lamp.holds for lamp in scene.lamps] == [not differs] * 2
    for cell, value in enumerate(left.ravel()):
        _, terms = scene.counted("input_gradient", cell)
        assert len(terms) <= 1, "of what is overwritten no term is left"
        factors = [int(n.replace("−", "-")) for term in terms for n in term]
        assert value == (math.prod(factors) if terms else 0)


def test_overwriting_by_hand():
    """2×2 stamps on 3×3: only the corners keep all their terms, and g₂₂ is written last."""
    scene = scatter_gather(np.array([[1, -2], [4, -1]]), np.array([[1, 2], [3, -2]]), (3, 3),
                           overwrite=True)  # fmt: skip
    assert scene["input_gradient"].numbers == ("1", "−2", "−4", "4", "−1", "−2", "12", "−3", "2")
    assert scene["input_gradient"].marked_since == {1: 4, 3: 8, 4: 6, 5: 13, 7: 14}
    assert [lamp.words for lamp in scene.lamps] == ["A ≠ B", "A ≠ Wᵀ times what arrives"]
    assert [lamp.sign for lamp in scene.lamps] == ["✕", "✕"]
    assert scene.equation_text("input_gradient", 4) == "∂F/∂a_22 = k_11·∂F/∂h_22"
    assert scene.equation_text("gathered", 4).count("·") == 4
    assert scene.at_step(15).shown(scene["input_gradient"])[4] == "1 of 4"
    assert scene.at_step(15).said.startswith("A writes ∂F/∂h₂₂ · k₂₂ into ∂F/∂a₃₃.")
    assert "Finished cells: A 4, B 9. The same 16 products were made, but A ≠ B." in (
        scene.at_step(15).said
    )
    assert "later stamps overwrite 3 of them" in scene.sentence("upstream", 0)
    assert "A holds the last one alone" in scene.sentence("input_gradient", 4)


def test_stamps_that_do_not_overlap_overwrite_nothing():
    scene = scatter_gather(np.ones((2, 2)), sample_kernel(2, 2), (4, 4), 2, overwrite=True)
    assert all(lamp.holds for lamp in scene.lamps) and not scene["input_gradient"].marks


def test_a_probe_in_the_last_place_does_not_see_the_overwriting():
    explorer = explore_scatter_gather(overwrite=True, one_hot=4)
    assert all(lamp.holds for lamp in explorer.scene.lamps)
    explorer.move(one_hot=1)
    assert not any(lamp.holds for lamp in explorer.scene.lamps)


# ---------------------------------------------------------------- Wᵀ


def test_a_row_of_the_transpose_is_a_column_of_w():
    a, k, g = sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2)
    scene = transposed_matrix(a, k, g)
    w = np.array(scene["W"].symbols, dtype=object).reshape(4, 16)
    transposed = np.array(scene["W_transposed"].symbols, dtype=object).reshape(16, 4)
    assert (transposed == w.T).all()
    lit = scene.lit("input_gradient", 5)
    assert lit["W"] == (5, 16 + 5, 32 + 5, 48 + 5) and lit["W_transposed"] == (20, 21, 22, 23)
    assert lit["input"] == (5,) and lit["kernel"] == (0, 1, 3, 4)
    wanted = conv2d_input((4, 4), k, g)
    assert scene["input_gradient"].numbers == tuple(map(number, wanted.ravel()))
    one = number((conv2d(a, k) * g).sum())
    assert [value for value, _ in scene.counters] == [one, one]
    assert scene.lamps == ((True, "equal: the adjoint test", True),)


def test_a_weight_has_one_hue_in_the_kernel_in_w_and_in_its_transpose():
    scene = transposed_matrix(sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2))
    assert len({*scene["kernel"].hues}) == 9
    hue_of = dict(zip(scene["kernel"].symbols, scene["kernel"].hues, strict=True)) | {"0": NOWHERE}
    for name in ("W", "W_transposed"):
        grid = scene[name]
        assert grid.hues == tuple(hue_of[symbol] for symbol in grid.symbols)
    lying, standing = scene["W"].place, scene["W_transposed"].place
    assert (lying.width, lying.height) == (
        standing.width,
        standing.height,
    )  # mirrored, cell for cell


def test_a_step_of_the_transpose_by_hand():
    """∂F/∂a₂₂ of a 4×4 input is made from all four gradients and the weights 22, 21, 12, 11."""
    scene = transposed_matrix(sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2))
    step = scene.steps[5]
    assert step.reads == {
        "W": (5, 16 + 5, 32 + 5, 48 + 5),
        "W_transposed": (20, 21, 22, 23),
        "upstream": (0, 1, 2, 3),
        "kernel": (4, 3, 1, 0),
    }
    assert step.writes == {"input_gradient": (5,)} and step.around["input"] == (5,)
    assert scene.steps[0].reads["upstream"] == (0,) and scene.steps[0].reads["kernel"] == (0,)
    assert scene.at_step(1).shown(scene["input_gradient"])[:3] == ("_11", "_12", "")
    assert scene.equation_of is None and scene.at_step(5).equation_of == ("input_gradient", 5)


def test_a_number_of_the_flattened_input_is_typed_into_its_own_cell():
    explorer = explore_transpose(show="numbers")
    explorer.type("input", 5, "50")
    assert explorer.data["input"][1, 1] == 50 and explorer.scene["input"].numbers[5] == "50"
    values = [value for value, _ in explorer.scene.counters]
    assert values[0] == values[1] and explorer.scene.lamps[0].holds


def test_an_input_that_no_output_reads_has_an_empty_row_and_the_gradient_0():
    scene = transposed_matrix(np.ones((1, 1)), np.ones((1, 1)), np.ones((2, 2)), 2, 1)
    (step,) = scene.steps
    assert not any(step.reads.values()) and step.writes == {"input_gradient": (0,)}
    assert step.say == "∂F/∂a₁₁ is 0: its row of Wᵀ is empty, because no output read that input."


def test_padding_has_no_row_in_the_transpose():
    scene = transposed_matrix(np.ones((2, 2)), np.ones((2, 2)), np.ones((3, 3)), padding=1)
    assert scene["W_transposed"].shape == (1, 1, 4, 9)
    assert scene["input"].size == 4 and not scene["input"].zeros
    assert scene.sentence("input", 0).startswith("a₁₁ feeds 4 outputs")
    assert scene.lit("upstream", 0)["W"] == (0,)  # its other cells would be padding
    assert scene["W_transposed"].symbols[:5] == ("k_22", "k_21", "0", "k_12", "k_11")


# ---------------------------------------------------------------- one dimension


@pytest.mark.parametrize("size, kernel", [(5, 3), (4, 4), (7, 2)])
def test_columns_read_the_kernel_backwards(size, kernel):
    scene = index_substitution(np.arange(1.0, kernel + 1), np.ones(size - kernel + 1), size)
    w = np.array(scene["W"].symbols, dtype=object).reshape(-1, size)
    for row in w:
        assert [name for name in row if name != "0"] == list(scene["kernel"].symbols)
    for column in w.T:
        here = [scene["kernel"].symbols.index(name) for name in column if name != "0"]
        assert here == sorted(here, reverse=True)
    assert scene["turned"].symbols == scene["kernel"].symbols[::-1]


def test_the_sentences_of_one_dimension_count_from_the_first_index():
    one = index_substitution(np.ones(3), np.ones(3), 5)
    assert one.sentence("input_gradient", 2) == (
        "The column of input x = 3: i = x − u + 1. Here x is fixed: as u runs 1, 2, 3, the weight i "
        "runs 3, 2, 1: backwards."
    )
    zero = index_substitution(np.ones(3), np.ones(3), 5, start=0)
    assert zero.sentence("input_gradient", 0) == (
        "The column of input x = 0: only output u = 0 read it, with weight i = x − u = 0."
    )
    assert zero.equation_text("input_gradient", 0) == "∂F/∂a_0 = k_0·∂F/∂h_0"


def test_each_vector_of_one_dimension_stands_once_at_its_edge_of_w():
    scene = index_substitution(np.ones(3), np.ones(3), 5)
    assert [grid.name for grid in scene.grids] == [
        *("input_gradient", "W", "upstream", "kernel", "turned", "spread")
    ]
    w, g, dx = (scene[name].place for name in ("W", "upstream", "input_gradient"))
    assert (g.y, g.height) == (w.y, w.height) and (dx.x, dx.width) == (w.x, w.width)


def test_one_dimension_takes_rows_of_numbers():
    explorer = explore_index_substitution(kernel=[1, 2, 3, 4], upstream=[5, 6])
    assert explorer.values["input_size"] == 5 and explorer.values["kernel_size"] == 4
    assert explorer.scene["input_gradient"].numbers == ("5", "16", "27", "38", "24")
    explorer.type("kernel", 3, "0")
    assert explorer.scene["input_gradient"].numbers == ("5", "16", "27", "18", "0")
    with pytest.raises(ValueError, match="one row of numbers"):
        explore_index_substitution(kernel=[[1, 2, 3]])


# ---------------------------------------------------------------- the dial


@pytest.mark.parametrize("size, kernel", [(3, 2), (4, 3), (5, 3)])
@pytest.mark.parametrize("flips", [False, True])
def test_only_one_position_of_the_dial_is_right(size, kernel, flips):
    g, k = sample_gradient(*(size - kernel + 1,) * 2), sample_kernel(kernel, kernel)
    right = {
        turn for turn in TURNS if turned_kernel(g, k, (size, size), turn, None, flips).lamps[1][0]
    }
    assert right == {"0°" if flips else "180°"}


def test_lamps_and_sizes_of_the_dial_by_hand():
    g, k = sample_gradient(2, 2), sample_kernel(2, 2)
    found = {turn: turned_kernel(g, k, (3, 3), turn) for turn in TURNS}
    assert {turn: scene.counters[0][0] for turn, scene in found.items()} == {
        "0°": "0 of 9",
        "90°": "0 of 9",
        "180°": "9 of 9",
        "270°": "0 of 9",
        "flip ↔": "0 of 9",
        "flip ↕": "0 of 9",
        "transpose": "2 of 9",
    }
    assert found["transpose"]["result"].marks == {"right": (2, 6)}
    assert [lamp.words for lamp in found["180°"].lamps] == [
        "the size is right",
        "this is the gradient",
    ]
    assert [lamp.words for lamp in found["0°"].lamps][1] == "this is not the gradient"
    assert found["0°"].lamps[1].sign == "○"  # no mistake of anyone's
    assert found["0°"].equation_text("result", 0) == "r_11 = ∂L/∂Z_11·K_22"
    assert found["0°"].equation_text("input_gradient", 0) == "∂L/∂X_11 = ∂L/∂Z_11·K_11"
    assert found["90°"]["turned"].symbols == ("K_21", "K_11", "K_22", "K_12")
    assert found["180°"].code == "r = torch.nn.functional.conv2d(g, K.flip(0, 1), padding=1)"
    for padding, size in ((0, "1×1"), (2, "5×5")):
        scene = turned_kernel(g, k, (3, 3), "180°", padding)
        assert f"{size} cells come out" in scene.say
        assert scene.lamps[0] == (False, "the size is wrong", False)
    with pytest.raises(DoesNotFit):
        turned_kernel(g, sample_kernel(3, 3), (4, 4), "180°", 0)


def test_a_symmetric_kernel_hides_a_missing_turn_in_numbers_only():
    g, k = sample_gradient(2, 2), np.ones((2, 2))
    assert turned_kernel(g, k, (3, 3), "0°", show="numbers").counters[0][0] == "9 of 9"
    assert turned_kernel(g, k, (3, 3), "0°", show="symbols").counters[0][0] == "0 of 9"


def test_the_padded_gradient_of_the_dial_is_typed_into_where_it_stands():
    explorer = explore_rotation(show="numbers")
    explorer.type("spread", 5, "7")  # a padding of 1 around 2×2: the first cell of the gradient
    assert explorer.data["upstream"][0, 0] == 7 and explorer.scene["spread"].numbers[5] == "7"
    explorer.move(padding=0)
    explorer.type("spread", 1, "8")
    assert explorer.data["upstream"][0, 1] == 8
    explorer.type("turned", 0, "9")
    assert "typed" in explorer.message and not (explorer.data["kernel"] == 9).any()


def test_the_padding_of_the_dial_is_not_that_of_the_layer_it_proves():
    explorer = explore_rotation(padding=3, turn="180°")
    explorer.prove()
    _, layer = explorer.scene_for(explorer.values)
    assert layer.geometry["padding"] == 0 and explorer.proof


# ---------------------------------------------------------------- the sums, and how long they are


def test_the_nine_equations_are_written_in_their_cells():
    scene = written_out(sample_gradient(2, 2), sample_kernel(2, 2), (3, 3))
    x, f, g = symbol_array("X", (3, 3)), symbol_array("F", (2, 2)), symbol_array("g", (2, 2))
    scalar = (g * conv2d(x, f)).sum()
    for cell, symbol in enumerate(x.ravel()):
        written = scene["input_gradient"].symbols[cell].replace("\n", " ")
        assert equals(f"left = {written}", sympy.diff(scalar, symbol))
        assert equals(scene.equation_text("input_gradient", cell), sympy.diff(scalar, symbol))
    assert [len(scene.terms("input_gradient", n)[1]) for n in range(9)] == [
        *(1, 2, 1, 2, 4, 2, 1, 2, 1)
    ]
    assert scene.equation_text("input_gradient", 0) == "∂L/∂X_11 = ∂L/∂O_11·F_11"
    assert scene.lit("input_gradient", 5) == {
        "upstream": (1, 3),
        "kernel": (1, 3),
        "turned": (0, 2),
        "input_gradient": (5,),
    }


@pytest.mark.parametrize("geometry", GEOMETRIES[::5], ids=str)
def test_the_terms_of_a_sum_are_the_outputs_that_read_the_cell(geometry):
    padding = tuple(p.before for p in geometry.padding)
    around = (geometry.stride, padding, geometry.dilation)
    numbers = sample_gradient(*geometry.output_size), sample_kernel(*geometry.kernel_size)
    scene = written_out(*numbers, geometry.input_size, *around)
    wanted = [0] * scene["input_gradient"].size
    for _, _, cell in meetings(geometry):
        wanted[cell] += 1
    for cell, terms in enumerate(wanted):
        assert len(scene.terms("input_gradient", cell)[1]) == terms
        assert scene["input_gradient"].symbols[cell].count("·") == terms


@pytest.mark.parametrize("geometry", GEOMETRIES[::5], ids=str)
def test_coverage_counts_the_outputs_that_read_a_cell_one_after_the_other(geometry):
    scene = coverage(
        np.ones(geometry.output_size),
        np.ones(geometry.kernel_size),
        geometry.stride[0],
        geometry.rows.padding.before,
        geometry.dilation[0],
        output_padding=geometry.remainder,
        show="numbers",
    )
    wanted = np.zeros(scene["counts"].size, dtype=int)
    come = []
    for n, step in enumerate(scene.steps):
        come += step.reads["upstream"]
        for output in step.reads["upstream"]:
            wanted[[cell for at, _, cell in meetings(geometry) if at == output]] += 1
        shown = scene.at_step(n).shown(scene["counts"])
        assert [int(text or 0) for text in shown] == wanted.tolist()
    assert sorted(come) == list(range(scene["upstream"].size))
    assert scene["counts"].numbers == scene["input_gradient"].numbers == tuple(map(str, wanted))
    for cell, count in enumerate(wanted):
        assert len(scene.lit("counts", cell).get("upstream", ())) == count


def test_the_table_holds_zeros_as_nowhere():
    table = gather_table(Geometry.of((3, 3), (2, 2)))
    nothing = table["upstream"] < 0
    assert nothing.sum() == 36 - 16 and (table["kernel"][nothing] < 0).all()
    assert (table["input_gradient"] == table["gathered"]).all()
