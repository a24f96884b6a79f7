"""What a first picture costs: which packages it must not load. Times are for `tests.bench.startup`."""

import os
import subprocess
import sys

import pytest

from tests.tools.first_picture import LESSONS, ROOT, until_first_picture

HEAVY = ("sympy", "matplotlib", "PIL")
pytestmark = pytest.mark.slow  # a fresh interpreter for each


def heavy_packages_loaded_by(code):
    """Which of the heavy packages a fresh interpreter has loaded after the code."""
    report = f"import sys\nprint('loaded:', *sorted({set(HEAVY)!r} & set(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()[-1].split()[1:]


def test_a_heavy_package_is_seen():
    assert heavy_packages_loaded_by("import PIL") == ["PIL"]


def test_the_package_and_its_lower_rooms_load_nothing_heavy():
    rooms = "import cnnviz, cnnviz.functional, cnnviz.symbols, cnnviz.network"
    assert heavy_packages_loaded_by(rooms) == []


def test_data_and_training_need_nothing_heavy():
    """The digits enlarged, the photograph, a batch learned, a drawing made a digit."""
    code = (
        "from cnnviz.network import digits_to_learn, photograph, small_network\n"
        "from cnnviz.network.photographs import as_digit\n"
        "small_network()(digits_to_learn().images[:2]), as_digit(photograph())"
    )
    assert heavy_packages_loaded_by(code) == []


# Before the first picture of 07 stand equations, and the ledger of 11 is judged by calculus: there
# SymPy is the subject.
ON_SYMBOLS = ("07", "11")
LESSONS_OF_NUMBERS = [lesson for lesson in LESSONS if not lesson.stem.startswith(ON_SYMBOLS)]


@pytest.mark.parametrize("lesson", LESSONS_OF_NUMBERS, ids=lambda lesson: lesson.stem)
def test_the_first_picture_of_a_lesson_loads_nothing_heavy(lesson):
    assert heavy_packages_loaded_by(until_first_picture(lesson)) == []


def test_the_first_picture_of_the_small_example_loads_only_what_its_equations_need():
    lesson = next(lesson for lesson in LESSONS if lesson.stem.startswith("07"))
    assert heavy_packages_loaded_by(until_first_picture(lesson)) == ["sympy"]
