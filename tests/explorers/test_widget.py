"""An explorer drawn: what is moved there moves the explorer, and the other way round."""

import json

import pytest
from ipywidgets.widgets.widget import _instances

from cnnviz import (
    choices,
    explore_convolution_matrix,
    explore_coverage,
    explore_kernel_gradient,
    explore_max_pooling,
    explore_remainder,
    explore_repairs,
    explore_wiggle,
)
from cnnviz.explorers.shared import SHARED


def move(widget, **values):
    """What the browser sends: the values of all controls that a hand has moved. Of a choice it is the
    number of the option."""
    moved = {**widget.moved.get("values", {}), **values}
    widget.moved = {"values": moved, "count": widget.moved.get("count", 0) + 1}


def shown(explorer, name):
    """The record of a control, as the browser draws it."""
    return next(record for record in explorer.widget.controls if record["name"] == name)


def type_into(explorer, grid, cell, text):
    """What the browser sends."""
    stage = explorer.widget
    stage.edit = {"grid": grid, "cell": cell, "text": text, "count": stage.edit.get("count", 0) + 1}


def test_a_slider_moves_the_explorer_and_the_stage_shows_it():
    explorer = explore_convolution_matrix()
    stage = explorer.widget
    before = stage.view
    move(stage, kernel_size=5)
    assert stage.message.startswith("A kernel of 5 does not fit") and stage.view == before
    move(stage, padding=1)
    assert stage.message == "" and stage.view != before
    assert explorer.values["padding"] == 1 and explorer.values["kernel_size"] == 5


def test_an_explorer_that_is_moved_moves_its_sliders():
    explorer = explore_convolution_matrix()
    stage = explorer.widget
    explorer.move(input_size=6, show="numbers")
    assert shown(explorer, "input_size")["value"] == 6
    assert shown(explorer, "show")["options"][shown(explorer, "show")["value"]] == "numbers"
    assert stage.view["scene"]["grids"][0]["shape"] == (1, 1, 6, 6)


def test_two_controls_moved_at_once_both_count():
    explorer = explore_convolution_matrix()
    move(explorer.widget, input_size=5, stride=2)
    assert (explorer.values["input_size"], explorer.values["stride"]) == (5, 2)


def test_the_browser_learns_up_to_which_move_python_has_heard():
    explorer = explore_convolution_matrix()
    move(explorer.widget, input_size=5)
    move(explorer.widget, input_size=5, kernel_size=2)
    assert explorer.widget.heard == 2 and explorer.values["kernel_size"] == 2
    with pytest.raises(ValueError, match="input_size goes from 1 to 12"):
        move(explorer.widget, input_size=99)
    assert explorer.widget.heard == 3 and explorer.values["input_size"] == 5


def test_pointing_and_stepping_in_the_browser_reach_python():
    explorer = explore_convolution_matrix()
    stage = explorer.widget
    assert stage.step == 0  # it opens at its first step
    stage.pinned = ["output", 2]
    assert explorer.scene.focus == ("output", 2)
    stage.pinned, stage.step = [], 1
    assert explorer.scene.step == 1
    move(stage, stride=2)
    assert explorer.scene.step == 0 and stage.step == 0  # only one output is left
    explorer.pin("output", 0)
    assert stage.pinned == ["output", 0]


def test_typing_in_the_browser_and_first_numbers():
    explorer = explore_convolution_matrix(show="numbers")
    type_into(explorer, "input", 5, "10")
    assert explorer.data["input"][1, 1] == 10
    assert explorer.widget.view["scene"]["grids"][0]["numbers"][5] == "10"
    explorer.widget.resets += 1
    assert explorer.widget.view["scene"]["grids"][0]["numbers"][5] == "7"


def test_the_kernel_does_not_trust_the_browser_about_what_can_be_typed_into():
    explorer = explore_kernel_gradient(one_hot=1, show="numbers")
    type_into(explorer, "upstream", 0, "7")
    assert "shows no number" in explorer.widget.message
    assert explorer.data["upstream"][0, 0] == 2


def test_a_proof_is_shown_when_the_browser_asks_and_only_a_proof_gets_a_tick():
    explorer = explore_convolution_matrix()
    explorer.widget.asked = 1
    assert explorer.widget.proof.startswith("✓ Proved for this geometry")
    move(explorer.widget, stride=2)
    assert explorer.widget.proof == ""
    large = explore_convolution_matrix(28, largest=28)
    large.widget.asked = 1
    assert large.widget.proof == "Proofs run for inputs up to 12×12."


