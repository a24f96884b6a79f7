"""The pictures of the transposed convolution, against the functions, SymPy, and numbers by hand."""

import numpy as np
import pytest
import sympy

from cnnviz import (
    DoesNotFit,
    explore_coverage,
    explore_misnomer,
    explore_remainder,
    explore_size_ladder,
    explore_spreading,
)
from cnnviz.derivations import symbol_array
from cnnviz.functional import conv2d, conv2d_input, conv_matrix, conv_transpose2d
from cnnviz.functional.geometry import Axis, transposed_size
from cnnviz.functional.samples import one_hot, sample_gradient, sample_input, sample_kernel
from cnnviz.pictures.transposed.coverage import coverage
from cnnviz.pictures.transposed.misnomer import misnomer
from cnnviz.pictures.transposed.remainder import remainder_strip
from cnnviz.pictures.transposed.size_ladder import size_ladder
from cnnviz.pictures.transposed.transposed import spreading
from cnnviz.scene import Lamp
from cnnviz.scene.svg import svg
from cnnviz.symbols import NOTATIONS, number

GEOMETRIES = [
    # gradient, kernel, stride, padding, dilation, output padding
    ((2, 2), (3, 3), 2, 0, 1, 0),
    ((2, 2), (3, 3), 2, 0, 1, 1),
    ((3, 2), (3, 2), (2, 3), 1, 1, 0),
    ((3, 3), (1, 1), 1, 1, 1, 0),
    ((3, 3), (2, 2), 3, 2, 1, 2),
    ((1, 3), (2, 3), (1, 2), 0, 2, 0),
    ((2, 3), (2, 2), 4, 0, 1, 3),
]


def spread_scene(gradient, kernel, stride, padding, dilation, extra, **more):
    size = transposed_size(gradient, kernel, stride, padding, extra, dilation)
    g, k = sample_gradient(*gradient), sample_kernel(*kernel)
    return spreading(g, k, size, stride, padding, dilation, **more), g, k


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_spreading_writes_the_transposed_convolution(geometry):
    scene, g, k = spread_scene(*geometry)
    _, _, stride, padding, dilation, extra = geometry
    expected = conv_transpose2d(
        g, k, stride=stride, padding=padding, dilation=dilation, output_padding=extra
    )
    assert scene["input_gradient"].numbers == tuple(map(number, expected.ravel()))
    assert scene.lamps == (Lamp(True, "equals Wᵀ times the gradient", mistake=True),)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_each_equation_of_spreading_is_the_derivative(geometry):
    scene, g, k = spread_scene(*geometry)
    size = scene["input_gradient"].shape[2:]
    _, _, stride, padding, dilation, _ = geometry
    a, w = symbol_array("a", size), symbol_array("k", k.shape)
    u = symbol_array("∂F/∂h", g.shape)
    h = conv2d(a, w, stride=stride, padding=padding, dilation=dilation)
    scalar = (u * h).sum()
    for cell, letter in enumerate(a.ravel()):
        _, terms = scene.terms("input_gradient", cell)
        total = sum(sympy.Mul(*map(sympy.Symbol, term)) for term in terms)
        assert sympy.expand(total - sympy.diff(scalar, letter)) == 0


def test_spreading_at_stride_2_by_hand():
    scene, _, _ = spread_scene(*GEOMETRIES[0])
    spread = scene["spread"]
    assert spread.shape == (1, 1, 7, 7) and spread.title == "spread  7×7"
    assert spread.marks["inserted"] == (17, 23, 24, 25, 31)
    assert len(spread.marks["padding"]) == 49 - 9 and "cropped" not in spread.marks
    # the window of the middle cell lies on all four gradients and the zeros between them
    assert scene.lit("input_gradient", 12)["spread"] == (16, 17, 18, 23, 24, 25, 30, 31, 32)
    assert scene.lit("upstream", 1)["input_gradient"] == (2, 3, 4, 7, 8, 9, 12, 13, 14)
    assert scene.lit("turned", 0)["kernel"] == (8,)
    assert scene.equation_text("input_gradient", 12) == (
        "∂F/∂a_33 = k_33·∂F/∂h_11 + k_31·∂F/∂h_12 + k_13·∂F/∂h_21 + k_11·∂F/∂h_22"
    )
    assert scene.sentence("input_gradient", 12) == (
        "The window of ∂F/∂a₃₃ lies on 4 gradients and on 5 zeros."
    )
    assert scene.counters == (("1", "zero between: s − 1"), ("2, 2", "padding before, after"))
    assert scene.code == "da = torch.nn.functional.conv_transpose2d(dh, k, stride=2)"


