"""What the package prints can be printed anywhere: in UTF-8 as it is, elsewhere with stand-ins."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnviz.console import in_ascii, with_stand_ins

ROOT = Path(__file__).parents[2]
PRINTED = {  # what a lesson or a script prints, and some of it as ASCII
    "a scene": (
        "from cnnviz import explore_scatter_gather as explore\nprint(explore().scene)",
        "dF/d",
    ),
    "a derivation": (
        "from cnnviz.derivations import plain_network\nprint(plain_network((1, 1)).text())",
        "[dJ/dW(1)11] = [delta(2)1] * [x1]",
    ),
    "a proof": (
        "from cnnviz.derivations import prove\nprint(prove((3, 3), (2, 2)))",
        "W^Tg, scatter, gather and SymPy's derivative agree",
    ),
    "a gradient check": (
        "import numpy as np\n"
        "from cnnviz.network import ReLU, check_gradients\n"
        "print(check_gradients(ReLU(), np.ones((1, 2))))",
        "ok: ReLU(), input: relative error",
    ),
    "what does not fit": (
        "from cnnviz import DoesNotFit\nprint(DoesNotFit('3×3 is not −1'))",
        "3x3 is not -1",
    ),
    "a picture in words": (
        "from cnnviz import explore_scatter_gather as explore\n"
        "print(explore()._repr_mimebundle_()[0]['text/plain'])",
        "dF/d",
    ),
}


def ran(code, encoding):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
    )


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize(("code", "expected"), PRINTED.values(), ids=PRINTED)
def test_a_console_without_the_characters_gets_stand_ins(code, expected, encoding):
    process = ran(code, encoding)
    assert (process.returncode, process.stderr) == (0, b"")
    out = process.stdout.decode(encoding)
    assert expected in in_ascii(out) and "?" not in out
    assert out.isascii() or encoding == "cp1252"


def test_a_console_with_all_characters_gets_them():
    code, _ = PRINTED["a derivation"]
    assert "∂J/∂W⁽¹⁾₁₁" in ran(code, "utf-8").stdout.decode("utf-8")


def test_how_a_stream_errs_stays_as_its_user_said():
    code = "import cnnviz\nprint('∂')"
    assert ran(code, "ascii:backslashreplace").stdout.split() == [rb"\u2202"]
    assert ran(code, "ascii:replace").stdout.split() == [b"?"]
    assert ran(code, "ascii:strict").stdout.split() == [b"d"]


def test_only_what_a_stream_cannot_write_is_replaced():
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    with_stand_ins(latin)
    latin.write("3×3, ½, −a₁₂², δ")
    latin.flush()
    assert latin.buffer.getvalue().decode("latin-1") == "3×3, ½, -a12², delta"
    for other in (None, io.StringIO(), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")):
        with_stand_ins(other)
    assert other.errors == "strict"


def test_every_character_of_the_package_has_a_stand_in():
    files = [*(ROOT / "cnnviz").rglob("*.py"), *(ROOT / "cnnviz").rglob("*.toml")]
    used = {c for path in files for c in path.read_text(encoding="utf-8") if not c.isascii()}
    assert {"∂", "−", "✓", "≠"} <= used
    assert {c for c in used if "?" in in_ascii(c)} == set()


def test_powers_are_told_from_numbers_of_layers():
    assert in_ascii("(y − a)² and δ⁽²⁾₁ and W⁽¹²⁾") == "(y - a)^2 and delta(2)1 and W(12)"
    assert in_ascii("a ≠ é") == "a != e" and in_ascii("漢") == "?"
