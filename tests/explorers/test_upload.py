"""The learner's own image: what is taken, what is refused and why, and what becomes of it."""

import re
import struct
import sys
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cnnviz import explore_own_image
from cnnviz.network.photographs import MOST_BYTES, Refused, as_digit, read_image
from cnnviz.network.trained import trained_network

pytestmark = pytest.mark.slow  # the network that reads has to learn first


@pytest.fixture(scope="module")
def view():
    return explore_own_image()


def drawing(mode="L", paper="white", ink="black", size=(200, 240)):
    """A 7, not in the middle."""
    image = Image.new(mode, size, paper)
    ImageDraw.Draw(image).line([(30, 40), (120, 40), (60, 180)], fill=ink, width=18)
    return image


def written(image, format="PNG", **how):
    buffer = BytesIO()
    image.save(buffer, format, **how)
    return buffer.getvalue()


def head_of_png(width, height):
    """A PNG file that claims a size, and holds next to nothing."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


# --- what is refused -------------------------------------------------------------------------

WHOLE = written(drawing())
REFUSED = {
    "text": (b"import os; os.remove('x')", "not a PNG or JPEG"),
    "empty": (b"", "empty"),
    "GIF named .png": (written(drawing(), "GIF"), "not a PNG or JPEG"),
    "TIFF": (written(drawing(), "TIFF"), "not a PNG or JPEG"),
    "BMP": (written(drawing(), "BMP"), "not a PNG or JPEG"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not a PNG or JPEG"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a PNG or JPEG"),
    "only a signature": (b"\x89PNG\r\n\x1a\n", "not a PNG or JPEG"),
    "truncated PNG": (WHOLE[: len(WHOLE) // 2], "damaged"),
    "truncated JPEG": (written(drawing(), "JPEG")[:1500], "damaged"),
    "many bytes": (WHOLE + bytes(MOST_BYTES), "8 MB"),
    "many pixels": (head_of_png(9000, 9000), "9000 × 9000 pixels"),
    "decompression bomb": (head_of_png(60_000, 60_000), "million pixels"),
}


# Old versions of what we stand on warn of deprecations among themselves.
@pytest.mark.filterwarnings("error", "default::DeprecationWarning")
@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_and_why(view, content, reason):
    with pytest.raises(Refused, match=reason) as caught:
        read_image(content)
    assert str(caught.value).endswith(".")
    before = view._figure.value
    view.upload(content, "<b>digit</b>.png")
    assert view.message == f"“<b>digit</b>.png” was not taken. {caught.value}"
    assert view.bar.wrong and view.bar.spoken == view.message
    assert view._figure.value == before, "the last picture stays"


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_gets_through_as_another_error(seed):
    random = np.random.default_rng(seed)
    content = bytearray(written(drawing("RGB"), "JPEG" if seed % 2 else "PNG"))
    for place in random.integers(0, len(content), 6):
        content[place] = random.integers(256)
    try:
        grey = read_image(content)
    except Refused:
        return
    assert grey.ndim == 2 and 0 <= grey.min() <= grey.max() <= 1


def test_pixels_are_counted_before_they_are_unpacked(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("unpacked"))
    with pytest.raises(Refused, match="pixels"):
        read_image(head_of_png(9000, 9000))


def test_the_browser_sends_what_is_chosen():
    view = explore_own_image()
    record = next(one for one in view.bar.controls if one["kind"] == "file")
    assert record["most"] == MOST_BYTES and ".png" in record["accept"]
    message = {"name": "seven.png", "size": len(WHOLE)}
    view.bar._handle_custom_msg(message, [memoryview(WHOLE)])
    assert view.message.startswith("“seven.png”: The network says 7")
    names = [one["name"] for one in view.bar.controls]
    assert "digit" not in names, "the number of a held-out digit says nothing of an own image"


def test_what_the_browser_did_not_send_is_refused_by_its_size(view):
    view._taken("large.png", 40 * 2**20, b"")
    assert view.message == (
        "“large.png” was not taken. This file has 40.0 MB. At most 8 MB are read."
    )


def test_without_pillow_a_sentence_says_what_is_missing(view, monkeypatch):
    """As in a browser's Python that did not bring it."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    view.upload(WHOLE, "seven.png")
    assert "needs Pillow, which it does not have" in view.message and view.bar.wrong
    with pytest.raises(Refused, match="empty"):
        read_image(b"")


