"""Each lesson as a learner meets it: opened in JupyterLab, run, pointed at, dragged, typed into."""

from collections import Counter
from pathlib import Path

import pytest

from cnnviz.documents.ledger import judge_all
from cnnviz.documents.record import VERDICTS
from tests.tools.every_explorer import EXPLORERS, made
from tests.tools.pointing import lit_paths, picture_of, point_at, say

NOTEBOOKS = sorted(path.name for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
LEDGER = "11_documents_checked.ipynb"
# What these show has no picture to point at; they have tests of their own.
WITHOUT_STAGE = ("explore_derivation", "explore_own_image", "explore_training")
pytestmark = pytest.mark.browser


# A cell that fails is seen in every lesson by `make test`, which executes them all; this one is opened
# in a browser by it too, as 03 and 09 are for what follows, and the others by `make test-all`.
ALWAYS_OPENED = ("00",)


def opened(name):
    return name if name.startswith(ALWAYS_OPENED) else pytest.param(name, marks=pytest.mark.long)


@pytest.mark.parametrize("name", [opened(name) for name in NOTEBOOKS if name != LEDGER])
def test_a_lesson_runs_and_every_picture_answers(browser, name):
    browser.open_notebook(name)
    browser.run_all()
    browser.page.set_default_timeout(10_000)
    stages = browser.page.locator(".cnnviz-explorer.cnnviz-stage")
    stages.first.wait_for()
    # JupyterLab lays out widgets a moment after the kernel is idle.
    expected = sum("explore_" in "".join(c) for c in sources(browser))
    browser.page.wait_for_function(
        f"document.querySelectorAll('.cnnviz-explorer .cnnviz-picture svg').length >= {expected}"
    )
    assert stages.count() == expected
    for n in range(expected):
        explorer = stages.nth(n)
        picture_answers(browser, explorer)
    assert browser.problems() == []


def sources(browser):
    return browser.page.evaluate(
        "without => Array.from(cnnvizDriver.panel.content.model.cells)"
        ".filter(c => c.type === 'code').map(c => c.sharedModel.getSource().split('\\n')"
        ".filter(line => line.startsWith('explore_') && !without.some(w => line.startsWith(w))))",
        WITHOUT_STAGE,
    )


def picture_answers(browser, explorer):
    """A slider changes the picture; a step changes the sentence; every slider has a name."""
    stage = explorer
    handles = explorer.locator(".cnnviz-insight input[type=range]")
    assert all(handles.evaluate_all("inputs => inputs.map(one => one.getAttribute('aria-label'))"))
    handles.last.press("End")
    handles.last.press("Home")
    browser.wait_until_idle()
    if explorer.locator(".cnnviz-message").inner_text():  # too small, and the other end fits
        handles.last.press("End")
        browser.wait_until_idle()
    before, at_rest = picture_of(stage), say(stage)
    # The first slider that does not stand at its lowest: smaller sizes always fit.
    lower = handles.evaluate_all("inputs => inputs.findIndex(one => +one.value > +one.min)")
    handles.nth(lower).press("ArrowLeft" if lower >= 0 else "ArrowRight")  # -1 is the last
    browser.page.wait_for_function(
        "([stage, before]) => stage.querySelector('svg').innerHTML !== before",
        arg=[stage.element_handle(), before],
    )
    only_one = stage.locator(".cnnviz-player input").get_attribute("max") == "1"
    stage.locator("button.main").click()
    assert only_one or say(stage) != at_rest
    assert lit_paths(stage)


@pytest.mark.long
def test_the_ledger_is_proved_filtered_and_opened_with_its_picture(browser):
    browser.open_notebook(LEDGER)
    browser.run_all()
    page = browser.page
    page.set_default_timeout(10_000)
    ledger = page.locator(".cnnviz-ledger")
    ledger.locator("table.summary").wait_for()
    counts = [int(text) for text in ledger.locator("table.summary td").all_inner_texts()]
    expected = Counter((one.verdict, one.record.document) for one in judge_all())
    documents = ("note", "slides", "blog")
    rows = [[expected[verdict, d] for d in documents] for verdict in VERDICTS]
    assert counts == [n for row in rows for n in (*row, sum(row))]
    records = ledger.get_by_label("records")
    ledger.get_by_label("document").select_option("note")
    ledger.get_by_label("verdict").select_option("differs")
    page.wait_for_function(
        "n => document.querySelector('.cnnviz-rows select').options.length === n",
        arg=expected["differs", "note"],
    )
    records.select_option(label=records.locator("option", has_text="note-23").inner_text())
    page.locator("mtd.wrong").nth(8).wait_for()
    assert lit_paths(ledger), "the cell that the record is about is pinned and lit"

    derivation = page.locator(".cnnviz-derivation")
    derivation.locator(".cnnviz-line", has_text="Proved for this geometry").wait_for()
    lines = derivation.locator(".step:visible")
    assert lines.count() == 1
    derivation.get_by_role("button", name="Next step").click()
    assert lines.count() == 2
    derivation.get_by_role("button", name="Show all").click()
    before = lines.all_inner_texts()
    assert len(before) == 4
    browser.move_slider("stride", "ArrowRight", within=derivation)
    page.wait_for_function(
        "([node, before]) => node.innerText !== before",
        arg=[derivation.locator(".cnnviz-list").element_handle(), "\n".join(before)],
    )
    # Whole in sight in the window that JupyterLab opens.
    for view in (ledger, derivation):
        assert (
            view.bounding_box()["height"]
            <= page.locator(".jp-WindowedPanel-outer").bounding_box()["height"]
        )
    assert browser.problems() == []


@pytest.fixture(scope="module")
def page_without_kernel(browser):
    page = browser.page_without_a_network()
    yield page
    page.context.close()


@pytest.mark.long
@pytest.mark.parametrize("name", EXPLORERS)
def test_every_picture_steps_and_answers_on_a_page_of_its_own(page_without_kernel, tmp_path, name):
    scene = made(EXPLORERS[name]).scene
    page = page_without_kernel
    page.goto(scene.save(tmp_path / "page.html").as_uri())
    stage = page.locator(".cnnviz-stage")
    first = scene.step + 1  # most pictures open at their first step
    for step in range(first, min(scene.length, first + 3)):
        stage.get_by_role("button", name="Next").click()
        expected = scene.steps[step].say if scene.steps else scene.sentence(scene.walk, step)
        assert say(stage) == expected
    stage.locator(".cnnviz-picture").press("Escape")
    for grid in scene.grids:
        for cell in {0, grid.size // 2, grid.size - 1}:
            point_at(stage, scene, grid.name, cell)
            assert say(stage) == scene.sentence(grid.name, cell), (grid.name, cell)
            assert len(lit_paths(stage)) == len(scene.light_of(grid.name, cell)), (grid.name, cell)
    assert page.complaints == []
