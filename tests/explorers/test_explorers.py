"""Every control swept without a kernel or a widget, and everything a learner can type or pin."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from cnnviz import explore_channels, explore_convolution_matrix, explore_kernel_gradient
from cnnviz.explorers import EXPLORERS as TOPICS
from cnnviz.explorers.controls import Choice, Slider, Tick
from cnnviz.explorers.explorer import parse_number
from tests.tools.every_explorer import EXPLORERS, VIEWS, made

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def explorer_named(name):
    return made(EXPLORERS[name])


def stops(control):
    """Both ends and the values between; for long sliders a few of them."""
    options = control.options
    step = max(1, (len(options) - 1) // 6) if isinstance(control, Slider) else 1
    return [*options[::step], options[-1]]


def seen(explorer):
    """All that the browser would get."""
    return explorer.scene.view(), explorer.scene.counters, explorer.scene.lamps


@pytest.mark.long
@pytest.mark.parametrize("name", EXPLORERS)
def test_moving_gives_the_same_view_as_building_fresh(name):
    explorer = explorer_named(name)
    for control_name, control in explorer.controls.items():
        before = explorer.values[control_name]
        for value in stops(control):
            explorer.move(**{control_name: value})
            fresh = explorer_named(name)
            fresh.move(**explorer.values)
            assert explorer.message == fresh.message, (control_name, value)
            if not explorer.message:
                assert seen(explorer) == seen(fresh), (control_name, value)
            fresh.close()
        explorer.move(**{control_name: before})


@pytest.mark.long
@pytest.mark.parametrize("name", EXPLORERS)
def test_no_control_changes_the_data(name):
    explorer = explorer_named(name)
    before = {key: array.copy() for key, array in explorer.data.items()}
    for control in explorer.controls.values():
        for value in stops(control):
            explorer.move(**{control.name: value})
    assert all((explorer.data[key] == array).all() for key, array in before.items())


@pytest.mark.long
@pytest.mark.parametrize("name", EXPLORERS)
def test_a_cell_that_can_be_typed_into_shows_the_number_that_typing_changes(name):
    """At the start with numbers shown, with a probe, with anything added or taken off, and in a picture
    that was kept because the new sizes do not fit."""
    for explorer in disturbed(name):
        for grid in explorer.scene.grids:
            if not grid.editable:
                continue
            for cell in sorted({0, grid.size // 2, grid.size - 1} - set(grid.zeros)):
                message = explorer.message
                explorer.type(grid.name, cell, "5")
                assert explorer.scene[grid.name].numbers[cell] == "5", (grid.name, cell)
                explorer.type(grid.name, cell, "−7")
                assert explorer.scene[grid.name].numbers[cell] == "−7", (grid.name, cell)
                assert explorer.message == message
        explorer.close()


def disturbed(name):
    """An explorer with numbers shown: as it starts, with each control at both ends, and kept."""
    first = explorer_named(name)
    numbers = {"show": "numbers"} if "show" in first.controls else {}
    yield first
    for control in first.controls.values():
        for value in (control.options[0], control.options[-1]):
            explorer = explorer_named(name)
            explorer.move(**numbers)
            if control.name not in ("show", "notation", "first_index"):
                explorer.move(**{control.name: value})
                yield explorer


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPLORERS)
def test_no_number_changes_unseen_while_letters_are_shown(name):
    explorer = explorer_named(name)
    if "show" in explorer.controls and "symbols" in explorer.controls["show"].options:
        explorer.move(show="symbols")
        written = [grid for grid in explorer.scene.grids if grid.show == "symbols"]
        assert written and not any(grid.editable for grid in written)
        before = {key: array.copy() for key, array in explorer.data.items()}
        explorer.type(written[0].name, 0, "5")
        assert all((explorer.data[key] == array).all() for key, array in before.items())
        assert explorer.message.endswith("shows no number that can be typed here.")


@pytest.mark.slow
def test_every_kind_of_control_is_swept():
    kinds = {type(c) for name in EXPLORERS for c in explorer_named(name).controls.values()}
    assert kinds == {Choice, Slider, Tick}


def test_every_explorer_is_swept_and_stands_in_a_lesson():
    shown = set()
    for path in NOTEBOOKS.glob("*.ipynb"):
        shown |= set(re.findall(r"(explore_\w+)\(", path.read_text(encoding="utf-8")))
    swept = {source.partition("(")[0] for source in EXPLORERS.values()}
    listed = {name for names in TOPICS.values() for name in names}
    assert listed - VIEWS == swept
    assert shown == listed


@pytest.mark.long
def test_without_widgets_everything_can_be_built_stepped_typed_into_and_proved():
    script = """
