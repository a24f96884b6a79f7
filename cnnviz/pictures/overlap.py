"""Pictures of how many outputs read each input cell, and of the sums that follow from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..functional import conv2d_input
from ..geometry import Geometry
from ..scene import NOWHERE, Equation, Grid, Scene, Slot, Step
from ..symbols import NOTATIONS, Notation, number, spoken
from ..table import convolution_table, unpadded_cells
from .convolution_matrix import PRINTED
from .gathering import gather_table, gradient_factors, pytorch_input_call, turned_grid
from .grids import gradient_grid, map_grid, written
from .words import count

SLOTS = {
    "upstream": Slot(20, 46, 150, 150, largest=56),
    "kernel": Slot(200, 46, 130, 150, largest=56),
    "overlap": Slot(20, 290, 150, 150, largest=56),
    "turned": Slot(200, 290, 130, 150, largest=56),
    "input_gradient": Slot(372, 46, 620, 450, largest=205, square=False),
}
COUNTS = {
    "overlap": Slot(20, 46, 440, 420, largest=60),
    "kernel": Slot(500, 46, 170, 420, largest=48),
    "output": Slot(710, 46, 280, 420, largest=48),
}


def written_out(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_size: tuple[int, int],
    stride=1,
    padding=0,
    dilation=1,
    *,
    notation: Notation = NOTATIONS["slides"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """Every input gradient as a sum, written into its cell, and how many terms each sum has.

    ``grad_output`` is (oH, oW), ``weight`` (kH, kW), ``input_size`` (H, W).
    Raises DoesNotFit where ``conv2d_input`` does.
    Source: slides, the nine equations; blog, the nine equations.

    >>> scene = written_out(np.ones((2, 2)), np.ones((2, 2)), (3, 3))
    >>> scene["input_gradient"].symbols[1], scene["overlap"].numbers[:3]
    ('∂L/∂O_11·F_12\\n+ ∂L/∂O_12·F_11', ('1', '2', '1'))
    """
    around = (stride, padding, dilation)
    back = conv2d_input(input_size, weight, grad_output, *around)
    geometry = Geometry.of(input_size, weight.shape, *around)
    full = gather_table(geometry)
    real = np.flatnonzero(full["upstream"] != NOWHERE)
    names = ("upstream", "kernel", "turned", "input_gradient")
    table = {name: full[name][real] for name in names}
    table["overlap"] = table["input_gradient"]

    scalar = notation.scalar
    g = gradient_grid(
        "upstream", scalar, notation.output, grad_output, SLOTS["upstream"], start, editable=True
    )
    k = map_grid("kernel", notation.kernel, weight, SLOTS["kernel"], start, editable=True)
    dx = gradient_grid(
        "input_gradient",
        scalar,
        notation.input,
        back,
        SLOTS["input_gradient"],
        start,
        role="written",
    )
    printed = PRINTED[notation.document]["input"]
    equation = Equation(
        "{input_gradient}", gradient_factors(notation), counted=True, ledger=printed
    )
    terms = np.bincount(table["input_gradient"], minlength=dx.size)
    dx = replace(
        dx,
        names=dx.symbols,
        symbols=_sums(g, k, table, dx.size, notation),
        sentences=tuple(
            _of_sum(spoken(name), n) for name, n in zip(dx.symbols, terms, strict=True)
        ),
    )
    g = replace(
        g,
        sentences=tuple(
            f"{spoken(name)} stands in {count(n, 'sum')}: one for each input that its output read."
            for name, n in zip(
                g.symbols, np.bincount(table["upstream"], minlength=g.size).tolist(), strict=True
            )
        ),
    )
    k = replace(
        k,
        sentences=tuple(
            f"{spoken(name)} stands in {count(n, 'sum')}, each time beside another gradient."
            for name, n in zip(
                k.symbols, np.bincount(table["kernel"], minlength=k.size).tolist(), strict=True
            )
        ),
    )
    turned = replace(
        turned_grid(k, SLOTS["turned"]), title="turned by 180°", sentences=k.sentences[::-1]
    )
    overlap = _overlap(input_size, weight.shape, grad_output.shape, around, SLOTS["overlap"])
    overlap = replace(overlap, title="terms in each sum", sentences=dx.sentences, names=dx.names)
    return Scene(
        title="The equations of the input gradient",
        grids=tuple(written(grid, show) for grid in (g, k, overlap, turned, dx)),
        table=table,
        say="Step from equation to equation: the gradients and the weights of each light up, and where "
        "they lie in the turned kernel.",
        size=(1200, 520),
        equations={"input_gradient": equation},
        walk="input_gradient",
        beware=notation.beware,
        code=pytorch_input_call(notation, geometry, around),
    )


def overlap_counts(
    input_size: tuple[int, int],
    kernel_size: tuple[int, int],
    stride=1,
    padding=0,
    dilation=1,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "numbers",
) -> Scene:
    """How many outputs read each input cell: the number of terms of its gradient.

    ``input_size`` is (H, W), ``kernel_size`` (kH, kW). A step is an output; the counts grow with
    each. Raises DoesNotFit where ``conv2d`` does. Source: slides, the overlaps of the full
    convolution; blog, "all those instances where the output is affected".

    >>> overlap_counts((3, 3), (2, 2))["overlap"].numbers
    ('1', '2', '1', '2', '4', '2', '1', '2', '1')
    """
    around = (stride, padding, dilation)
    geometry = Geometry.of(input_size, kernel_size, *around)
    meets = convolution_table(geometry)
    table = {
        "overlap": unpadded_cells(geometry)[meets["input"]],
        "kernel": meets["kernel"],
        "output": meets["output"],
    }
    fed = _overlap(input_size, kernel_size, geometry.output_size, around, COUNTS["overlap"])
    a = map_grid("overlap", notation.input, np.zeros(input_size), COUNTS["overlap"], start)
    k = map_grid("kernel", notation.kernel, np.ones(kernel_size), COUNTS["kernel"], start)
    h = map_grid("output", notation.output, np.ones(geometry.output_size), COUNTS["output"], start)
    counts = np.array([int(n) for n in fed.numbers])
    fed = replace(
        fed,
        title=f"how many outputs read each |{notation.input}|  {input_size[0]}×{input_size[1]}",
        symbols=a.symbols,
        sentences=tuple(
            _of_count(spoken(name), n) for name, n in zip(a.symbols, counts.tolist(), strict=True)
        ),
    )
    k = replace(
        k,
        numbers=k.symbols,
        sentences=tuple(f"{spoken(name)} is used once by every output." for name in k.symbols),
    )
    h = replace(
        h,
        numbers=h.symbols,
        sentences=tuple(f"{spoken(name)} reads the cells of its window." for name in h.symbols),
    )
    steps, frames = _stamps(fed, h, table)
    shown = written(fed, show)
    shown = replace(shown, frames=frames if show == "numbers" else ())
    least, most = int(counts.min()), int(counts.max())
    return Scene(
        title="How many outputs read each input",
        grids=(shown, written(k, show), written(h, show)),
        table=table,
        say="Point at an input cell: the outputs that read it light up. Its gradient has a term for each.",
        size=(1200, 490),
        counters=(
            (f"{least} to {most}", "outputs read one input"),
            (str(int((counts == 0).sum())), "inputs that nobody reads"),
        ),
        steps=steps,
        beware=notation.beware,
        code=pytorch_input_call(notation, geometry, around),
    )


def _overlap(input_size, kernel_size, output_size, around: tuple, slot: Slot) -> Grid:
    """The counts are an input gradient themselves: that of all ones."""
    ones = np.ones(kernel_size, dtype=int), np.ones(output_size, dtype=int)
    counts = conv2d_input(input_size, *ones, *around)
    grid = map_grid("overlap", "", counts, slot, 1, role="written")
    return replace(grid, symbols=grid.numbers)


def _sums(g: Grid, k: Grid, table: dict, size: int, notation: Notation) -> tuple[str, ...]:
    """The sum of each cell, a line for each term; two terms in a line where there are many."""
    sums = [[] for _ in range(size)]
    columns = (table[name].tolist() for name in ("input_gradient", "upstream", "kernel"))
    for cell, upstream, kernel in zip(*columns, strict=True):
        factors = {"input": g.symbols[upstream], "kernel": k.symbols[kernel]}
        sums[cell].append("·".join(factors[part] for part in notation.factors))
    in_a_line = 1 if max(map(len, sums)) <= 4 else 2
    return tuple(
        "\n+ ".join(" + ".join(terms[n : n + in_a_line]) for n in range(0, len(terms), in_a_line))
        or "0"
        for terms in sums
    )


def _of_sum(name: str, terms: int) -> str:
    if not terms:
        return f"{name} is 0: no output read that input."
    return f"{name} is a sum of {count(terms, 'term')}: the turned kernel lies on {count(terms, 'gradient')} there."


def _of_count(name: str, fed: int) -> str:
    if not fed:
        return f"No output reads {name}: its gradient is 0."
    read = "reads" if fed == 1 else "read"
    return f"{count(fed, 'output')} {read} {name}: its gradient is a sum of {count(fed, 'term')}."


def _stamps(fed: Grid, h: Grid, table: dict) -> tuple[tuple[Step, ...], tuple]:
    """An output for each step: the cells it reads are counted once more."""
    steps, frames, so_far = [], [], np.zeros(fed.size, dtype=int)
    for output, name in enumerate(h.symbols):
        rows = np.flatnonzero(table["output"] == output)
        read = table["overlap"][rows]
        read = read[read != NOWHERE]
        so_far[read] += 1
        frames.append(tuple(map(number, so_far.tolist())))
        lit = {"overlap": tuple(read.tolist()), "output": (output,)}
        steps.append(
            Step(lit, f"{spoken(name)} reads {count(len(read), 'input cell')}: each is counted.")
        )
    return tuple(steps), tuple(frames)
