"""The pictures of the applications, against the functions and numbers by hand."""

import numpy as np
import pytest
import sympy

from cnnviz import explore_reconstruction, explore_relu_rules, explore_saliency, explore_upsampling
from cnnviz.explorers.applications import digit_images
from cnnviz.network import Conv2d, MaxPool2d, ReLU, Sequential
from cnnviz.network.attribution import one_map, pooled_maps, reconstruct, saliency, strength
from cnnviz.network.trained import trained_network
from cnnviz.network.upsampling import bilinear_kernel, enlarge_map, first_kernel, shrink
from cnnviz.pictures.applications.reconstruction import reconstruction
from cnnviz.pictures.applications.relu_rules import relu_rules
from cnnviz.pictures.applications.upsampling_photo import upsampling_photo
from cnnviz.scene import Grid, Lamp, Scene, Slot
from cnnviz.scene.fills import pixels_of
from cnnviz.symbols import NOTATIONS, number

# One ReLU.

X = np.array([[2.0, 2.0], [-1.0, 0.0]])
R = np.array([[3.0, -3.0], [4.0, 5.0]])


def test_the_three_rules_by_hand():
    scene = relu_rules(X, R)
    assert scene["backprop"].numbers == ("3", "−3", "0", "0")
    assert scene["deconvnet"].numbers == ("3", "0", "4", "5")
    assert scene["guided"].numbers == ("3", "0", "0", "0")
    assert scene["guided_mask"].numbers == ("1", "0", "0", "0")
    assert [count for count, _ in scene.counters] == ["2 of 4", "3 of 4", "1 of 4"]
    assert scene.lamps == (Lamp(False, "the three rules differ here"),)
    assert relu_rules(X[:1, :1], R[:1, :1]).lamps == (Lamp(True, "the three rules agree here"),)


def test_symbols_of_what_is_left_and_its_equation():
    scene = relu_rules(X, R, show="symbols", notation=NOTATIONS["blog"])
    assert scene["deconvnet"].texts == ("R_11", "0", "R_21", "R_22")
    assert scene.equation_text("backprop", 1) == "∂L/∂x_12 = m_12·R_12"
    assert scene.equation_text("guided", 3) == "G_22 = m_22·R_22"


def test_only_the_first_rule_is_the_derivative():
    x = sympy.Symbol("x")
    for value, arriving in ((2, -3), (-1, 4)):
        slope = sympy.diff(arriving * sympy.Max(0, x), x).subs(x, value)
        cell = relu_rules(np.array([[float(value)]]), np.array([[float(arriving)]]))
        assert cell["backprop"].numbers == (number(float(slope)),)
        assert cell["deconvnet"].numbers != cell["backprop"].numbers


def test_each_pair_of_signs_has_its_sentence():
    scene = relu_rules(X, R)
    assert scene.sentence("input", 0).endswith("all three rules let it pass.")
    assert "hold it back" in scene.sentence("upstream", 1)
    assert "does not look at x" in scene.sentence("deconvnet", 2)
    assert "does not look at x" in scene.sentence("guided", 3)  # a slope of 0 at 0
    assert scene.lit("upstream", 2) == {grid.name: (2,) for grid in scene.grids}


def test_a_step_reads_x_and_what_arrives_and_writes_what_each_rule_leaves():
    scene = relu_rules(X, R)
    step = scene.steps[2]
    masks = ("backprop_mask", "deconvnet_mask", "guided_mask")
    assert step.reads == {name: (2,) for name in ("input", "upstream", *masks)}
    assert step.writes == {rule: (2,) for rule in ("backprop", "deconvnet", "guided")}
    assert step.say == scene.sentence("input", 2)
    assert scene.at_step(2).shown(scene["deconvnet"]) == ("3", "0", "4", "")
    symbols = relu_rules(X, R, show="symbols", notation=NOTATIONS["blog"])
    assert symbols.at_step(2).shown(symbols["deconvnet"]) == ("R_11", "0", "R_21", "")


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"\(2, 2\)"):
        relu_rules(X, R[:1])


