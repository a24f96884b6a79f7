"""What an instructor hands in: starts by name, numbers of one's own, and sentences for slips."""

import numpy as np
import pytest

import cnnviz
from cnnviz import explore_convolution_matrix, explore_kernel_channels, explore_kernel_gradient
from cnnviz.explorers import EXPLORERS as TOPICS
from cnnviz.explorers.controls import Choice, Slider, Tick
from tests.tools.every_explorer import VIEWS

FUNCTIONS = [name for names in TOPICS.values() for name in names if name not in VIEWS]


def explorer_of(name, **given):
    return getattr(cnnviz, name)(**given)


@pytest.mark.long
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_control_can_be_given_its_start_by_name(name):
    for control in explorer_of(name).controls.values():
        for value in control.options:
            try:
                explorer = explorer_of(name, **{control.name: value})
            except cnnviz.DoesNotFit:
                continue  # a size that cannot be, said by the picture itself
            assert explorer.values[control.name] == value
            explorer.close()


WRONG_VALUES = (10**6, -(10**6), 2.5, "no such word", list, [1], True, 1j)


def can_hold(control, value):
    """Of the wrong values, 2.5 is right for a fine slider, and True for a tick."""
    if isinstance(control, Slider):
        return value == 2.5 and not control.whole and control.low <= 2.5 <= control.high
    return isinstance(control, Tick) and value is True


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_control_cannot_hold_is_refused_with_what_it_can(name):
    for control in explorer_of(name).controls.values():
        for wrong in (value for value in WRONG_VALUES if not can_hold(control, value)):
            with pytest.raises((ValueError, TypeError)) as refused:
                explorer_of(name, **{control.name: wrong})
            said = str(refused.value)
            assert said.startswith(control.name), said
            if isinstance(control, Choice):
                assert all(repr(option) in said for option in control.options)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_unknown_name_lists_the_names_there_are(name):
    with pytest.raises(TypeError, match="There is no colour here"):
        explorer_of(name, colour=1)


def arrays_of(explorer):
    """What the picture shows of the explorer's own numbers, by name."""
    return dict(explorer._layer.arrays) if explorer._layer else {}


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_handed_in_are_shown_as_they_are(name):
    explorer = explorer_of(name)
    for array, values in arrays_of(explorer).items():
        if array not in explorer.data:
            continue
        own = np.arange(values.size, dtype=float).reshape(values.shape) - 3
        given = explorer_of(name, **{array: own.tolist()})
        assert np.array_equal(arrays_of(given)[array], own), array
        if "show" in given.controls and "numbers" in given.controls["show"].options:
            assert given.values["show"] == "numbers"
        given.close()


WRONG_ARRAYS = (
    [[1, 2], [3]], [], [[]], [[1j]], [[float("nan")]], [[np.inf]], [["a"]], [[None]], "abc", 5,
    np.ones((1, 1, 1, 1, 1)), np.ones((40, 40)), [[1e9]], {"a": 1},
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_arrays_that_no_picture_can_hold_get_a_sentence(name):
    for array in explorer_of(name).data:
        for wrong in WRONG_ARRAYS:
            with pytest.raises((ValueError, TypeError)) as refused:
                explorer_of(name, **{array: wrong})
            said = str(refused.value)
            assert said.startswith(array) or "rows of" in said, said


def test_numbers_set_the_sizes_and_a_slider_moved_beyond_them_fills_up():
    explorer = explore_convolution_matrix(
        input=[[9, 8, 7], [6, 5, 4], [3, 2, 1]], kernel=[[1, 0], [0, 2]]
    )
    assert explorer.values["input_size"] == 3 and explorer.values["kernel_size"] == 2
    assert explorer.scene["output"].numbers == ("19", "16", "10", "7")
    explorer.move(input_size=4)
    assert explorer.scene["input"].numbers[:4] == ("9", "8", "7", "0")  # 0: the sample number there
    explorer.type("input", 0, "1")
    explorer.reset()
    assert explorer.scene["input"].numbers[0] == "9"


def test_an_upstream_gradient_alone_chooses_the_input_that_gives_so_many_outputs():
    explorer = explore_kernel_gradient(
        upstream=[[1, 2, 3], [4, 5, 6], [7, 8, 9]], kernel_size=2, stride=2
    )
    assert explorer.values["input_size"] == 6  # floor((6 - 2) / 2) + 1 = 3
    assert explorer.scene["upstream"].shape[2:] == (5, 5)


def test_symbols_are_shown_of_given_numbers_when_asked_for():
    explorer = explore_kernel_gradient(kernel=[[1, 2], [3, 4]], show="symbols")
    assert explorer.values["show"] == "symbols" and explorer.values["kernel_size"] == 2


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"input": [[1, 2], [3, 4]], "input_size": 5},
            "input is 2×2, which contradicts input_size=5.",
        ),
        ({"input": [[1, 2]]}, "input is square in this picture, not 1×2."),
        (
            {"upstream": [[1, 2]], "input_size": 4},
            "upstream is 1×2, but with these sizes it is 2×2.",
        ),
        ({"kernel": np.ones((6, 6))}, "kernel is 6×6, but kernel_size goes from 1 to 5, not 6."),
    ],
)
def test_contradictions_are_said(given, sentence):
    with pytest.raises(ValueError) as refused:
        explore_kernel_gradient(**given)
    assert str(refused.value) == sentence


def test_channels_can_be_handed_in():
    maps = np.arange(3 * 2 * 2.0).reshape(3, 2, 2)
    explorer = explore_kernel_channels(input=maps)
    assert explorer.values["in_channels"] == 3 and explorer.values["input_size"] == 2
    assert np.array_equal(explorer._layer.input, maps)


def test_what_was_handed_in_is_not_changed_by_typing():
    own = np.ones((3, 3))
    explorer = explore_kernel_gradient(input=own)
    explorer.type("input", 0, "5")
    assert own[0, 0] == 1 and explorer.data["input"][0, 0] == 5
