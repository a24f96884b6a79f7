"""One picture as a learner meets it in JupyterLab: pointed at, stepped, dragged, typed into."""

import re

import pytest

from cnnviz import (
    explore_channels,
    explore_convolution_matrix,
    explore_network_pass,
    explore_one_weight,
)
from cnnviz.scene.stage import STATIC
from tests.tools.lab import DARK, LIGHT
from tests.tools.pointing import (
    corners,
    lit_by,
    lit_paths,
    middle,
    outlines,
    picture_of,
    point_at,
    say,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lesson(browser):
    browser.open_notebook("03_convolution_as_a_matrix.ipynb")
    browser.run_all()
    browser.page.set_default_timeout(10_000)
    browser.page.locator(".cnnviz-stage svg").nth(5).wait_for()
    # Each picture asks for its proof a second after it is drawn; the lines that answer move what is below.
    browser.page.wait_for_timeout(2500)
    browser.wait_until_idle()
    return browser


def explorer_of(browser, source):
    """The explorer that this cell shows."""
    cells = browser.page.evaluate(
        "() => Array.from(cnnvizDriver.panel.content.model.cells, cell => cell.sharedModel.getSource())"
    )
    return browser.output(cells.index(source)).locator(".cnnviz-explorer")


FULL = 'explore_convolution_matrix(parts=("W", "im2col"))'


@pytest.fixture
def full(lesson):
    """The stage with W and im2col at 4×4, at rest."""
    stage = explorer_of(lesson, FULL)
    stage.locator(".cnnviz-picture").press("Escape")
    lesson.page.mouse.move(0, 0)
    return stage


def test_every_cell_lights_what_python_says_it_lights(lesson, full):
    """The browser reads the table by itself; it must find what Scene.lit finds, cell by cell."""
    scene = explore_convolution_matrix().scene
    for grid in scene.grids:
        for cell in range(grid.size):
            point_at(full, scene, grid.name, cell)
            expected = lit_by(scene, grid.name, cell)
            assert sorted((role, corners(d)) for role, d in lit_paths(full)) == expected, (
                grid.name,
                cell,
            )
            assert say(full) == scene.sentence(grid.name, cell)


def test_the_same_with_channels(lesson):
    stage = explorer_of(lesson, "explore_channels()")
    scene = explore_channels().scene
    for name, cell in [
        ("input", 12),
        ("kernel", 9),
        ("output", 6),
        ("W", 30),
        ("W", 3),
        ("vector", 10),
    ]:
        point_at(stage, scene, name, cell)
        assert say(stage) == scene.sentence(name, cell)
        assert len(lit_paths(stage)) == len(scene.lit(name, cell))


def test_the_equation_is_mathematics_whose_terms_light_their_cells(lesson, full):
    scene = explore_convolution_matrix().scene
    point_at(full, scene, "output", 1)
    lesson.page.mouse.down()
    lesson.page.mouse.up()
    lesson.page.mouse.move(0, 0)
    terms = full.locator(".cnnviz-sum .term")
    assert terms.count() == 1 + 9
    assert terms.nth(1).locator("msub").count() == 2
    terms.nth(2).hover()
    lit = [corner for _, d in lit_paths(full) for corner in corners(d)]
    assert sorted(lit) == sorted([corner_of(scene, "kernel", 1), corner_of(scene, "input", 2)])
    result = full.locator(".cnnviz-result").inner_text().replace("\n", "").replace(" ", "")
    assert result == "=62"
    lesson.page.mouse.move(0, 0)
    assert say(full) == scene.sentence("output", 1), "what is pinned stays"


def corner_of(scene, grid, cell):
    x, y = scene[grid].corner(cell)
    return round(x, 2), round(y, 2)


def test_keys_move_pin_step_and_let_go(lesson, full):
    scene = explore_convolution_matrix().scene
    picture = full.locator(".cnnviz-picture")
    picture.press("ArrowRight")
    assert say(full) == scene.sentence("output", 0)
    picture.press("ArrowRight")
    picture.press("ArrowDown")
    assert say(full) == scene.sentence("output", 3)
    picture.press("PageUp")
    assert say(full) == scene.sentence("kernel", 0)
    picture.press("Enter")
    picture.press("PageUp")
    assert say(full) == scene.sentence("input", 0)
    picture.press("Escape")
    assert say(full) == scene.say


def test_stepping_covers_what_is_not_yet_written(lesson, full):
    scene = explore_convolution_matrix().scene
    full.get_by_role("button", name="Next").click()
    assert say(full) == scene.sentence("output", 0)
    veils = full.locator(".cnnviz-veil path").evaluate_all(
        "paths => paths.map(p => p.getAttribute('d'))"
    )
    assert sum(d.count("M") for d in veils) == 3 + 3
    scale = full.get_by_role("slider", name="Step")
    scale.press("End")
    assert say(full) == scene.sentence("output", 3)
    scale.press("ArrowLeft")
    assert say(full) == scene.sentence("output", 2)
    full.get_by_role("button", name="Play").click()
    full.page.wait_for_function(
        "stage => stage.querySelector('.cnnviz-player output').textContent === '4 of 4'",
        arg=full.element_handle(),
    )


def test_letting_go_stops_the_film(lesson, full):
    play = full.get_by_role("button", name="Play")
    play.click()
    assert full.get_by_role("button", name="Pause").count() == 1
    full.locator(".cnnviz-picture").press("Escape")
    assert play.count() == 1
    full.page.wait_for_timeout(1100)  # longer than a beat of the film
    assert full.locator(".cnnviz-player output").inner_text() == "4 steps"


def test_a_number_is_typed_and_nonsense_is_refused(lesson):
    stage = explorer_of(lesson, 'explore_convolution_matrix(parts=(), show="numbers")')
    scene = explore_convolution_matrix(parts=(), show="numbers").scene
    point_at(stage, scene, "input", 5)

    def type_number(text):
        box = stage.locator(".cnnviz-picture svg").bounding_box()
        x, y = middle(scene["input"], 5)
        scale = box["width"] / scene.extent[0]
        stage.page.mouse.dblclick(box["x"] + x * scale, box["y"] + y * scale)
        field = stage.get_by_label("New number for a₂₂")
        field.fill(text)
        field.press("Enter")

    type_number("nonsense")
    stage.get_by_text("“nonsense” is not a number a cell can hold. a₂₂ keeps 7.").wait_for()
    type_number("10")
    stage.locator(".texts text", has_text=re.compile("^−28$")).wait_for()
    assert stage.locator(".cnnviz-message").inner_text() == ""


def first_numbers(explorer):
    """The button stands under "more"."""
    explorer.locator("summary").click()
    explorer.get_by_role("button", name="first numbers").click()
    explorer.locator("summary").press("Escape")


def test_a_number_is_dragged_sideways_and_not_pinned(lesson):
    explorer = explorer_of(lesson, 'explore_convolution_matrix(parts=(), show="numbers")')
    stage = explorer
    scene = explore_convolution_matrix(parts=(), show="numbers").scene
    first_numbers(explorer)
    stage.locator(".texts text", has_text=re.compile("^−22$")).wait_for()
    point_at(stage, scene, "input", 5)
    stage.page.mouse.down()
    box = stage.locator(".cnnviz-picture svg").bounding_box()
    x, y = middle(scene["input"], 5)
    scale = box["width"] / scene.extent[0]
    stage.page.mouse.move(box["x"] + x * scale + 37, box["y"] + y * scale, steps=8)
    stage.page.mouse.up()
    stage.locator(".texts text", has_text=re.compile("^−28$")).wait_for()  # 7 + 3 under k_22 = −2
    stage.page.mouse.move(0, 0)
    assert say(stage) == scene.said
    first_numbers(explorer)
    stage.locator(".texts text", has_text=re.compile("^−22$")).wait_for()


def test_an_impossible_size_keeps_the_picture(lesson, full):
    explorer = explorer_of(lesson, FULL)
    before = picture_of(full)
    lesson.move_slider("kernel size", "End", within=explorer)
    full.get_by_text("A kernel of 5 does not fit in 4 cells").wait_for()
    assert picture_of(full) == before
    lesson.move_slider("kernel size", "ArrowLeft", "ArrowLeft", within=explorer)
    full.page.wait_for_function(
        "stage => stage.querySelector('.cnnviz-message').textContent === ''",
        arg=full.element_handle(),
    )


def test_the_proof_of_the_present_geometry_is_shown_once_the_slider_rests(lesson, full):
    explorer = explorer_of(lesson, FULL)
    proof = full.locator(".cnnviz-proof")
    full.locator('.cnnviz-proof[title*="agree in all 16 input cells"]').wait_for()
    assert proof.inner_text() == "✓ Proved for this geometry"
    lesson.move_slider("input size", "ArrowRight", within=explorer)
    full.locator('.cnnviz-proof[title*="agree in all 25 input cells"]').wait_for()
    lesson.move_slider("input size", "ArrowLeft", within=explorer)
    full.locator('.cnnviz-proof[title*="agree in all 16 input cells"]').wait_for()


def test_letters_chosen_at_the_top_change_in_all_pictures(lesson, full):
    first = explorer_of(lesson, 'explore_convolution_matrix(parts=("W",))')
    bar = lesson.page.locator(".cnnviz-choices")
    bar.get_by_role("radio", name="slides").check(force=True)
    first.locator(".texts text", has_text=re.compile("^X11$")).first.wait_for()
    full.get_by_text("On the slides F is the filter").wait_for()
    bar.get_by_role("radio", name="note").check(force=True)
    first.locator(".texts text", has_text=re.compile("^a11$")).first.wait_for()


def test_the_picture_follows_the_theme(lesson, full):
    def ink():
        return full.locator(".texts text").first.evaluate("text => getComputedStyle(text).fill")

    colours = []
    for theme in (LIGHT, DARK, LIGHT):
        lesson.set_theme(theme)
        lesson.page.wait_for_timeout(200)
        colours.append(ink())
    assert colours[0] == colours[2] != colours[1]


def test_nothing_went_wrong_in_the_lesson(lesson):
    """Last on purpose: all the pointing, dragging and typing above left no error behind."""
    assert lesson.problems() == []


def test_a_saved_page_works_without_a_network_and_without_a_kernel(lesson, tmp_path):
    scene = explore_convolution_matrix(show="numbers").scene.at("output", 1)
    path = scene.save(tmp_path / "page.html")
    page = lesson.page_without_a_network()
    page.goto(path.as_uri())
    stage = page.locator(".cnnviz-stage")
    assert say(stage) == scene.sentence("output", 1)
    point_at(stage, scene, "kernel", 4)
    assert say(stage) == scene.sentence("kernel", 4)
    stage.get_by_role("button", name="Next").click()
    page.mouse.move(0, 0)
    assert say(stage) == scene.sentence("output", 1)  # it had opened at the first
    assert page.complaints == []
    page.context.close()


BUSY_PYTHON = """
    const state = { heard: 0, controls: ["one", "two"].map((name) =>
        ({ name, words: name, kind: "slider", low: 0, high: 9, step: 1, digits: null, value: 1 })) };
    const heard = {};
    const host = {
        get: (name) => state[name],
        set: (given) => Object.assign(state, given),
        on: (name, listener) => { heard[name] = listener; },
    };
    document.body.append(makeControls(host).node);
    window.python = (given) => { host.set(given); for (const name in given) heard[name]?.(); };
    window.state = state;
"""


def test_no_move_is_lost_while_python_is_busy(lesson):
    """An answer to what was moved before must not make the browser forget what has been moved since."""
    page = lesson.page.context.browser.new_page()
    scripts = "".join((STATIC / name).read_text("utf-8") for name in ("drawing.js", "controls.js"))
    page.set_content(f'<body><script type="module">{scripts}{BUSY_PYTHON}</script></body>')
    one, two = (page.get_by_role("slider", name=name) for name in ("one", "two"))
    one.press("ArrowRight")
    one.press("ArrowRight")
    page.evaluate("python({ controls: state.controls.map(c => ({ ...c })), heard: 1 })")
    assert one.input_value() == "3", "the hand is ahead"
    two.press("ArrowRight")
    assert page.evaluate("state.moved") == {"values": {"one": 3, "two": 2}, "count": 3}
    page.evaluate("python({ controls: state.controls.map(c => ({ ...c, value: 5 })), heard: 3 })")
    assert (one.input_value(), two.input_value()) == ("5", "5")
    two.press("ArrowRight")
    assert page.evaluate("state.moved.values") == {"two": 6}
    page.close()


def page_of(lesson, scene, folder):
    """The page that a scene is saved as, opened, and its stage."""
    page = lesson.page.context.browser.new_page()
    page.goto(scene.save(folder / "page.html").as_uri())
    return page, page.locator(".cnnviz-stage")


def test_a_step_fills_cells_with_products_and_shows_the_equation_it_is_about(lesson, tmp_path):
    scene = explore_one_weight(3, 2).scene.at_step(-1)
    page, stage = page_of(lesson, scene, tmp_path)
    products = stage.locator('.texts[data-grid="product"] > text')
    step = stage.get_by_role("button", name="Next")
    step.click()
    page.mouse.move(0, 0)
    assert products.all_text_contents()[1:] == ["", "", ""]
    assert products.first.locator("tspan.s").count() == 2  # each factor has its own subscript
    assert stage.locator(".cnnviz-math .term").count() == 0
    for _ in range(3):
        step.click()
    assert stage.locator(".cnnviz-sum .term").count() == 1 + 4
    assert sorted(corners(d) for _, d in lit_paths(stage)) == sorted(
        outlines(scene[name], cells) for _, name, cells in scene.at_step(3).light()
    )
    page.close()


def test_columns_sent_once_and_sentences_with_gaps_read_the_same_in_the_browser(lesson, tmp_path):
    scene = explore_network_pass(size="8×8").scene
    page, stage = page_of(lesson, scene, tmp_path)
    for name, cell in [
        ("pooled", 1),
        ("relu", 8),
        ("kernel", 4),
        ("row_gradient", 1),
        ("classes_below", 3),
    ]:
        point_at(stage, scene, name, cell)
        assert say(stage) == scene.sentence(name, cell)
        assert sorted(corners(d) for _, d in lit_paths(stage)) == sorted(
            outlines(scene[grid], cells) for grid, cells in scene.lit(name, cell).items()
        )
    page.close()


def test_the_network_fills_step_by_step_in_the_browser(lesson, tmp_path):
    """As many maps are there after each step as the scene says, and one arrow is bright."""
    scene = explore_network_pass(size="8×8").scene
    page, stage = page_of(lesson, scene, tmp_path)
    for step in range(scene.step + 1, scene.length):
        stage.get_by_role("button", name="Next").click()
        there = [grid for grid in scene.grids if not (grid.texts or grid.awaited(step))]
        assert stage.locator(".cnnviz-picture image:visible").count() == sum(
            grid.shape[0] * grid.shape[1] for grid in there
        )
        bright = [stroke for stroke in scene.strokes if not stroke.dim(step)]
        assert stage.locator("[data-steps]:not(.dim)").count() == len(bright)
        assert stage.locator(".now[data-since]:not(.texts)").count() == 1
    page.close()
