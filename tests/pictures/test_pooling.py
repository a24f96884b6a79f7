"""The pictures of pooling: what wins, where gradients go, and what their sums come to."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import NOTATIONS, DoesNotFit
from cnnviz.derivations import symbol_array
from cnnviz.documents.ledger import all_records
from cnnviz.explorers import pooling as explorers
from cnnviz.explorers.record_pictures import picture_of
from cnnviz.functional import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    max_unpool2d,
)
from cnnviz.functional.geometry import Geometry
from cnnviz.functional.pooling import TIE_RULES, max_pool2d_backward_ties, max_pool2d_shares
from cnnviz.functional.samples import ORDER_OF_THE_NOTE, sample_gradient
from cnnviz.pictures.pooling.average_pooling import average_pooling
from cnnviz.pictures.pooling.max_pooling import SCALARS, max_pooling
from cnnviz.pictures.pooling.order_of_steps import ORDERS, order_of_steps
from cnnviz.pictures.pooling.overlapping_windows import overlapping_windows
from cnnviz.pictures.pooling.pooling_ties import pooling_ties
from cnnviz.pictures.pooling.pools import TITLE, size_in_words
from cnnviz.pictures.pooling.swapped_switches import swapped_switches
from cnnviz.pictures.pooling.unpooling import unpooling
from cnnviz.pictures.sheet import edges
from cnnviz.symbols import number
from tests.tools.every_explorer import made

NOTE = np.array(ORDER_OF_THE_NOTE, dtype=float)


@st.composite
def pools(draw, average=False):
    """A small map of whole numbers, many of them equal, and arguments of a pooling that fits."""
    size = draw(st.tuples(st.integers(2, 6), st.integers(2, 6)))
    kernel, stride = draw(st.integers(1, min(3, *size))), draw(st.integers(1, 3))
    padding = draw(st.integers(0, kernel // 2))
    dilation = 1 if average else draw(st.integers(1, 2))
    ceil_mode = draw(st.booleans())
    cells = draw(
        st.lists(st.integers(-3, 3), min_size=size[0] * size[1], max_size=size[0] * size[1])
    )
    try:
        Geometry.of_pool(size, kernel, stride, padding, dilation, ceil_mode)
    except DoesNotFit:
        kernel, padding, dilation = 1, 0, 1
    x = np.array(cells, dtype=float).reshape(size)
    return x, (kernel, stride, padding, *(() if average else (dilation,)), ceil_mode)


def numbers(scene, grid):
    """The numbers in a grid, as they are written."""
    cells = [float(text.replace("−", "-").replace("∞", "inf")) for text in scene[grid].numbers]
    return np.array(cells).reshape(scene[grid].shape[2:])


def equation(scene, grid, cell):
    """The equation of a cell as SymPy sees it."""
    _, terms = scene.terms(grid, cell)
    return sum(sympy.prod([read(factor) for factor in term]) for term in terms)


def read(factor):
    return sympy.Rational(factor) if factor[0].isdigit() else sympy.Symbol(factor)


# The three rules for equal cells


def test_three_equal_cells_under_three_rules_by_hand():
    x, g = [[3, 1], [3, 3]], [[6]]
    made = {rule: max_pool2d_backward_ties(g, x, 2, rule=rule).tolist() for rule in TIE_RULES}
    assert made == {"first": [[6, 0], [0, 0]], "all": [[6, 0], [6, 6]], "split": [[2, 0], [2, 2]]}


@given(pools())
def test_first_is_the_gradient_split_keeps_its_sum_and_all_is_the_equality_test(pool):
    x, arguments = pool
    h, switches = max_pool2d(x, *arguments, return_indices=True)
    g = sample_gradient(*h.shape)
    made = {rule: max_pool2d_backward_ties(g, x, *arguments, rule=rule) for rule in TIE_RULES}
    assert (made["first"] == max_pool2d_backward(g, x.shape, switches)).all()
    assert np.isclose(made["split"].sum(), g.sum())
    parts = {rule: max_pool2d_shares(x, *arguments, rule=rule) for rule in TIE_RULES}
    ties = parts["all"].sum(axis=(-2, -1))
    assert np.isclose(made["all"].sum(), (ties * g).sum())
    assert np.allclose(parts["split"] * ties[..., None, None], parts["all"])
    assert (parts["first"] <= parts["all"]).all()


def test_a_tie_beside_padding_by_hand():
    """A padding cell must not pass for a real one, whatever it would be numbered."""
    made = {
        rule: max_pool2d_backward_ties(np.ones((3, 3)), np.zeros((2, 2)), 2, 1, 1, rule=rule)
        for rule in TIE_RULES
    }
    assert made["first"].tolist() == [[4, 2], [2, 1]]
    assert made["all"].tolist() == [[4, 4], [4, 4]]
    assert made["split"].tolist() == [[2.25, 2.25], [2.25, 2.25]]


def test_the_rules_work_on_batches_and_with_numbers_that_are_none():
    x = np.array([[[1.0, 1.0]], [[np.nan, 2.0]], [[np.nan, np.nan]]])
    made = max_pool2d_backward_ties(np.ones((3, 1, 1)), x, (1, 2), rule="split")
    assert made.tolist() == [[[0.5, 0.5]], [[1, 0]], [[0.5, 0.5]]]


def test_padding_gets_nothing_even_where_all_cells_are_minus_infinity():
    x = np.full((2, 2), -np.inf)
    made = max_pool2d_backward_ties(np.ones((2, 2)), x, 2, padding=1, rule="all")
    assert made.tolist() == [[1, 1], [1, 1]]


def test_what_is_no_rule_and_what_does_not_belong_together_is_refused():
    with pytest.raises(ValueError, match="first, all, split, not 'last'"):
        max_pool2d_shares([[1, 2]], (1, 2), rule="last")
    with pytest.raises(DoesNotFit, match=r"shape \(2, 1\), but this pooling makes \(1, 1\)"):
        max_pool2d_backward_ties([[1], [2]], [[1, 2]], (1, 2))


# Max pooling


def test_the_example_of_the_note():
    scene = max_pooling(NOTE)
    assert scene["output"].symbols == ("a_21", "a_14", "a_31", "a_43")
    assert scene["upstream"].symbols == ("∂F/∂a_21", "∂F/∂a_14", "∂F/∂a_31", "∂F/∂a_43")
    assert scene["switches"].symbols == ("4\n(1, 0)", "3\n(0, 3)", "8\n(2, 0)", "14\n(3, 2)")
    assert scene["input"].marks["switch"] == (3, 4, 8, 14)
    assert scene["input_gradient"].symbols[:5] == ("0", "0", "0", "∂F/∂a_14", "∂F/∂a_21")
    assert scene.counters[0] == ("4 of 16", "cells win")
    assert scene.sentence("output", 0).startswith("h₁₁ = max(a₁₁, a₁₂, a₂₁, a₂₂) = a₂₁ = 13.")
    assert "8 = 2·4 + 0" in scene.sentence("switches", 2)
    assert scene.code == "h, switches = torch.nn.functional.max_pool2d(a, 2, return_indices=True)"


def test_what_lights_up_by_hand():
    scene = max_pooling(NOTE)
    window = {"input": (0, 1, 4, 5), "output": (0,), "switches": (0,)}
    assert scene.lit("output", 0) == {**window, "upstream": (0,), "input_gradient": (4,)}
    loser = scene.lit("input", 0)
    assert loser == {"input": (0,), "output": (0,), "switches": (0,), "input_gradient": (0,)}
    assert scene.lit("input", 4)["upstream"] == (0,)
    assert scene.lit("upstream", 3)["input"] == (14,)


@given(pools(), st.sampled_from(sorted(NOTATIONS)), st.sampled_from([0, 1]))
def test_max_pooling_shows_what_is_computed_and_its_equations_are_the_derivatives(
    pool, document, start
):
    x, arguments = pool
    letters = NOTATIONS[document]
    scene = max_pooling(x, *arguments, notation=letters, start=start)
    h, switches = max_pool2d(x, *arguments, return_indices=True)
    g = SCALARS["any F"](h)
    assert (numbers(scene, "output") == h).all()
    assert (numbers(scene, "input_gradient") == max_pool2d_backward(g, x.shape, switches)).all()

    cells = symbol_array(letters.input, x.shape, start)
    pooled = max_pool2d(cells, *arguments, order=x)
    upstream = symbol_array(f"∂{letters.scalar}/∂{letters.output}", h.shape, start)
    scalar = sum(np.ravel(pooled * upstream))
    for cell, symbol in enumerate(cells.flat):
        found = equation(scene, "input_gradient", cell)
        assert sympy.expand(found - sympy.diff(scalar, symbol)) == 0


@pytest.mark.parametrize("scalar", ["sum", "sum of squares"])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_gradient_of_a_known_scalar_is_its_derivative(scalar, stride):
    cells = symbol_array("a", NOTE.shape)
    pooled = max_pool2d(cells, 2, stride, order=NOTE)
    value = sum((pooled if scalar == "sum" else pooled**2).flat)
    scene = max_pooling(NOTE, 2, stride, scalar=scalar)
    names = {str(symbol): symbol for symbol in cells.flat}
    for cell, symbol in enumerate(cells.flat):
        derived = sympy.diff(value, symbol)
        number, _, name = scene["input_gradient"].symbols[cell].partition("·")
        assert int(number) * names.get(name, 1) == derived
        at = dict(zip(cells.flat, NOTE.flat, strict=True))
        assert numbers(scene, "input_gradient").flat[cell] == float(derived.subs(at))


def test_a_cell_that_wins_twice_gives_the_gradients_names_of_their_outputs():
    scene = max_pooling(np.array([[1.0, 9.0, 2.0]]), (1, 2), 1)
    assert scene["upstream"].symbols == ("∂F/∂h_11", "∂F/∂h_12")
    assert scene.equation_text("input_gradient", 1) == "∂F/∂a_12 = ∂F/∂h_11 + ∂F/∂h_12"
    assert scene.sentence("input", 1).startswith("a₁₂ wins 2 windows, h₁₁, h₁₂")


def test_borders_of_max_pooling():
    x = np.arange(25.0).reshape(5, 5)
    assert "in no window" in max_pooling(x).sentence("input", 24)
    hanging = max_pooling(x, ceil_mode=True)
    assert hanging["input"].shape[2:] == (6, 6) and hanging["input"].numbers[5] == "−∞"
    assert hanging["output"].numbers[-1] == "24"
    padded = max_pooling(-1 - x, 2, 2, 1)
    assert padded["output"].numbers[0] == "−1" and "−∞" in padded.sentence("input", 0)
    tied = max_pooling(np.array([[3.0, 3.0]]), (1, 2))
    assert "comes later" in tied.sentence("input", 1)


@given(st.data(), st.booleans())
def test_the_sum_in_words_is_the_number_of_windows(data, ceil):
    ranges = ((1, 9), (1, 4), (1, 4), (0, 2), (1, 3))
    size, kernel, stride, padding, dilation = (data.draw(st.integers(*ends)) for ends in ranges)
    try:
        geometry = Geometry.of_pool(size, kernel, stride, padding, dilation, ceil)
    except DoesNotFit:
        return
    words = size_in_words(geometry, padding, ceil)
    inside, divided = words[words.index("(") : words.index(" / ")], words[words.index(" / ") + 3]
    quotient = sympy.Rational(
        int(sympy.sympify(inside.replace("−", "-").replace("·", "*"))), int(divided)
    )
    whole = sympy.ceiling(quotient) if ceil else sympy.floor(quotient)
    less = "less one" in words
    assert whole + 1 - less == geometry.output_size[0] == int(words.rstrip(".").split(" = ")[-1])


# One cell is nudged


def nudged(value, x, cell, **how):
    """The picture in which a cell has this value and F is drawn against it."""
    x = x.copy()
    x.flat[cell] = value
    return max_pooling(x, nudged=cell, **how)


def slopes(scene):
    return [float(text.replace("−", "-")) for text, _ in scene.counters]


def test_the_scalar_is_flat_until_the_cell_wins():
    g = np.array([[5.0]])
    x = np.array([[1.0, 4.0], [3.0, 2.0]])
    found = {value: slopes(nudged(value, x, 0, upstream=g)) for value in (1.0, 4.0, 6.0)}
    assert found == {1.0: [0, 0, 0], 4.0: [0, 5, 5], 6.0: [5, 5, 5]}
    assert slopes(nudged(4.0, x, 2, upstream=g))[2] == 0  # a_12 ties and comes first
    assert "kink" in nudged(4.0, x, 0, upstream=g).say


def longest_curve(scene):
    return max((s.points for s in scene.strokes if s.kind == "curve"), key=len)


def test_the_curve_has_its_corner_where_the_cell_overtakes():
    scene = nudged(1.0, NOTE, 1, scalar="sum")
    curve = longest_curve(scene)
    heights = [y for _, y in curve]
    flat = [x for x, y in curve if y == heights[0]]
    across = 660 + 204 * (13 + 2) / 18
    assert abs(max(flat) - across) < 0.01 and heights[-1] < heights[0]
    assert [s.label for s in scene.strokes].count("kink") == 1
    assert "rise by 12" in scene.say


def test_a_cell_of_several_windows_has_a_kink_in_each():
    x = np.array([[3.0, 0.0, 7.0]])
    found = {
        value: slopes(nudged(value, x, 1, kernel_size=(1, 2), stride=1, scalar="sum of squares"))
        for value in (2.0, 3.0, 5.0, 7.0, 8.0)
    }
    # F = max(3, v)² + max(v, 7)²: flat, then 2v, then 4v. At a tie the first of the window wins.
    assert found == {
        2.0: [0, 0, 0],
        3.0: [0, 6, 0],
        5.0: [10, 10, 10],
        7.0: [14, 28, 28],
        8.0: [32, 32, 32],
    }
    scene = nudged(5.0, x, 1, kernel_size=(1, 2), stride=1, scalar="sum of squares")
    assert [s.label for s in scene.strokes].count("kink") == 2
    assert "wins 1 of its 2 windows" in scene.say and "fall by 2" in scene.say


def test_what_is_said_of_cells_without_a_rival():
    alone = nudged(-1.0, np.zeros((2, 2)), 3, kernel_size=1, scalar="sum")
    assert slopes(alone) == [1, 1, 1] and "fall" not in alone.say
    outside = nudged(5.0, np.zeros((3, 3)), 8, scalar="sum")
    assert slopes(outside) == [0, 0, 0] and "in no window" in outside.say
    level = nudged(4.0, np.full((2, 2), 4.0), 0, upstream=np.zeros((1, 1)))
    assert "same slope on both sides: 0" in level.say


@given(pools(), st.sampled_from(sorted(SCALARS)), st.data())
def test_the_slopes_are_those_of_the_scalar_and_where_they_agree_so_does_the_code(
    pool, scalar, data
):
    x, arguments = pool
    cell = data.draw(st.integers(0, x.size - 1))
    g = SCALARS[scalar](max_pool2d(x, *arguments))

    def value(nudge):
        moved = x.copy()
        moved.flat[cell] += nudge
        h = max_pool2d(moved, *arguments)
        return (h**2 if scalar == "sum of squares" else g * h).sum()

    little = 1e-6
    left, right = (value(0) - value(-little)) / little, (value(little) - value(0)) / little
    scene = max_pooling(x, *arguments, scalar=scalar, nudged=cell)
    assert np.allclose(slopes(scene)[:2], (left, right), atol=1e-4)
    back = max_pool2d_backward(g, x.shape, max_pool2d(x, *arguments, return_indices=True)[1])
    assert slopes(scene)[2] == back.flat[cell]
    rivals = np.delete(x, cell)
    if x.flat[cell] not in rivals:
        assert slopes(scene) == [back.flat[cell]] * 3


# Unpooling


def test_the_two_steps_of_the_note_frame_by_frame():
    scene = unpooling(NOTE, 2, np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert scene.length == 5
    third = scene.at_step(2).shown(scene["moved"])
    assert [text for text in third if text != "·"] == ["_14", "_21", "_31"]
    assert set(scene.at_step(3).shown(scene["filled"])) == {""}
    last = scene.at_step(4)
    assert last.shown(scene["filled"]) == scene["filled"].texts
    assert last.shown(scene["filled"]).count("0") == 12
    assert scene.equation_text("filled", 3) == "∂F/∂a_14 = ∂F/∂a_14"
    assert scene.equation_text("filled", 0) == "∂F/∂a_11 = 0"
    assert scene.counters[1:] == (("10", "sum before"), ("10", "sum after"))


@given(pools(), st.booleans())
def test_what_is_unpooled_and_pooled_again_is_what_the_lamps_say(pool, as_numbers):
    x, (kernel, *_) = pool
    scene = unpooling(x, kernel, show="numbers" if as_numbers else "symbols")
    h, switches = max_pool2d(x, kernel, return_indices=True)
    unpooled = max_unpool2d(h, switches, kernel, output_size=x.shape)
    again = max_pool2d(unpooled, kernel)
    assert (numbers(scene, "filled") == unpooled).all()
    assert (numbers(scene, "again") == again).all()
    assert [lamp.holds for lamp in scene.lamps] == [(again == h).all(), (unpooled == x).all()]
    assert scene.lamps[0][0] == bool((h >= 0).all() or kernel == 1)
    assert scene["again"].marks["wrong"] == tuple(np.flatnonzero(again != h))
    for grid in ("moved", "filled", "again"):
        shown = scene.at_step(scene.length - 1).shown(scene[grid])
        assert shown == scene[grid].texts


def test_a_negative_maximum_does_not_come_back():
    scene = unpooling(np.array([[-3.0, -1.0]]), (1, 2), show="numbers")
    assert scene["again"].numbers == ("0",) and not scene.lamps[0][0]
    assert "maximum was −1" in scene.sentence("again", 0)


# Swapped switches


def test_swapped_switches_send_the_gradient_to_cells_that_did_not_win():
    other = explorers.turned_windows(NOTE, 2)
    g = sample_gradient(2, 2)
    scene = swapped_switches(NOTE, other, g, 2)
    _, right = max_pool2d(NOTE, 2, return_indices=True)
    _, wrong = max_pool2d(other, 2, return_indices=True)
    back = max_pool2d_backward(g, NOTE.shape, wrong)
    assert (numbers(scene, "input_gradient") == back).all()
    expected = np.flatnonzero(back != max_pool2d_backward(g, NOTE.shape, right))
    assert scene["input_gradient"].marks["wrong"] == tuple(expected)
    assert scene.steps[-1].say.endswith("In all, 16 cells are wrong.")
    assert not scene.lamps[0][0] and "did not win" in scene.say
    assert "wrong here" in scene.sentence("input_gradient", 4)


def test_swapping_equal_switches_does_no_harm():
    g = sample_gradient(2, 2)
    scene = swapped_switches(NOTE, NOTE, g, 2)
    _, right = max_pool2d(NOTE, 2, return_indices=True)
    assert (numbers(scene, "other_gradient") == max_pool2d_backward(g, NOTE.shape, right)).all()
    assert scene.steps[-1].say.endswith("where it belongs. In all, 0 cells are wrong.")
    assert scene.lamps[0][0] and "no harm" in scene.say
    assert "is right" in scene.sentence("input_gradient", 4)


def test_maps_with_different_maxima_cannot_swap():
    with pytest.raises(DoesNotFit, match="nothing to swap"):
        swapped_switches(NOTE, -NOTE, np.ones((2, 2)))


@given(pools())
def test_turned_windows_keep_their_maxima(pool):
    x, (kernel, *_) = pool
    turned = explorers.turned_windows(x, kernel)
    assert (max_pool2d(turned, kernel) == max_pool2d(x, kernel)).all()
    assert (explorers.turned_windows(turned, kernel) == x).all()


# Ties and overlaps


def test_the_picture_of_ties_counts_three_against_one():
    scene = pooling_ties(np.array([[3.0, 1.0], [3.0, 3.0]]), np.array([[1.0]]), show="symbols")
    assert scene.steps[-1].say == "1 arrives. “first” passes on 1, “all” 3, “split” 1."
    assert scene["first"].symbols == ("∂F/∂h_11", "0", "0", "0")
    assert scene["all"].symbols == ("∂F/∂h_11", "0", "∂F/∂h_11", "∂F/∂h_11")
    assert scene["split"].symbols[3] == "1/3·\n∂F/∂h_11"
    assert scene.sentence("split", 0) == "“split”: ∂F/∂a₁₁ = 1/3·∂F/∂h₁₁."
    assert scene.lit("upstream", 0)["all"] == (0, 2, 3)
    assert scene.lit("upstream", 0)["first"] == (0,)
    assert not scene.lamps[0][0]
    assert pooling_ties(NOTE, np.ones((2, 2))).lamps[0][0]


def test_the_sample_with_ties_is_what_the_lesson_says():
    x = explorers.tied_map()
    assert (x[:2, :2] == [[3, 1], [3, 3]]).all()
    assert not x[:2, 2:].any()
    g = np.ones((2, 2))
    sums = [max_pool2d_backward_ties(g, x, 2, rule=rule).sum() for rule in TIE_RULES]
    assert sums[0] == 4 and np.isclose(sums[2], 4) and sums[1] == 3 + 4 + 1 + 2


@given(pools())
def test_overlapping_windows_add_in_one_map_and_overwrite_in_the_other(pool):
    x, (kernel, stride, *_) = pool
    h, switches = max_pool2d(x, kernel, stride, return_indices=True)
    g = sample_gradient(*h.shape)
    scene = overlapping_windows(x, g, kernel, stride)
    added, last = np.zeros(x.size), np.zeros(x.size)
    for value, cell in zip(g.flat, switches.flat, strict=True):
        added[cell] += value
        last[cell] = value
    assert (numbers(scene, "input_gradient").ravel() == added).all()
    assert (numbers(scene, "overwritten").ravel() == last).all()
    assert scene["overwritten"].marks["wrong"] == tuple(np.flatnonzero(added != last))
    for grid in ("input_gradient", "overwritten"):
        assert scene.at_step(scene.length - 1).shown(scene[grid]) == scene[grid].numbers
    for cell in range(x.size):
        terms = scene.terms("input_gradient", cell)[1]
        assert len(terms) == (switches == cell).sum()


def test_the_high_cells_of_the_sample_win_what_the_lesson_asks_for():
    x = explorers.peaked_map()[:5, :5]
    _, switches = max_pool2d(x, 3, 1, return_indices=True)
    wins = np.bincount(switches.ravel(), minlength=25).reshape(5, 5)
    assert (x[1, 1], wins[1, 1], x[3, 3], wins[3, 3]) == (9, 4, 8, 3)


# Average pooling


@given(pools(average=True), st.booleans(), st.sampled_from(sorted(NOTATIONS)))
def test_average_pooling_shows_what_is_computed_and_its_equations_are_the_derivatives(
    pool, include, document
):
    x, arguments = pool
    letters = NOTATIONS[document]
    scene = average_pooling(x, *arguments, include, notation=letters)
    cells = symbol_array(letters.input, x.shape)
    h = avg_pool2d(cells, *arguments, include)
    upstream = symbol_array(f"∂{letters.scalar}/∂{letters.output}", h.shape)
    scalar = sum(np.ravel(h * upstream))
    for cell, symbol in enumerate(cells.flat):
        derived = sympy.diff(scalar, symbol)
        assert sympy.expand(equation(scene, "input_gradient", cell) - derived) == 0
    for cell, mean in enumerate(h.flat):
        assert sympy.expand(equation(scene, "output", cell) - mean) == 0
    g = sample_gradient(*h.shape)
    back = avg_pool2d_backward(g, x.shape, *arguments, include)
    assert np.allclose(numbers(scene, "input_gradient"), back, atol=5e-3)
    beside = number(round(float(g.sum() - back.sum()), 6))
    assert scene.counters[2] == (beside, "falls on counted padding")
    if not include:
        assert beside == "0"


@given(pools(average=True), st.booleans())
def test_the_constant_kernel_does_the_same_exactly_where_all_cells_count(pool, include):
    x, (kernel, *more) = pool
    x = x + 10  # no mean is 0 by chance
    scene = average_pooling(x, kernel, *more, include)
    same = set(scene["share"].symbols) == {"1" if kernel == 1 else f"1/{kernel * kernel}"}
    assert scene.lamps[0][0] == scene.lamps[1][0] == same


def test_average_pooling_by_hand():
    scene = average_pooling(np.array([[1.0, 4.0], [3.0, 2.0]]), 2, 2, 1, notation=NOTATIONS["note"])
    assert scene["output"].numbers == ("0.25", "1", "0.75", "0.5")
    assert scene["input"].numbers[0] == "0"
    assert scene.lit("input_gradient", 0)["upstream"] == (0,)
    assert scene.code == "h = torch.nn.functional.avg_pool2d(a, 2, padding=1)"
    fewer = average_pooling(np.ones((2, 2)), 2, 2, 1, False, False)
    assert fewer["output"].numbers == ("1",) * 4 and not fewer.lamps[0][0]
    assert "divided by 1, not 4" in fewer.sentence("output", 0)


def test_the_ledger_opens_average_pooling_for_its_records():
    titles = {
        r.id: picture_of(r).title for r in all_records() if r.id in ("slides-86", "slides-87", "slides-88")
    }  # fmt: skip
    assert titles == {
        "slides-86": "Max pooling and its switches",
        "slides-87": "Average pooling",
        "slides-88": "Average pooling",
    }


# The order of the steps of a layer


def test_pooling_and_relu_may_change_places_and_nothing_else_may():
    lamps = {}
    explorer = explorers.explore_order_of_steps()
    for order in explorer.controls["order"].options:
        explorer.move(order=order)
        lamps[order] = explorer.scene.lamps[0][0]
    assert list(lamps.values()) == [True, True, False]


def test_a_pooled_cell_goes_back_to_its_winner_and_its_window():
    x = np.array([[1.0, -2.0, 0.0], [3.0, 4.0, 1.0], [0.0, 2.0, 5.0]])
    scene = order_of_steps(x, np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert scene["first"].numbers == ("5", "−1", "5", "9")
    assert scene["third"].numbers == ("9",)
    assert scene.lit("third", 0) == {
        "third": (0,), "second": (3,), "first": (3,), "input": (4, 5, 7, 8), "kernel": (0, 1, 2, 3),
    }  # fmt: skip
    assert scene.code == "torch.max_pool2d(torch.relu(torch.conv2d(a, k)), 2)"


# The explorers


def test_the_switch_jumps_when_another_cell_overtakes():
    explorer = explorers.explore_max_pooling()
    assert explorer.scene["switches"].numbers[0] == "4"
    explorer.type("input", 0, "20")
    assert explorer.scene["switches"].numbers[0] == "0"
    assert explorer.scene["input"].marks["switch"] == (0, 3, 8, 14)
    assert explorer.scene["input_gradient"].numbers[:5] == ("1", "0", "0", "−2", "0")


def test_a_number_typed_into_the_other_arrays_lands_there():
    explorer = explorers.explore_average_pooling()
    explorer.move(padding=1)
    explorer.type("input", 7, "9")
    assert explorer.data["input"][0, 0] == 9
    explorer.type("upstream", 1, "7")
    assert explorer.data["upstream"][0, 1] == 7
    ties = explorers.explore_ties()
    ties.type("input", 0, "4")
    assert ties.scene.lamps[0][0]


def test_the_probe_and_what_is_taken_off():
    explorer = explorers.explore_max_pooling()
    explorer.move(one_hot=2)
    assert explorer.scene["upstream"].numbers == ("0", "1", "0", "0")
    unpool = explorers.explore_unpooling(what="values", show="numbers")
    assert unpool.scene.lamps[0][0] and unpool.scene["input"].editable
    unpool.move(less=14)
    assert not unpool.scene.lamps[0][0] and not unpool.scene["input"].editable


def test_a_cell_is_nudged_behind_a_tick():
    explorer = explorers.explore_max_pooling()
    at_first = explorer.scene.view()
    explorer.move(cell=3, value=15.0)
    assert explorer.scene.view() == at_first
    explorer.move(nudge=True)
    assert explorer.scene["input"].numbers[2] == "15" and slopes(explorer.scene) == [-2, -2, -2]
    assert not explorer.scene["input"].editable and explorer.data["input"][0, 2] == 4
    explorer.move(input_size=2)  # of four cells the third is a_21
    assert explorer.scene["input"].numbers == ("3", "1", "15", "2")
    explorer.move(input_size=4, nudge=False)
    assert explorer.scene.view() == at_first


def test_switches_are_swapped_behind_a_tick():
    explorer = explorers.explore_unpooling(show="numbers")
    at_first = explorer.scene.view()
    explorer.move(swap=True)
    assert "16 cells are wrong" in explorer.scene.steps[-1].say
    explorer.type("upstream", 0, "7")
    assert explorer.scene["input_gradient"].numbers[1] == "7"
    explorer.move(less=3)
    assert not explorer.scene["input"].editable and explorer.scene["other"].numbers[1] == "10"
    explorer.move(less=0)
    explorer.reset()
    explorer.move(swap=False)
    assert explorer.scene.view() == at_first


def test_an_unpooled_gradient_can_be_typed_and_what_is_worked_out_cannot():
    explorer = explorers.explore_unpooling(show="numbers")
    explorer.type("output", 1, "7")
    assert explorer.data["upstream"][0, 1] == 7 and explorer.scene["filled"].numbers[3] == "7"
    explorer.move(what="values")
    assert not explorer.scene["output"].editable and explorer.scene["output"].numbers[1] == "14"


def test_pooling_takes_numbers_of_ones_own():
    mine = explorers.explore_max_pooling(input=[[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    assert mine.values["input_size"] == 3 and mine.scene["output"].numbers == ("5",)
    averages = explorers.explore_average_pooling(upstream=np.full((3, 3), 8))
    assert averages.values["input_size"] == 6
    assert averages.scene["input_gradient"].numbers == ("2",) * 36
    with pytest.raises(ValueError, match="upstream is 2×2, but with these sizes it is 1×1"):
        explorers.explore_ties(input=[[1, 2], [3, 4]], upstream=np.ones((2, 2)))


def test_grids_may_call_their_cells_by_other_names_than_they_show():
    scene = max_pooling(NOTE)
    view = {grid["name"]: grid for grid in scene.view()["grids"]}
    assert view["output"]["symbols"][0] == "h_11" and scene["output"].texts[0] == "a_21"


# The walk of max pooling.


def test_max_pooling_walks_forward_then_sets_zeros_then_sends_each_gradient_home():
    scene = max_pooling(NOTE, show="numbers")
    assert len(scene.steps) == 4 + 1 + 4
    first, zeros, back = (scene.steps[n] for n in (0, 4, 5))
    assert first.writes == {"output": (0,)} and first.points == {"switches": (0,)}
    assert first.reads == {"input": (0, 1, 4, 5)}
    assert zeros.writes == {"input_gradient": tuple(range(16))} and not zeros.reads
    assert back.reads == {"upstream": (0,)} and back.writes == {"input_gradient": (4,)}
    gradient = scene["input_gradient"]
    assert set(gradient.frames[3]) == {""} and set(gradient.frames[4]) == {"0"}
    assert gradient.frames[-1] == gradient.numbers


def test_where_windows_overlap_a_second_gradient_is_added_on_the_way():
    scene = max_pooling(np.array([[1.0, 9.0, 2.0]]), (1, 2), 1, show="numbers")
    assert scene["input_gradient"].frames[-1] == scene["input_gradient"].numbers
    assert scene["input_gradient"].frames[-2] != scene["input_gradient"].frames[-1]
    assert scene.steps[-1].say.endswith("It has one already: they add up.")
    named = max_pooling(np.array([[1.0, 9.0, 2.0]]), (1, 2), 1, show="symbols")
    assert named["input_gradient"].frames[-2][1] == "1 of 2"


# The walks, by hand.


def test_a_winner_is_marked_when_its_window_is_pooled_and_when_its_gradient_comes_home():
    scene = max_pooling(NOTE)
    assert scene["input"].marked_since == {4: 0, 3: 1, 8: 2, 14: 3}
    assert scene["input_gradient"].marked_since == {4: 5, 3: 6, 8: 7, 14: 8}
    padded = max_pooling(-1 - np.arange(4.0).reshape(2, 2), 2, 1, 1)  # a_11 wins the first window
    assert padded["input"].marked_since[5] == 0 and 5 in padded["input"].marks["switch"]


def test_average_pooling_walks_forward_then_spreads_each_gradient_over_its_window():
    scene = average_pooling(
        np.arange(9.0).reshape(3, 3), 2, 1, upstream=np.array([[4.0, 8], [0, 4]])
    )
    first, zeros, second = (scene.steps[n] for n in (0, 4, 6))
    assert first.reads == {"input": (0, 1, 3, 4), "share": (0,)} and first.writes == {
        "output": (0,)
    }
    assert zeros.writes == {"input_gradient": tuple(range(9))}
    assert second.reads == {"upstream": (1,), "share": (1,)}
    assert second.writes == {"input_gradient": (1, 2, 4, 5)}
    gradient = scene["input_gradient"]
    assert gradient.frames[5] == ("1", "1", "0", "1", "1", "0", "0", "0", "0")
    assert gradient.frames[6] == ("1", "3", "2", "1", "3", "2", "0", "0", "0")
    assert gradient.frames[-1] == gradient.numbers
    assert scene["output"].frames[0] == ("2", "", "", "")


def test_the_first_step_also_says_how_many_windows_there_are():
    for make in (max_pooling, average_pooling):
        first, second = make(NOTE).steps[:2]
        assert first.say.startswith("Windows along a side: ⌊(4 − 2) / 2⌋ + 1 = 2. Forward: ")
        assert second.say.startswith("Forward: ")


def test_means_and_gradients_with_too_many_digits_are_colours_that_fill_too():
    x = np.arange(64.0).reshape(8, 8)
    scene = average_pooling(x, 3, 1)
    gradient = scene["input_gradient"]
    assert gradient.show == "colour" and gradient.own_scale
    assert gradient.frames[-1] == gradient.numbers
    assert scene.sentence("input_gradient", 0).endswith(f"= {gradient.numbers[0]}.")
    assert average_pooling(x[:4, :4], 3, 1)["input_gradient"].show == "numbers"


def test_three_rules_pass_on_the_gradient_of_each_window_in_turn():
    x = np.array([[3.0, 1.0, 0.0, 0.0], [3.0, 3.0, 5.0, 0.0]])
    scene = pooling_ties(x, np.array([[6.0, 1.0]]))
    assert len(scene.steps) == 2 * 3 + 1
    writes = [step.writes for step in scene.steps[:4]]
    assert writes == [{"first": (0,)}, {"all": (0, 4, 5)}, {"split": (0, 4, 5)}, {"first": (6,)}]
    assert all(step.reads["input"] == (0, 4, 5) for step in scene.steps[:3])
    assert scene.steps[2].say == "“split”: ∂F/∂h₁₁ = 6 is split between 3 equal cells."
    assert scene.steps[3].say == "“first”: ∂F/∂h₁₂ = 1 goes to the largest cell."
    assert set(scene["all"].frames[0]) == set(scene["split"].frames[1]) == {"0"}
    assert scene["split"].frames[2] == ("2", "0", "0", "0", "2", "2", "0", "0")
    assert all(scene[rule].frames[-1] == scene[rule].numbers for rule in TIE_RULES)
    assert scene.steps[-1].say == "7 arrives. “first” passes on 7, “all” 19, “split” 7."


def test_a_cell_is_crossed_as_soon_as_setting_differs_from_adding_for_good():
    x = np.array([[1.0, 9.0, 2.0, 0.0, 8.0]])
    scene = overlapping_windows(x, np.array([[3.0, 4.0, 1.0, 5.0]]), (1, 2))
    first, again = scene.steps[:2]
    assert first.reads == {"upstream": (0,), "input": (1,)}
    assert first.writes == {"output": (0,), "input_gradient": (1,), "overwritten": (1,)}
    assert "It has one already" in again.say and "It has one already" not in first.say
    assert scene["overwritten"].marked_since == {1: 1}
    # 2; 2 − 2 = 0 against −2 is wrong; 0 + 7 = 7 is right again; 7 + 1 = 8 against 1 is wrong for good.
    row = np.array([[0.0, 0, 0, 9, 0, 0, 0]])
    scene = overlapping_windows(row, np.array([[2.0, -2, 7, 1]]), (1, 4))
    assert scene["overwritten"].marked_since == {3: 3}
    right = overlapping_windows(row[:, 1:-1], np.array([[2.0, -2, 7]]), (1, 3))
    assert right["overwritten"].marks["wrong"] == () and right.lamps[0].holds


def test_a_gradient_goes_astray_in_both_maps_and_what_it_leaves_is_crossed_with_it():
    a, b = np.array([[1.0, 4.0, 2.0, 0.0]]), np.array([[4.0, 1.0, 2.0, 0.0]])
    scene = swapped_switches(a, b, np.array([[5.0, 3.0]]), (1, 2))
    astray, home = scene.steps
    assert astray.reads == {"upstream": (0,)}
    assert astray.writes == {"input_gradient": (0,), "other_gradient": (1,)}
    assert astray.points == {"switches": (0,), "other_switches": (0,)}
    assert "a₁₂ and b₁₁ won, and get nothing" in astray.say
    assert home.say.startswith("∂F/∂h₁₂ = 3 goes to a₁₃ and b₁₃. That is where it belongs.")
    assert scene["input_gradient"].marked_since == {0: 0, 1: 0}
    assert scene["input_gradient"].frames == (("5", "0", "0", "0"), ("5", "0", "3", "0"))


def test_the_filled_map_is_pooled_again_window_by_window():
    x = np.array([[-3.0, -1.0, 2.0, 1.0]])
    scene = unpooling(x, (1, 2), show="numbers")
    assert len(scene.steps) == 2 + 1 + 2
    lost, back = scene.steps[3:]
    assert lost.reads == {"filled": (0, 1)} and lost.writes == {"again": (0,)}
    assert (
        "maximum was −1" in lost.say and "The maximum is back. It is not the same map" in back.say
    )
    assert scene["again"].frames[2:] == (("", ""), ("0", ""), ("0", "2"))
    assert scene["again"].marked_since == {0: 3}


@pytest.mark.parametrize("order", ORDERS.values())
def test_a_layer_is_made_step_by_step_for_each_cell_of_its_result(order):
    x = sample_gradient(6, 6)
    scene = order_of_steps(x, np.ones((2, 2)), order)
    rest = scene.steps[-1]
    assert len(scene.steps) == 4 * 3 + 1 and not rest.reads and "no part" in rest.say
    for n, step in enumerate(scene.steps[:-1]):
        name, before = ("first", "second", "third")[n % 3], ("input", "first", "second")[n % 3]
        assert set(step.writes) == {name} and before in step.reads
        assert ("kernel" in step.reads) == (order[n % 3] == "convolve")
    for name in ("first", "second", "third"):
        assert scene[name].frames[-1] == scene[name].numbers


def test_what_a_layer_reads_and_writes_for_its_first_cell():
    scene = order_of_steps(sample_gradient(5, 5), np.ones((2, 2)))
    convolve, relu, pool = scene.steps[:3]
    assert convolve.reads == {"input": (0, 1, 2, 5, 6, 7, 10, 11, 12), "kernel": (0, 1, 2, 3)}
    assert convolve.writes == relu.reads == {"first": (0, 1, 4, 5)}
    assert relu.writes == pool.reads == {"second": (0, 1, 4, 5)} and pool.writes == {"third": (0,)}
    assert scene.length == 12  # nothing is left over


def test_a_nudged_cell_is_what_the_picture_opens_with():
    scene = explorers.explore_max_pooling(nudge=True).scene
    assert scene.focus == ("input", 1) and scene.length == 0
    assert scene.said.startswith("a₁₂ = 1 loses. It would have to rise by 12")
    assert scene.at_step(-1).said == scene.said


def test_a_nudged_cell_keeps_the_picture_as_wide_as_it_is():
    widths = {
        nudged(value, NOTE + above, 1, scalar=scalar).extent
        for value in (-2.0, 1.0, 13.0, 14.5, 16.0)
        for scalar in SCALARS
        for above in (0, 20)  # so high that the cell never wins: its tangent is flat to the end
    }
    assert len(widths) == 1


def test_where_cells_show_the_winners_indices_the_title_says_whose():
    assert "∂F/∂a" in max_pooling(NOTE)["upstream"].title
    assert "∂F/∂h" in max_pooling(NOTE, show="numbers")["upstream"].title
    assert "∂F/∂h" in max_pooling(NOTE, 2, 1)["upstream"].title  # one cell wins twice


@pytest.mark.parametrize(
    "call",
    [
        "explore_max_pooling()", "explore_max_pooling(nudge=True)", "explore_unpooling()",
        "explore_unpooling(what='values')", "explore_unpooling(swap=True)", "explore_ties()",
        "explore_overlapping_windows()", "explore_average_pooling()", "explore_order_of_steps()",
    ],
)  # fmt: skip
def test_every_arrow_begins_and_ends_at_a_grid_at_the_smallest_and_the_largest_input(call):
    explorer = made(call)
    for size in explorer.controls["input_size"].options[
        :: len(explorer.controls["input_size"].options) - 1
    ]:
        explorer.move(input_size=size)
        grids = [edges(grid, away=TITLE + 2) for grid in explorer.scene.grids]
        arrows = [s for s in explorer.scene.strokes if s.kind in ("forward", "backward")]
        assert arrows
        for x, y in (end for stroke in arrows for end in (stroke.points[0], stroke.points[-1])):
            assert any(g.left <= x <= g.right and g.top <= y <= g.bottom for g in grids), (
                size,
                x,
                y,
            )
        width, height = explorer.scene.extent
        assert width <= 1060 and height <= 640


def test_arrows_touch_the_grids_they_join():
    scene = max_pooling(NOTE)
    there = scene.strokes[0].points
    a, h = scene["input"].place, scene["output"].place
    assert there[0][0] - 8 == pytest.approx(a.x + 4 * a.width, abs=0.1)
    assert there[1][0] + 8 == pytest.approx(h.x, abs=0.1)


def test_switches_are_places_and_have_no_colour():
    assert not max_pooling(NOTE)["switches"].coloured
