"""Each record of the ledger opens the picture of its own statement, with the cell lit that it is about."""

import re
from dataclasses import replace

import numpy as np
import pytest

from cnnviz.documents.checks import Difference
from cnnviz.documents.ledger import all_records, judge_all
from cnnviz.explorers.record_pictures import picture_of
from cnnviz.explorers.record_pictures.pins import named_cells
from cnnviz.pictures.refresher.dense_layer import dense_layer
from cnnviz.symbols import NOTATIONS

RECORDS = {record.id: record for record in all_records()}
# The convolution (4) of the note and all that follows from it: 5×5, 3×3, in steps of 2.
STRIDED = {f"note-{n}" for n in (42, 43, 44, 45, 46, 47, 48, 49, 50, 67, 68, 69)}
OF_A_CONVOLUTION = ("03", "04", "05", "06", "07")
# Pictures of a convolution that show other sizes, and why.
OTHER_SIZES = {
    "note-52": "all sizes in a row",
    "blog-83": "the filters of the code are 3×3",
}
LAYER_GRIDS = {"input", "kernel", "output", "upstream", "input_gradient", "kernel_gradient"}
# Statements about a gradient that a picture of the forward pass shows best: who reads whom.
FORWARD = {
    "note-41": "the stride of the forward pass, recalled",
    "slides-70": "the input beside the equations",
    "slides-72": "the filter on its first window",
    "slides-73": "an output",
    "blog-34": "the four weights", "note-43": "a stride, forward", "note-44": "the same", "note-45": "its size",
    "note-46": "its outputs", "note-52": "sizes", "note-53": "the output", "note-54": "its names",
    "note-55": "one of them", "blog-57": "who reads X_11", "blog-58": "who reads X_12",
}  # fmt: skip


@pytest.fixture(scope="module")
def judged():
    return {one.record.id: one for one in judge_all()}


@pytest.fixture(scope="module")
def scenes(judged):
    return {name: scene_of(one) for name, one in judged.items()}


def scene_of(one):
    return picture_of(one.record, one.differences if one.verdict == "differs" else ())


def lettered(record):
    return NOTATIONS[record.document]


def test_every_record_names_a_picture_in_which_something_is_lit(scenes):
    dark = [name for name, scene in scenes.items() if not scene.light()]
    assert dark == []


def test_the_letters_are_those_of_the_document(scenes):
    for name, scene in scenes.items():
        record, letters = RECORDS[name], lettered(RECORDS[name])
        if record.lesson in OF_A_CONVOLUTION and name not in OTHER_SIZES:
            for part in {grid.name for grid in scene.grids} & {"input", "kernel", "output"}:
                assert scene[part].called[0].startswith(getattr(letters, part)), name
            for grid in scene.grids:
                if grid.name.endswith("_gradient"):
                    assert grid.called[0].startswith(f"∂{letters.scalar}/∂"), name


# What stands at the left, read here by eye alone: ∂L/∂X_{23} = … or Z_{11} = …
DERIVATIVE = re.compile(
    r"^\\frac\{\\partial (?P<top>[LF])\}\{\\partial (?P<letter>\w)_\{(?P<at>\d\d)\}\} ="
)
CELL = re.compile(r"^(?P<letter>[OZhXFKak])_\{(?P<at>\d\d)\} =")


def test_an_equation_of_one_cell_opens_with_this_cell_pinned(scenes):
    """∂L/∂X_23 = … pins that cell of a gradient of the input, O_11 = … that output."""
    found = 0
    for name, record in RECORDS.items():
        letters = lettered(record)
        kinds = {letters.input: "input_gradient", letters.kernel: "kernel_gradient"}
        if match := DERIVATIVE.match(record.printed):
            grid, cell = scenes[name].focus
            label = f"∂{match['top']}/∂{match['letter']}_{match['at']}"
            assert scenes[name][grid].name_of(cell) == label, name
            shown = scenes[name][grid]
            assert grid == kinds[match["letter"]] or (grid, shown.size) == ("sum", 1), name
        elif match := CELL.match(record.printed):
            grid, cell = scenes[name].focus
            assert scenes[name][grid].name_of(cell) == f"{match['letter']}_{match['at']}", name
            assert grid == "output", name
        else:
            continue
        found += 1
    assert found > 50


