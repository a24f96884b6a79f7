"""A scene as one self-contained page in which pointing, pinning and stepping work offline."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from .scene import Scene
from .stage import STAGE_SCRIPT, STAGE_STYLE, view_of
from .svg import svg

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}
body {{ margin: 2rem auto; padding: 0 1.5rem; max-width: 1500px; background: var(--page, #fff);
  color: var(--jp-ui-font-color1, #1b2430); }}
[data-jp-theme-light="false"] {{ --page: #14181d; --jp-ui-font-color1: #e8ebef; --jp-border-color1: #4a545f; }}
h1 {{ font: 600 1.3rem system-ui, sans-serif; }}
</style></head>
<body data-jp-theme-light="true">
<h1>{title}</h1>
<main id="stage"></main>
<noscript>{picture}</noscript>
<script type="module">
{script}
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const followTheme = () => {{ document.body.dataset.jpThemeLight = String(!dark.matches); }};
dark.addEventListener("change", followTheme);
followTheme();
const state = {state};
const listeners = {{}};
mount(document.getElementById("stage"), {{
  editable: false,
  get: (name) => state[name],
  set: (given) => {{
    Object.assign(state, given);
    for (const name in given) (listeners[name] ?? []).forEach((run) => run());
  }},
  on: (name, listener) => {{ (listeners[name] ??= []).push(listener); }},
}});
</script></body></html>
"""


def page(scene: Scene) -> str:
    """The page as text. Without JavaScript it still shows the picture."""
    state = {
        "view": view_of(scene),
        "pinned": list(scene.focus or ()),
        "step": scene.step,
        "message": "",
        "proof": "",
    }
    # "</" inside a script element would end it early.
    state_text = json.dumps(state, ensure_ascii=False).replace("</", "<\\/")
    return _PAGE.format(
        title=escape(scene.title),
        style=STAGE_STYLE,
        script=STAGE_SCRIPT,
        state=state_text,
        picture=svg(scene),
    )


def write(scene: Scene, path: Path) -> None:
    """The page as a file."""
    path.write_text(page(scene), encoding="utf-8")
