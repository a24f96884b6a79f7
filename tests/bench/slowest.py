"""Every explorer of the course on one page, and which of them answers last.

Moving a slider, pointing at a cell and taking a step are timed for each; the slowest by its median
stands in the report, and all of them in `build/bench.json`.
"""

import re
import tempfile
from itertools import cycle
from pathlib import Path

from tests.bench import painted
from tests.tools.every_explorer import EXPLORERS
from tests.tools.lab import Browser, Lab, write_notebook

PICTURE = ".cnnviz-picture svg"
STEPPER = '.cnnviz-player input[type="range"]'
TIMES = 5  # of each kind, for each explorer


def every_explorer() -> dict[str, dict[str, list[float]]]:
    """For each kind of move the times in ms of each explorer, by name."""
    times = {"slider": {}, "hover": {}, "step": {}}
    sources = [f"from cnnviz import *\n{source}" for source in EXPLORERS.values()]
    with tempfile.TemporaryDirectory() as folder:
        write_notebook(Path(folder, "all.ipynb"), *sources)
        with Lab(folder) as lab, Browser(lab, viewport=(1920, 1080)) as browser:
            browser.open_notebook("all.ipynb")
            browser.run_all()
            for number, name in enumerate(EXPLORERS):
                output = browser.output(number)
                output.locator(PICTURE).wait_for()
                for kind, measure in moves(output).items():
                    try:
                        times[kind][name] = [measure() for _ in range(TIMES + 1)][
                            1:
                        ]  # 1 to warm up
                    except RuntimeError as still:
                        raise RuntimeError(f"{kind}, {name}: {still}") from still
            if problems := browser.problems():
                raise RuntimeError("\n".join(problems))
    return times


def moves(output) -> dict:
    """What can be timed in one explorer: only what it has."""
    handle = output.locator(".cnnviz-insight input[type=range], .noUi-handle").first
    cells = output.locator(f"{PICTURE} .texts text", has_text=re.compile(r"\S")).all()[::5]
    stepper = output.locator(STEPPER)

    def slide():
        # On the way back there is always a picture; on the way there a size may not fit.
        handle.press("ArrowLeft")
        output.page.wait_for_timeout(250)
        return painted.after_key(handle, "ArrowRight", output, PICTURE)

    found = {"slider": slide}
    if cells:
        turn = cycle(cells)
        found["hover"] = lambda: painted.after_hover(next(turn), output, PICTURE)
    if stepper.is_visible():
        keys = cycle(["ArrowRight", "ArrowLeft"])
        found["step"] = lambda: painted.after_key(stepper, next(keys), output, PICTURE)
    return found
