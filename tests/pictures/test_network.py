"""The pictures of a whole network: its passes, the blog's faults, and the lamps of its layers."""

import json

import numpy as np
import pytest

from cnnviz.documents.ledger import all_records
from cnnviz.explorers.network import (
    explore_first_weights,
    explore_gradient_check,
    explore_network_pass,
    explore_nudge_sizes,
    explore_repairs,
)
from cnnviz.functional.geometry import DoesNotFit
from cnnviz.functional.samples import sample_gradient, sample_input, sample_kernel
from cnnviz.network import Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, ReLU, Sequential
from cnnviz.network.as_printed import conv_backward, dense_weight_gradient
from cnnviz.network.broken import FAULTS, check_each_layer, with_fault
from cnnviz.network.first_weights import sizes_after
from cnnviz.network.gradient_check import check_gradients
from cnnviz.network.nudge_sizes import POWERS, errors_of_nudges
from cnnviz.network.repairs import REPAIRS
from cnnviz.network.trained import tiny_network, trained_network
from cnnviz.pictures.network.gradient_lamps import gradient_lamps
from cnnviz.pictures.network.network_pass import network_pass
from cnnviz.pictures.network.repairs import repairs
from cnnviz.scene import NOWHERE, Lamp


def numbers(scene, grid):
    """The numbers in a grid, as they are written."""
    return np.array([float(text.replace("−", "-")) for text in scene[grid].numbers])


# The whole pass


@pytest.fixture(scope="module", params=["small", "tiny"])
def run(request):
    """A network after one epoch, one of its images, and their scene."""
    network, split, _ = trained_network(request.param, epochs=1)
    image, label = split.test_images[3, 0], int(split.test_labels[3])
    scene = network_pass(network, image, label)
    entropy = CrossEntropyLoss()
    loss = entropy(network(image[None, None]), [label])
    network.backward(entropy.backward(), input_gradient=True)
    return network, scene, loss, label


NAMES = ("image", "maps", "relu", "pooled", "row", "scores")


def test_what_stands_in_the_cells_is_what_the_layers_made(run):
    network, scene, _, label = run
    for name, made, back in zip(NAMES, network.maps, network.map_gradients, strict=True):
        below = "upstream" if name == "scores" else f"{name}_gradient"
        np.testing.assert_allclose(numbers(scene, name), made.ravel(), atol=0.0051)
        np.testing.assert_allclose(numbers(scene, below), back.ravel(), atol=0.0051)
        assert scene[name].shape == scene[below].shape
    y = (np.arange(10) == label).astype(float)
    p = numbers(scene, "probabilities")
    np.testing.assert_allclose(numbers(scene, "upstream"), p - y, atol=0.0101)
    assert numbers(scene, "target").tolist() == y.tolist()
    np.testing.assert_allclose(
        numbers(scene, "kernel_gradient"), network.gradients["0.weight"].ravel(), atol=0.0051
    )


def test_the_loss_what_is_read_and_how_far_gradients_reach(run):
    network, scene, loss, label = run
    reached, read = np.count_nonzero(network.map_gradients[1]), int(network.maps[-1].argmax())
    assert scene["loss"].texts == (f"{loss:.3g}",)
    assert scene.sentence("loss", 0) == f"L = −log p of class {label} = {loss:.3g}."
    assert scene.lamps == (Lamp(read == label, f"this {label} is read as a {read}"),)
    assert [value for value, _ in scene.counters] == [f"{reached} of {network.maps[1].size}"]


def test_a_pooled_cell_lights_its_window_its_winner_and_what_the_winner_has_read(run):
    network, scene, _, _ = run
    a, switches = network.maps[2][0], network[2].switches[0]
    maps, side, pooled = len(a), a.shape[1], switches.shape[1]
    image = network.maps[0].shape[-1]
    for h in range(0, switches.size, 7):
        c, row, column = np.unravel_index(h, (maps, pooled, pooled))
        lit = scene.lit("pooled", h)
        corner = c * side * side + 2 * row * side + 2 * column
        window = (corner, corner + 1, corner + side, corner + side + 1)
        winner = int(switches[c, row, column])
        assert lit["relu"] == lit["maps"] == window and lit["row"] == (h,)
        assert lit["relu_gradient"] == lit["maps_gradient"] == (c * side * side + winner,)
        i, j = divmod(winner, side)
        field = tuple((i + u) * image + j + v for u in range(3) for v in range(3))
        alive = a[c].flat[winner] > 0
        assert lit.get("image", ()) == lit.get("image_gradient", ()) == (field if alive else ())
        assert lit.get("kernel", ()) == (tuple(range(9 * c, 9 * c + 9)) if alive else ())


