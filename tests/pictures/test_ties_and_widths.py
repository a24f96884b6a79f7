"""Equal cells moved together, ReLU beside pooling, and switches read in another width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.explorers.pooling import (
    before_relu,
    explore_relu_and_ties,
    explore_ties,
    explore_unpooling,
    gradient_after_pooling,
)
from cnnviz.functional import max_pool2d
from cnnviz.functional.pooling import TIE_RULES, max_pool2d_backward_ties
from cnnviz.pictures.pooling.forgotten_size import forgotten_size, made_unasked
from cnnviz.pictures.pooling.nudged_ties import TiesNudged, tied_cells
from cnnviz.pictures.pooling.pooling_ties import pooling_ties
from cnnviz.pictures.pooling.pools import MaxPooled
from cnnviz.pictures.pooling.relu_and_ties import ORDERS, TwoSteps, relu_and_ties
from cnnviz.symbols import NOTATIONS

THREE = np.array([[3.0, 1.0], [3.0, 3.0]])


def small_maps(size=4):
    numbers = st.lists(st.integers(-3, 3), min_size=size * size, max_size=size * size)
    return numbers.map(lambda cells: np.array(cells, dtype=float).reshape(size, size))


# Tied cells, moved together


def test_three_tied_cells_moved_together_by_hand():
    moved = TiesNudged.of(THREE, np.array([[2.0]]), (2, None), 0.5)
    assert moved.input.tolist() == [[3.5, 1], [3.5, 3.5]] and moved.ties == 3
    assert moved.measured == 1 and moved.predicted == {"first": 1, "all": 3, "split": 1}


@given(small_maps(), st.sampled_from([0.25, -0.25]))
def test_first_and_split_predict_what_happens_and_all_a_multiple(x, nudge):
    """Whole numbers keep their order when some of them move by a quarter."""
    g = np.array([[1.0, -2.0], [4.0, -1.0]])
    moved = TiesNudged.of(x, g, (2, 2), nudge)
    assert np.isclose(moved.predicted["first"], moved.measured)
    assert np.isclose(moved.predicted["split"], moved.measured)
    equal = np.array([(x[i : i + 2, j : j + 2] == x[i : i + 2, j : j + 2].max()).sum()
                      for i in (0, 2) for j in (0, 2)])  # fmt: skip
    assert np.isclose(moved.predicted["all"], nudge * (g.ravel() * equal)[equal > 1].sum())
    assert tied_cells(x, 2, 2).sum() == equal[equal > 1].sum() == moved.ties


def test_a_map_without_ties_is_not_moved_and_says_so():
    scene = pooling_ties(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0]]), nudge=0.5)
    assert scene.say.startswith("No two cells tie") and not scene.counters
    assert scene["input"].numbers == ("1", "2", "3", "4") and len(scene.lamps) == 1


def test_without_a_nudge_nothing_is_counted_and_with_one_nothing_is_typed():
    explorer = explore_ties()
    assert not explorer.scene.counters and explorer.scene["input"].editable
    explorer.move(nudge=0.25)
    assert [words for _, words in explorer.scene.counters] == [
        "“first” predicts", "“all” predicts", "“split” predicts", "measured: F moves by",
    ]  # fmt: skip
    assert not explorer.scene["input"].editable
    explorer.move(nudge=0.0)
    assert explorer.scene["input"].numbers == ("3", "1", "3", "3")


def test_where_no_window_has_two_largest_cells_of_weight_the_lamp_is_lit():
    scene = pooling_ties(THREE, np.array([[0.0]]), nudge=0.5)
    assert scene.lamps[1].holds and scene.lamps[1].words == "each rule predicts what happens"


# ReLU and pooling in both orders


@given(small_maps(), st.sampled_from(TIE_RULES))
def test_both_orders_make_the_same_map_and_send_back_the_same_gradient(z, rule):
    g = np.array([[5.0, 2.0], [-3.0, 4.0]])
    one, other = (TwoSteps.of(z, g, order, rule) for order in ORDERS.values())
    assert (one.maps[-1] == other.maps[-1]).all()
    assert np.allclose(one.gradients[0], other.gradients[0])


@given(small_maps())
def test_the_rule_matters_only_where_positive_cells_tie(z):
    g = np.array([[5.0, 2.0], [-3.0, 4.0]])
    scene = relu_and_ties(z, g, "ReLU, then pool")
    equal = tied_cells(np.maximum(z, 0), 2, 2)
    assert scene.lamps[0].holds == (not (equal & (z > 0)).any())


def test_two_steps_back_by_hand():
    z = np.array([[-1.0, 2.0], [2.0, 0.0]])
    by = {
        (order, rule): TwoSteps.of(z, np.array([[6.0]]), ORDERS[order], rule).gradients[0].tolist()
        for order in ORDERS
        for rule in TIE_RULES
    }
    for order in ORDERS:
        assert by[order, "first"] == [[0, 6], [0, 0]]
        assert by[order, "all"] == [[0, 6], [6, 0]]
        assert by[order, "split"] == [[0, 3], [3, 0]]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("document", NOTATIONS)
def test_each_map_is_filled_by_the_steps_that_write_it(order, document):
    z, g = before_relu()[:5, :5], gradient_after_pooling()[:2, :2]
    scene = relu_and_ties(z, g, order, notation=NOTATIONS[document])
    seen = {grid.name: [""] * grid.size for grid in scene.grids if grid.frames}
    for n, step in enumerate(scene.steps):
        for name, cells in step.writes.items():
            for cell in cells:
                seen[name][cell] = scene[name].texts[cell]
        for name, texts in seen.items():
            assert scene.at_step(n).shown(scene[name]) == tuple(texts)
    for name, texts in seen.items():
        left_out = [cell for cell, text in enumerate(texts) if text == ""]
        assert not left_out, name


def test_the_gradient_before_relu_says_why_it_stops():
    scene = explore_relu_and_ties().scene
    sentences = scene["input_gradient"].sentences
    assert sentences[0].endswith("h₁₁ is not above 0, so nothing goes on.")
    assert sentences[2].endswith("h₁₃ is above 0, so all of it goes on.")
    assert "2 of them are stopped" in scene.steps[-1].say
    assert scene.steps[5].say == (
        "Back through the pooling: ∂F/∂p₁₁ = 5 goes to the first of 4 equal cells."
    )


def test_the_middle_gradient_follows_the_rule():
    explorer = explore_relu_and_ties(rule="all")
    r = np.maximum(explorer.data["input"][:4, :4], 0)
    g = explorer.data["upstream"][:2, :2]
    expected = max_pool2d_backward_ties(g, r, 2, rule="all").ravel()
    shown = explorer.scene["middle_gradient"].numbers
    assert [float(text.replace("−", "-")) for text in shown] == expected.tolist()


# Unpooling without its output size


@given(small_maps(5), st.integers(2, 3))
def test_numbers_stand_where_their_flat_switch_names_a_cell_of_the_made_size(x, kernel):
    pool = MaxPooled.of(x, kernel)
    scene = forgotten_size(
        x, kernel, np.arange(1.0, pool.pooled.size + 1).reshape(pool.pooled.shape)
    )
    height, width = made_unasked(pool)
    assert height == width == kernel * (5 // kernel)
    shown = scene["forgot"].numbers
    for n, cell in enumerate(pool.winners):
        if cell < height * width:
            assert shown[cell] == str(n + 1)
    assert scene["told"].shape[-2:] == (5, 5)
    astray = sum(
        cell >= height * width or divmod(cell, 5) != divmod(cell, width) for cell in pool.winners
    )
    assert (
        scene.lamps[0].words
        == f"{astray} of {pool.pooled.size} number"
        + "s" * (pool.pooled.size != 1)
        + " not in their place"
        if astray
        else scene.lamps[0].holds
    )


def test_a_map_without_a_remainder_needs_no_output_size():
    scene = explore_unpooling(forget=True).scene
    assert scene.lamps[0].holds and not scene["forgot"].marks["wrong"]
    assert scene["forgot"].numbers == scene["told"].numbers


def test_what_is_missing_and_what_is_astray_is_crossed_in_its_step():
    scene = explore_unpooling(input_size=5, forget=True, show="numbers").scene
    forgot = scene["forgot"]
    # 5 → (1, 1) and missing at (1, 0); 10 → (2, 2) and missing at (2, 0); 17 missing at (3, 2)
    assert forgot.marks["wrong"] == (4, 5, 8, 10, 14)
    assert forgot.marked_since == {5: 0, 4: 0, 10: 2, 8: 2, 14: 3}
    assert scene.steps[3].writes == {"told": (17,)}
    assert scene.steps[3].say.endswith("it names no cell.")


def test_the_maxima_keep_the_name_of_their_own_cell_where_they_are_astray():
    scene = explore_unpooling(what="values", input_size=5, forget=True, show="symbols").scene
    assert scene["forgot"].symbols[5] == "a_21" and scene["told"].symbols[5] == "a_21"
    assert max_pool2d(scene["input"].values.reshape(5, 5), 2).size == scene["output"].size
