"""The table of cells that belong together, and the scenes that read it in every direction."""

import json

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import NOTATIONS, DoesNotFit, sample_input, sample_kernel
from cnnviz.derivations import symbol_array
from cnnviz.functional import conv2d, conv_matrix
from cnnviz.functional.geometry import Geometry
from cnnviz.functional.table import convolution_table, unpadded_cells
from cnnviz.pictures.matrix.convolution_matrix import convolution_matrix
from cnnviz.scene import Grid, Slot
from cnnviz.symbols import labels


@st.composite
def layers(draw):
    """A small layer in whole numbers: its arrays and its geometry."""
    groups = draw(st.integers(1, 2))
    inside, outside = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    dilation, padding = draw(st.integers(1, 2)), draw(st.integers(0, 2))
    least = [dilation * (k - 1) + 1 - 2 * padding for k in kernel]
    size = [max(1, low) + draw(st.integers(0, 3)) for low in least]
    x = sample_input(groups * inside, *size)
    w = sample_kernel(groups * outside, inside, *kernel)
    return x, w, draw(st.integers(1, 3)), padding, dilation, groups


def test_the_table_of_a_tiny_convolution_by_hand():
    table = convolution_table(Geometry.of((3, 3), (2, 2)))
    assert table["output"].tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4
    assert table["kernel"].tolist() == [0, 1, 2, 3] * 4
    assert table["input"].tolist() == [0, 1, 3, 4, 1, 2, 4, 5, 3, 4, 6, 7, 4, 5, 7, 8]


@given(layers())
def test_adding_up_the_table_is_the_convolution(layer):
    x, w, stride, padding, dilation, groups = layer
    geometry = Geometry.of(x.shape[1:], w.shape[2:], stride, padding, dilation)
    table = convolution_table(geometry, len(x), len(w), groups)
    cells = unpadded_cells(geometry, len(x))[table["input"]]
    products = np.where(cells < 0, 0, x.ravel()[cells]) * w.ravel()[table["kernel"]]
    expected = conv2d(x, w, None, stride, padding, dilation, groups)
    assert np.bincount(table["output"], products).tolist() == expected.ravel().tolist()


def test_labels_of_different_cells_differ():
    assert len(set(labels("a", (12, 12)))) == 144
    assert labels("a", (2, 2), start=0) == ("a_00", "a_01", "a_10", "a_11")


def four_by_four(**options):
    return convolution_matrix(sample_input(4, 4), sample_kernel(3, 3), **options)


def names_lit(scene, grid, cell):
    return {
        name: [scene[name].symbols[c] for c in cells]
        for name, cells in scene.lit(grid, cell).items()
    }