@pytest.mark.parametrize(
    "name, called",
    [
        ("note-29", "h_12"),  # a whole map is shown at one of its cells
        ("note-30", "∂F/∂a_12"),
        ("note-54", "h_11"),  # a table at its first entry
        ("note-56", "∂h_12/∂k_12"),  # free indices are those of one instance
        ("note-58", "∂h_12/∂k_12"),
        ("note-60", "∂F/∂k_12"),
        ("slides-16", "X_11"),  # with a caption beside it
        ("slides-19", "O_11"),
        ("slides-34", "∂L/∂F_12"),  # cells in one row: F_i
        ("slides-43", "∂L/∂O_11"),  # θ is O
        ("blog-26", "Z_12"),  # X ⊛ K + B = Z: what is defined stands at the right
        ("blog-36", "∂L/∂K_12"),
        ("blog-42", "∂Z_11/∂K_11"),
        ("blog-49", "∂L/∂K_11"),
        ("blog-53", "∂L/∂B"),
    ],
)
def test_what_the_left_side_names(scenes, name, called):
    assert not RECORDS[name].pin
    assert named_cells(RECORDS[name], lettered(RECORDS[name])) == [called]
    grid, cell = scenes[name].focus
    assert scenes[name][grid].name_of(cell) == called


def test_a_pin_is_given_only_where_the_left_side_names_no_cell_of_the_picture(scenes):
    """But for displays whose wrong entry is pinned, and for one where the pooled cell bears two names."""
    for name, record in RECORDS.items():
        if record.pin and named_cells(record, lettered(record)):
            scene = picture_of(replace(record, pin=""))
            assert scene.focus != scenes[name].focus, name


@pytest.mark.parametrize(
    "name, grid, called",
    [
        ("note-36", "spread", "0"),
        ("note-48", "spread", "0"),
        ("note-37", "turned", "k_33"),
        ("blog-57", "input", "X_11"),
        ("blog-58", "input", "X_12"),
        ("blog-71", "result", "r_11"),
        ("slides-87", "share", "1/4"),
        ("slides-33", "local", "∂O_11/∂F_11"),
    ],
)
def test_a_sentence_lights_the_cell_that_it_is_about(scenes, name, grid, called):
    scene = scenes[name]
    assert scene.focus[0] == grid and scene[grid].name_of(scene.focus[1]) == called


def sizes_of(scene):
    """(input, kernel, output) of the layer that a picture shows, each one side of a square."""
    grids = {grid.name: grid for grid in scene.grids}

    def side(*names):
        return next(grids[name].shape[3] for name in names if name in grids)

    if "spread" in grids and "upstream" not in grids:
        outputs = {name for name in grids["spread"].called if name.startswith("∂")}
        output = round(len(outputs) ** 0.5)
    elif "local" in grids:
        output = round(grids["local"].size ** 0.5)
    else:
        one = grids.get("upstream") or grids["output"]
        output = round(len({*one.called} - {"0"}) ** 0.5)
    if "W_transposed" in grids:
        return round(grids["input"].size ** 0.5), side("kernel"), output
    return side("input", "input_gradient"), side("kernel", "turned", "kernel_gradient"), output


def test_sizes_and_stride_are_those_of_the_layer(judged, scenes):
    """Of the layer that decided on a formula; for sentences, those that the document speaks of there."""
    for name, record in RECORDS.items():
        if record.lesson not in OF_A_CONVOLUTION or name in OTHER_SIZES:
            continue
        size, kernel = (3, 2) if record.document != "note" else (4, 3)
        wanted = (5, 3, 2) if name in STRIDED else (size, kernel, 2)
        assert sizes_of(scenes[name]) == wanted, name
        if layer := judged[name].layer:
            (size, _), (kernel, _) = layer.input_size, layer.kernel_size
            assert (size, kernel, layer.upstream.shape[0]) == wanted, name