def test_negative_padding_crops_and_says_so():
    scene, _, _ = spread_scene((3, 3), (1, 1), 1, 1, 1, 0)
    assert scene["spread"].title == "spread  1×1"
    assert scene["spread"].marks["cropped"] == (0, 1, 2, 3, 5, 6, 7, 8)
    assert scene["upstream"].marks["cropped"] == (0, 1, 2, 3, 5, 6, 7, 8)
    assert scene.lit("upstream", 0) == {"upstream": (0,), "spread": (0,)}
    assert "is cropped" in scene.sentence("upstream", 0)
    assert scene.equation_text("input_gradient", 0) == "∂F/∂a_11 = k_11·∂F/∂h_22"
    assert scene.counters[1][0] == "−1, −1"


def test_what_no_window_read_has_gradient_0():
    scene, _, _ = spread_scene((2, 2), (2, 2), 4, 0, 1, 3)
    rows, columns = np.indices((9, 9))
    unread = np.flatnonzero(((rows % 4 > 1) | (columns % 4 > 1)).ravel())
    for cell in unread:
        assert scene["input_gradient"].numbers[cell] == "0"
        assert "no forward window read" in scene.sentence("input_gradient", cell)
    assert "no forward window read" not in scene.sentence("input_gradient", 0)


def test_three_names_for_the_same_numbers_and_one_warning():
    scenes = [
        spread_scene(*GEOMETRIES[0], called=name)[0]
        for name in ("transposed", "fractionally strided", "deconvolution")
    ]
    assert len({scene.say for scene in scenes}) == len({scene.title for scene in scenes}) == 3
    assert ("1/2", "the stride, counted in gradients") in scenes[1].counters
    assert len({scene["input_gradient"].numbers for scene in scenes}) == 1
    assert "stride is 1/2" in scenes[1].say and "Nothing is undone" in scenes[2].say
    assert all("none of them undoes" in scene.beware for scene in scenes)


def test_the_ledger_is_named_only_where_a_document_prints_the_equation():
    ledger = {
        (document, stride): spreading(
            np.ones((2, 2)), np.ones((2, 2)), (stride + 2,) * 2, stride, notation=notation
        ).equations["input_gradient"].ledger
        for document, notation in NOTATIONS.items()
        for stride in (1, 2)
    }  # fmt: skip
    assert ledger["note", 1] == "note-30" and ledger["note", 2] == "note-47"
    assert ledger["slides", 1] and not ledger["slides", 2] and not ledger["blog", 2]


def test_the_probe_shows_the_kernel():
    explorer = explore_spreading(show="numbers")
    explorer.move(one_hot=2)
    numbers = np.array(explorer.scene["input_gradient"].numbers).reshape(5, 5)
    assert (numbers[:3, 2:] == np.array(explorer.scene["kernel"].numbers).reshape(3, 3)).all()
    assert (numbers[:, :2] == "0").all()
    assert not explorer.scene["upstream"].editable and explorer.scene["kernel"].editable


def test_an_output_padding_that_is_no_remainder_is_refused():
    explorer = explore_spreading()
    explorer.move(output_padding=2)
    assert explorer.message.startswith("An output padding of 2 is no remainder")


def test_rectangles_of_numbers_of_ones_own_set_the_sliders():
    numbers = {"upstream": [[1, 2], [3, 4], [5, 6]], "kernel": [[7, 8, 9]]}
    explorer = explore_spreading(rectangles=True, **numbers)
    assert explorer.scene["upstream"].numbers == tuple("123456")
    assert explorer.scene["kernel"].numbers == tuple("789")
    assert explorer.values["gradient_height"] == 3 and explorer.values["kernel_width"] == 3
    with pytest.raises(ValueError, match="upstream is square in this picture, not 3×2"):
        explore_spreading(**numbers)
    with pytest.raises(ValueError, match="kernel is 1×3, which contradicts kernel_width=2"):
        explore_spreading(rectangles=True, kernel_width=2, **numbers)


