"""What the start page says, computed. A test is named for the section that says it."""

from cnnviz import explore_convolution_matrix


def test_controls_a_slider_moves_the_geometry_and_leaves_the_numbers():
    picture = explore_convolution_matrix(parts=(), show="numbers")
    before = picture.scene["input"].numbers
    picture.move(stride=2)
    assert picture.scene["input"].numbers == before
    assert picture.scene["output"].shape[-2:] == (1, 1)


def test_controls_a_size_that_does_not_fit_is_a_sentence_and_the_picture_stays():
    picture = explore_convolution_matrix(parts=())
    before = picture.scene
    picture.move(input_size=1)
    assert "does not fit in 1 cell" in picture.message and picture.scene is before


def test_controls_what_is_seen_is_saved_and_not_a_new_picture(tmp_path):
    picture = explore_convolution_matrix(parts=())
    picture.move(stride=2)
    moved = picture.save(tmp_path / "mine.html").read_text(encoding="utf-8")
    fresh = explore_convolution_matrix(parts=()).save(tmp_path / "new.html")
    assert moved != fresh.read_text(encoding="utf-8")
    for kind in ("svg", "png"):
        assert picture.save(tmp_path / f"mine.{kind}").stat().st_size > 1000
