"""Every control swept without a kernel, and everything a learner can type or pin."""

import json
import re
import threading
from pathlib import Path

import pytest
import traitlets
from ipywidgets import Checkbox, Dropdown, FloatSlider, IntSlider, ToggleButtons

import cnnviz
from cnnviz import explore_channels, explore_convolution_matrix
from cnnviz.explorers.explorer import SHARED, Explorer, SharedChoice, parse_number
from cnnviz.scene.stage import Stage
from tests.tools.every_explorer import EXPLORERS

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
# These are no explorers of scenes and have tests of their own.
WITHOUT_STAGE = {"explore_derivation", "explore_documents", "explore_training", "explore_own_image"}


def explorer_named(name):
    return eval(EXPLORERS[name], {n: getattr(cnnviz, n) for n in cnnviz.__all__})


@pytest.fixture(autouse=True)
def first_choices(monkeypatch):
    """The letters and the first index are shared by all pictures: let go of those of this test, and
    put the choices back."""
    made, init = [], Explorer.__init__

    def noted(explorer, *args, **options):
        made.append(explorer)
        init(explorer, *args, **options)

    monkeypatch.setattr(Explorer, "__init__", noted)
    yield
    for explorer in made:
        explorer.close()
    SHARED.notation, SHARED.start = "note", 1


def stops(control):
    """Both ends and the values between; for long sliders a few of them."""
    if isinstance(control, Checkbox):
        return [True, False]
    if isinstance(control, FloatSlider):
        return [control.min, (control.min + control.max) / 2, control.max]
    if isinstance(control, IntSlider):
        step = max(1, (control.max - control.min) // 6)
        return [*range(control.min, control.max, step), control.max]
    return (
        [value for _, value in control.options]
        if isinstance(control.options[0], tuple)
        else control.options
    )


@pytest.mark.long
@pytest.mark.parametrize("name", EXPLORERS)
def test_moving_gives_the_same_view_as_building_fresh(name):
    explorer = explorer_named(name)
    for control_name, control in explorer.controls.items():
        before = control.value
        for value in stops(control):
            control.value = value
            fresh = explorer_named(name)
            for other, there in fresh.controls.items():
                there.value = explorer.controls[other].value
            assert explorer.stage.message == fresh.stage.message, (control_name, value)
            if not explorer.stage.message:
                assert explorer.stage.view == fresh.stage.view, (control_name, value)
            fresh.close()
        control.value = before


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPLORERS)
def test_no_control_changes_the_data(name):
    explorer = explorer_named(name)
    before = {key: array.copy() for key, array in explorer.data.items()}
    for control in explorer.controls.values():
        for value in stops(control):
            control.value = value
    assert all((explorer.data[key] == array).all() for key, array in before.items())


def test_every_kind_of_control_is_swept():
    kinds = {type(c) for name in EXPLORERS for c in explorer_named(name).controls.values()}
    assert kinds == {Checkbox, Dropdown, FloatSlider, IntSlider, SharedChoice, ToggleButtons}


def test_every_explorer_of_a_lesson_is_swept():
    shown = set()
    for path in NOTEBOOKS.glob("*.ipynb"):
        shown |= set(re.findall(r'"(explore_\w+)\(', path.read_text(encoding="utf-8")))
    swept = {source.partition("(")[0] for source in EXPLORERS.values()}
    assert shown - WITHOUT_STAGE == swept


def test_an_impossible_size_says_so_and_keeps_the_last_picture():
    explorer = explore_convolution_matrix()
    before = explorer.stage.view
    explorer.controls["kernel"].value = 5
    assert explorer.stage.message.startswith(
        "A kernel of 5 does not fit in 4 cells with 0 of padding on each side."
    )
    assert explorer.stage.view == before
    explorer.controls["padding"].value = 1
    assert explorer.stage.message == ""
    assert explorer.stage.view != before


def test_groups_that_do_not_divide_are_explained():
    explorer = explore_channels(3, 2)
    explorer.controls["groups"].value = 2
    assert "groups" in explorer.stage.message and "3" in explorer.stage.message


def type_into(explorer, grid, cell, text):
    explorer.stage.edit = {
        "grid": grid,
        "cell": cell,
        "text": text,
        "count": explorer.stage.edit.get("count", 0) + 1,
    }


def test_a_typed_number_is_used_everywhere():
    explorer = explore_convolution_matrix(show="numbers")
    type_into(explorer, "input", 5, "10")
    assert explorer.data["input"][1, 1] == 10
    scene = explorer.scene
    assert scene["input"].numbers[5] == scene["vector"].numbers[5] == "10"
    assert scene["output"].numbers[0] == "−28"  # −22 before; a_22 meets k_22 = −2 and rose by 3
    explorer.controls["stride"].value = 2
    assert explorer.scene["input"].numbers[5] == "10"