# The remainder.


def strip(size, kernel, stride, padding=0, dilation=1, extra=0):
    return remainder_strip(
        sample_input(1, size)[0], sample_kernel(1, kernel)[0], sample_gradient(1, 20)[0],
        stride, padding, dilation, extra,
    )  # fmt: skip


def test_six_cells_at_stride_2_by_hand():
    scene = strip(6, 3, 2)
    assert scene["input_gradient"].size == 5
    assert scene.lamps == (Lamp(False, "the gradient is shorter than the input"),)
    assert [stroke.label for stroke in scene.strokes] == ["r = 1", "1 missing"]
    assert scene.sentence("input", 5).startswith("a₆ is part of the remainder")
    assert scene.lit("input", 5) == {"input": (5,)}
    assert scene.lit("upstream", 1)["input_gradient"] == (2, 3, 4)
    assert scene.equation_text("input_gradient", 2) == "∂F/∂a_3 = k_3·∂F/∂h_1 + k_1·∂F/∂h_2"
    assert scene.counters == (("5, 6", "cells have 2 windows"), ("5", "come back by themselves"))
    assert scene["windows"].symbols == ("k_1", "k_2", "k_3", *[""] * 5, "k_1", "k_2", "k_3", "")

    filled = strip(6, 3, 2, extra=1)
    assert filled.lamps == (Lamp(True, "the gradient is as long as the input"),)
    assert filled["input_gradient"].numbers[5] == "0"
    assert "no window read this cell" in filled.sentence("input_gradient", 5)
    assert filled.code == (
        "da = torch.nn.functional.conv_transpose1d(dh, k, stride=2, output_padding=1)"
    )


def test_with_padding_the_last_cell_is_not_zero():
    scene = strip(6, 3, 2, padding=1, extra=1)
    assert scene["input_gradient"].numbers[5] == "−3"  # k_3 = −1 times ∂F/∂h_3 = 3
    assert "its number comes from a window" in scene.sentence("input_gradient", 5)
    assert scene.lit("input_gradient", 5)["input"] == (6,)  # the padding comes first
    assert scene.lit("upstream", 0)["input_gradient"] == (0, 1)


@pytest.mark.parametrize(
    "kernel, stride, padding, dilation",
    [(3, 2, 0, 1), (2, 3, 1, 2), (1, 4, 0, 1), (3, 3, 2, 1)],
)
def test_the_remainder_is_the_output_padding_that_is_needed(kernel, stride, padding, dilation):
    for size in range(5, 12):
        axis = Axis(size, kernel, stride, padding, dilation)
        try:
            scene = strip(size, kernel, stride, padding, dilation, axis.remainder)
        except DoesNotFit:
            continue
        assert scene.lamps[0][0]
        g = sample_gradient(1, 20)[:, : axis.out]
        row = sample_kernel(1, kernel)
        around = {"stride": (1, stride), "padding": (0, padding), "dilation": (1, dilation)}
        expected = conv2d_input((1, size), row, g, **around)
        assert scene["input_gradient"].numbers == tuple(map(number, expected.ravel()))


def test_numbers_are_typed_into_each_strip_where_they_stand():
    explorer = explore_remainder(padding=1, show="numbers")
    assert explorer.scene["upstream"].shape == (1, 1, 3, 1)
    explorer.type("upstream", 2, "9")  # standing up, beside its window
    explorer.type("input", 6, "8")  # after one cell of padding
    explorer.type("kernel", 1, "7")
    assert [explorer.data[name][cell] for name, cell in (("upstream", 2), ("input", 5))] == [9, 8]
    assert explorer.scene["windows"].numbers[1] == explorer.scene["kernel"].numbers[1] == "7"
    explorer.type("input", 0, "6")
    assert "no number that can be typed here" in explorer.message


