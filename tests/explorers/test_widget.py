"""An explorer drawn with ipywidgets: what is moved there moves the explorer, and the other way round."""

import json

import ipywidgets as widgets
import pytest
from ipywidgets.widgets.widget import _instances

from cnnviz import (
    explore_convolution_matrix,
    explore_kernel_gradient,
    explore_repairs,
    explore_wiggle,
)


def controls_of(explorer):
    return explorer.widget._built


def type_into(explorer, grid, cell, text):
    """What the browser sends."""
    stage = explorer.widget.stage
    stage.edit = {"grid": grid, "cell": cell, "text": text, "count": stage.edit.get("count", 0) + 1}


def test_a_slider_moves_the_explorer_and_the_stage_shows_it():
    explorer = explore_convolution_matrix()
    stage = explorer.widget.stage
    before = stage.view
    controls_of(explorer)["kernel_size"].value = 5
    assert stage.message.startswith("A kernel of 5 does not fit") and stage.view == before
    controls_of(explorer)["padding"].value = 1
    assert stage.message == "" and stage.view != before
    assert explorer.values["padding"] == 1


def test_an_explorer_that_is_moved_moves_its_sliders():
    explorer = explore_convolution_matrix()
    stage = explorer.widget.stage
    explorer.move(input_size=6, show="numbers")
    assert controls_of(explorer)["input_size"].value == 6
    assert controls_of(explorer)["show"].value == "numbers"
    assert stage.view["scene"]["grids"][0]["shape"] == (1, 1, 6, 6)


def test_pointing_and_stepping_in_the_browser_reach_python():
    explorer = explore_convolution_matrix()
    stage = explorer.widget.stage
    stage.pinned = ["output", 2]
    assert explorer.scene.focus == ("output", 2)
    stage.pinned, stage.step = [], 1
    assert explorer.scene.step == 1
    controls_of(explorer)["stride"].value = 2
    assert explorer.scene.step == 0 and stage.step == 0  # only one output is left
    explorer.pin("output", 0)
    assert stage.pinned == ["output", 0]


def test_typing_in_the_browser_and_first_numbers():
    explorer = explore_convolution_matrix(show="numbers")
    type_into(explorer, "input", 5, "10")
    assert explorer.data["input"][1, 1] == 10
    assert explorer.widget.stage.view["scene"]["grids"][0]["numbers"][5] == "10"
    explorer.widget._reset[0].click()
    assert explorer.widget.stage.view["scene"]["grids"][0]["numbers"][5] == "7"


def test_the_kernel_does_not_trust_the_browser_about_what_can_be_typed_into():
    explorer = explore_kernel_gradient(one_hot=1, show="numbers")
    type_into(explorer, "upstream", 0, "7")
    assert "shows no number" in explorer.widget.stage.message
    assert explorer.data["upstream"][0, 0] == 2


def test_a_proof_is_shown_when_the_browser_asks():
    explorer = explore_convolution_matrix()
    explorer.widget.stage.asked = 1
    assert explorer.widget.stage.proof.startswith("Proved for this geometry")
    controls_of(explorer)["stride"].value = 2
    assert explorer.widget.stage.proof == ""


def test_a_static_picture_and_text_stand_beside_the_widget():
    explorer = explore_convolution_matrix()
    explorer.pin("output", 2)
    bundle, _ = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["image/svg+xml"].startswith("<svg") and 'class="focus"' in bundle["image/svg+xml"]
    assert "h_21 = k_11·a_21" in bundle["text/plain"]


def test_a_hundred_slider_events_leave_one_picture_and_small_messages():
    explorer = explore_convolution_matrix(12)
    stage = explorer.widget.stage
    for n in range(100):
        controls_of(explorer)["stride"].value = 1 + n % 4
    assert stage.view["svg"].count("<svg") == 1
    controls_of(explorer)["stride"].value = 1
    assert len(json.dumps(stage.view)) < 150_000


def test_only_the_sliders_that_are_shown_are_built():
    explorer = explore_repairs()
    sliders = [c for c in controls_of(explorer).values() if isinstance(c, widgets.IntSlider)]
    assert len(sliders) == 2
    explorer.move(fault=explorer.controls["fault"].options[1])
    assert len(explorer.widget._sliders.children) == 2
    assert not set(sliders) & set(explorer.widget._sliders.children)


def test_all_kinds_of_controls_have_their_words():
    explorer = explore_wiggle()
    explorer.widget  # noqa: B018  (drawing it is what builds the controls)
    built = controls_of(explorer)
    assert built["nudge"].description == "nudge ε" and built["nudge"].readout_format == ".2f"
    assert built["input_size"].description == "input size"
    assert list(built["scalar"].options) == [("linear", "linear"), ("curved", "curved")]
    assert [label for label, _ in built["first_index"].options] == [
        "1, as in print",
        "0, as in code",
    ]


def test_a_closed_explorer_leaves_nothing_behind():
    before = set(_instances)
    explorer = explore_repairs()
    explorer.widget  # noqa: B018  (drawing it is what makes widgets)
    explorer.move(fault=explorer.controls["fault"].options[1])  # and its sliders are others now
    assert len(set(_instances) - before) > 20
    explorer.close()
    assert set(_instances) == before


@pytest.mark.parametrize("letters", ["slides", "blog"])
def test_letters_reach_every_picture_that_is_drawn(letters):
    one, two = explore_kernel_gradient(), explore_convolution_matrix()
    stage = two.widget.stage
    one.widget._built["notation"].value = letters
    assert "X" in stage.view["scene"]["grids"][0]["symbols"][0]
    assert two.widget._built["notation"].value == letters
