"""A grid that one step of a walk writes at once: empty before it, there from then on and at rest. And
marks that are seen from some step on."""

import numpy as np
import pytest

from cnnviz.scene import Grid, Scene, Slot, Step
from cnnviz.scene.page import page
from cnnviz.scene.svg import svg

DENSE = {"values": np.array([1.0]), "show": "colour"}
WRITTEN = {"symbols": ("s",), "numbers": ("7",), "show": "numbers"}


def written_second(**look):
    """A walk of three steps: its second writes the grid."""
    grid = Grid("b", "b", (1, 1, 1, 1), Slot(0, 30, 40, 40), role="written", since=1,
                marks={"wrong": (0,)}, saying="b", **look)  # fmt: skip
    read = Grid("a", "a", (1, 1, 1, 1), Slot(60, 30, 40, 40), symbols=("a",), saying="a")
    walk = (Step({"a": (0,)}, {}, "1."), Step({}, {"b": (0,)}, "2."), Step({"b": (0,)}, {}, "3."))
    return Scene("Two", (grid, read), dict.fromkeys("ab", np.arange(1)), "At rest.", steps=walk)


@pytest.mark.parametrize("look, sign", [(DENSE, "<image"), (WRITTEN, ">7<")])
def test_it_is_empty_before_its_step_and_there_from_then_on_and_at_rest(look, sign):
    scene = written_second(**look)
    drawn = [svg(scene.at_step(n), standalone=False) for n in range(-1, 3)]
    there = [(sign in picture, "m-wrong" in picture) for picture in drawn]
    assert there == [(True, True), (False, False), (True, True), (True, True)]


def test_the_step_that_writes_it_makes_its_frame_stand_out_unless_one_points_elsewhere():
    scene = written_second(**DENSE)
    assert [svg(scene.at_step(n)).count('class="now"') for n in range(-1, 3)] == [0, 0, 1, 0]
    assert 'class="now"' not in svg(scene.at_step(1).at("a", 0))
    assert 'data-since=\\"1\\"' in page(scene)  # the stage does the same as the learner walks on


def test_in_words_nothing_stands_in_it_before():
    scene = written_second(**WRITTEN)
    assert scene.at_step(0).shown(scene["b"]) == ("",)
    assert "7" not in str(scene.at_step(0)) and "7" in str(scene.at_step(1))
    assert scene.levels(scene["b"], 0).tolist() == [0]


def marked_second(text="5"):
    """A walk of two steps: at the second its first cell turns out wrong, as the other one is from the
    beginning."""
    grid = Grid("b", "b", (1, 1, 1, 2), Slot(0, 30, 80, 40), role="written", symbols=("s", "t"),
                numbers=(text, "6"), show="numbers", marks={"wrong": (0, 1)}, marked_since={0: 1},
                frames=(("0", "6"), (text, "6")), saying="b")  # fmt: skip
    walk = (Step({}, {"b": (1,)}, "1."), Step({}, {"b": (0,)}, "2."))
    return Scene("Two", (grid,), {"b": np.arange(2)}, "At rest.", steps=walk)


def test_a_mark_is_hidden_before_its_step_and_seen_from_then_on_and_at_rest():
    drawn = [svg(marked_second().at_step(n), standalone=False) for n in (-1, 0, 1)]
    assert [picture.count('class="m-wrong"') for picture in drawn] == [2, 1, 2]
    assert '<g data-since="1"><path class="m-wrong"' in drawn[0]  # the stage shows it in time


def test_a_zero_in_which_nothing_has_arrived_is_as_quiet_as_one_that_must_be():
    drawn = [svg(marked_second().at_step(n), standalone=False) for n in (0, 1)]
    assert ['class="zero"' in picture for picture in drawn] == [True, False]
    drawn = [svg(marked_second("0").at_step(n), standalone=False) for n in (0, 1)]
    assert ['class="zero"' in picture for picture in drawn] == [
        True,
        False,
    ]  # the second brings a 0
