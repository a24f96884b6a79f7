"""The picture of col2im: what is written back, what is lost, and what the lamps say."""

import itertools

import numpy as np
import pytest

from cnnviz import explore_folding
from cnnviz.functional import conv2d_input, fold, unfold
from cnnviz.functional.geometry import DoesNotFit, Geometry
from cnnviz.functional.samples import sample_gradient, sample_input, sample_kernel
from cnnviz.pictures.input_gradient.folding import PATCHES, WRITES, folding
from cnnviz.symbols import NOTATIONS, number
from tests.tools.pytorch import torch_or_skip


def fitting():
    for size, kernel, stride in itertools.product(
        ((3, 3), (4, 4), (4, 5), (6, 6)), ((1, 1), (2, 2), (3, 2), (3, 3)), (1, 2, 3)
    ):
        try:
            Geometry.of(size, kernel, stride)
        except DoesNotFit:
            continue
        yield size, kernel, stride


GEOMETRIES = list(fitting())


def scene_of(size, kernel, stride, **more):
    side = Geometry.of(size, kernel, stride).output_size
    return folding(
        sample_input(*size), sample_kernel(*kernel), sample_gradient(*side), stride, **more
    )


def by_loops(size, kernel, stride, patches, write):
    """The map that is written back, patch by patch, and how often each cell was written."""
    a, k = sample_input(*size), sample_kernel(*kernel)
    g = sample_gradient(*Geometry.of(size, kernel, stride).output_size)
    result, times = np.zeros(size), np.zeros(size)
    for (u, v), (i, j) in itertools.product(np.ndindex(*g.shape), np.ndindex(*kernel)):
        cell = u * stride + i, v * stride + j
        value = g[u, v] * k[i, j] if patches == "gradients" else a[cell]
        result[cell] = value if write == "=" else result[cell] + value
        times[cell] += 1
    return (result / np.maximum(times, 1) if write == "mean" else result), times


@pytest.mark.parametrize("size, kernel, stride", GEOMETRIES)
@pytest.mark.parametrize("patches", PATCHES)
@pytest.mark.parametrize("write", WRITES)
def test_what_is_written_back_is_what_plain_loops_write(size, kernel, stride, patches, write):
    scene = scene_of(size, kernel, stride, patches=patches, write=write)
    wanted, times = by_loops(size, kernel, stride, patches, write)
    written = tuple(map(number, wanted.ravel()))
    assert scene["folded"].numbers == scene["folded"].frames[-1] == written
    assert scene["counts"].numbers == tuple(str(int(n)) for n in times.ravel())
    a, k = sample_input(*size), sample_kernel(*kernel)
    if patches == "gradients":
        g = sample_gradient(*Geometry.of(size, kernel, stride).output_size)
        a = conv2d_input(size, k, g, stride)
    assert scene.lamps[0].holds == np.allclose(wanted, a)
    assert len(scene.steps) == scene["patches"].size // (kernel[0] * kernel[1]) + (write == "mean")


@pytest.mark.parametrize("size, kernel, stride", GEOMETRIES)
@pytest.mark.parametrize("patches", PATCHES)
@pytest.mark.parametrize("write", ["+=", "="])
def test_the_equation_of_a_cell_is_what_it_holds(size, kernel, stride, patches, write):
    scene = scene_of(size, kernel, stride, patches=patches, write=write)
    for cell in range(scene["folded"].size):
        result, terms = scene.counted("folded", cell)
        values = [[float(n.replace("−", "-")) for n in term] for term in terms]
        assert number(float(sum(np.prod(term) for term in values))) == result


@pytest.mark.parametrize("size, kernel, stride", GEOMETRIES)
def test_the_patches_are_the_columns_of_unfold_where_their_windows_stand(size, kernel, stride):
    grid = scene_of(size, kernel, stride, patches="input")["patches"]
    columns = unfold(sample_input(*size), kernel, stride=stride)
    assert grid.shape == (*Geometry.of(size, kernel, stride).output_size, *kernel)
    assert grid.numbers == tuple(map(number, columns.T.ravel()))


def lamps(**more):
    return {
        (patches, write): scene_of((4, 4), (3, 3), 1, patches=patches, write=write, **more).lamps[0]
        for patches in PATCHES
        for write in WRITES
    }


def test_only_adding_gives_the_gradient_and_only_adding_does_not_bring_the_input_back():
    assert {which: lamp.holds for which, lamp in lamps().items()} == {
        ("gradients", "+="): True,
        ("gradients", "="): False,
        ("gradients", "mean"): False,
        ("input", "+="): False,
        ("input", "="): True,
        ("input", "mean"): True,
    }
    # For the gradient it is a mistake; of col2im nobody said that it would bring the input back.
    assert lamps()["gradients", "="].sign == "✕" and lamps()["input", "+="].sign == "○"