def test_a_shift_of_x_leaves_the_mask_of_deconvnet_alone():
    explorer = explore_relu_rules()
    masks = [explorer.scene[f"{rule}_mask"].numbers for rule in ("backprop", "deconvnet")]
    explorer.move(shift=4.0)
    assert explorer.scene["backprop_mask"].numbers != masks[0]
    assert explorer.scene["deconvnet_mask"].numbers == masks[1]
    explorer.move(one_hot=2)
    assert explorer.scene["upstream"].numbers[:3] == ("0", "1", "0")
    assert not explorer.scene["upstream"].editable


def test_a_shifted_map_cannot_be_typed_into():
    explorer = explore_relu_rules()
    assert explorer.scene["input"].editable
    explorer.move(shift=4.0)
    assert not explorer.scene["input"].editable and explorer.scene["upstream"].editable


# Saliency.


def test_images_show_the_digits_in_turn():
    labels = np.array([1, 0, 2, 1, 0, 2, *range(3, 10), *range(3, 10)])
    chosen = digit_images(labels, rounds=2)
    assert labels[chosen].tolist() == [*range(10), *range(10)]
    assert chosen[:3].tolist() == [1, 0, 2] and chosen[10:13].tolist() == [4, 3, 5]


def test_the_saliency_picture_shows_the_maps():
    explorer = explore_saliency(image=4, score=7)
    scene, trained = explorer.scene, trained_network("deep")
    assert scene["image"].title == "image of a 4"
    number_of = digit_images(trained.split.test_labels)[4]
    x = trained.split.test_images[number_of]
    for rule in ("backprop", "deconvnet", "guided"):
        shown = scene[rule].counts
        assert np.allclose(np.abs(shown), strength(saliency(trained.network, x, rule)[7]).ravel())
    assert "a class it does not show" in scene.say
    assert scene["scores"].symbols[7].startswith("7:")
    assert scene.lit("guided", 100) == {
        name: (100,) for name in ("image", "backprop", "deconvnet", "guided")
    }


def test_colours_say_which_cells_speak_for_the_class_and_which_against():
    scene = explore_saliency(image=4, score=7).scene
    trained = trained_network("deep")
    x = trained.split.test_images[digit_images(trained.split.test_labels)[4]]
    for rule in ("backprop", "deconvnet", "guided"):
        (gradient,) = saliency(trained.network, x, rule)[7]  # one channel: its sign is shown
        levels = scene.levels(scene[rule]).reshape(gradient.shape)
        assert (np.sign(levels) == np.sign(gradient)).all()
        assert np.abs(levels).max() == 8 and levels.min() < 0 < levels.max()


def test_the_maps_come_back_one_after_the_other_each_with_its_arrow():
    scene = explore_saliency(image=4, score=7).scene
    rules = ("backprop", "deconvnet", "guided")
    x = scene["scores"].corner(7)[0] + scene["scores"].place.width / 2
    for step, rule in enumerate(rules):
        assert scene[rule].since == step
        assert scene.steps[step].reads == {"scores": (7,)} and set(scene.steps[step].writes) == {
            rule
        }
        (bright,) = (s for s in scene.strokes if s.kind == "backward" and not s.dim(step))
        place = scene[rule].place
        assert bright.points[0][0] == pytest.approx(x)
        assert bright.points[1][0] == pytest.approx(place.x + 14 * place.width)
    assert [words for _, words in scene.counters] == [
        "likeness, gradient", "likeness, deconvnet", "likeness, guided"
    ]  # fmt: skip


def test_a_step_lights_the_strongest_cells_in_map_and_image():
    scene = explore_saliency().scene
    lit = scene.steps[2].lit
    assert lit["guided"] == lit["image"] and len(lit["guided"]) == 40
    ink = np.abs(scene["guided"].counts)
    assert min(ink[list(lit["guided"])]) >= np.sort(ink)[-40]


def test_what_no_window_reads_has_no_gradient():
    ink = explore_saliency().scene["backprop"].counts.reshape(28, 28)
    assert ink[:26, :26].any() and not ink[26:].any() and not ink[:, 26:].any()


