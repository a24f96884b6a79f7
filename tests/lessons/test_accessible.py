"""What is ours can be used by everybody: axe finds nothing serious, names and states are there, and all
of it goes by keyboard."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from cnnviz import explore_convolution_matrix, explore_scatter_gather
from tests.tools.lab import DARK, LIGHT

NOTEBOOKS = sorted(path.name for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
OURS = [".jp-Cell-outputArea", ".jp-RenderedMarkdown"]  # outputs and prose, not JupyterLab's frame
GRAVE = ("serious", "critical")
MOST_TABS = 5
pytestmark = [pytest.mark.browser, pytest.mark.long]


def grave(page, context=None) -> list[str]:
    """What axe finds that is serious or critical, with the first place of each."""
    found = Axe().run(page, context=context).response["violations"]
    return [
        f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:160]}"
        for one in found
        if one["impact"] in GRAVE
    ]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_axe_finds_nothing_serious_in_a_lesson(browser, name):
    browser.open_notebook(name)
    browser.run_all()
    browser.page.locator(".cnnviz-stage").first.wait_for()
    found = {}
    for theme in (LIGHT, DARK):
        browser.set_theme(theme)
        browser.page.wait_for_timeout(500)
        found[theme] = grave(browser.page, {"include": [[one] for one in OURS]})
    browser.set_theme(LIGHT)
    assert found == {LIGHT: [], DARK: []}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_a_saved_page(browser, tmp_path, scheme):
    path = explore_scatter_gather().save(tmp_path / "page.html")
    with browser.page_without_a_network() as page:
        page.emulate_media(color_scheme=scheme)
        page.goto(path.as_uri())
        page.locator(".cnnviz-picture svg").wait_for()
        assert grave(page) == []


@pytest.fixture(scope="module")
def explorer(browser):
    browser.open_notebook("04_input_gradient.ipynb")
    browser.run_all()
    found = browser.page.locator(".cnnviz-explorer")
    found.first.wait_for()
    browser.scroll_to(found.first)
    return found.first


def test_from_a_control_to_the_picture_it_takes_at_most_five_tabs(browser, explorer):
    explorer.locator(".cnnviz-insight input").first.focus()
    for _ in range(MOST_TABS):
        browser.page.keyboard.press("Tab")
        if "cnnviz-picture" in browser.page.evaluate("document.activeElement.className"):
            return
    pytest.fail(browser.page.evaluate("document.activeElement.outerHTML"))


def test_names_states_and_live_sentences_are_in_the_tree(browser, explorer):
    tree = explorer.aria_snapshot()
    for control in ("slider", "button", "group", "img"):
        assert control in tree
    assert 'slider "input size"' in tree and 'button "Next step"' in tree
    explorer.locator("summary").click()
    opened = explorer.aria_snapshot()
    assert "radio" in opened and "[checked]" in opened
    explorer.locator("summary").press("Escape")
    assert explorer.locator(".cnnviz-say").get_attribute("aria-live") == "polite"


def test_handles_are_large_and_readings_are_no_stops(explorer):
    sizes = explorer.locator("input[type=range]").evaluate_all(
        "inputs => inputs.map(one => one.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 24
    assert explorer.locator("output[tabindex]").count() == 0


def test_forced_colours_keep_the_outlines(browser, explorer):
    browser.page.emulate_media(forced_colors="active")
    explorer.locator("button.main").click()
    lit = explorer.locator(".cnnviz-light path:not(.band)")
    strokes = lit.evaluate_all("paths => paths.map(one => getComputedStyle(one).stroke)")
    browser.page.emulate_media(forced_colors="none")
    assert strokes and all(stroke not in ("none", "rgba(0, 0, 0, 0)") for stroke in strokes)


def test_the_text_of_a_state_is_what_is_seen(browser, tmp_path):
    """Cell by cell, at every step: what the browser writes is what the scene prints."""
    scene = explore_convolution_matrix(show="numbers").scene.at_step(-1)
    path = scene.save(tmp_path / "page.html")
    with browser.page_without_a_network() as page:
        page.goto(path.as_uri())
        for step in range(scene.length):
            page.locator("button.main").click()
            now = scene.at_step(step)
            assert page.locator(".cnnviz-say").inner_text() == now.said
            for grid in now.grids:
                seen = page.locator(f'.texts[data-grid="{grid.name}"] > text').all_text_contents()
                # Of a result that is being written, what is to come lies under the veil.
                until = step + 1 if now.to_come(grid) else grid.size
                assert seen[:until] == list(now.shown(grid))[:until]