def test_where_windows_do_not_overlap_all_three_are_one():
    for patches, write in itertools.product(PATCHES, WRITES):
        assert scene_of((4, 4), (2, 2), 2, patches=patches, write=write).lamps[0].holds


def test_a_cell_that_no_window_reads_does_not_come_back():
    scene = scene_of((5, 5), (2, 2), 2, patches="input", write="mean")
    assert not scene.lamps[0].holds and scene["folded"].numbers[24] == "0"
    assert "no window read this cell" in scene.sentence("folded", 24)


def test_by_hand():
    scene = scene_of((4, 4), (3, 3), 1, show="symbols")
    assert scene["patches"].symbols[:2] == ("k_11\n·∂F/∂h_11", "k_12\n·∂F/∂h_11")
    assert scene.lit("folded", 5) == {
        "upstream": (0, 1, 2, 3),
        "kernel": (0, 1, 3, 4),
        "patches": (4, 9 + 3, 18 + 1, 27),
        "folded": (5,),
        "counts": (5,),
    }
    assert scene.equation_text("folded", 5) == (
        "∂F/∂a_22 = k_22·∂F/∂h_11 + k_21·∂F/∂h_12 + k_12·∂F/∂h_21 + k_11·∂F/∂h_22"
    )
    assert scene["folded"].frames[1][5] == "2 of 4"
    assert scene.steps[0].say == (
        "Patch 1 of 4 goes back to the 9 cells of its window. They were still empty."
    )
    assert scene.steps[1].say.endswith("In 6 of them something stands already: it is added.")
    assert scene.sentence("patches", 4) == "k₂₂ · ∂F/∂h₁₁, in patch 1, goes back to ∂F/∂a₂₂."


def test_copies_of_the_input_are_counted_in_symbols():
    scene = scene_of((4, 4), (3, 3), 1, patches="input", show="symbols")
    assert " ".join(scene["folded"].frames[-1][:6]) == "a_11 2·a_12 2·a_13 a_14 2·a_21 4·a_22"
    assert scene.equation_text("folded", 5) == "r_22 = a_22 + a_22 + a_22 + a_22"
    last = scene_of((4, 4), (3, 3), 1, patches="input", show="symbols", write="mean")
    assert last["folded"].frames[-1][5] == "a_22" and not last.equations
    assert last.steps[-1].reads == {"counts": tuple(range(16))}


def test_what_is_written_over_belongs_to_no_cell():
    scene = scene_of((4, 4), (3, 3), 1, write="=")
    assert scene.lit("folded", 5)["patches"] == (27,)
    assert scene.sentence("patches", 4).endswith("where a later patch is written over it.")
    assert scene.steps[1].say.endswith("is written over 6 of them: what stood there is lost.")


def test_the_slides_write_the_gradient_first():
    scene = scene_of((4, 4), (3, 3), 1, notation=NOTATIONS["slides"])
    assert scene["patches"].symbols[0] == "∂L/∂O_11\n·F_11"


def test_a_number_of_a_patch_is_not_typed_but_what_it_is_made_of():
    explorer = explore_folding()
    assert not explorer.scene["patches"].editable
    explorer.type("kernel", 4, "10")
    assert explorer.scene["patches"].numbers[4] == "10" and explorer.scene.lamps[0].holds
    explorer.move(patches="input")
    explorer.type("input", 0, "50")
    assert explorer.scene["folded"].numbers[0] == "50"


@pytest.mark.long
@pytest.mark.parametrize("write", ["+=", "mean"])
@pytest.mark.parametrize("patches", PATCHES)
@pytest.mark.parametrize("stride", [1, 2])
def test_the_code_runs_in_pytorch(write, patches, stride):
    torch = torch_or_skip()
    scene = scene_of((5, 5), (3, 3), stride, patches=patches, write=write)
    a, k = torch.tensor(sample_input(5, 5)), torch.tensor(sample_kernel(3, 3))
    g = torch.tensor(sample_gradient(*Geometry.of((5, 5), (3, 3), stride).output_size))
    counts = torch.tensor([float(n) for n in scene["counts"].numbers]).reshape(5, 5)
    names = {"torch": torch, "a": a, "k": k, "g": g, "counts": counts}
    exec(scene.code, names)
    made = names["da" if patches == "gradients" else "r"]
    assert tuple(map(number, made.ravel().tolist())) == scene["folded"].numbers


def test_the_call_of_pytorch():
    assert scene_of((4, 4), (3, 3), 1).code == (
        "da = torch.nn.functional.fold(torch.outer(k.flatten(), g.flatten()), (4, 4), 3)"
    )
    assert scene_of((4, 4), (3, 3), 1, write="=").code == ""


def test_fold_of_unfold_is_the_input_times_the_counts():
    a = sample_input(5, 6)
    back = fold(unfold(a, (3, 2)), (5, 6), (3, 2))[0]
    counts = fold(unfold(np.ones((5, 6)), (3, 2)), (5, 6), (3, 2))[0]
    assert (back == a * counts).all()