def test_a_row_of_numbers_of_ones_own_sets_the_length_of_the_strip():
    explorer = explore_remainder(input=[1, 2, 3, 4, 5, 6, 7], kernel=[1, -1], stride=3)
    assert explorer.values["input_size"] == 7 and explorer.values["kernel_size"] == 2
    assert explorer.scene["output"].numbers == ("−1", "−1")
    # for five upstream gradients there must be five windows
    assert explore_remainder(upstream=[1, 2, 3, 4, 5]).scene["output"].size == 5
    with pytest.raises(ValueError, match="input takes one row of numbers"):
        explore_remainder(input=[[1, 2, 3]])


def test_the_strip_fills_window_by_window_and_then_gradient_by_gradient():
    scene = strip(6, 3, 2)
    there, back = scene.steps[1], scene.steps[4]
    assert len(scene.steps) == 2 + 5
    assert there.reads == {"input": (2, 3, 4), "kernel": (0, 1, 2)}
    assert there.writes == {"output": (1,), "windows": (8, 9, 10)}
    assert there.say == "The window of h₂ starts on a₃ and ends on a₅."
    assert back.reads == {"upstream": (0, 1), "kernel": (2, 0), "windows": (2, 8)}
    assert back.writes == {"input_gradient": (2,)} and back.of == ("input_gradient", 2)
    assert scene.steps[-1].say.endswith(
        "1 short of the input. No window tells that the input goes on."
    )
    first = scene.at_step(0)
    assert first.shown(first["output"]) == ("h_1", "") == scene["output"].frames[0]
    assert set(first.shown(first["input_gradient"])) == {""}
    assert first.shown(first["windows"])[6:] == ("",) * 6


def test_a_strip_keeps_the_size_of_its_picture():
    sizes = {strip(*how).extent for how in ((6, 3, 2), (12, 3, 1, 3), (12, 5, 4), (3, 3, 1))}
    assert len(sizes) == 1


# Sizes.


@pytest.mark.parametrize(
    "kernel, stride, padding, dilation",
    [(3, 2, 0, 1), (2, 3, 1, 2), (1, 4, 2, 1), (5, 1, 2, 1)],
)
def test_the_ladder_links_all_sizes_with_the_same_output(kernel, stride, padding, dilation):
    scene = size_ladder(12, kernel, stride, padding, dilation)
    out = {}
    for i in range(1, 13):
        try:
            h = conv2d(
                np.ones((1, i)), np.ones((1, kernel)),
                stride=(1, stride), padding=(0, padding), dilation=(1, dilation),
            )  # fmt: skip
        except DoesNotFit:
            assert scene.lit("input", i - 1) == {"input": (i - 1,)}
            assert "not fit" in scene.sentence("input", i - 1)
            continue
        out[i] = h.shape[1]
    for i, o in out.items():
        alike = tuple(j - 1 for j in out if out[j] == o)
        assert scene.lit("input", i - 1)["back"] == alike
        assert scene.lit("output", o - 1)["input"] == alike
        extra = int(scene["output_padding"].numbers[i - 1])
        assert transposed_size(o, kernel, stride, padding, extra, dilation)[0] == i


def test_ladder_at_stride_2_by_hand():
    scene = size_ladder(12, 3, 2)
    assert scene["output_padding"].numbers == ("", "", *"0101010101")
    assert scene.counters == (
        ("5 of 10", "come back by themselves"),
        ("5", "different output sizes"),
    )
    assert scene.sentence("input", 6) == "An input of 7 gives 3 output cells, as 8 does."
    assert scene.sentence("back", 7).startswith("8 comes back with output padding 1")
    kinds = [stroke.kind for stroke in scene.strokes]
    assert kinds.count("forward") == 10 and kinds.count("backward") == 5
    with pytest.raises(DoesNotFit):
        size_ladder(4, 5)


def test_a_step_of_the_ladder_is_an_output_size():
    scene = size_ladder(12, 3, 2)
    step = scene.steps[2]
    assert step.say == "7 and 8 give 3 output cells. Back comes 7; output padding 1 makes 8."
    assert step.reads == {"input": (6, 7)}
    assert step.writes == {"output": (2,), "back": (6, 7), "output_padding": (6, 7)}
    assert "".join(scene.at_step(0).shown(scene["output_padding"])) == "01"
    # sizes with the same output look alike, and their lines are bright at its step
    assert scene["input"].hues == scene["back"].hues == (-1, -1, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4)
    assert [stroke.kind for stroke in scene.strokes if not stroke.dim(2)] == ["forward"] * 2 + [
        "backward"
    ]
    assert size_ladder(12, 3, 4, padding=2).steps[0].say == (
        "1 and 2 give 1 output cell. None comes back by itself; output padding 2 and 3 make 1 and 2."
    )