def test_an_output_lights_its_receptive_field_its_row_of_w_and_its_patch():
    lit = names_lit(four_by_four(), "output", 1)
    assert lit["input"] == ["a_12", "a_13", "a_14", "a_22", "a_23", "a_24", "a_32", "a_33", "a_34"]
    assert lit["output"] == lit["result"] == ["h_12"]
    assert lit["W"] == lit["kernel"] == list(labels("k", (3, 3)))
    assert lit["im2col"] == lit["input"] == lit["vector"]
    scene = four_by_four()
    assert {cell // 16 for cell in scene.lit("output", 1)["W"]} == {1}


def test_a_weight_lights_every_place_where_it_is_shared():
    scene = four_by_four()
    assert scene.lit("kernel", 4)["W"] == (0 * 16 + 5, 1 * 16 + 6, 2 * 16 + 9, 3 * 16 + 10)
    assert names_lit(scene, "kernel", 4)["input"] == ["a_22", "a_23", "a_32", "a_33"]


def test_the_outputs_an_input_feeds_are_the_support_of_its_gradient():
    scene = convolution_matrix(sample_input(5, 5), sample_kernel(3, 3))
    fed = [len(scene.lit("input", cell).get("output", ())) for cell in range(25)]
    assert fed == [1, 2, 3, 2, 1, 2, 4, 6, 4, 2, 3, 6, 9, 6, 3, 2, 4, 6, 4, 2, 1, 2, 3, 2, 1]


def test_a_zero_of_w_belongs_to_nothing_but_says_why():
    scene = four_by_four()
    assert scene.lit("W", 3) == {"W": (3,)}
    assert scene.sentence("W", 3) == "Row h₁₁, column a₁₄ of W is 0, because h₁₁ does not read a₁₄."
    assert scene.sentence("W", 4) == "Row h₁₁, column a₂₁ of W: k₂₁."
    assert names_lit(scene, "W", 4)["input"] == ["a_21"]
    assert scene.sentence("im2col", 10) == "In the patch of h₁₂, k₁₂ meets a₁₃."


def test_sentences_count_padding_and_cells_that_are_never_read():
    padded = four_by_four(padding=1)
    assert "5 of them padding" in padded.sentence("output", 0)
    assert padded.sentence("input", 0).startswith("A padding cell")
    assert padded.sentence("kernel", 0).endswith(
        "meets padding at 7 of them: it stands in W 9 times."
    )
    ragged = convolution_matrix(sample_input(6, 6), sample_kernel(3, 3), stride=2)
    assert "feeds no output" in ragged.sentence("input", 35)


@given(layers(), st.sampled_from(sorted(NOTATIONS)))
def test_the_equation_of_every_cell_is_what_sympy_derives(layer, document):
    """The forward sum, and both gradients by sympy.diff, for any geometry and notation."""
    x, w, stride, padding, dilation, groups = layer
    letters = NOTATIONS[document]
    geometry = (stride, padding, dilation, groups)
    scene = convolution_matrix(x, w, *geometry, notation=letters)
    xs, ws = symbol_array(letters.input, x.shape), symbol_array(letters.kernel, w.shape)
    y = conv2d(xs, ws, None, *geometry).ravel()
    upstream = [sympy.Symbol(f"∂{letters.scalar}/∂{label}") for label in scene["output"].symbols]
    scalar = sum(value * g for value, g in zip(y, upstream, strict=True))

    def equation(grid, cell):
        _, terms = scene.terms(grid, cell)
        return sum(sympy.prod([sympy.Symbol(factor) for factor in term]) for term in terms)

    for cell, value in enumerate(y):
        assert sympy.expand(equation("output", cell) - value) == 0
    padding_cells = set(scene["input"].marks.get("padding", ()))
    for cell, label in enumerate(scene["input"].symbols):
        if cell not in padding_cells:
            derived = sympy.diff(scalar, sympy.Symbol(label))
            assert sympy.expand(equation("input", cell) - derived) == 0
    for cell, label in enumerate(scene["kernel"].symbols):
        assert sympy.expand(equation("kernel", cell) - sympy.diff(scalar, sympy.Symbol(label))) == 0


def test_what_stands_in_w_is_conv_matrix():
    scene = convolution_matrix(sample_input(2, 3, 3), sample_kernel(2, 2, 2, 2))
    expected = conv_matrix(symbol_array("k", (2, 2, 2, 2)), (2, 3, 3))
    assert list(scene["W"].symbols) == [str(entry) for entry in expected.ravel()]


def test_a_scene_prints_what_it_shows():
    text = str(four_by_four(show="numbers").at("output", 0))
    assert "36 of 64 entries of W are weights" in text
    assert "h_11 = k_11·a_11 + k_12·a_12" in text
    assert "output h  2×2\n  −22  62\n   14  12\n" in text
    large = str(convolution_matrix(sample_input(28, 28), sample_kernel(3, 3)))
    assert "W  676×784" in large and len(large) < 2000


def test_the_view_for_the_browser_is_plain_json():
    scene = four_by_four(padding=1)
    view = json.loads(json.dumps(scene.view()))
    assert view["table"]["output"] == scene.table["output"].tolist()
    assert [grid["name"] for grid in view["grids"]] == [grid.name for grid in scene.grids]


def test_the_vector_above_the_matrix_is_the_map_row_after_row():
    scene = convolution_matrix(sample_input(3, 4), sample_kernel(2, 2), parts=("W",))
    rows = [f"a_{row}{column}" for row in (1, 2, 3) for column in (1, 2, 3, 4)]
    assert list(scene["vector"].symbols) == rows
    assert scene.lit("vector", 9)["input"] == (9,) == scene.lit("input", 9)["vector"]


def test_impossible_requests_are_refused_in_words():
    with pytest.raises(DoesNotFit, match="A kernel of 5 does not fit in 4 cells"):
        convolution_matrix(sample_input(4, 4), sample_kernel(5, 5))
    scene = four_by_four()
    with pytest.raises(KeyError, match="no grid 'x'"):
        scene["x"]
    with pytest.raises(IndexError, match="cells 0 to 3, not 4"):
        scene.at("output", 4)
    with pytest.raises(ValueError, match="has 2 cells, not 1"):
        Grid("g", "", (1, 1, 1, 2), Slot(0, 0, 9, 9), symbols=("a",))
    with pytest.raises(ValueError, match="roles are"):
        Grid("g", "", (1, 1, 1, 2), Slot(0, 0, 9, 9), role="pretty")


def test_slots_stand_still_while_their_cells_change():
    slots = {
        tuple((grid.name, grid.slot) for grid in scene.grids) and scene.size
        for scene in (
            convolution_matrix(sample_input(n, n), sample_kernel(3, 3), padding=p)
            for n in (3, 12)
            for p in (0, 3)
        )
    }
    assert len(slots) == 1
