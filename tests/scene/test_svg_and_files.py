"""One renderer, and what it writes to files."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from cnnviz import explore_channels, sample_input, sample_kernel
from cnnviz.pictures.matrix.convolution_matrix import convolution_matrix
from cnnviz.scene.svg import svg

NAMESPACE = "{http://www.w3.org/2000/svg}"


def scene_of(size=4, **options):
    return convolution_matrix(sample_input(size, size), sample_kernel(3, 3), **options)


def texts_of(picture):
    return ["".join(node.itertext()) for node in picture.iter(f"{NAMESPACE}text")]


@pytest.mark.parametrize(
    "options", [{}, {"padding": 2, "show": "numbers"}, {"dilation": 1, "size": 12}]
)
def test_a_picture_is_well_formed_and_describes_its_result(options):
    scene = scene_of(**options).at("output", 1)
    picture = ElementTree.fromstring(svg(scene))
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == scene.sentence("output", 1)


def test_every_cell_with_room_is_written_in():
    texts = texts_of(ElementTree.fromstring(svg(scene_of())))
    assert texts.count("k11") == 1 + 1 + 4  # the kernel, the head of the patches, four times in W
    assert texts.count("0") == 64 - 36
    large = texts_of(ElementTree.fromstring(svg(scene_of(6))))
    assert {"a66", "h44", "k33"} <= set(large)
    # Labels of 12×12 cells could not be read: there the colours speak.
    assert not {"a₁₂,₁₂", "h₁₀,₁₀"} & set(texts_of(ElementTree.fromstring(svg(scene_of(12)))))


def test_cells_lie_inside_their_slots_and_slots_inside_the_picture():
    scenes = [scene_of(n, padding=p) for n in (3, 4, 12) for p in (0, 3)]
    for scene in [*scenes, explore_channels(4, 4).scene, scene_of(28)]:
        for grid in scene.grids:
            (left, top), (right, low) = grid.corner(0), grid.corner(grid.size - 1)
            slot, place = grid.slot, grid.place
            assert left >= slot.x - 0.5 and top >= slot.y - 0.5
            assert right + place.width <= slot.x + slot.width + 0.5
            assert low + place.height <= slot.y + slot.height + 0.5
            assert slot.x + slot.width <= scene.size[0] and slot.y + slot.height <= scene.size[1]


def test_slots_do_not_overlap():
    grids = scene_of().grids
    for n, one in enumerate(grids):
        for other in grids[n + 1 :]:
            a, b = one.slot, other.slot
            apart = (
                a.x + a.width <= b.x
                or b.x + b.width <= a.x
                or a.y + a.height <= b.y
                or b.y + b.height <= a.y
            )
            assert apart, (one.name, other.name)


def test_a_large_w_keeps_its_diagonals_when_it_shrinks():
    picture = svg(scene_of(28, parts=("W",)))
    data = re.findall(r'href="data:image/png;base64,([^"]+)"', picture)[-1]
    alpha = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))[..., 3]
    assert alpha.shape[0] <= 2 * 498 and alpha.shape[1] <= 2 * 640
    assert (alpha.max(axis=1) > 40).all(), "a row of W lost its weights"
    assert (alpha.max(axis=0) > 40).all(), "a column of W lost its weights"


def test_padding_is_marked_by_shape_and_not_by_colour_alone():
    assert 'class="m-padding"' in svg(scene_of(padding=1))
    assert 'class="m-padding"' not in svg(scene_of())


def test_the_pinned_cell_is_lit():
    picture = svg(scene_of().at("output", 0))
    assert picture.count('class="l-written"') == 3  # the cell, its place in the margin, the legend
    assert 'class="focus"' in picture


def test_a_scene_is_saved_in_each_format(tmp_path):
    scene = scene_of(padding=1).at("output", 0)
    starts = {
        "svg": b"<svg",
        "pdf": b"%PDF",
        "png": b"\x89PNG",
        "html": b"<!doctype html>",
        "txt": b"A convolution",
    }
    for ending, start in starts.items():
        path = scene.save(tmp_path / f"picture.{ending}")
        assert path.read_bytes().startswith(start)
    with pytest.raises(ValueError, match=r"\.html, \.pdf, \.png, \.svg, \.txt; 'a\.gif' is none"):
        scene.save(tmp_path / "a.gif")


def test_a_saved_page_needs_nothing_from_elsewhere(tmp_path):
    page = scene_of().save(tmp_path / "page.html").read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?://[^\\\"'\s<>]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}
    assert not re.search(r"<link|<script[^>]+src=|@import|url\(", page)


def test_a_saved_page_survives_a_title_that_looks_like_markup(tmp_path):
    from dataclasses import replace

    scene = replace(scene_of(), title="</script><b>", say="</script>")
    page = scene.save(tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("</script>") == 1