def test_no_two_lines_of_the_ladder_end_in_one_point():
    for stride in range(1, 5):
        ends = [stroke.points[1] for stroke in size_ladder(16, 3, stride).strokes]
        assert len(set(ends)) == len(ends)


# The misnomer.


def test_misnomer_numbers():
    a, k = sample_input(4, 4), sample_kernel(3, 3)
    scene = misnomer(a, k)
    h = np.array([[(a[i : i + 3, j : j + 3] * k).sum() for j in (0, 1)] for i in (0, 1)])
    back = conv_matrix(k, (4, 4)).T @ h.ravel()
    assert scene["output"].numbers == tuple(map(number, h.ravel()))
    assert scene["transposed"].numbers == tuple(map(number, back))
    assert scene["transposed_error"].numbers == tuple(map(number, back - a.ravel()))
    assert scene.counters == (("4", "rank of W, for 16 unknowns"),)
    assert number(np.abs(back - a.ravel()).max()) == "299"
    assert scene.steps[2].say == "None of the 16 cells is recovered: off by up to 299."
    assert [lamp.holds for lamp in scene.lamps] == [True, False, False]
    assert scene.equation_text("transposed", 0) == "(Wᵀh)_11 = k_11·h_11"
    assert not scene["least_error"].marks


@pytest.mark.parametrize(
    "kernel, stride, padding, lamps",
    [
        (sample_kernel(2, 2), 2, 0, [True, True, False]),  # windows do not overlap
        (sample_kernel(1, 1), 1, 0, [True, True, True]),  # W is a multiple of I
        (one_hot((3, 3), 4), 1, 1, [True, True, True]),  # W is I
        (sample_kernel(3, 3), 1, 1, [True, False, False]),  # W has an inverse, but it is not Wᵀ
        (sample_kernel(3, 3), 1, 2, [True, False, False]),
    ],
)
def test_when_the_transpose_is_nearly_an_inverse(kernel, stride, padding, lamps):
    scene = misnomer(sample_input(4, 4), kernel, stride, padding)
    assert [lamp.holds for lamp in scene.lamps] == lamps
    recovered = len(scene["least_error"].marks.get("right", ()))
    assert recovered == 16 if stride == 1 else recovered < 16


def test_a_one_hot_kernel_gives_the_input_back():
    explorer = explore_misnomer()
    explorer.move(padding=1, one_hot=5)
    assert explorer.scene["transposed_error"].marks["right"] == tuple(range(16))
    assert explorer.scene.say.startswith("Both ways back give the input itself")


def test_the_misnomer_goes_there_and_back_on_two_ways():
    scene = misnomer(sample_input(4, 4), sample_kernel(3, 3))
    names = ("output", "transposed", "transposed_error", "least", "least_error")
    assert [tuple(step.writes) for step in scene.steps] == [(name,) for name in names]
    assert tuple(scene.steps[1].reads) == tuple(scene.steps[3].reads) == ("output", "kernel")
    assert tuple(scene.steps[4].reads) == ("input", "least")
    # nothing of the answers is there before its step, neither a number nor a colour
    for n, name in enumerate(names):
        before, after = scene.levels(scene[name], n - 1), scene.levels(scene[name], n)
        assert n == 0 or not before.any()
        assert after.tolist() == scene.levels(scene[name]).tolist() and after.any()
    padded = misnomer(sample_input(4, 4), sample_kernel(3, 3), padding=1)
    assert len(padded.steps[2].reads["input"]) == 16 and padded["input"].size == 36


