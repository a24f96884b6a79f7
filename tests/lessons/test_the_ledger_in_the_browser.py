"""The ledger of lesson 11, gone through from the first record to the last: each picture is lit as Python
says, nothing is cut off, and what a card is to be compared with is a link."""

import pytest

from cnnviz.documents.ledger import judge_all
from cnnviz.explorers.record_pictures import picture_of
from tests.tools.lab import Browser
from tests.tools.pointing import corners, lit_paths, outlines, say

pytestmark = [pytest.mark.browser, pytest.mark.long]
WINDOWS = {"default": (1280, 800), "projector": (1920, 1080)}
SMALLEST = (
    0.54  # CSS pixels for a unit of the picture, of the largest picture in the smaller window
)

# What is written outside the picture, or hidden in the room it has.
CUT_OFF = """ledger => {
    const slot = ledger.querySelector('.cnnviz-slot'), svg = slot.querySelector('.cnnviz-picture svg');
    const [, , wide, high] = svg.getAttribute('viewBox').split(' ').map(Number);
    const outside = [...svg.querySelectorAll('text')].filter((text) => {
        const { x, y, width, height } = text.getBBox();
        return width && (x < -1 || y < -1 || x + width > wide + 1 || y + height > high + 1);
    }).map((text) => text.textContent);
    const room = slot.getBoundingClientRect();
    const hidden = ['.cnnviz-frame', '.cnnviz-panel', '.cnnviz-say'].filter((name) => {
        const box = slot.querySelector(name).getBoundingClientRect();
        return box.right > room.right + 1 || box.bottom > room.bottom + 1;
    });
    const panel = slot.querySelector('.cnnviz-panel');
    if (panel.scrollHeight > panel.clientHeight + 2) hidden.push('words');
    return { outside, hidden, scale: svg.getScreenCTM().a };
}"""


@pytest.fixture(params=WINDOWS, scope="module")
def ledger(request, lab, chromium):
    """The ledger in lesson 11, proved."""
    with Browser(lab, viewport=WINDOWS[request.param], chromium=chromium) as browser:
        browser.open_notebook("11_documents_checked.ipynb")
        if request.param == "projector":
            browser.hide_chrome()
        browser.run_all()
        browser.page.set_default_timeout(10_000)
        ledger = browser.page.locator(".cnnviz-ledger")
        ledger.locator("table.summary").wait_for()
        browser.scroll_to(ledger)
        yield ledger
        assert browser.problems() == []


def opened(ledger, record_id):
    """Wait until the card is that of this record."""
    ledger.page.wait_for_function(
        "([ledger, id]) => ledger.querySelector('.cnnviz-card .place')?.id === id",
        arg=[ledger.element_handle(), record_id],
    )


def lit(ledger):
    return sorted((role, corners(d)) for role, d in lit_paths(ledger))


def expected(scene):
    return sorted(
        (f"l-{role}", outlines(scene[name], cells)) for role, name, cells in scene.light()
    )


def test_every_record_opens_its_picture_lit_and_whole(ledger):
    records, faults = ledger.get_by_label("records"), []
    for n, one in enumerate(judge_all()):
        name = one.record.id
        scene = picture_of(one.record, one.differences if one.verdict == "differs" else ())
        records.select_option(index=n)
        opened(ledger, name)
        for _ in range(50):  # the picture comes a moment after the card
            if lit(ledger) == expected(scene) and say(ledger) == scene.said:
                break
            ledger.page.wait_for_timeout(20)
        else:
            faults.append(f"{name} lights {lit(ledger)}, not {expected(scene)}")
        pinned = ledger.locator(".cnnviz-light path.focus").count()
        crossed = ledger.locator(".cnnviz-picture .m-wrong").count()
        if pinned != (scene.focus is not None):
            faults.append(f"{name} has {pinned} cells pinned")
        if (
            crossed != sum(bool(grid.marks.get("wrong")) for grid in scene.grids)
            and not scene.steps
        ):
            faults.append(f"{name} has {crossed} grids with crosses")
        found = ledger.evaluate(CUT_OFF)
        if found["outside"] or found["hidden"] or found["scale"] < SMALLEST:
            faults.append(f"{name} is cut off: {found}")
    assert not faults, "\n".join(faults)


def test_what_a_card_is_to_be_compared_with_is_a_link(ledger):
    """By mouse, and by keyboard: what has the focus does not lose it."""
    page = ledger.page
    ledger.get_by_label("document").select_option("note")
    opened(ledger, "note-01")
    pair = next((one.record.id, one.record.see) for one in judge_all() if one.record.see)
    option = ledger.get_by_label("records").locator("option", has_text=f" {pair[0]} ")
    ledger.get_by_label("records").select_option(label=option.inner_text())
    opened(ledger, pair[0])
    link = ledger.locator(f'.cnnviz-card a[data-record="{pair[1]}"]')
    link.click()
    opened(ledger, pair[1])
    assert ledger.get_by_label("document").locator("option:checked").inner_text() == "note"
    back = ledger.locator(f'.cnnviz-card a[data-record="{pair[0]}"]')
    assert back.count() == 1
    back.focus()
    page.keyboard.press("Enter")
    opened(ledger, pair[0])
    assert page.evaluate("document.activeElement.className") == "cnnviz-page"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.record") == pair[1]


def test_the_ledger_is_whole_in_sight(ledger):
    room = ledger.page.locator(".jp-WindowedPanel-outer").bounding_box()["height"]
    assert ledger.bounding_box()["height"] <= room
    table, card = (ledger.locator(one).bounding_box() for one in ("table.summary", ".cnnviz-card"))
    assert table["x"] + table["width"] <= card["x"] + 1, "the summary does not lie under the card"
    rows = ledger.get_by_label("records").bounding_box()
    assert rows["height"] > 120
