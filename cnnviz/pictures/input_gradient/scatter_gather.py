"""The picture of the input gradient made twice: by scattering stamps and by gathering windows.

Both make the same products of an upstream gradient and a weight, and add each to the same cell.
Only the order differs. So the two can be walked in lock-step, one product on each side.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input, conv2d_input_gather, conv_matrix
from ...functional.geometry import Geometry
from ...scene import NOWHERE, Grid, Lamp, Scene, Step
from ...symbols import spoken
from ..maps import INSERTED, PADDING, padded, spread, turned
from ..meetings import partners
from ..sheet import Sheet, between, row
from ..words import Says, count
from .filling import filling
from .gathering import gather_table, input_call, input_equation
from .overwriting import Table, marked_wrong, real, stamping, what_is_left, without_overwritten

SCATTER = row(246, y=46, gap=50, largest=60, upstream=250, kernel=210, input_gradient=250)
GATHER = row(246, y=340, gap=50, largest=60, spread=250, turned=210, gathered=250)
RESULTS = ("input_gradient", "gathered")  # A and B
SLOTS = {**SCATTER, **GATHER}
Grids = dict[str, Grid]


def scatter_gather(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_size: tuple[int, int],
    stride=1,
    padding=0,
    dilation=1,
    overwrite: bool = False,
    **letters,
) -> Scene:
    """The input gradient twice: stamps of the kernel added up, and the turned kernel slid along.

    ``grad_output`` is (oH, oW), ``weight`` (kH, kW), ``input_size`` (H, W); the rest is PyTorch's.
    A step is one product on each side. With ``overwrite`` a stamp is written over what stood there,
    = for +=: a common mistake, and A is no gradient. ``letters`` are those of a `Sheet`.
    Raises DoesNotFit where ``conv2d_input`` does.
    Source: note, (3); blog, the loop over dL_dinput; slides, the full convolution.

    >>> scene = scatter_gather(np.ones((2, 2)), np.ones((2, 2)), (3, 3))
    >>> scene.equation_text("gathered", 1)
    '∂F/∂a_12 = k_12·∂F/∂h_11 + k_11·∂F/∂h_12'
    >>> scene.lit("input_gradient", 0)["turned"], len(scene.steps)
    ((0, 1, 2, 3), 16)
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    gathered = conv2d_input_gather(input_size, weight, grad_output, **how)
    product = conv_matrix(weight, input_size, **how).T @ grad_output.ravel()
    geometry, sheet = Geometry.of(input_size, weight.shape, **how), Sheet(SLOTS, **letters)
    table = gather_table(geometry)
    products = grad_output.ravel()[table["upstream"]] * weight.ravel()[table["kernel"]]
    left = table
    scattered = conv2d_input(input_size, weight, grad_output, **how)
    if overwrite:
        left = without_overwritten(table)
        scattered = what_is_left(left, products, input_size)
    grids = _grids(sheet, grad_output, weight, scattered, gathered, geometry)
    # In symbols a cell is wrong that has lost a term, in numbers one that holds another number.
    lost = table["gathered"][(left["input_gradient"] == NOWHERE) & (products != 0)]
    other = np.flatnonzero(~np.isclose(scattered, gathered))
    wrong = set((other if sheet.show == "numbers" else lost).tolist())
    grids["input_gradient"] = marked_wrong(grids["input_gradient"], table, wrong)
    steps, frames = _walk(grids, table, products, sheet.show, overwrite)
    grids |= {name: replace(grids[name], frames=filled) for name, filled in frames.items()}
    return sheet.scene(
        "Scatter and gather",
        tuple(grids[name] for name in SLOTS),
        left,
        _says(grids, table, left),
        say=_at_rest(geometry, len(steps), overwrite),
        equations={
            "input_gradient": input_equation(sheet),
            "gathered": input_equation(sheet, "gathered", "turned", "spread"),
        },
        signs=(*between(SCATTER, "·→"), *between(GATHER, "∗=")),
        counters=((str(len(steps)), "products in each"),),
        lamps=(
            _equal("B", scattered, gathered),
            _equal("Wᵀ times what arrives", scattered.ravel(), product),
        ),
        steps=steps,
        code=input_call(sheet, geometry.input_size, **how),
    )