# --- what is taken ---------------------------------------------------------------------------


def test_grey_from_any_kind_of_pixel():
    wanted = np.asarray(drawing(), np.float32) / 255
    see_through = Image.new("RGBA", (200, 240), (0, 0, 0, 0))
    see_through.paste("black", mask=drawing(paper="black", ink="white"))
    assert set(np.asarray(see_through)[..., :3].ravel()) == {0}, "black under transparent"
    sixteen = Image.fromarray(np.asarray(drawing()).astype(np.uint16) * 257)
    for image in (
        drawing(), drawing("RGB"), drawing("1", 1, 0), drawing("RGB").quantize(4), see_through,
        drawing().convert("LA"), sixteen,
    ):  # fmt: skip
        np.testing.assert_allclose(read_image(written(image)), wanted, atol=0.01)
    for image in (drawing(), drawing("RGB"), drawing("RGB").convert("CMYK")):
        found = read_image(written(image, "JPEG", quality=95))
        assert np.abs(found - wanted).mean() < 0.01


def test_a_picture_is_turned_as_the_camera_was_held():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it 90° clockwise
    lying = drawing().transpose(Image.Transpose.ROTATE_90)
    found = read_image(written(lying, "JPEG", exif=exif, quality=95))
    assert found.shape == (240, 200)
    assert np.abs(found - np.asarray(drawing()) / 255).mean() < 0.01


def test_a_jpeg_of_several_pictures_is_a_jpeg():
    """As some telephones write it: Pillow calls it MPO."""
    content = written(drawing("RGB"), "MPO", save_all=True, append_images=[drawing("RGB")])
    assert Image.open(BytesIO(content)).format == "MPO"
    assert read_image(content).shape == (240, 200)


def test_large_pictures_are_made_smaller():
    grey = read_image(written(drawing(size=(4000, 3000))))
    assert grey.shape == (768, 1024)


# --- what becomes of it ----------------------------------------------------------------------


def test_place_size_and_light_do_not_matter():
    wanted = as_digit(np.asarray(drawing()) / 255)
    assert wanted.shape == (28, 28) and wanted.dtype == np.float32
    assert 0 <= wanted.min() <= 0.01 and 0.9 < wanted.max() <= 1
    moved = Image.new("L", (500, 400), "white")
    moved.paste(drawing(), (250, 100))
    doubled = drawing().resize((400, 480))
    faint = drawing(paper=200, ink=90)
    inverted = drawing(paper="black", ink="white")
    for image, invert in ((moved, False), (doubled, False), (faint, False), (inverted, True)):
        np.testing.assert_allclose(as_digit(np.asarray(image) / 255, invert), wanted, atol=0.06)


def test_thin_strokes_become_as_broad_as_those_of_the_digits():
    image = Image.new("L", (200, 240), "white")
    ImageDraw.Draw(image).line([(30, 40), (120, 40), (60, 180)], fill="black", width=2)
    assert as_digit(np.asarray(image) / 255).mean() > 0.15


def test_the_digits_of_the_course_come_back_as_they_were():
    """Enlarged, moved on a larger paper, and read as an own image: nearly as well as before."""
    trained = trained_network()
    paper = trained.split.test_images.min()
    right = 0
    for image, label in zip(
        trained.split.test_images[:100, 0], trained.split.test_labels, strict=False
    ):
        sheet = Image.new("L", (300, 260), 230)
        dark = Image.fromarray((230 - 230 * np.clip(image - paper, 0, 1)).astype(np.uint8))
        sheet.paste(dark.resize((150, 150)), (90, 60))
        ink = as_digit(np.asarray(sheet) / 255)
        right += trained.network((ink + paper)[None, None])[0].argmax() == label
    assert right >= 93