def test_a_kernel_gradient_is_the_sum_over_the_rows_of_its_weight(run):
    """The table alone is enough to add it up: only winners above 0 take part."""
    network, scene, _, _ = run
    x, g = network.maps[0].ravel(), network.map_gradients[1].ravel()
    for weight in (0, 4, 17):
        rows = scene.rows_with("kernel", weight)
        image, cell = scene.table["image"][rows], scene.table["maps_gradient"][rows]
        found = float((x[image].astype(float) * g[cell]).sum())
        assert found == pytest.approx(float(network.gradients["0.weight"].flat[weight]), abs=1e-5)


def test_the_steps_go_forward_and_back_through_every_layer(run):
    _, scene, _, label = run
    words = [step.say.split(",")[0] for step in scene.steps]
    layers = ["Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear"]
    assert words[:5] == layers and words[8:12] == ["Linear", "Flatten", "MaxPool2d", "ReLU"]
    assert words[12] == "Conv2d" and "p − y" in scene.steps[7].say
    assert scene.steps[6].lit["target"] == (label,)
    for step in scene.steps:
        for name, cells in step.lit.items():
            assert cells and NOWHERE not in cells and max(cells) < scene[name].size
    winner = scene.steps[10].lit["relu_gradient"]
    assert winner == scene.steps[0].lit["maps"] and set(winner) <= set(scene.steps[2].lit["relu"])