def test_untrained_weights_and_no_switches_change_the_picture():
    explorer = explore_saliency()
    seen = [explorer.scene["guided"].counts]
    for name in ("untrained", "switches"):
        explorer.move(**{name: not explorer.values[name]})
        seen.append(explorer.scene["guided"].counts)
        assert not np.allclose(seen[-1], seen[-2])
    assert "first cell of its window" in explorer.scene.say


# Reconstruction.


def test_one_cell_of_layer_2_sees_ten_by_ten_cells():
    scene = explore_reconstruction().scene
    lit = scene.lit("back_0", 5 * 1 + 3)
    rows, columns = np.divmod(lit["image"], 28)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (4, 13, 12, 21)
    assert len(lit["image"]) == 100 and lit["reconstruction"] == lit["image"]
    assert len(lit["back_1"]) == 4 and len(lit["back_2"]) == 16 and len(lit["back_3"]) == 64
    assert lit["maps"] == (4 * 25 + 8,)  # map 5


def test_what_comes_back_lies_in_what_the_kept_cell_sees():
    scene = explore_reconstruction().scene
    (kept,) = np.flatnonzero(scene["back_0"].counts)
    seen = set(scene.lit("back_0", int(kept))["image"])
    reached = set(np.flatnonzero(scene["reconstruction"].counts).tolist())
    assert reached and reached <= seen
    assert scene.counters[0] == (f"{len(reached)} of 784", "cells of the image reached")


def test_layer_1_has_fewer_stages_and_fewer_maps():
    explorer = explore_reconstruction(layer=1)
    names = [grid.name for grid in explorer.scene.grids]
    assert names == ["image", "maps", "back_0", "back_1", "reconstruction"]
    assert len(explorer.scene.lit("back_0", 0)["image"]) == 16
    explorer.move(map=12)
    assert explorer.message.startswith("This layer has 8 maps; there is no map 12.")


def test_a_reconstruction_by_hand():
    """One kernel, one window: the strongest cell goes to its switch and stamps the kernel there."""
    network = Sequential(Conv2d(1, 1, 2, bias=False, dtype=float), ReLU(), MaxPool2d(2))
    network[0].parameters["weight"][...] = [[[[1, 2], [3, 4]]]]
    image = np.zeros((1, 3, 3))
    image[0, 2, 1] = 1  # the convolution is 0 0 / 4 3, so the switch is cell 2
    layers, maps = pooled_maps(network, image)[0]
    stages = reconstruct(network, image, layers, one_map(maps, 0))
    assert stages[-1].maps[0].tolist() == [[0, 0, 0], [4, 8, 0], [12, 16, 0]]
    scene = reconstruction(image, maps, 0, stages)
    assert np.flatnonzero(scene["back_1"].counts).tolist() == [2]
    assert scene.steps[-1].lit["reconstruction"] == (4, 6, 7)  # above a quarter of 16
    assert "where its switch says" in scene.steps[1].say
    start, unpool, stamp = scene.steps
    assert (start.reads, start.writes) == ({"maps": (0,)}, {"back_0": (0,)})
    assert (unpool.reads, unpool.writes) == ({"back_0": (0,)}, {"back_1": (2,)})
    assert (stamp.reads, stamp.writes) == ({"back_1": (2,)}, {"reconstruction": (4, 6, 7)})
    assert stamp.points == {"image": (4, 6, 7)}
    assert scene.lamps == (Lamp(True, "unpooling uses switches"),)


def test_the_way_back_fills_stage_by_stage_and_its_arrow_is_bright():
    scene = explore_reconstruction().scene
    stages = ["back_0", "back_1", "back_2", "back_3", "reconstruction"]
    assert [scene[name].since for name in stages] == [0, 1, 2, 3, 4]
    for step in range(5):
        bright = [s for s in scene.strokes if s.kind == "backward" and not s.dim(step)]
        (((_, y0), (x, y)),) = (stroke.points for stroke in bright)
        place = scene[stages[step]].place
        if step:  # from the right, to its right edge
            assert y0 == y and x == pytest.approx(
                place.x + scene[stages[step]].shape[3] * place.width + 8
            )
        else:  # from the maps above
            assert y0 < y < place.y