@pytest.mark.parametrize("invert", [False, True])
def test_paper_without_a_digit_is_refused_with_advice(view, invert):
    with pytest.raises(Refused, match="invert"):
        as_digit(np.full((40, 40), 0.5), invert)
    with pytest.raises(Refused, match="invert"):
        as_digit(
            np.asarray(
                drawing(paper="white" if invert else "black", ink="black" if invert else "white")
            )
            / 255,
            invert,
        )


# --- the view --------------------------------------------------------------------------------


def test_a_drawing_is_taken_and_read(view):
    view.upload(WHOLE, "seven.png")
    assert view.values["which"] == "my own image"
    assert view.message.startswith("“seven.png”: The network says 7, with a share of ")
    assert not view.bar.wrong
    shares = view.shares(view.seen()[0])
    assert shares.shape == (10,) and shares.sum() == pytest.approx(1) and shares.argmax() == 7
    view.move(invert=True)
    assert "Take the tick from “invert”" in view.message
    view.move(invert=False)
    assert "says 7" in view.message
    view.move(which="a held-out digit")


def test_light_on_dark_is_taken_when_the_tick_is_set():
    view = explore_own_image()
    content = written(drawing(paper="black", ink="white"))
    view.upload(content, "board.png")
    assert "was not taken" in view.message and "tick “invert”" in view.message
    view.move(invert=True)
    view.upload(content, "board.png")
    assert "says 7" in view.message


def test_without_an_upload_a_held_out_digit_is_shown():
    view = explore_own_image()
    ink, shown, label = view.seen()
    np.testing.assert_array_equal(ink, shown)
    assert ink.min() == pytest.approx(0) and ink.shape == (28, 28)
    assert view.message.endswith(f"It is indeed {label}.")
    drawn = lambda: re.sub("(image|p|m)[0-9a-f]{10}", "", view._figure.value)  # noqa: E731  (without ids)
    before = drawn()
    view.move(which="my own image")
    assert view.message.startswith("Choose a file first.") and drawn() == before
    view.move(which="a held-out digit")
    view.move(digit=view.values["digit"] + 1)
    assert drawn() != before


def test_a_misread_digit_is_said_to_be_one(view):
    trained = trained_network()
    scores = trained.network(trained.split.test_images)
    wrong = int(np.flatnonzero(scores.argmax(axis=1) != trained.split.test_labels)[0])
    view.move(which="a held-out digit", digit=wrong + 1)
    assert f"It is really {trained.split.test_labels[wrong]}." in view.message


def test_shares_and_maps_are_those_of_the_network(view):
    view.move(which="a held-out digit", digit=3)
    ink, shown, _ = view.seen()
    image = view.split.test_images[2:3]
    scores = view.network(image)
    exp = np.exp(scores - scores.max())
    np.testing.assert_allclose(view.shares(ink), (exp / exp.sum())[0], atol=1e-4)
    np.testing.assert_allclose(view.maps(shown), view.network.maps[2][0], atol=1e-5)


def test_the_photograph_goes_through_the_first_layer_in_its_own_size(view):
    view.move(which="the photograph")
    seen, shown, label = view.seen()
    assert (seen.shape, shown.shape, label) == ((28, 28), (112, 112), None)
    assert view.maps(shown).shape == (8, 110, 110)
    assert "ten answers and no other" in view.message
    view.move(which="a held-out digit")


def test_a_static_picture_stands_beside_the_widget(view):
    data, _ = view._repr_mimebundle_()
    assert data["image/svg+xml"].startswith("<svg") and data["text/plain"] == view.message