def test_gradients_are_shown_for_statements_about_gradients(scenes):
    for name, record in RECORDS.items():
        grids = {grid.name for grid in scenes[name].grids}
        if name in FORWARD:
            assert not any("gradient" in grid for grid in grids) or name == "note-52"
        elif record.lesson in ("04", "05") and name != "note-51":  # what a transpose gives back
            assert "input_gradient" in grids, name
        elif record.lesson == "06":
            assert grids & {"kernel_gradient", "sum"}, name


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("note-32", {"W_transposed", "upstream"}),
        ("note-35", {"spread", "turned", "input_gradient"}),
        ("note-47", {"spread", "turned", "input_gradient"}),
        ("note-51", {"transposed", "least"}),
        ("note-56", {"weight", "local", "sum"}),
        ("slides-06", {"W2", "delta3", "delta2", "slope2"}),
        ("slides-10", {"x", "y", "z"}),
        ("slides-86", {"switches", "input_gradient"}),
        ("slides-88", {"share", "input_gradient"}),
        ("blog-05", {"kernel_gradient", "bias_gradient"}),
        ("blog-14", {"first", "all", "split"}),
        ("blog-22", {"input_gradient", "overwritten"}),
        ("blog-24", {"backprop_mask", "backprop"}),
        ("blog-27", {"bias", "output"}),
        ("blog-53", {"bias_gradient", "upstream"}),
    ],
)
def test_a_picture_shows_the_parts_of_its_statement(scenes, name, wanted):
    assert wanted <= {grid.name for grid in scenes[name].grids}


def test_the_four_steps_open_at_their_step(scenes):
    """1 forward, 2 the output, 3 the layer below it, 4 the weights."""
    said = [scenes[f"slides-0{n}"].said for n in range(1, 6)]
    assert [text[: len("Step 1")] for text in said] == ["Step 1", *["Step 2"] * 2, *["Step 3"] * 2]
    assert scenes["slides-06"].focus[0] == "delta2"
    assert [scenes[f"slides-0{n}"].focus[0] for n in (7, 8)] == ["W2_gradient", "b2_gradient"]


# What is printed wrong.

