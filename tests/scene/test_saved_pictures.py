"""What is saved is what the screen shows: one SVG, and from it the PNG and the PDF."""

import io
import re
import sys
from functools import cache
from xml.etree import ElementTree

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image
from pypdf import PdfReader

from cnnviz import explore_convolution_matrix, explore_scatter_gather
from cnnviz.scene import Scene, bitmap, pdf, png
from cnnviz.scene.foot import EDGE
from cnnviz.scene.svg import STYLE, saved_size, svg
from tests.tools.every_explorer import EXPLORERS, made

SVG = "{http://www.w3.org/2000/svg}"
LETTERS = {"say": 17, "equation": 19}  # sizes, as in picture.css


def matrix():
    return explore_convolution_matrix(4).scene.at_step(-1)


def said_below(scene):
    """The lines of the foot, without the sign that brings a line up again after a subscript."""
    texts = ElementTree.fromstring(svg(scene)).iter(f"{SVG}text")
    lines = [text for text in texts if text.get("class") in LETTERS]
    return ["".join(line.itertext()).replace("\u200b", "") for line in lines]


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"))


# The foot.


def test_a_pinned_cell_is_said_and_written_in_symbols_and_numbers():
    assert said_below(matrix().at("output", 1)) == [
        "h₁₂ reads 9 input cells. It is row 2 of W times the input as a vector.",
        "h12 = k11·a12 + k12·a13 + k13·a14 + k21·a22 + k22·a23 + k23·a24 + k31·a32 + k32·a33 + k33·a34",
        "= 1·4 + 2·7 + (−1)·0 + 3·7 + (−2)·1 + 1·5 + (−1)·0 + 4·5 + (−3)·0 = 62",
    ]


def test_what_cannot_be_counted_is_written_in_symbols_alone():
    assert said_below(matrix().at("input", 0))[1:] == ["∂F/∂a11 = k11·∂F/∂h11"]


def test_a_cell_of_a_matrix_shows_the_equation_of_its_row_in_words_too():
    scene = matrix().at("W", 16)
    assert said_below(scene)[1].startswith("h12 = k11·a12")
    assert str(scene).endswith("k_33·a_34")


def test_a_step_shows_its_equation_and_rest_shows_none():
    scene = explore_scatter_gather().scene.at_step(-1)
    assert said_below(scene.at_step(10))[-2:] == [
        "∂F/∂a22 = k22·∂F/∂h11 + k21·∂F/∂h12 + k12·∂F/∂h21 + k11·∂F/∂h22",
        "= −2·1 + 3·(−2) + 2·4 + 1·(−1) = −1",
    ]
    assert " ".join(said_below(scene)) == scene.say


def test_a_sum_that_nobody_reads_is_cut_short():
    below = said_below(
        explore_convolution_matrix(28, parts=("W",), largest=28).scene.at("kernel", 0)
    )
    assert below[-1].endswith("+ … and 651 more terms") and len(below) < 8


def test_the_label_of_an_equation_is_set_as_in_a_cell():
    drawn = svg(matrix().at("output", 1))
    assert drawn.count('<tspan class="v">h</tspan><tspan class="s" dy="0.35em">12</tspan>') == 3


def test_the_stage_gets_no_foot_and_no_style():
    scene = matrix().at("output", 1)
    drawn = svg(scene, standalone=False)
    assert (
        'viewBox="0 0 1042 580"' in drawn and "<style>" not in drawn and 'class="say"' not in drawn
    )
    width, height = saved_size(scene)
    assert f'viewBox="0 0 {width} {height}"' in svg(scene) and height > 580


# All that any explorer shows.


