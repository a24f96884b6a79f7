"""The lesson's network learns in a real browser, and reads a file that is chosen there."""

import re
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from tests.tools.lab import DARK

NOTEBOOK = "09_training.ipynb"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lesson(browser):
    browser.open_notebook(NOTEBOOK)
    browser.run_all()
    browser.page.set_default_timeout(15_000)
    return browser


@pytest.fixture
def view(lesson):
    view = lesson.page.locator(".cnnviz-training")
    view.locator("svg").nth(2).wait_for()
    return view


@pytest.fixture
def own(lesson):
    """The explorer of one's own image."""
    own = lesson.page.locator(".cnnviz-explorer", has=lesson.page.locator("input[type=file]"))
    own.locator("svg").wait_for()
    return own


def line(view):
    return view.locator(".cnnviz-line").inner_text()


def press(view, name):
    view.get_by_role("button", name=name).click()


def wait_for_line(view, pattern):
    view.locator(".cnnviz-line", has_text=re.compile(pattern)).wait_for()
    return line(view)


# matplotlib gives new ids to what has not changed.
DRAWN = "one.innerHTML.replace(/(image|p|m)[0-9a-f]{10}/g, '')"


def pictures(view):
    return view.locator(".cnnviz-figure").evaluate_all(f"all => all.map(one => {DRAWN})")


def test_it_learns_pauses_goes_on_and_reaches_its_accuracy(lesson, view):
    assert line(view).startswith("Nothing learned yet.")
    untouched = pictures(view)
    assert len(untouched) == 3

    view.get_by_label("slowly, 10 batches a second").check()
    press(view, "start")
    for picture in (0, 1, 0, 1):  # curves and filters change while it learns
        lesson.page.wait_for_function(
            f"([view, n, before]) => [...view.querySelectorAll('.cnnviz-figure')]"
            f".map(one => {DRAWN})[n] !== before",
            arg=[view.element_handle(), picture, pictures(view)[picture]],
        )

    press(view, "pause")  # the kernel listens while it learns
    view.get_by_role("button", name="go on").wait_for()
    paused, batch = line(view), int(re.search(r"batch (\d+)", line(view))[1])
    assert 0 < batch < 300
    assert view.locator(".cnnviz-unseen[role=status]").inner_text() == paused
    assert pictures(view)[2] != untouched[2] and "misread" in pictures(view)[2]
    lesson.page.wait_for_timeout(400)
    assert line(view) == paused

    press(view, "one batch")
    wait_for_line(view, f"batch {batch + 1}:")
    view.get_by_label("slowly, 10 batches a second").uncheck()
    press(view, "go on")
    said = wait_for_line(view, r"Epoch 16\.00 of 16")
    view.get_by_role("button", name="go on").wait_for()
    accuracy = float(re.search(r"held-out digits ([\d.]+)%", said)[1])
    assert accuracy >= 97
    table = view.locator(".cnnviz-figure").nth(2)
    table.get_by_text(f"{accuracy}% read rightly").wait_for()
    wrong = int(re.search(r"(\d+) of 359 misread", table.text_content())[1])
    assert 1 <= wrong <= 10 and accuracy == round(100 * (359 - wrong) / 359, 1)
    assert len(re.findall(r"\b\d as \d\b", table.inner_html())) >= wrong

    press(view, "stop and reset")
    wait_for_line(view, "Nothing learned yet")
    assert lesson.problems() == []


def test_a_rate_that_is_changed_while_it_learns_is_marked(lesson, view):
    view.get_by_label("slowly, 10 batches a second").check()
    press(view, "start")
    wait_for_line(view, "Adam, 0.002")
    view.get_by_label("SGD").check()
    wait_for_line(view, "SGD, 0.002")
    lesson.move_slider("learning rate", "ArrowRight", within=view)
    wait_for_line(view, r"SGD, 0.002[^.0]|SGD, 0.003")
    press(view, "stop and reset")
    wait_for_line(view, "Nothing learned yet")
    assert lesson.problems() == []


def file(name, content):
    return {"name": name, "mimeType": "image/png", "buffer": content}


@pytest.mark.long
def test_a_file_is_taken_and_others_are_refused(lesson, own):
    image = Image.new("L", (300, 300), "white")
    ImageDraw.Draw(image).line([(80, 60), (210, 60), (130, 250)], fill="black", width=26)
    drawn = BytesIO()
    image.save(drawn, "PNG")
    choice = own.locator("input[type=file]")
    before = pictures(own)
    choice.set_input_files(file("seven.png", drawn.getvalue()))
    assert "says 7" in wait_for_line(own, "seven.png")
    assert pictures(own) != before
    choice.set_input_files(file("poem.png", b"not an image"))
    assert "not a PNG or JPEG" in wait_for_line(own, "poem.png")
    # More than a message to the kernel may hold: it must not be sent.
    choice.set_input_files(file("large.png", bytes(20 * 2**20)))
    assert "20.0 MB" in wait_for_line(own, "large.png")
    own.get_by_label("the photograph").check()
    wait_for_line(own, "ten answers")
    assert lesson.problems() == []


def test_pictures_follow_the_theme(lesson, view):
    words = view.locator(".cnnviz-figure svg text").first
    colour = "element => getComputedStyle(element).fill"
    light = words.evaluate(colour)
    lesson.set_theme(DARK)
    assert words.evaluate(colour) != light
    assert lesson.problems() == []