W = [(1, 5), (1, 6), (1, 7), (2, 6), (2, 7), (2, 8), (4, 6), (4, 7), (4, 8)]
TRANSPOSED = [(column, row) for row, column in W]
WRONG = {
    "note-13": ("filled", [(1, 4)]),
    "note-23": ("W", W),
    "note-32": ("W_transposed", sorted(TRANSPOSED)),
    "slides-06": ("delta2", [(1, 1), (2, 1)]),
    "blog-14": ("all", [(2, 2)]),
    "blog-41": ("output", [(1, 1)]),
    "blog-64": ("input_gradient", [(2, 3)]),
    "blog-67": ("input_gradient", [(3, 3)]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_printed_wrong_is_crossed_and_pinned(scenes, name):
    grid, places = WRONG[name]
    scene = scenes[name]
    columns = scene[grid].shape[3]
    cells = [(row - 1) * columns + column - 1 for row, column in places]
    assert sorted(scene[grid].marks["wrong"]) == cells
    assert scene.focus == (grid, cells[0])


def test_a_crossed_cell_holds_what_is_printed(scenes):
    w = scenes["note-23"]["W"]
    assert [w.symbols[n] for n in w.marks["wrong"]] == [
        "k_11", "k_12", "k_13", "k_11", "k_12", "k_13", "0 ", "0 ", "0 "]  # fmt: skip
    assert [w.hues[n] for n in w.marks["wrong"]] == [0, 1, 2, 0, 1, 2, -1, -1, -1]
    assert scenes["note-13"]["filled"].symbols[3] == "a_41"
    assert scenes["note-13"].said == "Printed is a₄₁. It must be a₁₄."
    assert scenes["blog-64"]["input_gradient"].symbols[5] == "∂L/∂Z_12·K_22\n+ ∂L/∂Z_22·K_11"
    assert scenes["blog-64"].said == "Printed is K₁₁·∂L/∂Z₂₂. It must be K₁₂·∂L/∂Z₂₂."
    assert scenes["blog-14"].said.endswith("Here the print is wrong.")


def test_nothing_is_crossed_where_the_print_is_right(judged, scenes):
    of_its_own = {"note-16"}  # the swapped switches are what it shows
    for name, scene in scenes.items():
        crossed = any(grid.marks.get("wrong") for grid in scene.grids)
        if crossed and name not in of_its_own:
            assert judged[name].verdict == "differs", name


def test_a_sentence_that_is_wrong_has_no_wrong_cell(scenes):
    assert not any(grid.marks.get("wrong") for grid in scenes["slides-58"].grids)


def test_an_entry_outside_the_picture_leaves_it_as_it_is():
    record = RECORDS["note-23"]
    scene = picture_of(record, (Difference("entry (9, 99)", "k_{11}", "0"),))
    assert not scene["W"].marks.get("wrong") and scene.focus == ("W", 0)


# What cannot be.


@pytest.mark.parametrize(
    "picture, pin, sentence",
    [
        ("karnel_gradient(4, 3)", "", "note-65: Nothing is called karnel_gradient."),
        ("kernel_gradient(2, 3)", "", "note-65: A kernel of 3 does not fit in 2 cells"),
        ("kernel_gradient(4, 3)", "X_11", "note-65: Its picture has no cell X_11."),
        ("kernel_gradient(4, 3)", "input (5, 1)", "has no cell input \\(5, 1\\)."),
        ("kernel_gradient(4, 3) + 1", "", "note-65: A check is made of names, calls and values"),
    ],
)
def test_an_unknown_picture_or_pin_is_refused_in_a_sentence(picture, pin, sentence):
    with pytest.raises(ValueError, match=sentence):
        picture_of(replace(RECORDS["note-65"], picture=picture, pin=pin))


def test_a_picture_may_be_asked_for_numbers_and_for_a_step():
    record = RECORDS["note-65"]
    numbers = picture_of(replace(record, picture="kernel_gradient(4, 3, show='numbers')"))
    assert numbers["kernel_gradient"].show == "numbers"
    walked = picture_of(replace(record, picture="paths(4, 3, step=2)", pin=""))
    assert (walked.step, walked.focus) == (2, None)


# The picture that is shown here alone.


def test_the_picture_of_a_dense_layer_shows_what_calculus_gives():
    x, weights = np.array([1.0, 2.0, 3.0]), np.arange(6.0).reshape(3, 2)
    scene = dense_layer(x, weights, np.array([1.0, -1.0]), np.array([2.0, 5.0]))
    assert scene.equation_text("output", 1) == "z_2 = x_1·W_12 + x_2·W_22 + x_3·W_32 + b_2"
    assert scene["output"].numbers == ("17", "21")
    assert scene.equation_text("input_gradient", 1) == "∂L/∂x_2 = ∂L/∂z_1·W_21 + ∂L/∂z_2·W_22"
    assert scene["input_gradient"].numbers == ("5", "19", "33")
    assert scene.equation_text("kernel_gradient", 5) == "∂L/∂W_32 = x_3·∂L/∂z_2"
    assert scene["kernel_gradient"].numbers == ("2", "5", "4", "10", "6", "15")
    assert scene.equation_text("bias_gradient", 0) == "∂L/∂b_1 = ∂L/∂z_1"
    assert scene.lit("upstream", 1)["kernel_gradient"] == (1, 3, 5)
