"""Whatever stands on a coloured cell can be read: at least 4.5 to 1 as WCAG counts it, in every picture
and both themes; only the quiet zeros may have 3."""

import re

import pytest

from cnnviz.scene import scale
from cnnviz.scene.stage import STAGE_STYLE
from tests.tools.every_explorer import EXPLORERS, made

READABLE, QUIET = 4.5, 3.0
PAGES = {"light": "#ffffff", "dark": "#111111"}  # JupyterLab's own


def colours(selector: str) -> dict[str, str]:
    """The colours that a rule of the style gives names to."""
    body = re.search(re.escape(selector) + r"\s*\{([^}]*--text[^}]*)\}", STAGE_STYLE)[1]
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", body))


LIGHT = colours("\n.cnnviz-svg")
DARK = LIGHT | colours('[data-jp-theme-light="false"] .cnnviz-stage .cnnviz-svg')
THEMES = {"light": LIGHT, "dark": DARK}


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))


def over(paper, colour, share):
    """A colour that covers a share of the paper."""
    return tuple((1 - share) * a + share * b for a, b in zip(paper, colour, strict=True))


def luminance(colour) -> float:
    """Source: WCAG 2.2, "relative luminance"."""
    parts = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def contrast(one, two) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself_by_hand():
    black, white = rgb("#000000"), rgb("#ffffff")
    assert contrast(black, white) == pytest.approx(21)
    assert contrast(rgb("#767676"), white) == pytest.approx(4.54, abs=0.01)
    assert over(white, black, 0.25) == (0.75,) * 3


def backgrounds(scene, theme) -> set[tuple[float, ...]]:
    """What lies behind the texts of a scene at this moment, with and without the band that lies over
    what is around."""
    tile, found = rgb(theme["tile"]), set()
    for grid in (grid for grid in scene.grids if scene.shown(grid)):
        found.add(tile)
        if grid.hues is not None:
            found |= {over(tile, [c / 255 for c in scale.hue(h)], scale.COVERS) for h in grid.hues}
        elif (levels := scene.levels(grid, scene.step)) is not None:
            for level in {*levels.tolist()}:
                hue = rgb(theme["plus" if level > 0 else "minus"])
                found.add(over(tile, hue, abs(level) / scale.LEVELS))
    return found | {over(one, rgb(theme["read"]), 0.1) for one in found}


def moments(scene):
    """A scene as it opens, at rest, in the middle of its walk and at its end."""
    last = scene.length - 1
    return [scene, *(scene.at_step(n) for n in {-1, min(scene.length // 2, last), last})]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPLORERS)
def test_every_number_can_be_read_on_its_colour(name):
    explorer = made(EXPLORERS[name])
    for theme in THEMES.values():
        for paper in {one for at in moments(explorer.scene) for one in backgrounds(at, theme)}:
            assert contrast(rgb(theme["text"]), paper) >= READABLE
    explorer.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPLORERS)
def test_the_colour_of_a_cell_has_the_sign_of_the_number_in_it(name):
    explorer = made(EXPLORERS[name])
    if "show" in explorer.values:
        explorer.move(show="numbers")
    for scene in moments(explorer.scene):
        for grid in (grid for grid in scene.grids if grid.coloured and scene.shown(grid)):
            levels = scene.levels(grid, scene.step).tolist()
            for text, level in zip(scene.shown(grid), levels, strict=True):
                number = scale.number_in(text)
                if number > 0 or number < 0:  # what is rounded to 0 or is no number says nothing
                    assert number * level > 0, (grid.name, text)
    explorer.close()


@pytest.mark.parametrize("theme", THEMES)
def test_titles_zeros_marks_and_outlines_can_be_seen(theme):
    of, page = THEMES[theme], rgb(PAGES[theme])
    tile = rgb(of["tile"])
    for name in ("text", "dim"):
        assert contrast(rgb(of[name]), page) >= READABLE
    assert contrast(rgb(of["zero"]), tile) >= QUIET
    for name in ("read", "written", "switch", "wrong", "zero", "edge"):
        assert contrast(rgb(of[name]), page) >= QUIET, name
        assert contrast(rgb(of[name]), tile) >= QUIET, name


@pytest.mark.parametrize("theme", THEMES)
def test_the_words_of_the_panel_can_be_read(theme):
    selector = (
        '[data-jp-theme-light="false"] .cnnviz-stage' if theme == "dark" else "\n.cnnviz-stage"
    )
    rule = re.search(re.escape(selector) + r"[^{}]* \{([^}]*--brand: [^}]*)\}", STAGE_STYLE)[1]
    of, page = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", rule)), rgb(PAGES[theme])
    for name in ("soft", "good", "bad"):
        assert contrast(rgb(of[name]), page) >= READABLE, name
    assert contrast(rgb("#ffffff"), rgb(of["brand"])) >= READABLE  # the main button


@pytest.mark.parametrize("theme", THEMES)
def test_sign_and_role_differ_for_eyes_that_see_fewer_colours(theme):
    """Machado, Oliveira and Fernandes (2009): what is left of a colour without one kind of cone."""
    kinds = {
        "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                         (-0.01182, 0.04294, 0.968881)),
        "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                       (-0.003882, -0.048116, 1.051998)),
    }  # fmt: skip
    of = THEMES[theme]
    for matrix in kinds.values():

        def seen(name, matrix=matrix):
            return [sum(m * c for m, c in zip(line, rgb(of[name]), strict=True)) for line in matrix]

        for one, two in (("plus", "minus"), ("read", "written")):
            apart = max(abs(a - b) for a, b in zip(seen(one), seen(two), strict=True))
            assert apart > 0.12, (one, two)