def test_the_maps_that_come_back_have_one_format_and_the_errors_are_colours():
    scene = misnomer(sample_input(4, 4), sample_kernel(3, 3))
    assert all(text.partition(".")[2].isdigit() for text in scene["least"].numbers)
    assert scene["least"].numbers[0] == "0.1"
    assert scene.sentence("least", 0) == "W⁺h has 0.122 where a₁₁ is 1: off by −0.878."
    assert scene["least_error"].texts is None and scene["transposed_error"].texts is None
    whole = misnomer(sample_input(4, 4), sample_kernel(3, 3), padding=1)["least"]
    assert whole.numbers == tuple(map(number, sample_input(4, 4).ravel()))


@pytest.mark.parametrize(
    "how, words",
    [
        ({}, ("W W⁺h = h", "W⁺ is no multiple of Wᵀ", "WᵀW is no multiple of I")),
        ({"padding": 1, "one_hot": 5}, ("W W⁺h = h", "W⁺ is a multiple of Wᵀ", "WᵀW is a multiple of I")),
    ],
)  # fmt: skip
def test_lamps_say_what_is_true_now(how, words):
    explorer = explore_misnomer()
    explorer.move(**how)
    assert tuple(lamp.words for lamp in explorer.scene.lamps) == words
    assert "✕" not in {lamp.sign for lamp in explorer.scene.lamps}


# Coverage.


@pytest.mark.parametrize("kernel", range(1, 7))
@pytest.mark.parametrize("stride", range(1, 5))
def test_counts_by_brute_force_and_the_rule_of_the_checkerboard(kernel, stride):
    scene = coverage(np.ones((7, 7)), np.ones((kernel, kernel)), stride)
    length = stride * 6 + kernel
    line = [sum(0 <= cell - stride * u < kernel for u in range(7)) for cell in range(length)]
    assert scene["counts"].numbers == tuple(map(number, np.outer(line, line).ravel().tolist()))
    divides, even = (lamp.holds for lamp in scene.lamps)
    assert divides == even == (kernel % stride == 0)


def test_the_gradient_of_ones_is_the_count():
    explorer = explore_coverage()
    explorer.move(weights="kernel of ones")
    scene = explorer.scene
    assert scene["counts"].numbers == scene["input_gradient"].numbers
    assert scene["counts"].numbers[:5] == ("1", "1", "2", "1", "2")
    assert scene.counters == (("1 to 4", "windows write a cell inside"),)
    assert scene.lit("upstream", 0)["counts"] == (0, 1, 2, 11, 12, 13, 22, 23, 24)
    assert scene.sentence("counts", 24) == "∂F/∂a₃₃ is written by 4 windows and comes to 4."


def test_numbers_of_ones_own_are_seen_and_typed_into_and_ones_are_not():
    explorer = explore_coverage(kernel=[[1, 2], [3, 4]], upstream=[[5, 6], [7, 8]])
    assert explorer.scene["kernel"].numbers == tuple("1234")
    assert explorer.scene["upstream"].numbers == tuple("5678")
    explorer.type("upstream", 3, "9")
    assert explorer.scene["upstream"].numbers == tuple("5679")
    explorer.move(gradient="gradient of ones")
    explorer.type("upstream", 3, "2")
    assert "no number that can be typed here" in explorer.message
    assert explorer.scene["upstream"].numbers == tuple("1111")
    explorer.move(gradient="sample gradient")
    assert explorer.scene["upstream"].numbers == tuple("5679")
    hidden = "is given, but with these settings something else stands in its place"
    with pytest.raises(ValueError, match=f"kernel {hidden}"):
        explore_coverage(kernel=[[1, 2], [3, 4]], weights="kernel of ones")
    with pytest.raises(ValueError, match=f"upstream {hidden}"):
        explore_coverage(upstream=[[1]], gradient="gradient of ones")


def test_a_stride_larger_than_the_kernel_leaves_holes():
    scene = coverage(np.ones((4, 4)), sample_kernel(2, 2), 3)
    assert "Some cells are never written" in scene.say
    assert scene.lit("counts", 2) == {"counts": (2,)}
    assert scene["counts"].numbers[:3] == ("1", "1", "0")


