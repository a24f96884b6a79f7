"""The picture of col2im: patches written back onto the cells that their windows had read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input, fold, unfold
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Equation, Grid, Lamp, Scene, Slot
from ...symbols import spoken
from ..grids import map_grid, readable
from ..sheet import Sheet, column
from ..words import Says, count
from .folding_steps import walk
from .gathering import input_equation

PATCHES = ("gradients", "input")  # what stands in them: g times k, or the cells of the input
WRITES = ("+=", "=", "mean")  # col2im, the mistake, and sums divided by how many there were
SLOTS = {
    **column(210, y=46, gap=64, largest=60, upstream=200, kernel=200),
    "input": Slot(20, 46, 210, 210, largest=60),
    "patches": Slot(290, 46, 400, 464, largest=60),
    **column(230, left=750, y=46, gap=64, largest=60, folded=230, counts=170),
}


def folding(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    stride: int = 1,
    patches: str = "gradients",
    write: str = "+=",
    **letters,
) -> Scene:
    """col2im, patch by patch: each goes back to where its window had been.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` as large as the output. ``patches`` says
    what is in them: "gradients", where the patch of an output is its upstream gradient times the
    kernel, or "input", where im2col has copied the cells of the input. ``write`` is "+=" for col2im,
    "=" where the last patch stays, or "mean" where each sum is divided by its count. ``letters`` are
    those of a `Sheet`.
    Raises DoesNotFit where ``unfold`` does. Source: ``torch.nn.functional.fold`` and ``unfold``.

    >>> scene = folding(np.ones((3, 3)), np.ones((2, 2)), np.ones((2, 2)), patches="input")
    >>> scene["folded"].numbers
    ('1', '2', '1', '2', '4', '2', '1', '2', '1')
    >>> scene.lamps[0].words
    'this is not the input'
    """
    geometry = Geometry.of(input.shape, weight.shape, stride)
    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    gradients = patches == "gradients"
    products = np.outer(weight.ravel(), grad_output.ravel())
    columns = products if gradients else unfold(input, weight.shape, stride=stride)
    met = convolution_table(geometry)
    written = _written_back(columns, met, geometry, write)
    sources = _sources(sheet, input, weight, grad_output, gradients)
    filled = _patches(sheet, sources, columns, met, geometry)
    result = _result(sheet, written, gradients)
    counts = map_grid(
        "counts", "n", _counted(geometry), SLOTS["counts"], sheet.start, role="written"
    )
    counts = replace(counts, title="how many windows read it", show="numbers")
    grids = {grid.name: grid for grid in (*sources, filled, result, counts)}
    steps, frames = walk(grids, columns, met, write, sheet.show)
    grids["folded"] = replace(grids["folded"], frames=frames)
    wanted = conv2d_input(input.shape, weight, grad_output, stride) if gradients else input
    scene = sheet.scene(
        "Patches are written back",
        tuple(grids.values()),
        _table(grids, met, write),
        _says(grids, met, write),
        say=_at_rest(filled.shape, write),
        equations=_equations(sheet, gradients, write),
        signs=((260, 278, "→"), (720, 278, "→")),
        lamps=(_lamp(np.allclose(written, wanted), gradients),),
        steps=steps,
        code=_call(sheet, geometry, gradients, write),
    )
    return replace(scene, grids=tuple(map(readable, scene.grids)))


def _counted(geometry: Geometry) -> np.ndarray:
    """For each cell of the input how many windows read it."""
    ones = np.ones((np.prod(geometry.kernel_size), np.prod(geometry.output_size)), int)
    stride = tuple(axis.stride for axis in (geometry.rows, geometry.columns))
    return fold(ones, geometry.input_size, geometry.kernel_size, stride=stride)[0]


def _written_back(columns: np.ndarray, met: dict, geometry: Geometry, write: str) -> np.ndarray:
    """What the map holds in the end. The rows of the table come patch by patch."""
    result = np.zeros(geometry.input_size)
    taken = columns[met["kernel"], met["output"]]
    if write == "=":
        result.flat[met["input"]] = taken  # of equal places the last one stays
        return result
    np.add.at(result.reshape(-1), met["input"], taken)
    return result / np.maximum(_counted(geometry), 1) if write == "mean" else result


def _sources(sheet: Sheet, input, weight, grad_output, gradients: bool) -> tuple[Grid, ...]:
    if not gradients:
        return (sheet.grid("input", input, editable=True),)
    g = sheet.grid("upstream", grad_output, editable=True)
    return g, sheet.grid("kernel", weight, editable=True)


def _patches(
    sheet: Sheet, sources: tuple[Grid, ...], columns: np.ndarray, met: dict, geometry: Geometry
) -> Grid:
    """A small map for each window, where that window stands among the others."""
    tiles = (*geometry.output_size, *geometry.kernel_size)
    grid = map_grid("patches", "p", columns.T.reshape(tiles), SLOTS["patches"], sheet.start)
    n = _patches_of(len(columns[0]))
    if len(sources) == 1:
        texts = tuple(sources[0].symbols[cell] for cell in met["input"])
        return replace(grid, symbols=texts, title=f"{n} of |{sheet.letter('input')}|, by im2col")
    g, k = sources
    pairs = zip(met["kernel"], met["output"], strict=True)
    products = ({"kernel": k.symbols[m], "input": g.symbols[n]} for m, n in pairs)
    texts = tuple("\n·".join(map(one.get, sheet.notation.factors)) for one in products)
    name = f"|∂{sheet.notation.scalar}/∂{sheet.letter('upstream')}|"
    return replace(grid, symbols=texts, title=f"{n}: each {name} times |{sheet.letter('kernel')}|")


def _result(sheet: Sheet, written: np.ndarray, gradients: bool) -> Grid:
    rows, columns = written.shape
    if gradients:
        grid = sheet.grid("folded", written, of="input_gradient", role="written")
        name = grid.title.removeprefix("input gradient ")
        return replace(grid, title=f"written back: {name}")
    grid = map_grid("folded", "r", written, SLOTS["folded"], sheet.start, role="written")
    return replace(grid, title=f"written back: |r|  {rows}×{columns}")


def _table(grids: dict[str, Grid], met: dict, write: str) -> dict[str, np.ndarray]:
    """The meetings, by the cells of the patches; what another is written over goes nowhere."""
    cells = {"input": met["input"], "upstream": met["output"], "kernel": met["kernel"]}
    folded = np.where(_overwritten(met), NOWHERE, met["input"]) if write == "=" else met["input"]
    return {
        **{name: column for name, column in cells.items() if name in grids},
        "patches": np.arange(len(folded)),  # the table comes patch by patch, and so do their cells
        "folded": folded,
        "counts": met["input"],
    }


def _overwritten(met: dict) -> np.ndarray:
    """For each row of the table, whether a later one has the same cell of the input."""
    later: set[int] = set()
    lost = []
    for cell in met["input"][::-1].tolist():
        lost.append(cell in later)
        later.add(cell)
    return np.array(lost[::-1])


def _says(grids: dict[str, Grid], met: dict, write: str) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    folded, patches = grids["folded"], grids["patches"]
    needed = np.bincount(met["input"], minlength=folded.size).tolist()
    lost = _overwritten(met) if write == "=" else np.zeros(len(met["input"]), bool)
    per = patches.shape[2] * patches.shape[3]

    def of_input(cell: int) -> str:
        name = spoken(grids["input"].symbols[cell])
        return f"{name} stands in {_patches_of(needed[cell])}, so it comes back as often."

    def of_upstream(cell: int) -> str:
        name = spoken(grids["upstream"].symbols[cell])
        return f"{name} times the whole kernel is patch {cell + 1}: a stamp."

    def of_kernel(cell: int) -> str:
        name = spoken(grids["kernel"].symbols[cell])
        return f"{name} stands at the same place of each patch, the right way round."

    def of_patches(cell: int) -> str:
        what = patches.symbols[cell].replace("\n·", " · ")
        after = ", where a later patch is written over it" if lost[cell] else ""
        return (
            f"{' '.join(map(spoken, what.split()))}, in patch {cell // per + 1}, goes back to "
            f"{spoken(folded.symbols[met['input'][cell]])}{after}."
        )

    def of_folded(cell: int) -> str:
        name, n = spoken(folded.symbols[cell]), needed[cell]
        if not n:
            return f"{name} is 0: no window read this cell, so no patch reaches it."
        if n == 1:
            return f"{name} gets one number, from one patch."
        how = {
            "+=": f"all {n} are added",
            "=": "the last one is all that is left",
            "mean": f"they are added and divided by {n}",
        }
        return f"{name} gets {n} numbers, from {n} patches: {how[write]}."

    def of_counts(cell: int) -> str:
        return f"{count(needed[cell], 'window')} read this cell: the fold of patches of ones."

    says = {"patches": of_patches, "folded": of_folded, "counts": of_counts}
    return says | (
        {"input": of_input} if "input" in grids else {"upstream": of_upstream, "kernel": of_kernel}
    )


def _patches_of(n: int) -> str:
    return "no patch" if not n else "1 patch" if n == 1 else f"{n} patches"


def _equations(sheet: Sheet, gradients: bool, write: str) -> dict[str, Equation]:
    """A mean is no sum of its patches, and has none."""
    if write == "mean":
        return {}
    if gradients:
        return {"folded": input_equation(sheet, "folded")}
    return {"folded": Equation("{folded}", ("{patches}",), counted=True)}


def _lamp(same: bool, gradients: bool) -> Lamp:
    if gradients:
        return Lamp(same, f"{'=' if same else '≠'} Wᵀ times what arrives", mistake=True)
    return Lamp(same, "the input is back" if same else "this is not the input")


def _at_rest(shape: tuple[int, ...], write: str) -> str:
    n = shape[0] * shape[1]
    how = {
        "+=": "and is added to what stands there: this is col2im.",
        "=": "and is written over what stands there.",
        "mean": "and is added; then each sum is divided by its count.",
    }
    return f"Each of the {_patches_of(n)} goes back to where its window had been, {how[write]}"


def _call(sheet: Sheet, geometry: Geometry, gradients: bool, write: str) -> str:
    """The call in PyTorch; for = there is none."""
    if write == "=":
        return ""
    size, kernel, stride = geometry.input_size, geometry.kernel_size[0], geometry.rows.stride
    a, k = sheet.in_code("input"), sheet.in_code("kernel")
    more = f", stride={stride}" * (stride > 1)
    columns = (
        f"torch.outer({k}.flatten(), g.flatten())"
        if gradients
        else f"torch.nn.functional.unfold({a}[None], {kernel}{more})"
    )
    result = sheet.in_code("input_gradient") if gradients else "r"
    divided = " / counts" * (write == "mean")
    return f"{result} = torch.nn.functional.fold({columns}, {size}, {kernel}{more}){divided}"