# Enlarging.


def photo(side=12):
    return np.random.default_rng(0).random((side, side))


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (1, 2), (5, 3), (2, 3), (6, 4)])
def test_a_mean_lights_the_cells_that_it_writes(kernel, stride):
    weights = first_kernel("bilinear", kernel, stride)
    scene = upsampling_photo(photo(24), weights, stride)
    shape = shrink(photo(24), stride).shape
    for cell in (0, 8, shape[0] * shape[1] - 1):
        alone = np.zeros(shape)
        alone.flat[cell] = 1
        written = np.flatnonzero(enlarge_map(alone, np.ones((kernel, kernel)), stride))
        assert scene.lit("small", cell)["enlarged"] == tuple(written.tolist())
        assert scene.lit("small", cell)["photograph"] == tuple(written.tolist())


def test_counts_and_lamp_say_where_the_checkerboard_comes_from():
    uneven, even = (upsampling_photo(photo(), np.ones((k, k)), 2) for k in (3, 4))
    assert uneven["counts"].numbers[:4] == ("1", "2", "1", "2")
    assert uneven.counters[-1] == ("1 to 4", "times a cell is written")
    assert uneven.lamps == (Lamp(False, "stride 2 does not divide kernel size 3"),)
    assert even.counters[-1][0] == "4"
    assert even.lamps == (Lamp(True, "stride 2 divides kernel size 4"),)


def test_a_mean_and_the_kernel_are_read_and_the_cells_it_stamps_are_written():
    scene = upsampling_photo(photo(24), np.ones((3, 3)), 2)
    for step in scene.steps:
        (mean,) = step.reads["small"]
        assert step.reads["kernel"] == tuple(range(9))
        assert step.writes == {"enlarged": scene.lit("small", mean)["enlarged"]}
        assert f"is added to {len(step.writes['enlarged'])} cells" in step.say


def test_errors_of_the_enlarged_photograph():
    picture = photo()
    kernel = bilinear_kernel(4)
    scene = upsampling_photo(picture, kernel, 2, errors=[0.2, 0.1], step=1, bilinear=0.3)
    error = np.mean((enlarge_map(shrink(picture, 2), kernel, 2) - picture) ** 2)
    assert scene.counters[0][0] == f"{error:.4f}" and scene.counters[1][0] == "0.3000"
    assert np.allclose(scene["enlarged"].counts, enlarge_map(shrink(picture, 2), kernel, 2).ravel())
    assert scene["kernel"].title == "kernel, learned for 1 step"
    curve = next(stroke for stroke in scene.strokes if stroke.kind == "curve")
    assert len(curve.points) == 2 and curve.points[0][1] < curve.points[1][1]  # lower is down


def test_learning_in_the_explorer_makes_the_error_smaller():
    explorer = explore_upsampling()
    errors = []
    for steps in (0, 20, 100):
        explorer.move(steps=steps)
        errors.append(float(explorer.scene.counters[0][0]))
    assert errors[0] > 2 * errors[1] > 2 * errors[2]
    explorer.move(difference=True)
    assert explorer.scene["enlarged"].title == "where it is wrong"


def test_a_photograph_is_grey_on_any_paper():
    """Its pixels are opaque greys; those of a map are colours that let the paper shine through."""
    values = np.array([0.0, 0.5, 1.0])
    for photograph in (False, True):
        grid = Grid(
            "a",
            "",
            (1, 1, 1, 3),
            Slot(0, 0, 20, 20),
            show="colour",
            values=values,
            photograph=photograph,
            saying="grey",
        )
        pixels = pixels_of(Scene("", (grid,), {"a": np.arange(3)}, ""), grid)
        if photograph:
            assert pixels.tolist() == [[0], [127], [255]]
        else:
            assert pixels[:, 3].tolist() == [0, 191, 255]  # nothing, level 6 of 8, all
