"""The view of a training run: buttons, threads, controls, errors, saving, and its figures."""

import re
import time
from xml.etree import ElementTree

import numpy as np
import pytest

from cnnviz import explore_training
from cnnviz.explorers.curves import (
    DIM,
    NEGATIVE,
    POSITIVE,
    WRONG,
    _smoothed,
    held_out,
    learning_curves,
    network_inside,
    svg_text,
    what_it_says,
)
from cnnviz.functional.geometry import DoesNotFit
from cnnviz.network.optimisers import SGD, Adam

pytestmark = pytest.mark.slow


@pytest.fixture
def view():
    view = explore_training()
    yield view
    view.pause()


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def press(view, name):
    view.bar._handle_custom_msg({"press": name}, [])  # what the browser sends


def buttons(view):
    """What the buttons that can be pressed now do, and what they say."""
    values = [record["value"] for record in view.bar.controls if record["kind"] == "action"]
    return {value["does"]: value["words"] for value in values if not value["disabled"]}


def same(one, other):
    assert one.training.losses == other.training.losses
    assert one.training.hits == other.training.hits
    states = one.training.state(), other.training.state()
    for (name, a), b in zip(states[0].items(), states[1].values(), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)


# --- learning --------------------------------------------------------------------------------


def test_it_reads_97_percent_and_repeats_itself(view):
    view.run(epochs=16)
    assert view.accuracy == view.record.tested[16] >= 0.97
    assert view.record.changes == [(0, "Adam, 0.002"), (450, "Adam, 0.0005")]
    assert "Adam, 0.0005, a quarter since epoch 10." in view.sentence()
    again = explore_training()
    again.start()
    until(lambda: not again.running)
    same(view, again)
    assert again.record.tested == view.record.tested and len(again.record.tested) == 17


def test_pause_and_go_on_is_the_same_as_going_on(view):
    whole = explore_training().run(batches=60)
    view.move(slowly=True)
    press(view, "start")
    until(lambda: view.training.step >= 3)
    press(view, "pause")
    until(lambda: not view.running)
    stopped = view.training.step
    time.sleep(0.25)
    assert view.training.step == stopped < 60
    view.move(slowly=False)
    view.run(batches=60 - stopped)
    same(view, whole)


def test_the_caller_is_free_while_it_learns_and_buttons_follow(view):
    assert set(buttons(view)) == {"start", "one batch", "stop and reset"}
    view.move(slowly=True)
    view.start()
    assert view.running and view._thread.is_alive()
    view.start()  # once is enough
    assert set(buttons(view)) == {"pause", "stop and reset"}
    view.pause()
    assert set(buttons(view)) == {"start", "one batch", "stop and reset"}
    assert buttons(view)["start"] == "go on"
    (main,) = [record["name"] for record in view.bar.controls if record.get("main")]
    assert main == "start", "one button is the main one: it starts, pauses and goes on"


def test_reset_leads_back_to_the_first_weights(view):
    first = view.training.state()
    view.move(slowly=True)
    view.start()
    until(lambda: view.training.step)
    press(view, "stop and reset")
    assert not view.running and view.training.step == 0 and view.record.changes == []
    for name, value in view.training.state().items():
        np.testing.assert_array_equal(value, first[name])
    assert "Nothing learned yet" in view.bar.line


def test_one_batch_is_one_batch(view):
    press(view, "one batch")
    press(view, "one batch")
    assert view.training.step == 2
    same(view, explore_training().run(batches=2))


def test_after_the_last_epoch_it_goes_on_when_asked():
    view = explore_training(epochs=1).run(epochs=1)
    assert "Epoch 1.00 of 1," in view.bar.line
    view.start()
    until(lambda: view.training.step > 45)
    view.pause()
    assert view.record.goal == 5 and "of 5," in view.bar.line