import sys
for name in ("ipywidgets", "anywidget", "traitlets", "IPython"):
    sys.modules[name] = None  # importing it fails from now on
from tests.tools.every_explorer import EXPLORERS, VIEWS, made
for call in EXPLORERS.values():
    explorer = made(call)
    if explorer.scene.length:
        explorer.walk_to(0)
    explorer.pin(explorer.scene.grids[0].name, 0)
    assert str(explorer.scene)
    if "show" in explorer.controls:
        explorer.move(show=explorer.controls["show"].options[-1])
    for grid in explorer.scene.grids:
        if grid.editable:
            explorer.type(grid.name, next(c for c in range(grid.size) if c not in grid.zeros), "3")
            break
    explorer.prove()
    explorer.reset()
    assert not explorer.message, explorer.message
print(len(EXPLORERS), "explorers")
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=NOTEBOOKS.parent, capture_output=True, text=True
    )
    assert ran.stdout == f"{len(EXPLORERS)} explorers\n", ran.stderr


# --- sizes that cannot be ------------------------------------------------------------------------


def test_an_impossible_size_says_so_and_keeps_the_last_picture():
    explorer = explore_convolution_matrix()
    before = explorer.scene
    explorer.move(kernel_size=5)
    assert explorer.message == (
        "A kernel of 5 does not fit in 4 cells with 0 of padding on each side. "
        "The picture still shows the last sizes that fit."
    )
    assert explorer.scene is before
    explorer.move(padding=1)
    assert explorer.message == "" and explorer.scene is not before


def test_groups_that_do_not_divide_are_explained():
    explorer = explore_channels(3, 2)
    explorer.move(groups=2)
    assert "groups" in explorer.message and "3" in explorer.message


def test_a_number_typed_into_a_kept_picture_goes_where_it_was_typed():
    explorer = explore_convolution_matrix(show="numbers")
    explorer.move(padding=1)
    explorer.move(kernel_size=5)
    explorer.move(padding=0)  # does not fit: the 6×6 padded picture is kept
    kept = explorer.message
    assert kept and explorer.scene["input"].shape[2:] == (6, 6)
    explorer.type("input", 7, "77")  # the cell that shows row 1, column 1
    assert explorer.data["input"][0, 0] == 77 and explorer.data["input"][1, 1] == 7
    assert explorer.scene["input"].numbers[7] == "77" and explorer.message == kept


def test_first_numbers_work_in_a_kept_picture():
    explorer = explore_convolution_matrix(show="numbers")
    explorer.move(kernel_size=5)
    explorer.type("input", 0, "9")
    explorer.reset()
    assert explorer.scene["input"].numbers[0] == "1" and "does not fit" in explorer.message


# --- typing --------------------------------------------------------------------------------------


def test_a_typed_number_is_used_everywhere():
    explorer = explore_convolution_matrix(show="numbers")
    explorer.type("input", 5, "10")
    assert explorer.data["input"][1, 1] == 10
    scene = explorer.scene
    assert scene["input"].numbers[5] == scene["vector"].numbers[5] == "10"
    assert scene["output"].numbers[0] == "−28"  # −22 before; a_22 meets k_22 = −2 and rose by 3
    explorer.move(stride=2)
    assert explorer.scene["input"].numbers[5] == "10"


def test_a_number_typed_into_a_padded_map_lands_in_the_right_cell():
    explorer = explore_convolution_matrix(show="numbers")
    explorer.move(padding=2)
    explorer.type("input", 8 * 3 + 4, "−1/4")
    assert explorer.data["input"][1, 2] == -0.25
    assert explorer.scene["input"].numbers[8 * 3 + 4] == "−0.25"


def test_a_number_typed_between_inserted_zeros_lands_in_the_right_cell():
    explorer = explore_kernel_gradient(6, 3, stride=2, show="numbers")
    assert explorer.scene["upstream"].shape[2:] == (3, 3)  # 2×2, spread
    explorer.type("upstream", 3 * 2 + 2, "8")
    assert explorer.data["upstream"][1, 1] == 8
    explorer.type("upstream", 1, "8")
    assert explorer.message == "0 shows no number that can be typed here."


def test_a_number_typed_into_a_channel_lands_there():
    explorer = explore_channels(2, 2, show="numbers")
    explorer.type("kernel", 4 * 3 + 1, "8")
    assert explorer.data["kernel"][1, 1, 0, 1] == 8
    explorer.type("input", 9 + 3, "7.5")
    assert explorer.data["input"][1, 1, 0] == 7.5


