"""A picture, its sentence and its player are in sight together, in JupyterLab's default window and on a
projector; and nothing that is done to a picture changes its size."""

from pathlib import Path

import pytest

from tests.tools.lab import Browser

NOTEBOOKS = sorted(path.name for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
WINDOWS = {"default": (1280, 800), "projector": (1920, 1080)}
READABLE = 11  # CSS pixels, of what is written in a cell on a projector
pytestmark = [pytest.mark.browser, pytest.mark.long]

MEASURE = """explorer => {
    const size = node => { const box = node.getBoundingClientRect(); return [box.width, box.height]; };
    const room = explorer.closest('.jp-WindowedPanel-outer').clientHeight;
    const svg = explorer.querySelector('.cnnviz-picture svg');
    const scale = svg?.getScreenCTM().a ?? 1;
    const texts = [...explorer.querySelectorAll('.cnnviz-picture .texts')];
    const outside = [...explorer.querySelectorAll('.cnnviz-notes, .cnnviz-player, .cnnviz-frame')]
        .filter(one => one.scrollWidth > one.clientWidth + 2 || one.scrollHeight > one.clientHeight + 2);
    return {
        room, explorer: size(explorer), picture: svg && size(svg),
        smallest: Math.min(...texts.map(one => Number(one.getAttribute('font-size')) * scale)),
        hidden: outside.map(one => `${one.className} ${one.scrollWidth}/${one.clientWidth} `
            + `${one.scrollHeight}/${one.clientHeight}`),
    };
}"""


@pytest.fixture(params=WINDOWS, scope="module")
def window(request, lab, chromium):
    with Browser(lab, viewport=WINDOWS[request.param], chromium=chromium) as browser:
        browser.projector = request.param == "projector"
        yield browser


def explorers_of(window, name):
    window.open_notebook(name)
    if window.projector:
        window.hide_chrome()
    window.run_all()
    found = window.page.locator(".cnnviz-explorer")
    found.first.wait_for()
    return [found.nth(n) for n in range(found.count())]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_picture_fits_and_keeps_its_size(window, name):
    faults = []
    for n, explorer in enumerate(explorers_of(window, name)):
        window.scroll_to(explorer)
        window.page.wait_for_timeout(200)
        before = explorer.evaluate(MEASURE)
        touch(explorer)
        window.page.wait_for_timeout(300)
        after = explorer.evaluate(MEASURE)
        about = f"{name}, explorer {n}"
        if before["explorer"][1] > before["room"]:
            faults.append(f"{about} is {before['explorer'][1]:.0f} high in {before['room']}")
        if before["explorer"] != after["explorer"] or before["picture"] != after["picture"]:
            faults.append(f"{about} changed from {before} to {after}")
        if before["hidden"]:
            faults.append(f"{about} hides some of {before['hidden']}")
        if window.projector and before["smallest"] is not None and before["smallest"] < READABLE:
            faults.append(f"{about} has labels of {before['smallest']:.1f} pixels")
    assert not faults, "\n".join(faults)
    assert window.problems() == []


def touch(explorer):
    """Move the first slider by one, and take two steps."""
    slider = explorer.locator(".cnnviz-insight input[type=range]")
    if slider.count():
        slider.first.focus()
        slider.first.press("ArrowRight")
    following = explorer.locator("button.main")
    for _ in range(2):
        if following.count() and following.first.is_visible():
            following.first.click()