@cache
def moments(name: str) -> tuple[Scene, ...]:
    """At rest, at every step, and with some cells of every grid pinned."""
    explorer = made(EXPLORERS[name])
    scene = explorer.scene
    explorer.close()
    steps = range(0, scene.length, 1 + scene.length // 6)
    cells = [(g.name, n) for g in scene.grids for n in range(0, g.size, 1 + g.size // 3)]
    can_speak = [(g, n) for g, n in cells if g in scene.table or scene[g].hit or scene[g].saying]
    pinned = [scene.at(*cell) for cell in can_speak]
    return scene, *map(scene.at_step, steps), *pinned


@cache
def font(name: str):
    file = TTFont(png.FONTS / f"{name}.ttf")
    return file.getBestCmap(), file["hmtx"].metrics, file["head"].unitsPerEm


def width_of(text, name: str) -> float:
    characters, metrics, em = font(name)
    return sum(metrics[characters[ord(letter)]][0] for letter in text or "") / em


def line_width(line) -> float:
    """The width of a line of the foot in the fonts that come along."""
    upright = "DejaVuSans" if line.get("class") == "say" else "DejaVuSerif"
    total = width_of(line.text, upright)
    for part in line:
        name = "DejaVuSerif-Italic" if part.get("class") == "v" else upright
        total += width_of(part.text, name) * (0.7 if part.get("class") == "s" else 1)
        total += width_of(part.tail, upright)
    return total * LETTERS[line.get("class")]


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_foot_has_room_of_its_own(name):
    for scene in moments(name):
        width, height = saved_size(scene)
        for grid in scene.grids:
            low = grid.corner(grid.size - 1)[1] + grid.place.height
            assert low <= scene.size[1], grid.name
        texts = ElementTree.fromstring(svg(scene)).iter(f"{SVG}text")
        lines = [text for text in texts if text.get("class") in LETTERS]
        below = [float(line.get("y")) for line in lines]
        sizes = [LETTERS[line.get("class")] for line in lines]
        assert lines and below[0] - sizes[0] > scene.size[1] + EDGE / 2 and below[-1] + 8 < height
        assert all(
            b - a >= 1.2 * size for a, b, size in zip(below, below[1:], sizes[1:], strict=False)
        )
        for line in lines:
            assert float(line.get("x")) + line_width(line) <= width - EDGE / 2, "".join(
                line.itertext()
            )


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_character_is_in_the_fonts_that_come_along(name):
    words, italics, bold = (
        set(map(chr, font(one)[0]))
        for one in ("DejaVuSans", "DejaVuSerif-Italic", "DejaVuSans-Bold")
    )
    for scene in moments(name):
        for node in ElementTree.fromstring(svg(scene)).iter():
            if node.tag in (f"{SVG}text", f"{SVG}tspan"):
                kind, written = node.get("class") or "", set(node.text or "") | set(node.tail or "")
                assert written <= words
                assert set(node.text or "") <= italics or kind != "v"
                assert set(node.text or "") <= bold or not kind.startswith(("count", "lamp"))


# The style, where nothing knows variables.


def test_every_variable_of_the_style_is_filled_in():
    drawn = svg(matrix().at("output", 1))
    style = re.search(r"<style>(.*?)</style>", drawn, re.DOTALL)[1]
    assert STYLE.count("var(") > 30 and "var(" not in drawn and "--" not in style
    assert ".l-written { fill: none; stroke: #c8470a;" in style


# PNG.


def test_a_png_shows_its_sentence_in_dark_letters_on_white():
    scene = matrix().at("output", 1)
    picture = pixels(png.png_bytes(scene))
    width, height = saved_size(scene)
    assert picture.shape == (png.DOTS * height, png.DOTS * width)
    foot = picture[png.DOTS * scene.size[1] :]
    assert foot[0].min() == 255 and foot[-1].min() == 255
    assert foot.min() < 60 and (foot < 128).sum() > 5000


def test_a_png_has_the_colours_of_the_screen():
    scene = matrix().at("output", 1)
    picture = np.asarray(Image.open(io.BytesIO(png.png_bytes(scene))).convert("RGB"))
    x, y = scene["output"].corner(1)
    place = scene["output"].place
    inside = picture[int(2 * y) + 12, int(2 * (x + place.width / 2))].astype(int)
    level = scene.levels(scene["output"])[1]
    tile, plus = np.array([0xFC, 0xFD, 0xFE]), np.array([0xCB, 0x93, 0x50])
    covers = level / 8
    assert level > 0 and np.abs(inside - ((1 - covers) * tile + covers * plus)).max() <= 1


def test_a_large_matrix_keeps_its_diagonals_in_a_png():
    scene = explore_convolution_matrix(28, parts=("W",), largest=28).scene
    (x, y), place = scene["W"].corner(0), scene["W"].place
    picture = pixels(png.png_bytes(scene))
    right, low = x + place.width * 784, y + place.height * 676
    inside = picture[int(2 * y) + 4 : int(2 * low) - 4, int(2 * x) + 4 : int(2 * right) - 4]
    assert (inside < 220).any(axis=1).all() and (inside > 240).mean() > 0.9


def test_fonts_of_the_system_change_nothing(monkeypatch):
    scene = matrix().at("output", 1)
    usual = png.png_bytes(scene)
    other = svg(scene).replace("system-ui,", '"DejaVu Sans Mono", "Arial", system-ui,')
    assert other != svg(scene)
    monkeypatch.setattr(png, "svg", lambda scene: other)
    assert png.png_bytes(scene) == usual


def test_the_system_is_not_asked_for_fonts(monkeypatch):
    import resvg_py

    asked = {}
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **given: asked.update(given) or b"")
    png.png_bytes(matrix())
    assert asked["skip_system_fonts"] and asked["svg_string"] == svg(matrix())


def test_where_there_is_no_resvg_a_sentence_says_what_can_be_saved(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ModuleNotFoundError, match=r"PNG cannot be made here.*\.svg and \.html can"):
        matrix().save(tmp_path / "a.png")
    assert matrix().save(tmp_path / "a.svg").exists() and not (tmp_path / "a.png").exists()


# PDF.


def test_a_pdf_is_a_page_of_text_in_our_fonts():
    scene = matrix().at("output", 1)
    (page,) = PdfReader(io.BytesIO(pdf.pdf_bytes(scene))).pages
    width, height = saved_size(scene)
    assert float(page.mediabox.width) == pytest.approx(width * pdf.POINTS, abs=0.1)
    assert float(page.mediabox.height) == pytest.approx(height * pdf.POINTS, abs=0.1)
    text = page.extract_text()
    assert "h₁₂ reads 9 input cells. It is row 2 of W" in text and "different weights" in text
    fonts = page["/Resources"]["/Font"].values()
    names = {one.get_object()["/BaseFont"].partition("+")[2] for one in fonts}
    assert names == {"DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Italic"}


def test_what_a_title_says_is_not_read_as_a_program():
    from dataclasses import replace

    scene = replace(matrix(), title='#panic("a")', say='")\n#panic("b")')
    reader = PdfReader(io.BytesIO(pdf.pdf_bytes(scene)))
    assert (
        reader.metadata.title == '#panic("a")' and '#panic("b")' in reader.pages[0].extract_text()
    )


def test_where_there_is_no_typst_a_sentence_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'cnnviz\[print\]'"):
        matrix().save(tmp_path / "a.pdf")


# The images inside a picture.


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 3, 1), (3, 7, 4), (424, 784, 4)])
def test_another_reader_finds_the_same_pixels(shape):
    given = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    data = bitmap.png(given)
    Image.open(io.BytesIO(data)).verify()
    image = Image.open(io.BytesIO(data))
    assert image.mode == ("L" if shape[2] == 1 else "RGBA")
    np.testing.assert_array_equal(np.asarray(image).reshape(shape), given)
