"""Drive the real JupyterLab in a real browser, as a learner would.

    with Lab("notebooks") as lab, Browser(lab) as browser:
        browser.open_notebook("03_convolution_as_a_matrix.ipynb")
        browser.run_all()
        browser.move_slider("stride", "ArrowRight")
        browser.screenshot("lesson.png")
        assert browser.problems() == []

`Lab` is the server and `Browser` is the window. The server works on a temporary copy of the
notebooks, with settings of its own, so neither the repository nor a person's JupyterLab is touched.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"

# Complaints that JupyterLab causes by itself, as (pattern, reason). Everything else is ours.
NOISE = [
    ("^No such comm: ", "JupyterLab asks a new kernel for its widgets before it has ipywidgets"),
]

SETTINGS = {
    # Cells outside the view belong to the page too, so that they can be found and photographed.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    # No questions about news, no look-ups of newer versions.
    "@jupyterlab/apputils-extension/notification": {
        "checkForUpdates": False,
        "fetchNews": "false",
    },
}


def find_chromium() -> str | None:
    """The path of an installed Chromium, or None. `CNNVIZ_CHROMIUM` names another one."""
    named = os.environ.get("CNNVIZ_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, names)), None)


# --- the server ------------------------------------------------------------------------------


class Lab:
    """JupyterLab on loopback, over a temporary copy of the folder `notebooks`."""

    def __init__(self, notebooks: str | Path):
        self.source = Path(notebooks).resolve()

    def __enter__(self) -> Lab:
        self._temporary = tempfile.TemporaryDirectory(prefix="cnnviz-lab-")
        self.home = Path(self._temporary.name)
        self.root = self.home / "notebooks"
        shutil.copytree(self.source, self.root, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        for path in self.root.rglob("*.ipynb"):
            strip(path)
        self._write_settings()
        self.token = secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{free_port()}"
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        """Stop the server, which stops its kernels, and forget the copy."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()  # the kernels notice that their parent is gone, and leave
            self.process.wait()
        self._temporary.cleanup()

    def restore(self, name: str) -> None:
        """Make notebook `name` as on the first day: no outputs, no kernel, no changed setting."""
        for session in self.ask("api/sessions"):
            self.ask(f"api/sessions/{session['id']}", method="DELETE")
        shutil.copyfile(self.source / name, self.root / name)
        strip(self.root / name)
        self._write_settings()

    def ask(self, path: str, method: str = "GET"):
        """The server's answer to a REST request, as Python values."""
        request = urllib.request.Request(
            f"{self.url}/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read() or "null")

    def log(self) -> str:
        """What the server and its kernels have printed."""
        return (self.home / "server.log").read_text(errors="replace")

    def _write_settings(self) -> None:
        shutil.rmtree(self.home / "settings", ignore_errors=True)
        for plugin, values in SETTINGS.items():
            path = self.home / "settings" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def _start(self) -> None:
        own_folders = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",  # the environment's own kernels are still found
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",  # no one's start-up scripts
        }
        environment = {
            **os.environ,
            **{name: str(self.home / folder) for name, folder in own_folders.items()},
            "JUPYTER_TOKEN": self.token,
        }
        options = [
            "--no-browser",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.url.rpartition(':')[2]}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.news_url=None",
            "--LabApp.extension_manager=readonly",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--allow-root")  # as in a container
        with open(self.home / "server.log", "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *options],
                env=environment, cwd=self.root, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._wait_until_it_answers()

    def _wait_until_it_answers(self, timeout: float = 90) -> None:
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.ask("api/status")
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start. It said:\n{self.log()[-3000:]}")


def strip(path: Path) -> None:
    """Remove outputs and counts from a notebook file, and name its kernel if nothing does."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    notebook["metadata"].pop("widgets", None)
    notebook["metadata"].setdefault("kernelspec", {"name": "python3", "display_name": "Python 3"})
    path.write_text(json.dumps(notebook), encoding="utf-8")


def write_notebook(path: Path, *sources: str) -> None:
    """Write a notebook whose code cells hold `sources`."""
    cells = [
        {"cell_type": "code", "id": f"cell-{i}", "metadata": {}, "source": source,
         "outputs": [], "execution_count": None}
        for i, source in enumerate(sources)
    ]  # fmt: skip
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


def is_noise(text: str) -> bool:
    """Is this something that JupyterLab complains of by itself?"""
    return any(re.search(pattern, text.strip()) for pattern, _ in NOISE)


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- the window ------------------------------------------------------------------------------

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # root in a container cannot have one; the only site visited is our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
]

# Helpers that live in the page; `panel` is the open notebook.
IN_THE_PAGE = """
window.cnnvizDriver = {
    callbackErrors: [],
    get panel() { return window.jupyterapp.shell.currentWidget; },
    get kernel() { return this.panel?.sessionContext?.session?.kernel; },

    listen() {  // what a slider's callback raises or complains of is shown in no cell
        this.panel.sessionContext.iopubMessage.connect((_, message) => {
            const { header, parent_header: parent, content } = message;
            if (parent.msg_type !== "comm_msg") return;
            if (header.msg_type === "error")
                this.callbackErrors.push(`${content.ename}: ${content.evalue}`);
            else if (content.name === "stderr")
                this.callbackErrors.push(content.text);
        });
    },
    cells() {
        return Array.from(this.panel.content.model.cells, (cell, index) => ({
            index,
            todo: cell.type === "code" && cell.sharedModel.getSource().trim() !== "",
            count: cell.executionCount ?? null,
            mayFail: (cell.getMetadata("tags") ?? []).includes("raises-exception"),
            errors: cell.type !== "code" ? [] : cell.outputs.toJSON()
                .filter(output => output.output_type === "error")
                .map(output => `${output.ename}: ${output.evalue}`),
        }));
    },
    ran() {  // every cell has a count, or one has failed, which stops the run
        const cells = this.cells().filter(cell => cell.todo);
        return cells.every(cell => cell.count !== null)
            || cells.some(cell => cell.errors.length > 0 && !cell.mayFail);
    },
};
"""


class Browser:
    """A headless Chromium window on a `Lab`, with one notebook open at a time.

    `page` is Playwright's page, for everything that has no name here. Sizes are in CSS pixels;
    `scale` is how many pixels of a screenshot make one of them.
    """

    def __init__(self, lab: Lab, viewport=(1280, 900), scale=1, chromium: str | None = None):
        self.lab = lab
        self.viewport = viewport
        self.scale = scale
        self.executable = chromium or find_chromium()

    def __enter__(self) -> Browser:
        from playwright.sync_api import sync_playwright

        if self.executable is None:
            raise FileNotFoundError("Chromium was not found.")
        with ExitStack() as stack:  # whatever happens from here on, nothing stays open
            playwright = stack.enter_context(sync_playwright())
            self._chromium = playwright.chromium.launch(
                executable_path=self.executable, args=CHROMIUM_ARGUMENTS
            )
            stack.callback(self._chromium.close)
            self._close = stack.pop_all().close
        self.page = None
        return self

    def __exit__(self, *_) -> None:
        self._close()

    # opening and running

    def open_notebook(self, name: str, timeout: float = 60) -> None:
        """Open notebook `name` for the first time: fresh copy, fresh kernel, fresh window."""
        if self.page:
            self.page.context.close()
        self.lab.restore(name)
        self.console_errors: list[str] = []
        self.page_errors: list[str] = []
        width, height = self.viewport
        self.page = self._chromium.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=self.scale
        ).new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        self.page.add_init_script(IN_THE_PAGE)
        self.page.goto(f"{self.lab.url}/lab/tree/{name}?token={self.lab.token}&reset")
        self._wait("window.jupyterapp?.restored.then(() => true)", timeout)
        self._wait("cnnvizDriver.panel?.sessionContext?.ready.then(() => true)", timeout)
        self._wait("cnnvizDriver.kernel?.status === 'idle'", timeout)
        self.page.evaluate("cnnvizDriver.listen()")

    def page_without_a_network(self):
        """A page of its own for saved files, with `complaints`: the errors it has met."""
        page = self._chromium.new_context(offline=True).new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        return page

    def run_all(self, timeout: float = 180) -> None:
        """Run all cells. A failing cell stops the run, as it does for a learner."""
        # The braces keep the command's promise, which never settles, out of the answer.
        self.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
        self._wait("cnnvizDriver.ran()", timeout)
        self.wait_until_idle(timeout)

    def wait_until_idle(self, timeout: float = 60) -> None:
        """Wait until the kernel has nothing left to do."""
        idle = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
        self.page.locator(idle).first.wait_for(timeout=timeout * 1000)
        self._wait("cnnvizDriver.kernel.status === 'idle'", timeout)

    # looking

    def cell(self, index: int):
        """The locator of cell `index`, counted from 0 with the text cells."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int):
        """The locator of what stands under cell `index`."""
        return self.cell(index).locator(".jp-Cell-outputWrapper")

    def slider(self, description: str, within=None):
        """The slider with this description; arrow keys move it. It is one of a picture, or else the
        handle of one of ipywidgets."""
        ours = (within or self.page).get_by_role("slider", name=description, exact=True)
        if ours.count():
            return ours.first
        label = self.page.get_by_text(re.compile(rf"^\s*{re.escape(description)}\s*$"))
        row = (within or self.page).locator(".widget-slider", has=label)
        return row.locator(".noUi-handle").first

    def move_slider(self, description: str, *keys: str, within=None) -> None:
        """Press `keys`, such as "ArrowRight", on a slider."""
        for key in keys:
            self.slider(description, within).press(key)

    def errors_in_outputs(self) -> list[str]:
        """The errors that stand under cells, unless the cell is tagged `raises-exception`."""
        return [
            f"cell {cell['index']}: {error}"
            for cell in self.page.evaluate("cnnvizDriver.cells()")
            if not cell["mayFail"]
            for error in cell["errors"]
        ]

    def errors_in_callbacks(self) -> list[str]:
        """What callbacks raised, or wrote to stderr, since opening. No cell shows that."""
        return [e for e in self.page.evaluate("cnnvizDriver.callbackErrors") if not is_noise(e)]

    def problems(self) -> list[str]:
        """Everything that went wrong since opening; an empty list is what a test wants."""
        return (
            self.errors_in_outputs()
            + [f"callback: {text}" for text in self.errors_in_callbacks()]
            + [f"console: {text}" for text in self.console_errors]
            + [f"page: {text}" for text in self.page_errors]
        )

    # pictures

    def set_theme(self, theme: str) -> None:
        """Change to `LIGHT`, `DARK` or another installed theme."""
        self.page.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
        )
        self.page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")

    def hide_chrome(self) -> None:
        """Give the notebook the whole window: no open sidebars, no tabs."""
        self.page.evaluate(
            """() => {
                const { shell } = jupyterapp;
                shell.collapseLeft();
                shell.collapseRight();
                shell.mode = "single-document";
            }"""
        )

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self.page.set_viewport_size({"width": width, "height": height})

    def scroll_to(self, locator) -> None:
        """Bring an element to the middle of the window."""
        locator.evaluate("element => element.scrollIntoView({ block: 'center' })")

    def screenshot(self, path: str | Path) -> None:
        """Write what the window shows."""
        self._settle()
        self.page.screenshot(path=path)

    def screenshot_cell(self, index: int, path: str | Path) -> None:
        """Write one cell with its output, however tall it is."""
        cell, size = self.cell(index), self.page.viewport_size
        self.resize(size["width"], max(size["height"], int(cell.bounding_box()["height"]) + 300))
        self.scroll_to(cell)
        self._settle()
        cell.screenshot(path=path)
        self.resize(size["width"], size["height"])

    # inside

    def _hear(self, message) -> None:
        if message.type != "error":
            return
        text = f"{message.text} ({message.location['url']})"
        if not is_noise(text):
            self.console_errors.append(text)

    def _wait(self, condition: str, timeout: float) -> None:
        from playwright.sync_api import TimeoutError

        try:
            self.page.wait_for_function(condition, timeout=timeout * 1000)
        except TimeoutError:
            dialogs = self.page.locator(".jp-Dialog").all_inner_texts()
            raise TimeoutError(
                f"Waited {timeout} s for: {condition}. Dialogs in the way: {dialogs or 'none'}."
            ) from None

    def _settle(self) -> None:
        """Let fonts arrive and transitions end."""
        self.page.evaluate(
            """() => Promise.all([
                document.fonts.ready,
                ...document.getAnimations()
                    .filter(animation => animation.effect?.getTiming().iterations !== Infinity)
                    .map(animation => animation.finished.catch(() => null)),
            ]).then(() => null)"""
        )
