"""The driver sees what a learner would see: pictures that move, and everything that goes wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools import lab
from tests.tools.lab import DARK, LIGHT, Browser, Lab, find_chromium, write_notebook

SLIDER = """
import ipywidgets

slider = ipywidgets.IntSlider(description="stride", value=1, min=1, max=3)
broken = ipywidgets.IntSlider(description="broken")
label = ipywidgets.Label("not moved")


def say(change):
    label.value = f"stride is {change.new}"


def fail(change):
    raise LookupError("only a callback knows")


slider.observe(say, "value")
broken.observe(fail, "value")
ipywidgets.VBox([slider, broken, label])
"""
TALL = "from IPython.display import HTML\nHTML('<p style=\"height: 2000px\">tall</p>')"


@pytest.fixture(scope="module")
def window(chromium, tmp_path_factory):
    """A window on a JupyterLab with two toy notebooks."""
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(folder / "good.ipynb", SLIDER, TALL, "")
    write_notebook(folder / "failing.ipynb", "1 + 1", "1 / 0", "2 + 2")
    with Lab(folder) as server, Browser(server, chromium=chromium) as window:
        yield window


@pytest.mark.browser
@pytest.mark.long
def test_a_slider_moves_its_label(window):
    window.open_notebook("good.ipynb")
    window.run_all()
    window.output(0).get_by_text("not moved").wait_for(timeout=10_000)
    window.move_slider("stride", "ArrowRight", "ArrowRight")
    window.output(0).get_by_text("stride is 3").wait_for(timeout=10_000)
    assert window.problems() == []


@pytest.mark.browser
@pytest.mark.long
def test_an_error_under_a_cell_is_reported_and_ends_the_run(window):
    window.open_notebook("failing.ipynb")
    window.run_all()
    assert window.errors_in_outputs() == ["cell 1: ZeroDivisionError: division by zero"]
    assert window.problems() == window.errors_in_outputs()


@pytest.mark.browser
@pytest.mark.long
def test_an_error_in_a_callback_is_reported(window):
    window.open_notebook("good.ipynb")
    window.run_all()
    window.move_slider("broken", "ArrowRight")
    window.page.wait_for_function("cnnvizDriver.callbackErrors.length > 0")
    assert window.errors_in_callbacks() == ["LookupError: only a callback knows"]


@pytest.mark.browser
@pytest.mark.long
def test_errors_of_the_page_are_reported_and_forgotten_at_the_next_opening(window, monkeypatch):
    monkeypatch.setattr(lab, "NOISE", [*lab.NOISE, ("^known noise", "to see it left out")])
    window.open_notebook("good.ipynb")
    window.page.evaluate("console.error('a complaint'), console.error('known noise')")
    window.page.evaluate("setTimeout(() => { throw new Error('a fall') })")
    window.page.wait_for_timeout(200)
    assert [text.split(" (")[0] for text in window.console_errors] == ["a complaint"]
    assert window.page_errors == ["a fall"]
    assert len(window.problems()) == 2
    window.open_notebook("good.ipynb")
    assert window.problems() == []


@pytest.mark.browser
@pytest.mark.long
def test_opening_again_is_opening_for_the_first_time(window):
    window.open_notebook("good.ipynb")
    window.run_all()
    window.set_theme(DARK)
    window.page.evaluate("() => { jupyterapp.commands.execute('docmanager:save') }")
    window.page.wait_for_function("!cnnvizDriver.panel.context.model.dirty")
    window.open_notebook("good.ipynb")
    assert window.page.locator("body").get_attribute("data-jp-theme-name") == LIGHT
    assert window.page.locator(".jp-OutputArea-child").count() == 0
    assert len(window.lab.ask("api/kernels")) == 1


@pytest.mark.browser
@pytest.mark.long
def test_screenshots_show_the_window_or_a_whole_cell(window, tmp_path):
    window.open_notebook("good.ipynb")
    window.run_all()
    window.hide_chrome()
    window.set_theme(DARK)
    window.screenshot(tmp_path / "window.png")
    window.screenshot_cell(1, tmp_path / "cell.png")
    assert size_of(tmp_path / "window.png") == (1280, 900)
    assert size_of(tmp_path / "cell.png")[1] > 2000
    assert window.page.viewport_size == {"width": 1280, "height": 900}


@pytest.mark.browser
@pytest.mark.long
def test_nothing_is_left_behind(chromium, tmp_path):
    write_notebook(tmp_path / "good.ipynb", SLIDER)
    before = (tmp_path / "good.ipynb").read_bytes()
    with Lab(tmp_path) as server:
        server.ask("api/kernels", method="POST")
        home, process = server.home, server.process
    assert process.poll() is not None
    assert not home.exists()
    assert (tmp_path / "good.ipynb").read_bytes() == before


def test_a_missing_browser_skips_with_a_sentence_or_fails_where_it_is_required(tmp_path):
    def outcome(**settings):
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-o",
            "addopts=",
            "-p",
            "no:cacheprovider",
            "-rs",
        ]
        environment = {
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # quicker
            "CNNVIZ_CHROMIUM": str(tmp_path / "none"),
            **settings,
        }
        return subprocess.run(
            [*command, __file__, "-k", "slider_moves"],
            env=environment,
            capture_output=True,
            text=True,
        )

    skipped = outcome(CNNVIZ_REQUIRE_BROWSER="0")
    assert skipped.returncode == 0
    assert "1 skipped" in skipped.stdout
    assert "install Debian's `chromium`" in skipped.stdout
    assert outcome(CNNVIZ_REQUIRE_BROWSER="1").returncode != 0


def test_find_chromium_prefers_the_named_one(monkeypatch, tmp_path):
    program = tmp_path / "my-chromium"
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setenv("CNNVIZ_CHROMIUM", str(program))
    assert Path(find_chromium()) == program
    monkeypatch.setenv("CNNVIZ_CHROMIUM", str(tmp_path / "none"))
    assert find_chromium() is None


def size_of(png: Path) -> tuple[int, int]:
    """Width and height, which stand at fixed places in every PNG file."""
    head = png.read_bytes()[16:24]
    return int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
