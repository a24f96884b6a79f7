"""On how many examples a law is tried, and what the tests share that carry the marker `browser`."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from cnnviz.explorers.explorer import Explorer
from cnnviz.explorers.shared import SHARED
from tests.tools.lab import Browser, Lab, find_chromium

# The examples are drawn by Hypothesis. `make quick` asks for few of them, `make test-all` for many.
for profile, examples in {"few": 5, "some": 40, "many": 200}.items():
    settings.register_profile(profile, max_examples=examples, deadline=None)
settings.load_profile(os.environ.get("CNNVIZ_EXAMPLES", "some"))

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


@pytest.fixture(autouse=True)
def first_choices(monkeypatch):
    """Let go of the explorers of a test, and put back the letters and the first index, which all
    pictures share."""
    made, init = [], Explorer.__init__

    def noted(explorer, *args, **options):
        made.append(explorer)
        init(explorer, *args, **options)

    monkeypatch.setattr(Explorer, "__init__", noted)
    yield
    for explorer in made:
        explorer.close()
    SHARED.choose(notation="note", first_index=1)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium. Where there is none, the browser tests skip.

    With `CNNVIZ_REQUIRE_BROWSER=1` they fail instead, so that none is left out unseen.
    """
    found = find_chromium()
    if found is None and os.environ.get("CNNVIZ_REQUIRE_BROWSER") == "1":
        pytest.fail("Chromium was not found, and CNNVIZ_REQUIRE_BROWSER=1 asks for it.")
    if found is None:
        pytest.skip(
            "Chromium was not found, so the browser tests were skipped: install Debian's "
            "`chromium` (or set CNNVIZ_CHROMIUM) to run them."
        )
    return found


@pytest.fixture(scope="session")
def lab(chromium):
    """One JupyterLab over a copy of the course's notebooks."""
    with Lab(NOTEBOOKS) as lab:
        yield lab


@pytest.fixture(scope="module")
def browser(lab, chromium):
    """A window on that JupyterLab, closed after each module.

    Playwright keeps an event loop running in this thread, which other tests should not meet; and
    there can be only one at a time, so a module uses this window or opens its own, not both.
    """
    with Browser(lab, chromium=chromium) as browser:
        yield browser