def _equal(other: str, scattered: np.ndarray, wanted: np.ndarray) -> Lamp:
    same = bool(np.allclose(scattered, wanted))
    return Lamp(same, f"A {'=' if same else '≠'} {other}", mistake=True)


def _grids(sheet: Sheet, grad_output, weight, scattered, gathered, geometry: Geometry) -> Grids:
    g = sheet.grid("upstream", grad_output, editable=True)
    g = replace(g, title=g.title.replace("upstream", "upstream gradient"))
    k = sheet.grid("kernel", weight, editable=True)
    if max(geometry.dilation) > 1:
        apart = " and ".join(map(str, dict.fromkeys(geometry.dilation)))
        k = replace(k, title=f"{k.title}, laid {apart} cells apart")
    dx = sheet.grid("input_gradient", scattered, role="written")
    same = sheet.grid("gathered", gathered, of="input_gradient", role="written")
    around = padded(spread(g, geometry.stride), geometry.adjoint_padding)
    rows, columns = geometry.kernel_size
    by = dx.title.removeprefix("input gradient ")
    grids = (
        g,
        k,
        replace(dx, title=f"A  scatter: {by}"),
        sheet.again(around, "spread", _moved_title(around, geometry)),
        sheet.again(turned(k), "turned", f"kernel turned by 180°  {rows}×{columns}"),
        replace(same, title=f"B  gather: {by}"),
    )
    return {grid.name: grid for grid in grids}


def _moved_title(grid: Grid, geometry: Geometry) -> str:
    """What was done to the upstream gradient: zeros between its cells and around them, or a crop."""
    widths = sorted({n for axis in geometry.adjoint_padding for n in axis})
    by = f" by {abs(widths[0])}" if len(widths) == 1 else ""
    done = ["spread" if "inserted" in grid.marks else "the same"]
    done += [f"padded{by}"] * ("padding" in grid.marks) + [f"cropped{by}"] * (widths[0] < 0)
    rows, columns = grid.shape[2:]
    return f"{', '.join(done)}: {rows}×{columns}"


def _says(grids: Grids, table: Table, left: Table) -> dict[str, Says]:
    """Each cell says what it does on both sides; ``left`` is the table without what is overwritten."""
    g, k, dx = (grids[name] for name in ("upstream", "kernel", "input_gradient"))
    used = {
        grid.name: np.bincount(table[grid.name][real(table)], minlength=grid.size).tolist()
        for grid in (g, k, dx)
    }
    gone = np.bincount(
        table["upstream"][left["input_gradient"] == NOWHERE], minlength=g.size
    ).tolist()
    overwritten = any(gone)
    rows, columns = k.shape[2:]
    zeros = {PADDING: "A zero of the padding", INSERTED: "A zero inserted for the stride"}

    def of_upstream(cell: int) -> str:
        if cell in zeros:
            return f"{zeros[cell]}: the windows that read it add nothing for it."
        name, cells = spoken(g.symbols[cell]), used["upstream"][cell]
        if not cells:
            return (
                f"{name} belongs to a window that read nothing but padding: it adds nothing, and is "
                "cropped."
            )
        lost = k.size - cells
        fell = f"; {lost} of the stamp fall on padding" if lost else ""
        fell += f"; later stamps overwrite {gone[cell]} of them" if gone[cell] else ""
        return (
            f"Scatter: {name} times the whole kernel is stamped onto {count(cells, 'cell')}{fell}. "
            f"Gather: the windows of the same cells pass over {name}."
        )

    def of_kernel(cell: int) -> str:
        down, across = divmod(cell, columns)
        return (
            f"{spoken(k.symbols[cell])} takes part in {count(used['kernel'][cell], 'product')}. It "
            f"stands in row {down + 1}, column {across + 1} of the kernel, and in row {rows - down}, "
            f"column {columns - across} of the turned one."
        )

    def of_gradient(cell: int) -> str:
        name, products = spoken(dx.symbols[cell]), used["input_gradient"][cell]
        if not products:
            return f"{name} is 0: no stamp reaches it, and its window holds only zeros."
        if overwritten and products > 1:
            return (
                f"{name} is a sum of {products} products. A holds the last one alone: it was written "
                "over the others. B adds them all."
            )
        return (
            f"{name} is a sum of {count(products, 'product')}. Scatter brings them one stamp at a "
            "time, gather takes them all at one stop of the window."
        )

    return {
        "upstream": of_upstream,
        "spread": of_upstream,
        "kernel": of_kernel,
        "turned": of_kernel,
        "input_gradient": of_gradient,
        "gathered": of_gradient,
    }


