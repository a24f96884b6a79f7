"""The explorer of a convolution as a matrix: which matrices, which sliders, and numbers of one's own."""

import pytest

from cnnviz import explore_channels, explore_convolution_matrix

MAPS = {"input", "kernel", "output"}


def names(scene):
    return {grid.name for grid in scene.grids}


@pytest.mark.parametrize(
    "parts, more",
    [
        ((), set()),
        (("W",), {"result", "vector", "W"}),
        (["im2col"], {"result", "weights", "im2col"}),
        (("im2col", "W"), {"result", "vector", "W", "weights", "im2col"}),
    ],
)
def test_parts_says_which_matrices_stand_below_the_maps(parts, more):
    assert names(explore_convolution_matrix(parts=parts).scene) == MAPS | more


@pytest.mark.parametrize("parts", ["W", "im2col", "", ("w",), ("W", "V"), None, 1, [["W"]]])
def test_other_parts_are_refused_in_a_sentence(parts):
    with pytest.raises(ValueError, match='parts is a tuple of "W" and "im2col", as in'):
        explore_convolution_matrix(parts=parts)


@pytest.mark.parametrize("largest", [1, 2, 12, 13, 28])
@pytest.mark.parametrize("rectangles", [False, True])
def test_the_input_grows_to_the_largest_and_the_start_fits(largest, rectangles):
    explorer = explore_convolution_matrix(largest=largest, rectangles=rectangles, parts=())
    sizes = ("input_height", "input_width") if rectangles else ("input_size",)
    assert {explorer.controls[size].high for size in sizes} == {largest}
    explorer.move(**dict.fromkeys(sizes, largest))
    assert not explorer.message and explorer.scene["input"].shape == (1, 1, largest, largest)


@pytest.mark.parametrize("largest", [0, 29, -3, 12.5, True, "12", None])
def test_a_largest_for_which_there_are_no_numbers_is_refused_in_a_sentence(largest):
    with pytest.raises(
        (TypeError, ValueError), match="largest is a whole number from 1 to 28, not"
    ):
        explore_convolution_matrix(largest=largest)


def test_only_the_sliders_that_are_shown_are_there():
    square, oblong = (
        list(explore_convolution_matrix(rectangles=r).controls) for r in (False, True)
    )
    assert square[:2] == ["input_size", "kernel_size"]
    assert oblong[:4] == ["input_height", "input_width", "kernel_height", "kernel_width"]
    assert square[2:] == oblong[4:]
    with pytest.raises(TypeError, match="There is no input_size here"):
        explore_convolution_matrix(input_size=3, rectangles=True)


def test_numbers_of_ones_own_set_the_sizes():
    rows, kernel = [[1, 2, 3], [4, 5, 6]], [[1, -1]]
    scene = explore_convolution_matrix(rectangles=True, input=rows, kernel=kernel).scene
    assert scene["output"].numbers == ("−1",) * 4 and scene["W"].shape == (1, 1, 4, 6)
    with pytest.raises(ValueError, match="input is square in this picture, not 2×3"):
        explore_convolution_matrix(input=rows)
    with pytest.raises(ValueError, match="A kernel of 3 does not fit in 2 cells"):
        explore_convolution_matrix(input=[[1, 2], [3, 4]])


def test_the_numbers_of_channels_set_how_many_there_are():
    explorer = explore_channels(input=[[[1, 2], [3, 4]]] * 3, kernel=[[[[2]]] * 3] * 4)
    assert [explorer.values[name] for name in ("in_channels", "out_channels", "input_size")] == [
        3,
        4,
        2,
    ]
    assert explorer.scene["output"].numbers == ("6", "12", "18", "24") * 4


def test_what_is_typed_into_w_is_the_kernel():
    """W is made of weights: it shows them and is not typed into, the kernel is."""
    explorer = explore_convolution_matrix(show="numbers")
    assert not explorer.scene["W"].editable
    explorer.type("kernel", 4, "9")
    assert [explorer.scene["W"].numbers[cell] for cell in (5, 16 + 6)] == ["9", "9"]
