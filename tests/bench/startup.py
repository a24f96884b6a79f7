"""`python -m tests.bench.startup`: the CPU time until a lesson's first picture stands there.

Each line is run in fresh interpreters, in turns; user and system time are added, so that what other
programs do on the machine counts little. The ratio is to NumPy and ipywidgets, which no lesson could
do without.
"""

import os
import subprocess
import sys
from statistics import median

from tests.tools.first_picture import LESSONS, ROOT, imports_of, until_first_picture

LEAST = "import numpy, ipywidgets"
MEASURED = {
    LEAST: LEAST,
    "import cnnviz": "import cnnviz",
    **{f"imports of {lesson.stem}": imports_of(lesson) for lesson in LESSONS},
    **{f"first picture of {lesson.stem}": until_first_picture(lesson) for lesson in LESSONS},
}
TIMES = 5


def seconds() -> dict[str, float]:
    """The median CPU time of each."""
    for code in MEASURED.values():
        cpu_seconds(code)  # to warm up: compiled files are written, pages are read from the disk
    rounds = [{what: cpu_seconds(code) for what, code in MEASURED.items()} for _ in range(TIMES)]
    return {what: median(one[what] for one in rounds) for what in MEASURED}


def cpu_seconds(code: str) -> float:
    """What a fresh interpreter takes for the code, user and system time, in all its threads."""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"This did not run:\n{code}")
    return used.ru_utime + used.ru_stime


def report(found: dict[str, float]) -> str:
    """Seconds and ratios as text."""
    width = max(map(len, found))
    return "\n".join(
        f"{what:{width}}  {time:5.2f} s  {time / found[LEAST]:5.2f}" for what, time in found.items()
    )


if __name__ == "__main__":
    print(report(seconds()))
