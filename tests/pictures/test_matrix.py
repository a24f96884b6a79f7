"""The explorer of a convolution as a matrix: which matrices, which sliders, and numbers of one's own."""

import numpy as np
import pytest

from cnnviz import explore_channels, explore_convolution_matrix
from cnnviz.pictures.grids import SMALLEST_LABEL
from cnnviz.scene import NOWHERE
from cnnviz.scene.labels import text_size

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


def test_a_weight_has_one_hue_wherever_it_stands():
    scene = explore_convolution_matrix().scene
    assert scene["kernel"].hues == scene["weights"].hues == tuple(range(9))
    assert scene["W"].hues[:16] == (0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, -1, -1, -1, -1)
    large = explore_convolution_matrix(28, parts=("W",), largest=28).scene["W"]
    assert np.bincount(np.array(large.hues) - NOWHERE)[1:].tolist() == [676] * 9
    # Without a matrix a weight stands nowhere again, and its colour says its number.
    assert explore_convolution_matrix(parts=()).scene["kernel"].hues is None


def test_with_channels_each_pair_that_meets_has_one_hue():
    scene = explore_channels().scene
    assert scene["kernel"].hues == tuple(np.repeat(range(4), 4).tolist())
    blocks = np.array(scene["W"].hues).reshape(2, 4, 2, 9).swapaxes(1, 2)
    found = [sorted({*block.ravel().tolist()} - {NOWHERE}) for pair in blocks for block in pair]
    assert found == [[0], [1], [2], [3]]
    grouped = explore_channels(groups=2).scene
    apart = np.array(grouped["W"].hues).reshape(2, 4, 2, 9)
    assert {*apart[0, :, 1].ravel()} == {*apart[1, :, 0].ravel()} == {NOWHERE}


def test_with_channels_cells_show_their_index_and_keep_their_names():
    scene = explore_channels().scene
    assert scene["W"].texts[:4] == ("_11", "_12", "0", "_21") and scene["vector"].texts[10] == "_12"
    assert scene["kernel"].texts[:2] == ("_11", "_12")
    assert scene.sentence("W", 0) == "Row h⁽¹⁾₁₁, column a⁽¹⁾₁₁ of W: k⁽¹,¹⁾₁₁."
    assert scene.equation_text("output", 0).startswith("h^(1)_11 = k^(1,1)_11·a^(1)_11 + ")


@pytest.mark.parametrize("parts", [("W",), ("im2col",), ("W", "im2col")])
@pytest.mark.parametrize("show", ["symbols", "numbers"])
@pytest.mark.parametrize("size", [1, 2, 4, 5, 6, 7, 9, 12])
def test_what_is_written_can_be_read(parts, show, size):
    explorer = explore_convolution_matrix(4, 1, parts=parts, show=show)
    for padding in (0, 3):
        explorer.move(input_size=size, padding=padding)
        for grid in explorer.scene.grids:
            if grid.texts:
                place = grid.place
                assert text_size(place.width, place.height, grid.texts) >= SMALLEST_LABEL, grid.name


def test_a_matrix_is_written_in_up_to_36_columns_beside_the_maps():
    texts = {
        size: explore_convolution_matrix(size, parts=("W",)).scene["W"].texts for size in (6, 7)
    }
    assert texts[6][0] == "k_11" and texts[7] is None


@pytest.mark.parametrize("parts", [("W",), ("im2col",), ("W", "im2col")])
@pytest.mark.parametrize("size", [3, 4, 6, 12, 28])
def test_the_vectors_lie_along_their_matrix_cell_by_cell(parts, size):
    scene = explore_convolution_matrix(size, parts=parts, largest=28).scene
    for name, head in {"W": "vector", "im2col": "weights"}.items():
        if name in parts:
            matrix = scene[name]
            right, low = matrix.corner(matrix.size - 1)
            assert scene[head].corner(scene[head].size - 1)[0] == pytest.approx(right, abs=0.5)
            assert scene["result"].corner(scene["result"].size - 1)[1] == pytest.approx(
                low, abs=0.5
            )
            assert right + matrix.place.width <= scene.extent[0]
            assert low + matrix.place.height <= scene.extent[1]


def test_a_large_matrix_is_nearly_square():
    place = explore_convolution_matrix(28, parts=("W",), largest=28).scene["W"].place
    assert place.width / place.height == pytest.approx(1, abs=0.2)
