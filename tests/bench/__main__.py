"""`python -m tests.bench`: the ratios that matter, in one run.

Ours and the other way take turns (A B A B ...), because machines are noisy. Times are printed in
ms as least / median / 95th percentile, and written to `build/bench.json`. Pictures are compared by
the median, which a learner feels, and computations by the least, since noise only ever adds to it.
Nothing here asserts a time.
"""

import argparse
import json
import multiprocessing
import os
import platform
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import cycle
from pathlib import Path

from cnnviz.derivations import prove
from cnnviz.documents import judge_all
from tests.bench import epoch, loops, painted, pyplot_matrix, slowest, startup
from tests.tools.lab import Browser, Lab, find_chromium, write_notebook

SIZES = (4, 12)  # of the input, in cells
OURS = "from cnnviz import explore_convolution_matrix\nexplore_convolution_matrix(input_size=SIZE)"
THEIRS = Path(pyplot_matrix.__file__).read_text(encoding="utf-8") + "\n\nexplore(input_size=SIZE)"

SLIDER = "stride"  # both have it; moving it from 2 back to 1 draws the matrix of full size
OUR_PICTURE = ".cnnviz-picture svg"
OUR_CELLS = ".cnnviz-picture svg .texts text"  # what is written in the cells stands in their middle
OUR_STEPPER = '.cnnviz-player input[type="range"]'
THEIR_PICTURE = ".jp-OutputArea img"

LAYERS = {  # images, channels, size, filters: the layers of a small network that reads digits
    "32 images of 28×28, 8 filters 3×3": (32, 1, 28, 8),
    "32 stacks of 8 maps 13×13, 16 filters 3×3": (32, 8, 13, 16),
}
OTHER_WAYS = [  # how often, and what; of several the fastest stands in the report
    (3, [loops.per_pixel]),
    (5, [loops.scipy_signal]),
    (50, [loops.pytorch, loops.pytorch_one_thread]),
]


def take_turns(n: int, *measures):
    """The results of calling each of `measures` in turn, `n` times."""
    rounds = [[measure() for measure in measures] for _ in range(n)]
    return [list(times) for times in zip(*rounds, strict=True)]


# --- pictures --------------------------------------------------------------------------------


def pictures(cell: str, n: int) -> list[dict]:
    """Slider, hover and step of our explorer beside `interact` with pyplot, in one notebook."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            sources = [source.replace("SIZE", str(size)) for source in (cell, THEIRS)]
            write_notebook(Path(folder, f"{size}.ipynb"), *sources)
        with Lab(folder) as lab, Browser(lab, viewport=(1920, 1080)) as browser:
            for size in SIZES:
                browser.open_notebook(f"{size}.ipynb")
                browser.run_all()
                expect_no_problems(browser)
                rows += one_size(browser, f"{size}×{size}", n)
                expect_no_problems(browser)
    return rows


def expect_no_problems(browser: Browser) -> None:
    """An error is quick to paint; better no number than that one."""
    if problems := browser.problems():
        raise RuntimeError("\n".join(problems))


def one_size(browser: Browser, size: str, n: int) -> list[dict]:
    """The rows of one notebook, whose first cell is ours and whose second is theirs."""
    ours, theirs = browser.output(0), browser.output(1)
    ours.locator(OUR_PICTURE).wait_for()
    theirs.locator(THEIR_PICTURE).wait_for()

    def slide(cell, picture):
        handle = browser.slider(SLIDER, within=cell)
        painted.after_key(handle, "ArrowRight", cell, picture)
        return painted.after_key(handle, "ArrowLeft", cell, picture)

    def slide_ours():
        return slide(ours, OUR_PICTURE)

    def slide_theirs():
        return slide(theirs, THEIR_PICTURE)

    cells = cycle(ours.locator(OUR_CELLS).all()[::7])
    keys = cycle(["ArrowRight", "ArrowLeft"])

    def hover():
        return painted.after_hover(next(cells), ours, OUR_PICTURE)

    def step():
        return painted.after_key(ours.locator(OUR_STEPPER), next(keys), ours, OUR_PICTURE)

    take_turns(3, slide_ours, slide_theirs)  # to warm up
    slid, slid_theirs = take_turns(n, slide_ours, slide_theirs)
    hovered, stepped = take_turns(n, hover, step)
    return [
        row(f"slider, {size} input", slid, "interact + pyplot", slid_theirs),
        row(f"hover, {size} input", hovered),
        row(f"step, {size} input", stepped),
    ]


def slowest_explorers() -> list[dict]:
    """For each kind of move every explorer of the course, the slowest first."""
    rows = []
    for kind, by_name in slowest.every_explorer().items():
        found = [row(f"{kind}, {name}", times) for name, times in by_name.items()]
        rows.append(sorted(found, key=lambda one: -one["ours_ms"]["median"]))
    return rows


# --- convolutions ----------------------------------------------------------------------------


def convolutions() -> list[dict]:
    """Forward and backward of a layer: ours beside the other ways."""
    rows = []
    for layer, sizes in LAYERS.items():
        for n, ways in OTHER_WAYS:
            try:
                found = [beside(way, layer, sizes, n) for way in ways]
            except ImportError as missing:
                print(f"Left out: {missing}")
                continue
            rows.append(min(found, key=lambda row: row["other_ms"]["min"]))
    return rows


def beside(way, layer: str, sizes, n: int) -> dict:
    """The row of ours beside one other way."""
    ours, theirs = apart(loops.race, way, sizes, n)
    return row(layer, ours, way.__name__, theirs, by="min")


# --- training --------------------------------------------------------------------------------


def training() -> tuple[list[dict], dict]:
    """One epoch of training beside the other ways, and the memory it takes in MB."""
    rows = []
    for n, ways in epoch.WAYS:
        try:
            found = [apart(epoch.race, way, n) for way in ways]
        except ImportError as missing:
            print(f"Left out: {missing}")
            continue
        raced = [
            row("an epoch of training", ours, way.__name__, theirs, by="min")
            for way, (ours, theirs) in zip(ways, found, strict=True)
        ]
        rows.append(min(raced, key=lambda row: row["other_ms"]["min"]))
    return rows, apart(epoch.peak_memory)


# --- proofs ----------------------------------------------------------------------------------


def proofs() -> list[dict]:
    """The proof of a geometry, which runs when a slider has come to rest, and the whole ledger."""
    rows = [
        row(f"proof, {size}×{size} under 3×3", timed(partial(prove, size, 3), 5)) for size in SIZES
    ]
    return [*rows, row("all records of the ledger", timed(judge_all, 1))]


def timed(run, n: int) -> list[float]:
    """How long a call takes, in ms, n times."""
    times = []
    for _ in range(n):
        began = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - began))
    return times


def apart(function, *arguments):
    """The result of a function in a process of its own: threads and memory that another library has
    set up before made PyTorch three times slower, and ours too."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