def test_a_static_picture_and_text_stand_beside_the_widget():
    explorer = explore_convolution_matrix()
    explorer.pin("output", 2)
    bundle, _ = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["image/svg+xml"].startswith("<svg") and 'class="focus"' in bundle["image/svg+xml"]
    assert "h_21 = k_11·a_21" in bundle["text/plain"]


def test_a_hundred_slider_events_leave_one_picture_and_small_messages():
    explorer = explore_convolution_matrix(12)
    for n in range(100):
        move(explorer.widget, stride=1 + n % 4)
    assert explorer.widget.view["svg"].count("<svg") == 1
    move(explorer.widget, stride=1)
    assert len(json.dumps(explorer.widget.view)) < 150_000


def test_only_the_controls_that_matter_now_are_shown():
    explorer = explore_repairs()

    def sliders():
        return [r["name"] for r in explorer.widget.controls if r["kind"] == "slider"]

    before = sliders()
    explorer.move(fault=explorer.controls["fault"].options[1])
    assert len(before) == len(sliders()) == 2 and not set(before) & set(sliders())


def test_all_kinds_of_controls_have_their_words():
    explorer = explore_wiggle()
    assert (
        shown(explorer, "nudge")["words"] == "nudge ε" and shown(explorer, "nudge")["digits"] == 2
    )
    assert shown(explorer, "input_size")["words"] == "input size"
    assert shown(explorer, "scalar")["options"] == ["linear", "curved"]
    assert shown(explorer, "first_index")["options"] == ["1, as in print", "0, as in code"]
    assert {r["kind"] for r in explorer.widget.controls} == {"slider", "buttons"}
    assert [r["name"] for r in explorer.widget.controls if r["more"]] == [
        "show",
        "notation",
        "first_index",
    ]


def test_an_explorer_is_one_widget_and_closed_it_leaves_nothing_behind():
    before = set(_instances)
    explorer = explore_repairs()
    explorer.widget  # noqa: B018  (drawing it is what makes widgets)
    explorer.move(fault=explorer.controls["fault"].options[1])
    assert len(set(_instances) - before) <= 2  # itself and its layout
    explorer.close()
    assert set(_instances) == before


@pytest.mark.parametrize("letters", ["slides", "blog"])
def test_letters_reach_every_picture_that_is_drawn(letters):
    one, two = explore_kernel_gradient(), explore_convolution_matrix()
    record = shown(one, "notation")
    move(one.widget, notation=record["options"].index(letters))
    assert "X" in two.widget.view["scene"]["grids"][0]["symbols"][0]
    assert shown(two, "notation")["value"] == record["options"].index(letters)


# What is chosen once for a notebook.


@pytest.fixture
def bar():
    """The bar at the top of a notebook; what it chose is undone afterwards."""
    before = dict(SHARED.values)
    yield choices(show="numbers")
    SHARED.values = before


def test_what_a_notebook_chooses_is_what_pictures_start_with_unless_their_call_says_otherwise(bar):
    assert explore_max_pooling().values["show"] == "numbers"
    assert explore_kernel_gradient().values["show"] == "numbers"
    assert explore_kernel_gradient(show="symbols").values["show"] == "symbols"
    assert explore_coverage().values["show"] == "colour"  # it has words of its own


def test_the_bar_moves_all_pictures_but_those_that_were_told_otherwise(bar):
    follows, own = explore_kernel_gradient(), explore_kernel_gradient(show="numbers")
    move(bar, show=0, notation=1)
    assert (follows.values["show"], own.values["show"]) == ("symbols", "numbers")
    assert follows.values["notation"] == own.values["notation"] == "slides"
    assert [record["value"] for record in bar.controls] == [0, 1, 0]


def test_the_bar_shows_letters_that_a_picture_has_chosen(bar):
    explore_kernel_gradient(notation="blog")
    letters = next(record for record in bar.controls if record["name"] == "notation")
    assert letters["options"][letters["value"]] == "blog"


def test_what_is_moved_less_often_stands_under_more():
    records = {r["name"]: r for r in explore_remainder().widget.controls}
    assert records["padding"]["more"] and records["dilation"]["more"]
    assert not records["output_padding"]["more"]


def test_a_pictures_own_switch_is_its_own(bar):
    one, other = explore_kernel_gradient(), explore_kernel_gradient()
    one.move(show="symbols")
    assert (one.values["show"], other.values["show"]) == ("symbols", "numbers")


def test_a_word_that_is_no_choice_gets_a_sentence():
    with pytest.raises(ValueError, match="show is 'symbols' or 'numbers', not 'letters'"):
        choices(show="letters")


def test_an_instructors_text_beside_the_bar(bar):
    bundle, _ = bar._repr_mimebundle_()
    assert bundle["text/plain"] == (
        "cells show numbers; letters of the note; count from 1, as in print"
    )