def test_the_remainder_is_written_by_no_window():
    explorer = explore_coverage()
    explorer.move(output_padding=1)
    scene = explorer.scene
    counts = np.array(scene["counts"].numbers).reshape(12, 12)
    assert set(counts[11]) == set(counts[:, 11]) == {"0"} and counts[10, 10] == "1"
    assert scene.counters[1] == ("23", "cells that no window writes")
    assert scene.code.endswith("conv_transpose2d(dh, k, stride=2, output_padding=1)")
    explorer.move(output_padding=2)
    assert "An output padding of 2 must be less than the stride 2" in explorer.message
    with pytest.raises(
        DoesNotFit
    ):  # dilation lets it pass, but no window ends so far from the edge
        coverage(np.ones((2, 2)), np.ones((2, 2)), 1, 0, 2, output_padding=1)


def test_counts_and_gradient_grow_window_by_window_and_then_row_by_row():
    ones = np.ones((2, 2)), np.ones((2, 2))
    scene = coverage(*ones, show="numbers")
    grown = [[text or "·" for text in scene.at_step(n).shown(scene["counts"])] for n in range(3)]
    assert ["".join(texts) for texts in grown] == ["11·11····", "121121···", "121242121"]
    assert scene["counts"].frames == scene["input_gradient"].frames
    assert [step.reads["upstream"] for step in scene.steps] == [(0,), (1,), (2, 3)]
    assert scene.steps[1].writes == {"counts": (1, 2, 4, 5), "input_gradient": (1, 2, 4, 5)}


def test_inside_is_where_no_window_is_missing():
    small = coverage(np.ones((2, 2)), np.ones((4, 4)), 2)
    assert small.lamps[1] == Lamp(True, "inside, cells are written equally often")
    assert small.counters == (("4", "windows write a cell inside"),)
    none = coverage(np.ones((1, 1)), np.ones((4, 4)), 2)
    assert len(none.lamps) == 1 and "near an edge" in none.say


def test_the_words_of_the_checkerboard_are_true():
    words = [lamp.words for lamp in coverage(np.ones((5, 5)), np.ones((3, 3)), 2).lamps]
    assert words == [
        "the stride 2 does not divide the kernel size 3",
        "inside, cells are written unequally often",
    ]
    even = coverage(np.ones((5, 5)), np.ones((4, 4)), 2)
    assert [lamp.words for lamp in even.lamps] == [
        "the stride 2 divides the kernel size 4",
        "inside, cells are written equally often",
    ]


def test_digits_that_nobody_could_read_are_colours():
    large = coverage(np.ones((10, 10)), np.ones((3, 3)), 2, show="numbers")
    assert {large[name].show for name in ("upstream", "counts", "input_gradient")} == {"colour"}
    assert large["kernel"].show == "numbers" and len(large["counts"].frames) == 19
    assert coverage(np.ones((5, 5)), np.ones((3, 3)), 2, show="numbers")["counts"].texts


def test_the_last_step_of_coverage_says_what_there_is_to_see():
    scene = coverage(np.ones((5, 5)), np.ones((3, 3)), 2)
    assert scene.steps[0].say == "The window of ∂F/∂h₁₁ writes 9 cells."
    assert scene.steps[1].say.endswith("Where windows overlap, up to 2 of them wrote a cell.")
    assert scene.steps[-1].say == scene.say and "checkerboard" in scene.say


# What these pictures brought to the renderers.


def test_a_map_of_colours_fills_step_by_step():
    scene = coverage(np.ones((2, 2)), np.array([[1.0, -2.0]]), stride=2)
    counts, gradient = scene["counts"], scene["input_gradient"]
    assert counts.texts is None and counts.show == "colour"
    after = [scene.levels(gradient, n).reshape(3, 4).tolist() for n in range(3)]
    assert after[0] == [[6, -8, 0, 0], [0] * 4, [0] * 4]
    assert after[1] == [[6, -8, 6, -8], [0] * 4, [0] * 4]
    assert after[2] == scene.levels(gradient).reshape(3, 4).tolist()
    view = next(grid for grid in scene.view()["grids"] if grid["name"] == "counts")
    assert view["frames"] == () and len(view["frameLevels"]) == 3
    assert view["frameLevels"][0] == "qqiiiiiiiiii" and view["frameLevels"][2] == view["levels"]
    assert 'data-grid="counts"' in svg(scene.at_step(0)) and "<image" not in svg(scene)