def test_a_number_typed_into_a_padded_map_lands_in_the_right_cell():
    explorer = explore_convolution_matrix(show="numbers")
    explorer.controls["padding"].value = 2
    type_into(explorer, "input", 8 * 3 + 4, "−1/4")
    assert explorer.data["input"][1, 2] == -0.25
    assert explorer.scene["input"].numbers[8 * 3 + 4] == "−0.25"


def test_a_number_typed_into_a_channel_lands_there():
    explorer = explore_channels(2, 2, show="numbers")
    type_into(explorer, "kernel", 4 * 3 + 1, "8")
    assert explorer.data["kernel"][1, 1, 0, 1] == 8
    type_into(explorer, "input", 9 + 3, "7.5")
    assert explorer.data["input"][1, 1, 0] == 7.5


@pytest.mark.parametrize(
    "nonsense", ["abc", "", "1/0", "nan", "inf", "1e999", "--3", "1;2", "9" * 400]
)
def test_nonsense_is_refused_in_a_sentence_and_nothing_is_lost(nonsense):
    explorer = explore_convolution_matrix(show="numbers")
    before = explorer.stage.view
    type_into(explorer, "input", 5, nonsense)
    assert explorer.stage.message.endswith("is not a number a cell can hold. a₂₂ keeps 7.")
    assert explorer.stage.view == before


def test_a_closed_picture_is_not_drawn_again():
    closed, other = (explore_convolution_matrix(parts=()) for _ in range(2))
    before = closed.stage.view
    closed.close()
    other.controls["notation"].value = "slides"
    assert closed.stage.view == before != other.stage.view


def test_first_numbers_undoes_all_typing():
    explorer = explore_convolution_matrix(show="numbers")
    before = explorer.stage.view
    type_into(explorer, "kernel", 0, "5")
    assert explorer.stage.view != before
    explorer.reset()
    assert explorer.stage.view == before


def test_what_is_pinned_survives_a_slider_as_long_as_the_cell_exists():
    explorer = explore_convolution_matrix()
    explorer.stage.pinned = ["output", 3]
    explorer.controls["notation"].value = "slides"
    assert explorer.stage.pinned == ["output", 3]
    assert explorer.scene.focus == ("output", 3)
    explorer.controls["size"].value = 3
    assert explorer.stage.pinned == []


def test_a_step_beyond_the_new_end_moves_to_the_end():
    explorer = explore_convolution_matrix(5)
    explorer.stage.step = 8
    explorer.controls["size"].value = 4
    assert explorer.stage.step == 3


def test_pinning_no_cell_is_refused_in_words():
    stage = Stage(explore_convolution_matrix(parts=()).scene)
    with pytest.raises(traitlets.TraitError, match=r"no cell of this picture.*input \(0 to 15\)"):
        stage.pinned = ["W", 0]


def test_a_static_picture_and_text_stand_beside_the_widget():
    explorer = explore_convolution_matrix()
    explorer.stage.pinned = ["output", 2]
    bundle, _ = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["image/svg+xml"].startswith("<svg") and 'class="focus"' in bundle["image/svg+xml"]
    assert "h_21 = k_11·a_21" in bundle["text/plain"]


def test_a_hundred_slider_events_leave_one_picture_and_small_messages():
    explorer = explore_convolution_matrix(12)
    for n in range(100):
        explorer.controls["stride"].value = 1 + n % 4
    assert explorer.stage.view["svg"].count("<svg") == 1
    explorer.controls["stride"].value = 1
    assert len(json.dumps(explorer.stage.view)) < 150_000


def test_two_callbacks_at_once_do_not_mix():
    """Slider callbacks can run on threads of their own."""
    explorer = explore_convolution_matrix()

    def drag(name, values):
        for value in values:
            explorer.controls[name].value = value

    threads = [
        threading.Thread(target=drag, args=("padding", [1, 2, 3, 0] * 5)),
        threading.Thread(target=drag, args=("stride", [2, 3, 4, 1] * 5)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert explorer.stage.view == explore_convolution_matrix().stage.view


def test_an_unexpected_error_is_shown_where_the_learner_looks(monkeypatch):
    explorer = explore_convolution_matrix(parts=())
    monkeypatch.setattr(explorer, "_build", lambda data, **values: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explorer.controls["size"].value = 5
    assert "ZeroDivisionError" in explorer.stage.message


def test_numbers_as_people_type_them():
    typed = ["3", " 3 ", "-0.5", "−0,5", "1/3", "1e3"]
    assert [parse_number(text) for text in typed] == [3, 3, -0.5, -0.5, 1 / 3, 1000]