def test_a_probe_cannot_be_typed_into():
    explorer = explore_kernel_gradient(show="numbers", one_hot=1)
    before = explorer.data["upstream"].copy()
    explorer.type("upstream", 0, "7")
    assert explorer.message == "∂F/∂h₁₁ shows no number that can be typed here."
    assert (explorer.data["upstream"] == before).all()
    explorer.move(one_hot=0)
    explorer.type("upstream", 0, "7")
    assert explorer.data["upstream"][0, 0] == 7 and explorer.message == ""


@pytest.mark.parametrize(
    "nonsense", ["abc", "", "1/0", "nan", "inf", "1e999", "--3", "1;2", "9" * 400]
)
def test_nonsense_is_refused_in_a_sentence_and_nothing_is_lost(nonsense):
    explorer = explore_convolution_matrix(show="numbers")
    before = explorer.scene
    explorer.type("input", 5, nonsense)
    assert explorer.message.endswith("is not a number a cell can hold. a₂₂ keeps 7.")
    assert explorer.scene is before


def test_first_numbers_undoes_all_typing():
    explorer = explore_convolution_matrix(show="numbers")
    before = seen(explorer)
    explorer.type("kernel", 0, "5")
    assert seen(explorer) != before
    explorer.reset()
    assert seen(explorer) == before


def test_numbers_as_people_type_them():
    typed = ["3", " 3 ", "-0.5", "−0,5", "1/3", "1e3"]
    assert [parse_number(text) for text in typed] == [3, 3, -0.5, -0.5, 1 / 3, 1000]


# --- what is pinned, the step, the letters -------------------------------------------------------


def test_a_closed_picture_is_not_drawn_again():
    closed, other = explore_kernel_gradient(), explore_kernel_gradient()
    before, others = closed.scene, other.scene
    closed.close()
    other.move(notation="slides")
    assert closed.scene is before and other.scene is not others


def test_letters_chosen_in_one_picture_are_those_of_all():
    first, second = explore_kernel_gradient(), explore_convolution_matrix()
    first.move(notation="blog", first_index=0)
    assert second.values["notation"] == "blog" and second.scene["input"].symbols[0] == "X_00"
    assert explore_convolution_matrix().scene["output"].symbols[0] == "Z_00"


def test_what_is_pinned_survives_a_slider_as_long_as_the_cell_exists():
    explorer = explore_convolution_matrix()
    explorer.pin("output", 3)
    explorer.move(notation="slides")
    assert explorer.scene.focus == ("output", 3)
    explorer.move(input_size=3)
    assert explorer.scene.focus is None


def test_a_step_beyond_the_new_end_moves_to_the_end():
    explorer = explore_convolution_matrix(5)
    explorer.walk_to(8)
    explorer.move(input_size=4)
    assert explorer.scene.step == 3


def test_a_proof_is_of_the_geometry_that_is_shown():
    explorer = explore_kernel_gradient(5, 3, stride=2)
    explorer.prove()
    assert (
        explorer.proof.startswith("Proved for this geometry") and "25 input cells" in explorer.proof
    )
    explorer.move(padding=1)
    assert explorer.proof == ""
    large = explore_convolution_matrix(13, parts=("W",), largest=20)
    large.prove()
    assert large.proof == "Proofs run for inputs up to 12×12."


# --- what can go wrong ---------------------------------------------------------------------------


def test_two_callbacks_at_once_do_not_mix():
    """Slider callbacks can run on threads of their own."""
    explorer = explore_convolution_matrix()

    def drag(name, values):
        for value in values:
            explorer.move(**{name: value})

    threads = [
        threading.Thread(target=drag, args=("padding", [1, 2, 3, 0] * 5)),
        threading.Thread(target=drag, args=("stride", [2, 3, 4, 1] * 5)),
        threading.Thread(target=drag, args=("notation", ["slides", "blog", "note"] * 5)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen(explorer) == seen(explore_convolution_matrix())


def test_two_pictures_that_change_the_letters_do_not_wait_for_each_other():
    one, two = explore_kernel_gradient(), explore_kernel_gradient()
    threads = [
        threading.Thread(target=lambda: [one.move(notation=n) for n in ("blog", "note") * 10]),
        threading.Thread(target=lambda: [two.move(first_index=n) for n in (0, 1) * 10]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
    assert one.values["notation"] == two.values["notation"] == "note"


def test_an_unexpected_error_is_shown_where_the_learner_looks(monkeypatch):
    explorer = explore_convolution_matrix()
    monkeypatch.setattr(explorer, "_build", lambda layer, **values: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explorer.move(stride=2)
    assert "ZeroDivisionError" in explorer.message
    assert np.array_equal(explorer.data["input"][:2, :2], [[1, 4], [3, 7]])
