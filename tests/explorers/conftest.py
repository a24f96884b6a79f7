"""The letters and the first index are shared by all pictures: each test begins with the first choices."""

import pytest

from cnnviz.explorers.explorer import Explorer
from cnnviz.explorers.shared import SHARED


@pytest.fixture(autouse=True)
def first_choices(monkeypatch):
    """Let go of the explorers of this test, and put the choices back."""
    made, init = [], Explorer.__init__

    def noted(explorer, *args, **options):
        made.append(explorer)
        init(explorer, *args, **options)

    monkeypatch.setattr(Explorer, "__init__", noted)
    yield
    for explorer in made:
        explorer.close()
    SHARED.choose(notation="note", first_index=1)