def test_every_cell_has_a_sentence_and_the_table_stays_small(run):
    _, scene, _, _ = run
    assert len(scene.table["image"]) < 15_000
    for grid in scene.grids:
        for cell in range(0, grid.size, max(1, grid.size // 9)):
            assert "{" not in scene.sentence(grid.name, cell)
    assert len(json.dumps(scene.view())) < 700_000


def test_a_column_that_is_shared_is_sent_once_and_named(run):
    view = run[1].view()
    assert view["same"]["relu"] == "maps" and "relu" not in view["table"]
    assert set(view["same"]) | set(view["table"]) == set(run[1].table)


def test_colours_say_the_sign_and_the_size_of_every_number(run):
    network, scene, _, _ = run
    for name, made, back in zip(NAMES, network.maps, network.map_gradients, strict=True):
        below = "upstream" if name == "scores" else f"{name}_gradient"
        for grid, values in ((name, made.ravel()), (below, back.ravel())):
            if grid != "image":
                levels = scene.levels(scene[grid])
                assert (np.sign(levels) == np.sign(values)).all()
                assert abs(levels[np.abs(values).argmax()]) == 8  # up to the largest of its own map


def test_paper_has_no_colour_and_ink_has():
    """The digit is a digit: what is paper in the image is paper on the screen, whatever its number."""
    network, split, _ = trained_network("small", epochs=1)
    image = split.test_images[3, 0]
    scene = network_pass(network, image, int(split.test_labels[3]))
    levels = scene.levels(scene["image"]).reshape(image.shape)
    assert image.min() < 0 and (levels[image == image.min()] == 0).all()
    assert levels.min() == 0 and levels.max() == 8
    assert scene["image"].numbers[0] == f"{image[0, 0]:.2f}".replace("-", "−")


def test_each_step_fills_one_map_and_its_arrow_alone_is_bright(run):
    _, scene, _, _ = run
    filled = ["maps", "relu", "pooled", "row", "scores", "probabilities", "loss", "upstream",
              "row_gradient", "pooled_gradient", "relu_gradient", "maps_gradient", "kernel_gradient",
              "image_gradient"]  # fmt: skip
    for step, name in enumerate(filled):
        assert [grid.name for grid in scene.grids if grid.since == step] == [name]
        awaited = {grid.name for grid in scene.grids if grid.awaited(step)}
        assert awaited == set(filled[step + 1 :])
        bright = [stroke for stroke in scene.strokes if not stroke.dim(step)]
        kinds = {stroke.kind for stroke in bright}
        assert kinds == {"forward" if step < 7 else "backward"}
        assert len(bright) == (2 if step == 0 else 1)  # image and filters go forward together
    assert scene.opened().step == 0 and not any(grid.awaited(-1) for grid in scene.grids)


def test_what_two_steps_read_and_write_by_hand():
    """All weights 1 on an image of ones: every z is 9 and each first cell of a window wins."""
    network = tiny_network()
    network[0].parameters["weight"][...] = 1
    network[0].parameters["bias"][...] = 0
    scene = network_pass(network, np.ones((8, 8)), 3)
    first, back = scene.steps[0], scene.steps[10]
    (winner,) = first.writes["maps"]
    plane, (row, column) = winner // 36, divmod(winner % 36, 6)
    assert row % 2 == column % 2 == 0
    field = tuple(8 * (row + u) + column + v for u in range(3) for v in range(3))
    assert first.reads == {"image": field, "kernel": tuple(range(9 * plane, 9 * plane + 9))}
    assert back.reads == {"pooled_gradient": (9 * plane + 3 * (row // 2) + column // 2,)}
    assert back.writes == {"relu_gradient": (winner,)}
    window = (winner, winner + 1, winner + 6, winner + 7)
    assert back.around == {"relu_gradient": window} and "other 3 of its window" in back.say


def test_grids_and_arrows_do_not_touch_one_another(run):
    """Arrows end a little before the edge of a grid and lie in no grid."""
    _, scene, _, _ = run

    def box(grid):
        tile_rows, tile_columns, rows, columns = grid.shape
        place = grid.place
        right = place.x + tile_columns * (columns * place.width + place.gap) - place.gap
        low = place.y + tile_rows * (rows * place.height + place.gap) - place.gap
        return place.x, place.y, right, low

    boxes = [box(grid) for grid in scene.grids]
    for left, top, right, low in boxes:
        assert 0 <= left < right <= scene.extent[0] and 0 <= top < low <= scene.extent[1]
    for stroke in scene.strokes:
        for x, y in stroke.points:
            gaps = [max(left - x, x - right, top - y, y - low) for left, top, right, low in boxes]
            assert min(gaps) > 0, stroke


def test_switches_are_marked_where_a_cell_has_room_for_a_mark(run):
    network, scene, _, _ = run
    marked = {grid.name for grid in scene.grids if grid.marks.get("switch")}
    assert marked == ({"relu_gradient"} if network.maps[0].shape[-1] == 8 else set())


def test_other_networks_are_refused_in_words():
    with pytest.raises(DoesNotFit, match="Conv2d, ReLU, MaxPool2d, Flatten, Linear in this order"):
        network_pass(Sequential(Flatten(), Linear(64, 10)), np.eye(8), 0)
    padded = Sequential(Conv2d(1, 2, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(32, 10))
    with pytest.raises(DoesNotFit, match="no room for padding"):
        network_pass(padded, np.eye(8), 0)


# Faults and repairs


@pytest.mark.parametrize("fault", REPAIRS)
def test_a_fault_shows_at_first_and_its_records_exist(fault):
    repair = REPAIRS[fault]
    scene = repairs(repair, repair.size.first, repair.count.first)
    trial = repair.run(repair.size.first, repair.count.first)
    assert not trial.same and scene["printed"].marks["wrong"]
    records = {record.id for record in all_records()}
    assert set(filter(None, repair.ledger.split(", "))) <= records
    assert scene.say == repair.gain and len(scene.steps) == 4


def test_the_numbers_of_some_faults_by_hand():
    def made(fault, size, count):
        return REPAIRS[fault].run(size, count)

    once = made("one bias gradient for all", 4, 1)
    assert once.printed["bias gradient"].tolist() == [[6, 6, 6, 6]]
    assert once.repaired["bias gradient"].tolist() == [[1, -2, 3, 4]]
    tied = made("ties", 1, 3)
    assert tied.printed["gradient to the map"].tolist() == [[1, 1], [1, 0]]
    assert tied.repaired["gradient to the map"].tolist() == [[1, 0], [0, 0]]
    wide = made("overlapping windows", 5, 1)
    # a_22 = 9 wins the first four windows of the two upper rows but those that pass it by
    assert wide.repaired["gradient to the map"].sum() == sample_gradient(3, 3).sum()
    assert made("no loss", 3, 1).repaired["upstream gradient"].sum() == pytest.approx(0)


def test_updating_first_gives_what_a_second_call_gives():
    image, g, kernel = sample_input(4, 4), sample_gradient(3, 3), sample_kernel(2, 2)
    filters = kernel[None].copy()
    conv_backward(image, g[..., None], filters)
    swapped = conv_backward(image, g[..., None], filters.copy())  # with weights moved before
    twice = REPAIRS["updates inside backward"].run(4, 2).printed["gradient to the image"]
    np.testing.assert_allclose(twice, swapped)
    assert REPAIRS["updates inside backward"].run(4, 1).differs("gradient to the image").sum() == 0


def test_where_the_printed_lines_stop_there_are_question_marks():
    scene = repairs(REPAIRS["odd sizes"], 5, 2)
    assert set(scene["printed"].numbers) == {"?"}
    assert scene.lamps == (Lamp(False, "as printed it stops with IndexError", mistake=True),)
    assert scene.sentence("printed", 0) == "As printed: stops with IndexError."
    assert repairs(REPAIRS["odd sizes"], 4, 2).lamps == (Lamp(True, "as printed is right here"),)
    with pytest.raises(ValueError):
        dense_weight_gradient(np.ones(1152), np.ones(10))


def test_results_appear_one_after_the_other_and_then_those_that_differ_are_compared():
    scene = repairs(REPAIRS["overlapping windows"], 5, 1)
    given, printed, repaired, compared = scene.steps
    all_given = {"given 0": tuple(range(25)), "given 1": tuple(range(9))}
    assert (given.reads, given.writes) == (all_given, {})
    assert (printed.reads, printed.writes) == (all_given, {"printed": tuple(range(25))})
    assert (repaired.reads, repaired.writes) == (all_given, {"repaired": tuple(range(25))})
    assert compared.reads == {"printed": (6, 12), "repaired": (6, 12)} and compared.writes == {}
    assert set(scene.opened().shown(scene["printed"])) == {""}
    right = repairs(REPAIRS["overlapping windows"], 5, 3)
    assert right.steps[3].say.startswith("With these settings both are right.")
    assert right.lamps[0].sign == "✓" and scene.lamps[0].sign == "✕"


def test_pointing_finds_what_reached_a_number():
    scene = repairs(REPAIRS["one bias gradient for all"], 4, 1)
    assert scene.lit("printed", 2)["given 0"] == (0, 1, 2, 3)
    assert scene.lit("repaired", 2)["given 0"] == (2,)
    tied = repairs(REPAIRS["ties"], 2, 3)
    lit = tied.lit("given 1", 0)
    assert (lit["printed"], lit["repaired"], lit["given 0"]) == ((0, 1, 4), (0,), (0, 1, 4, 5))
    moved = repairs(REPAIRS["updates inside backward"], 4, 2)
    assert moved.lit("repaired", 5)["given 1"] == (0, 1, 3, 4)


def test_a_fault_shows_the_two_sliders_that_are_its_own():
    explorer = explore_repairs()
    for fault, repair in REPAIRS.items():
        explorer.move(fault=fault)
        own = [c for c in explorer.controls.values() if c.when in (None, ("fault", (fault,)))]
        assert [c.words for c in own] == ["fault", repair.size.word, repair.count.word]
        assert explorer.message == "" and explorer.scene.title.endswith(fault)
        size = own[1]
        before = explorer.scene.view()
        explorer.move(**{size.name: size.start + (-1 if size.start > size.low else 1)})
        assert explorer.scene.view() != before


# Lamps

OUT = {
    "nothing": "",
    "one bias gradient for all": "Linear",
    "max pooling shares": "MaxPool2d",
    "ties doubled": "",
    "ReLU asks the gradient": "ReLU",
    "kernel turned wrongly": "Conv2d",
}


def crossed(scene):
    """What is marked as wrong, as the kind of its check and the number of its layer."""
    names = (grid.name for grid in scene.grids if grid.marks.get("wrong"))
    return {(kind, int(layer)) for kind, _, layer in (name.rpartition("_") for name in names)}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_lamp_of_the_broken_layer_goes_out_and_no_other(fault):
    scene = explore_gradient_check(fault=fault).scene
    dark = [scene["layers"].texts[layer] for kind, layer in crossed(scene) if kind == "alone"]
    assert dark == [OUT[fault]] * bool(OUT[fault])
    broken, whole = bool(OUT[fault]), fault != "nothing"
    alone = f"{OUT[fault]} alone is wrong" if broken else "each layer alone is right"
    together = f"the whole network is {'wrong' if whole else 'right'}"
    assert scene.lamps == (Lamp(not broken, alone, broken), Lamp(not whole, together, whole))


def test_a_wrong_gradient_to_the_input_spoils_what_comes_before_it_and_any_other_only_itself():
    wrong, said = {}, {}
    for fault in FAULTS:
        scene = explore_gradient_check(fault=fault).scene
        said[fault] = scene.say
        wrong[fault] = {(kind, layer) for kind, layer in crossed(scene) if kind != "alone"}
    assert wrong["nothing"] == set()
    assert wrong["one bias gradient for all"] == {("bias", 4)}
    assert wrong["max pooling shares"] == {("input", 0), ("weight", 0), ("bias", 0)}
    assert wrong["ReLU asks the gradient"] == {("input", 0), ("weight", 0), ("bias", 0)}
    assert wrong["kernel turned wrongly"] == {("input", 0)}
    assert "only 4.bias is wrong" in said["one bias gradient for all"]
    for fault in ("max pooling shares", "ReLU asks the gradient"):
        assert "spoils every gradient before it" in said[fault]
    assert "only its gradient to the image is wrong" in said["kernel turned wrongly"]
    # Tied cells are left out where one is nudged, and show where a weight moves them all.
    assert wrong["ties doubled"] == {("weight", 0), ("bias", 0)}


def test_breaking_a_layer_leaves_the_network_as_it_was():
    network = tiny_network()
    broken = with_fault(network, "kernel turned wrongly")
    assert type(network[0]) is Conv2d and type(broken[0]).__name__ == "Unturned"
    x = sample_input(1, 1, 8, 8)
    np.testing.assert_allclose(broken(x), network.astype(float)(x))


def test_the_scene_says_what_the_checks_found():
    network, x = tiny_network(), np.eye(8)[None, None]
    alone, whole = check_each_layer(network, x), check_gradients(network, x, [1])
    scene = gradient_lamps(network, alone, whole)
    assert len(alone) == 5 and scene["layers"].symbols[2] == "MaxPool2d"
    left = sum(row.left_out for row in alone[2].rows)
    assert scene["left_out"].symbols[2].startswith(f"{left} of ")
    assert str(whole.rows[0]) == scene.sentence("input_0", 0)
    together = [grid.name for grid in scene.grids if grid.since == 5]
    assert together == ["input_0", "weight_0", "bias_0", "weight_4", "bias_4"]  # as the rows come
    assert scene.lit("weight_4", 0)["alone_4"] == (0,) and "weight_0" not in scene.lit(
        "weight_4", 0
    )


def test_lamps_light_from_the_loss_backward():
    network, x = tiny_network(), np.eye(8)[None, None]
    scene = gradient_lamps(network, check_each_layer(network, x), check_gradients(network, x, [1]))
    for step, layer in enumerate((4, 3, 2, 1, 0)):
        made = {f"alone_{layer}": (0,), "left_out": (layer,)}
        assert (scene.steps[step].reads, scene.steps[step].writes) == ({"layers": (layer,)}, made)
        there = [text != "" for text in scene.at_step(step).shown(scene["left_out"])]
        assert there == [number >= layer for number in range(5)]
    assert set(scene.steps[5].writes) == {"input_0", "weight_0", "bias_0", "weight_4", "bias_4"}
    assert not any(grid.coloured for grid in scene.grids)  # an error of 2e−9 is no amount


def test_a_pass_through_either_size_is_quick_to_point_at():
    scene = explore_network_pass(size="8×8").scene
    assert scene["image"].size == 64 and scene["row"].size == 18
    assert explore_network_pass().scene["row"].size == 1352


# How large a nudge


def test_the_best_nudge_lies_between_where_the_loss_bends_and_digits_run_out():
    errors = errors_of_nudges(bent=True)
    double, single = (np.array(errors[name]) for name in ("float64", "float32"))
    # Ten times shorter is a hundred times better, as long as the bend counts ...
    assert np.allclose(double[:3] / double[1:4], 100, rtol=0.1)
    # ... and ten times worse, roughly, as soon as the digits do.
    assert np.all(double[6:] > double[5:-1]) and 1e5 < double[-1] / double[5] < 1e7
    assert (POWERS[double.argmin()], POWERS[single.argmin()]) == (5, 2)
    assert np.flatnonzero(double <= 1e-6).tolist() == [2, 3, 4, 5, 6, 7]
    assert not (single <= 1e-6).any()


def test_a_straight_loss_is_best_checked_with_the_longest_nudge():
    for errors in errors_of_nudges(bent=False).values():
        assert int(np.argmin(errors)) == 0
    assert errors_of_nudges(bent=False)["float64"][0] < 1e-13


def test_the_picture_of_nudges_marks_what_passes_and_draws_each_point_under_its_nudge():
    scene = explore_nudge_sizes(power=9).scene
    assert [lamp.holds for lamp in scene.lamps] == [False, False]
    assert scene["float64"].marks == {"right": (2, 3, 4, 5, 6, 7), "wrong": (0, 1, 8, 9, 10, 11)}
    curve = next(one for one in scene.strokes if one.kind == "curve")
    nudges = scene["nudges"]
    middles = [nudges.corner(n)[0] + nudges.place.width / 2 for n in range(nudges.size)]
    assert np.allclose([x for x, _ in curve.points], middles)
    depths = np.log10(errors_of_nudges()["float64"])
    by_hand = [225 + (1 - depth) / 16 * 320 for depth in depths]  # 16 powers of ten in 320 units
    assert np.allclose([y for _, y in curve.points], by_hand, atol=0.06)
    assert scene.steps[4].reads == {"nudges": (4,)} and scene.steps[4].say.startswith("h = 10⁻⁵")


def test_a_long_nudge_is_blamed_on_the_bend_and_a_short_one_on_the_digits():
    scene = explore_nudge_sizes().scene
    long, best, short = (scene.sentence("float64", cell) for cell in (0, 4, 11))
    assert "bends" in long and "the smallest" in best and "16 digits" in short
    assert "7 digits" in scene.sentence("float32", 11)
    assert "A straight line" in explore_nudge_sizes(loss="weighted sum").scene.sentence(
        "float64", 5
    )


# First weights


@pytest.mark.parametrize(("channels", "kernel"), [(4, 3), (8, 5), (16, 7)])
def test_a_layer_multiplies_a_signal_by_the_root_of_half_its_fan_in_and_the_weights_size(
    channels, kernel
):
    """E[relu(z)²] is half of E[z²], and E[z²] is fan-in · E[w²] · E[x²]."""
    divided = sizes_after("randn / 9", channels, kernel, 1)[1]
    assert divided == pytest.approx(np.sqrt(channels * kernel**2 / 2) / 9, rel=0.06)
    assert sizes_after("He", channels, kernel, 1)[1] == pytest.approx(1, rel=0.06)


def test_divided_by_9_a_signal_fades_or_grows_with_the_kernel_and_by_he_it_stays():
    scene = explore_first_weights().scene
    small, middle, large = np.array(scene["divided"].numbers, float).reshape(3, 5)
    assert small[-1] < 0.25 and 1 < middle[-1] < 2 and large[-1] > 5
    assert np.all(((he := np.array(scene["he"].numbers, float)) > 0.75) & (he < 1.3))
    assert [lamp.holds for lamp in scene.lamps] == [False, True]
    assert scene["fan_in"].numbers == ("72", "200", "392")
    assert "√(392 / 2) / 9 = 1.56" in scene.sentence("divided", 12)


def test_a_step_of_first_weights_reads_one_layer_and_writes_the_next():
    scene = explore_first_weights().scene
    assert scene.steps[1].reads["he"] == (1, 6, 11) and scene.steps[1].writes["he"] == (2, 7, 12)
    shown = np.array(scene.at_step(1).shown(scene["divided"])).reshape(3, 5)
    assert (shown[:, :3] != "").all() and (shown[:, 3:] == "").all()