@pytest.mark.parametrize("at", [1, 44, 45, 46])
def test_an_interrupt_in_the_foreground_loses_nothing(view, monkeypatch, at):
    optimiser, steps = view.training.optimiser, [0]
    change = optimiser._change

    def interrupted(*arguments):
        steps[0] += 1
        if steps[0] == 4 * at - 1:  # in the middle of the four parameters of one step
            raise KeyboardInterrupt
        return change(*arguments)

    monkeypatch.setattr(optimiser, "_change", interrupted)
    with pytest.raises(KeyboardInterrupt):
        view.run(epochs=3)
    assert view.training.step == at - 1
    assert f"batch {at - 1}:" in view.bar.line or at == 1
    monkeypatch.undo()
    whole = explore_training().run(epochs=2)
    same(view.run(batches=90 - view.training.step), whole)
    assert view.record.tested == whole.record.tested


def test_an_interrupt_while_it_measures_leaves_no_gap_in_the_record(view, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(view.training, "test_accuracy", interrupt)
    with pytest.raises(KeyboardInterrupt):
        view.run(epochs=1)
    assert view.training.step == 45 and set(view.record.tested) == {0, 1}


def test_seconds_are_a_budget_too(view):
    view.run(seconds=0.3)
    assert 0 < view.training.step < view.epochs * view.training.batches_per_epoch


# --- controls --------------------------------------------------------------------------------


def test_controls_count_from_the_next_batch_on(view):
    view.run(batches=30)
    view.move(optimiser="momentum", lr=0.01)
    view.run(batches=30)
    optimiser = view.training.optimiser
    assert isinstance(optimiser, SGD) and (optimiser.lr, optimiser.momentum) == (0.01, 0.9)
    assert optimiser.steps == 30 and view.training.step == 60
    view.move(optimiser="SGD")
    view.run(batches=1)
    assert view.training.optimiser.momentum == 0
    assert view.record.changes == [(0, "Adam, 0.002"), (30, "momentum, 0.01"), (60, "SGD, 0.01")]


def test_a_rate_that_is_dragged_is_one_change(view):
    for n in range(10):
        view.move(lr=0.001 * (n + 1))
        view.run(batches=2)
    assert view.record.changes == [(18, "Adam, 0.01")]


def test_controls_count_while_it_runs(view):
    view.move(slowly=True)
    view.start()
    view.move(optimiser="SGD")
    until(lambda: isinstance(view.training.optimiser, SGD))
    view.move(optimiser="Adam")
    until(lambda: isinstance(view.training.optimiser, Adam))


def test_the_rate_is_lowered_only_where_ticked(view):
    view.move(lower=False)
    view.record.training.losses = [1.0] * 450
    view.record.training.hits = [32] * 450
    view._follow_controls()
    assert view.training.optimiser.lr == 0.002
    view.move(lower=True)
    view._follow_controls()
    assert view.training.optimiser.lr == 0.0005


def test_the_learning_rate_moves_by_factors(view):
    record = next(one for one in view.bar.controls if one["name"] == "lr")
    assert (record["kind"], record["low"], record["high"]) == ("log", 0.0001, 1.0)
    view.bar.moved = {"values": {"lr": 0.05, "optimiser": 0}, "count": 1}
    assert (view.values["lr"], view.values["optimiser"]) == (0.05, "SGD")
    with pytest.raises(ValueError, match=r"from 0\.0001 to 1"):
        view.move(lr=4)


# --- what goes wrong -------------------------------------------------------------------------


def test_an_error_on_the_thread_is_shown_and_it_can_go_on(view, monkeypatch):
    def broken():
        raise RuntimeError("a <broken> layer")

    monkeypatch.setattr(view.training, "learn", broken)
    view.start()
    until(lambda: not view.running)
    assert "made a mistake here: RuntimeError: a <broken> layer" in view.bar.line
    assert view.bar.wrong
    monkeypatch.undo()
    view.run(batches=1)
    assert "mistake" not in view.bar.line and not view.bar.wrong and view.training.step == 1


def test_an_error_of_the_pictures_is_shown_too(view, monkeypatch):
    monkeypatch.setattr("cnnviz.explorers.training.learning_curves", lambda *_: 1 / 0)
    view.start()
    until(lambda: not view.running)
    assert "ZeroDivisionError" in view.bar.line
    press(view, "one batch")
    assert "ZeroDivisionError" in view.bar.line


# Old versions of what we stand on warn of deprecations among themselves.
@pytest.mark.filterwarnings("error", "default::DeprecationWarning")
def test_a_loss_that_is_no_number_stops_it_with_a_sentence(view):
    view.record.network[4].parameters["weight"][...] = np.nan
    view.start()
    until(lambda: not view.running)
    assert view.training.step == 1 and "steps were too large" in view.bar.line
    press(view, "stop and reset")
    assert "Nothing learned yet" in view.bar.line


# --- saving ----------------------------------------------------------------------------------


@pytest.mark.parametrize("optimiser", ["SGD", "momentum", "Adam"])
def test_save_and_load_go_on_as_if_nothing_had_happened(tmp_path, optimiser):
    view = explore_training(optimiser, lr=0.01, seed=3).run(batches=50)
    view.save(tmp_path / "digits")
    other = explore_training()
    other.load(tmp_path / "digits")
    same(view, other)
    assert other.values["optimiser"] == optimiser and other.values["lr"] == 0.01
    assert vars(other.record)["tested"] == view.record.tested
    assert other.record.changes == view.record.changes
    np.testing.assert_array_equal(other.record.first, view.record.first)
    same(view.run(batches=50), other.run(batches=50))
    other.reset()
    np.testing.assert_array_equal(other.record.first, view.record.first)


def test_another_file_is_refused_and_changes_nothing(view, tmp_path):
    view.run(batches=3)
    before = view.training.state()
    (tmp_path / "text").write_text("not a file of arrays")
    np.savez(tmp_path / "other.npz", x=1)
    np.save(tmp_path / "one.npy", np.zeros(3))
    view.training.save(tmp_path / "bare.npz")
    for name in ("text", "other.npz", "one.npy", "bare.npz"):
        with pytest.raises(DoesNotFit, match="not saved by a view"):
            view.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        view.load(tmp_path / "none")
    for name, value in view.training.state().items():
        np.testing.assert_array_equal(value, before[name])


# --- what is seen ----------------------------------------------------------------------------


def test_pictures_are_drawn_at_most_four_times_a_second(view, monkeypatch):
    drawn = []
    show = view._show_progress
    monkeypatch.setattr(
        view, "_show_progress", lambda **how: (drawn.append(time.monotonic()), show(**how))
    )
    view.run(seconds=1.5)
    assert 2 <= len(drawn) <= 8
    assert min(np.diff(drawn[:-1]), default=1) >= 0.25  # the last one is that of the end


def test_the_line_says_epoch_loss_and_accuracy_to_all(view):
    view.run(batches=45)
    said = view.sentence()
    assert re.fullmatch(
        r"Epoch 1.00 of 16, batch 45: loss 0\.\d{3}, accuracy \d+\.\d%; "
        r"held-out digits 93\.6% after epoch 1\. Adam, 0.002.",
        said,
    )
    assert said == view.bar.line == view.bar.spoken
    assert 'role="img"' in view._curves.value and said in view._curves.value


def test_pictures_change_while_it_learns(view):
    figures = (view._curves, view._inside, view._held_out)
    # matplotlib gives new ids to what has not changed.
    drawn = lambda: [re.sub("(image|p|m)[0-9a-f]{10}", "", one.value) for one in figures]  # noqa: E731
    before = drawn()
    view._show_all()
    assert drawn() == before
    view.run(batches=45)
    assert all(a != b for a, b in zip(before, drawn(), strict=True))
    predicted = view.record.test()
    wrong = int((predicted != view.split.test_labels).sum())
    assert f"{wrong} of 359 misread" in view._held_out.value


def test_the_held_out_digits_are_read_again_while_it_learns(view, monkeypatch):
    """The lower half must not contradict the line above it: it is of now, or grey."""
    at_first, seen = view._held_out.value, []
    show = view._show_progress

    def watched(**how):
        show(**how)
        late = "cnnviz-late" in view._held_out._dom_classes
        seen.append((view.training.step, late, view._held_out.value == at_first))

    monkeypatch.setattr(view, "_show_progress", watched)
    monkeypatch.setattr("cnnviz.explorers.training.BETWEEN_PICTURES", 0)
    monkeypatch.setattr("cnnviz.explorers.training.BETWEEN_TESTS", 1000)
    view.run(batches=60)
    assert seen[0] == (1, False, True)
    assert all(late == (step >= 45) for step, late, _ in seen[:-1])
    assert seen[-1] == (60, False, False), "and at the end it is of now"
    monkeypatch.setattr("cnnviz.explorers.training.BETWEEN_TESTS", 0)
    view.run(batches=2)
    assert "after batch 61: " in view._held_out.value or "after batch 62: " in view._held_out.value


def test_the_maps_are_those_of_the_network_and_disturb_nothing(view):
    view.run(batches=7)
    image = view.split.test_images[0]
    maps = view.record.maps(image)
    np.testing.assert_array_equal(
        view.record.network[0].input.shape[0], len(view.split.test_images) % 256
    )
    view.record.network(image[None])
    np.testing.assert_array_equal(maps, view.record.network.maps[2][0])


def test_a_static_picture_stands_beside_the_widget(view):
    view.run(batches=5)
    data, _ = view._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == view.sentence()
    assert "var(--" not in data["image/svg+xml"]
    ElementTree.fromstring(data["image/svg+xml"])


# --- figures ---------------------------------------------------------------------------------


def figures():
    random = np.random.default_rng(0)
    ink, maps = random.random((28, 28)), random.random((8, 26, 26))
    filters = random.standard_normal((8, 1, 3, 3))
    labels, predicted = np.array([0, 5, 1, 5]), np.array([0, 3, 1, 5])
    yield learning_curves([2, 1, 0.5], [0.1, 0.5, 0.9], {0: 0.1, 1: 0.8}, 3, 16, [(0, "Adam")])
    yield learning_curves([], [], {0: 0.1}, 3, 16)
    yield learning_curves([np.nan, np.inf, 0], [0, 0, 0], {}, 3, 16)
    yield network_inside(filters, filters, ink, maps)
    yield network_inside(filters, np.full_like(filters, np.nan), ink, maps * np.nan)
    yield held_out(labels, predicted, np.stack([ink] * 4), "four")
    yield what_it_says(ink, np.eye(10)[3], ink, maps, 3)
    yield what_it_says(ink, np.eye(10)[3], ink, maps, None, photograph=True)


@pytest.mark.parametrize("figure", list(figures()))
def test_figures_take_the_colours_of_the_theme_on_transparent_paper(figure):
    themed, plain = svg_text(figure), svg_text(figure, themed=False)
    for text in (themed, plain):
        ElementTree.fromstring(text)
        assert "<text" in text, "words stay words"
    colours = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", themed))
    assert colours <= {"#ffffff"}, "every colour has a name that a theme can change"
    assert "fill: #ffffff; stroke" not in plain and DIM in plain


def test_misread_digits_are_framed_and_named():
    labels, predicted = np.array([0, 5, 1, 5]), np.array([0, 3, 1, 5])
    text = svg_text(held_out(labels, predicted, np.zeros((4, 28, 28))), themed=False)
    assert "5 as 3" in text and "1 of 4 misread" in text
    assert len(re.findall(WRONG, text)) == 1
    text = svg_text(held_out(labels, labels, np.zeros((4, 28, 28))), themed=False)
    assert "none is misread" in text and WRONG not in text


def test_weights_have_the_colours_of_every_picture():
    filters = np.zeros((1, 1, 2, 2))
    filters[0, 0] = [[1, -1], [0.25, 0]]
    text = svg_text(network_inside(filters, filters, np.zeros((4, 4)), np.ones((1, 3, 3))))
    drawn = re.findall(rf"fill: var\(--(plus|minus), (?:{POSITIVE}|{NEGATIVE})\)(.*?)\"", text)
    both = [(sign, re.search(r"fill-opacity: ([\d.]+)", style)) for sign, style in drawn]
    strong = [(sign, float(found[1]) if found else 1.0) for sign, found in both]
    assert strong.count(("plus", 0.5)) >= 2, "a quarter of the largest is half as strong: the root"
    assert ("plus", 1.0) in strong and ("minus", 1.0) in strong


def test_the_smoothed_curve_is_a_mean_of_what_was():
    values = np.arange(40.0) ** 2
    smooth = _smoothed(values)
    for n in (0, 5, 14, 15, 39):
        assert smooth[n] == pytest.approx(values[max(0, n - 14) : n + 1].mean())
    assert _smoothed([]).shape == (0,)