@pytest.mark.parametrize("call", [
    explore_coverage, explore_misnomer, explore_remainder, explore_size_ladder, explore_spreading,
])  # fmt: skip
def test_everything_lies_inside_the_picture_and_it_keeps_its_size(call):
    explorer, sizes = call(), set()
    for control in ("kernel_size", "stride", "padding", "input_size", "gradient_size", "largest"):
        for value in explorer.controls[control].options if control in explorer.controls else ():
            explorer.move(**{control: value})
            scene = explorer.scene
            sizes.add(scene.extent)
            wide, high = scene.extent
            for grid in scene.grids:
                (x, y), (_, _, rows, columns) = grid.corner(0), grid.shape
                assert x >= 0 and x + columns * grid.place.width <= wide
                assert y >= 20 and y + rows * grid.place.height <= high
            for stroke in scene.strokes:
                assert all(0 <= x <= wide and 0 <= y <= high for x, y in stroke.points)
        explorer = call()
    assert len(sizes) == 1


def test_cropped_cells_are_struck_and_named_in_the_legend(tmp_path):
    scene, _, _ = spread_scene((2, 2), (1, 1), 2, 1, 1, 1)
    text = svg(scene)
    x, y = scene["upstream"].corner(0)
    width, height = scene["upstream"].place.width, scene["upstream"].place.height
    assert f"M{x:g} {y + height / 2:g}h{width:g}" in text
    assert ">cropped</text>" in text
    assert scene.save(tmp_path / "cropped.pdf").stat().st_size


def test_a_title_beside_its_grid_ends_where_the_grid_starts(tmp_path):
    scene = size_ladder(8, 3, 2)
    place = scene["output"].place
    middle = place.y + place.height / 2 + 5
    assert f'x="{place.x - 12:g}" y="{middle:g}" style="text-anchor:end">output size' in svg(scene)
    assert scene.save(tmp_path / "ladder.png").stat().st_size


CROPPED_AWAY = ((3, 3), (2, 2), 3, 2, 1, 2)  # at stride 1 nothing would be left of it


@pytest.mark.parametrize(
    ("gradient", "kernel", "stride", "padding", "dilation", "extra"),
    [one for one in GEOMETRIES if one != CROPPED_AWAY],
)
def test_without_the_stride_it_is_another_convolution(
    gradient, kernel, stride, padding, dilation, extra
):
    """What comes out is the transposed convolution at stride 1, and the lamp compares with the right one."""
    g, k = sample_gradient(*gradient), sample_kernel(*kernel)
    how = {"padding": padding, "dilation": dilation}
    size = transposed_size(gradient, kernel, stride, padding, extra, dilation)
    right = conv_transpose2d(g, k, stride=stride, output_padding=extra, **how)
    wrong = conv_transpose2d(g, k, **how)
    scene = spreading(g, k, size, stride, padding, dilation, forget_stride=True)
    made = scene["input_gradient"]
    assert made.numbers == tuple(map(number, wrong.ravel().tolist()))
    same = right.shape == wrong.shape and (right == wrong).all()
    assert scene.lamps[0].holds == same
    assert scene.lamps[0].sign == ("✓" if same else "✕")


def test_a_forgotten_stride_after_which_nothing_is_left_is_refused():
    gradient, kernel, stride, padding, dilation, extra = CROPPED_AWAY
    size = transposed_size(gradient, kernel, stride, padding, extra, dilation)
    g, k = sample_gradient(*gradient), sample_kernel(*kernel)
    with pytest.raises(DoesNotFit, match="crops away the 4 cells"):
        spreading(g, k, size, stride, padding, dilation, forget_stride=True)


def test_a_forgotten_stride_says_which_size_comes_out_and_makes_no_gradient():
    scene = explore_spreading(forget_stride=True).scene
    assert "4×4 cells come out, and the input has 5×5." in scene.say
    assert scene.equation_text("input_gradient", 0) == "r_11 = k_11·∂F/∂h_11"
    assert scene["input_gradient"].title == "what comes out  4×4"
    assert scene.equations["input_gradient"].ledger == ""
    at_one = explore_spreading(stride=1, forget_stride=True).scene
    assert at_one.view() == explore_spreading(stride=1).scene.view()