# --- the report ------------------------------------------------------------------------------


def row(what: str, ours, other: str | None = None, theirs=None, by: str = "median") -> dict:
    """One line of the report; `ratio` says how many times faster ours is, `by` which number."""
    result = {"what": what, "ours_ms": painted.summary(ours)}
    if other is not None:
        result |= {"other": other, "other_ms": painted.summary(theirs), "by": by}
        result["ratio"] = result["other_ms"][by] / result["ours_ms"][by]
    return result


def table(rows: list[dict]) -> str:
    """The rows as text."""

    def times(summary):
        return " / ".join(f"{summary[key]:.1f}" for key in ("min", "median", "p95") if summary)

    lines = [("what", "n", "ours, ms", "the other way", "its ms", "times faster")]
    lines += [
        (
            row["what"],
            str(row["ours_ms"]["n"]),
            times(row["ours_ms"]),
            row.get("other", ""),
            times(row.get("other_ms")),
            f"{row['ratio']:.1f}" if "ratio" in row else "",
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--cell", default=OURS, help="the source of our notebook cell")
    parser.add_argument("-n", type=int, default=40, help="how often each picture is measured")
    options = parser.parse_args()

    started = startup.seconds()
    trained, memory = training()
    rows, explorers = convolutions() + trained + proofs(), []
    if find_chromium():
        rows = pictures(options.cell, options.n) + rows
        explorers = slowest_explorers()
    else:
        print("Chromium was not found, so no pictures were measured.")
    print(table(rows))
    print(f"\nCPU time to start, median of {startup.TIMES}:\n{startup.report(started)}\n")
    print("A training run, MB:", ", ".join(f"{what} {mb:.0f}" for what, mb in memory.items()))
    for ranked in explorers:
        print(f"\nThe slowest of {len(ranked)} explorers:\n{table(ranked[:3])}")

    path = Path("build/bench.json")
    path.parent.mkdir(exist_ok=True)
    machine = {"system": platform.platform(), "processors": os.cpu_count()}
    path.write_text(
        json.dumps(
            {
                "machine": machine,
                "startup_s": started,
                "memory_mb": memory,
                "rows": rows,
                "explorers": explorers,
            },
            indent=2,
        )
        + "\n"
    )
    print(f"Written to {path}.")


if __name__ == "__main__":
    main()
