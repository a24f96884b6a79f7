"""The cards of lesson 07 in JupyterLab: sorted anew they move to their places, and stay what they are."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.long]

COUNT_FLIGHTS = """() => {
    const own = Element.prototype.animate;
    window.flights = 0;
    Element.prototype.animate = function (...how) { window.flights += 1; return own.apply(this, how); };
}"""
STILL = (
    "() => !document.querySelector('.cards').closest('svg').getAnimations({ subtree: true }).length"
)


@pytest.fixture(scope="module")
def meetings(browser):
    browser.open_notebook("07_small_example_by_hand.ipynb")
    browser.run_all()
    browser.page.set_default_timeout(10_000)
    explorer = browser.page.locator(".cnnviz-explorer").first
    explorer.locator(".cards > g").nth(15).wait_for()
    browser.scroll_to(explorer)
    browser.page.evaluate(COUNT_FLIGHTS)
    return explorer


def sort(browser, explorer, how):
    """Sort the cards, and say how many parts of the picture took flight."""
    browser.page.evaluate("() => { window.flights = 0; }")
    explorer.get_by_label(how, exact=True).check(force=True)
    browser.page.wait_for_function(
        "words => document.querySelector('.cnnviz-title').textContent.startsWith(words)",
        arg=f"Sorted {how}",
    )
    browser.page.wait_for_function(STILL)
    return browser.page.evaluate("window.flights")


def place(explorer, card):
    return explorer.locator(".cards > g").nth(card).bounding_box()


def test_a_pinned_card_moves_and_stays_lit(browser, meetings):
    before = place(meetings, 3)
    browser.page.mouse.click(before["x"] + before["width"] / 2, before["y"] + before["height"] / 2)
    assert sort(browser, meetings, "by input") == 31  # 15 cards with their texts, and what is lit
    after, lit = place(meetings, 3), meetings.locator(".cnnviz-light .focus").bounding_box()
    assert after["y"] > before["y"] and after["x"] < before["x"]
    assert lit["x"] == pytest.approx(after["x"], abs=3) and lit["y"] == pytest.approx(
        after["y"], abs=3
    )
    text = meetings.locator(".texts[data-grid=cards] > text").nth(3).text_content()
    assert text.replace("\u200b", "") == "g11·K22"
    assert browser.problems() == []


def test_nothing_moves_for_who_asks_for_less_motion(browser, meetings):
    browser.page.emulate_media(reduced_motion="reduce")
    assert sort(browser, meetings, "by weight") == 0
    assert sort(browser, meetings, "by output") == 0