def _walk(
    grids: Grids, table: Table, products: np.ndarray, show: str, overwrite: bool
) -> tuple[tuple[Step, ...], dict[str, tuple]]:
    """A product on each side for each step, and what the two results hold after it."""
    gather, scatter = real(table), stamping(table)
    columns = {name: column.tolist() for name, column in table.items()}
    stamps = partners(table["upstream"], table["input_gradient"], grids["upstream"].size)
    windows = partners(table["gathered"], table["spread"], grids["gathered"].size)
    (scattered, scatter_done), (gathered, gather_done) = (
        filling(table["gathered"][rows], products[rows], grids["gathered"].size, show, wrong)
        for rows, wrong in ((scatter, overwrite), (gather, False))
    )
    equal = "but A ≠ B" if "wrong" in grids["input_gradient"].marks else "and A = B"
    end = f"The same {len(gather)} products were made, {equal}. "
    writes = "writes" if overwrite else "adds"

    def added(row: int, to: str = "to") -> str:
        g, k, dx = (
            spoken(grids[name].symbols[columns[name][row]])
            for name in ("upstream", "kernel", "input_gradient")
        )
        return f"{g} · {k} {to} {dx}"

    def step(n: int, there: int, here: int) -> Step:
        lit = {name: (columns[name][there if name in SCATTER else here],) for name in SLOTS}
        last = n + 1 == len(gather)
        return Step(
            {name: cells for name, cells in lit.items() if name not in RESULTS},
            {name: lit[name] for name in RESULTS},
            f"A {writes} {added(there, 'into' if overwrite else 'to')}. B adds {added(here)}. "
            f"Finished cells: A {scatter_done[n]}, B {gather_done[n]}. {end * last}The sum of B’s cell:",
            of=("gathered", columns["gathered"][here]),
            around={
                "input_gradient": tuple(stamps[columns["upstream"][there]]),
                "spread": tuple(windows[columns["gathered"][here]]),
            },
        )

    sides = zip(scatter.tolist(), gather.tolist(), strict=True)
    steps = tuple(step(n, there, here) for n, (there, here) in enumerate(sides))
    return steps, {"input_gradient": scattered, "gathered": gathered}


def _at_rest(geometry: Geometry, products: int, overwrite: bool) -> str:
    cropped = [
        f"Padding {before} is more than the kernel reaches, so {-low} rows or columns are cropped. "
        for (low, _), (before, _) in zip(geometry.adjoint_padding, geometry.padding, strict=True)
        if low < 0
    ][:1]
    wrong = "Each stamp is written over what stood there: = where += is right. " * overwrite
    return (
        f"A, scatter: each cell of the upstream gradient stamps the kernel onto the result. {wrong}"
        "B, gather: the turned kernel slides and adds up. "
        + "".join(cropped)
        + f"Step through the {products} products, or point at a cell."
    )
