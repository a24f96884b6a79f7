"""Looking into a network, and enlarging maps: against the layers, finite differences and by hand."""

import numpy as np
import pytest

from cnnviz import DoesNotFit
from cnnviz import functional as F
from cnnviz.network import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from cnnviz.network.activation import RULES
from cnnviz.network.attribution import (
    likeness,
    likeness_of_scores,
    one_map,
    pooled_maps,
    reconstruct,
    saliency,
    strength,
)
from cnnviz.network.photographs import photograph
from cnnviz.network.trained import deep_network, trained_network
from cnnviz.network.upsampling import (
    bilinear_kernel,
    enlarge_map,
    enlarging,
    first_kernel,
    learn_kernel,
    shrink,
)


def network(seed=0, channels=1):
    """A network of two convolutions for images (channels, 13, 12), of which 11 x 10 give 3 x 3."""
    generator = np.random.default_rng(seed)
    more = {"seed": generator, "dtype": float}
    return Sequential(
        Conv2d(channels, 3, 3, **more), ReLU(), MaxPool2d(2),
        Conv2d(3, 4, 2, **more), ReLU(), MaxPool2d(2), Flatten(), Linear(16, 5, **more),
    )  # fmt: skip


def image(channels=1, seed=3):
    return np.random.default_rng(seed).normal(size=(channels, 13, 12))


def test_saliency_is_the_derivative_of_every_score():
    net, x, h = network(channels=2), image(2), 1e-6
    maps = saliency(net, x)
    assert maps.shape == (5, 2, 13, 12)
    for cell in [(0, 0, 0), (0, 5, 7), (1, 3, 2), (1, 12, 11)]:
        nudge = np.zeros_like(x)
        nudge[cell] = h
        slope = (net((x + nudge)[None]) - net((x - nudge)[None]))[0] / (2 * h)
        assert np.allclose(maps[(slice(None), *cell)], slope, atol=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_that_of_the_relu_layers(rule):
    net, x = network(), image()
    for layer in net:
        if isinstance(layer, ReLU):
            layer.rule = rule
    for score in range(5):
        net(x[None])
        expected = net.backward(np.eye(5)[score : score + 1], input_gradient=True)[0]
        assert np.allclose(saliency(net, x, rule)[score], expected)


def test_three_rules_by_hand():
    """One ReLU between two dense layers, so that each rule can be followed with a pencil."""
    net = Sequential(Flatten(), Linear(2, 4, dtype=float), ReLU(), Linear(4, 1, dtype=float))
    net[1].parameters["weight"][...] = [[1, 0], [0, 1], [1, 0], [0, -1]]
    net[3].parameters["weight"][...] = [[5, -3, -2, 7]]
    x = np.array([[[1.0, 2.0]]])  # 1, 2, 1 and -2 reach the ReLU; 5, -3, -2, 7 come back
    assert saliency(net, x)[0].tolist() == [[[3, -3]]]
    assert saliency(net, x, "deconvnet")[0].tolist() == [[[5, -7]]]
    assert saliency(net, x, "guided")[0].tolist() == [[[5, 0]]]


def test_without_switches_all_goes_to_the_first_cell_of_each_window():
    net = Sequential(MaxPool2d(2), Flatten(), Linear(2, 1, dtype=float))
    net[2].parameters["weight"][...] = [[3, 5]]
    x = np.array([[[0.0, 1, 9, 2], [7, 3, 4, 1]]])
    assert saliency(net, x)[0, 0].tolist() == [[0, 0, 5, 0], [3, 0, 0, 0]]
    assert saliency(net, x, switches=False)[0, 0].tolist() == [[3, 0, 5, 0], [0, 0, 0, 0]]


def test_nothing_of_the_network_changes_but_what_it_saw_last():
    net, x = network(), image()
    before, gradients = net.state(), dict(net.gradients)
    for rule in RULES:
        saliency(net, x, rule, switches=False)
    assert all((before[name] == value).all() for name, value in net.parameters.items())
    assert set(net.gradients) - set(gradients) <= {"7.weight", "7.bias"}
    assert all(layer.rule == "backprop" for layer in net if isinstance(layer, ReLU))


def test_an_unknown_rule_and_a_wrong_image_are_refused():
    with pytest.raises(ValueError, match="not by 'grad'"):
        saliency(network(), image(), "grad")
    with pytest.raises(DoesNotFit, match="Layer 0"):
        network()(image(2)[None])


def test_strength_takes_the_largest_size_of_the_channels():
    maps = np.array([[[1.0, -3.0]], [[-2.0, 0.5]]])
    assert strength(maps).tolist() == [[2, 3]]


def test_reconstruction_is_unpool_relu_and_transposed_convolution():
    net, x = network(), image()
    layers, maps = pooled_maps(net, x)[1]
    assert layers == 6 and maps.shape == (4, 2, 2)
    start = one_map(maps, 2, "whole map")
    stages = reconstruct(net, x, layers, start)
    back = start[None]
    for conv, pool in ((net[3], net[5]), (net[0], net[2])):
        size = pool.input.shape[2:]
        back = np.maximum(F.max_unpool2d(back, pool.switches, 2, output_size=size), 0)
        back = F.conv_transpose2d(back, conv.parameters["weight"])
    assert [stage.maps.shape[1:] for stage in stages[1:]] == [
        layer.input.shape[2:] for layer in net.layers[5::-1]
    ]
    assert stages[0].layer is None and (stages[0].maps == start).all()
    assert np.allclose(stages[-1].maps, back[0])


def test_what_is_kept_of_the_maps():
    maps = np.arange(12.0).reshape(3, 2, 2)
    assert one_map(maps, 1).sum() == 7 and one_map(maps, 1)[1, 1, 1] == 7
    assert one_map(maps, 0, "whole map").sum() == 6
    with pytest.raises(DoesNotFit, match="3 maps; there is no map 4"):
        one_map(maps, 3)
    with pytest.raises(ValueError, match="not 'all'"):
        one_map(maps, 0, "all")


def test_a_start_of_another_shape_is_refused():
    with pytest.raises(DoesNotFit, match=r"shape \(4, 2, 2\)"):
        reconstruct(network(), image(), 6, np.zeros((3, 2, 2)))


def test_one_relu_and_a_kept_map_give_the_same_by_deconvnet_and_backprop():
    net, x = network(), image()
    layers, maps = pooled_maps(net, x)[0]
    start = one_map(maps, 0, "whole map")
    two = [reconstruct(net, x, layers, start, rule)[-1].maps for rule in ("deconvnet", "backprop")]
    assert (two[0] == two[1]).all()


def test_likeness():
    one = np.array([[1.0, 2.0], [4.0, -1.0]])
    assert likeness(one, 3 * one + 5) == pytest.approx(1)
    assert likeness(one, -one) == pytest.approx(-1)
    assert likeness(one, np.ones((2, 2))) == 0
    maps = np.stack([one, -one, one])[:, None]
    assert likeness_of_scores(maps, 0) == pytest.approx(0)  # once 1, once -1


@pytest.mark.slow
def test_guided_maps_depend_least_on_class_and_weights():
    trained, fresh = trained_network("deep"), deep_network(seed=1)
    pairs = list(zip(trained.split.test_images[:12], trained.split.test_labels[:12], strict=True))
    classes, weights = {}, {}
    for rule in RULES:
        maps = [saliency(trained.network, x, rule) for x, _ in pairs]
        classes[rule] = np.mean(
            [likeness_of_scores(m, y) for m, (_, y) in zip(maps, pairs, strict=True)]
        )
        other = [saliency(fresh, x, rule)[y] for x, y in pairs]
        weights[rule] = np.mean(
            [likeness(m[y], o) for m, o, (_, y) in zip(maps, other, pairs, strict=True)]
        )
    assert classes["guided"] > 0.5 > 0.3 > abs(classes["backprop"])
    assert weights["guided"] > weights["deconvnet"] > weights["backprop"]


# Enlarging.


@pytest.mark.parametrize("stride", [2, 3, 4, 5])
@pytest.mark.parametrize("kernel", range(1, 9))
def test_every_kernel_enlarges_exactly_by_the_stride(kernel, stride):
    large = enlarge_map(np.ones((4, 5)), np.ones((kernel, kernel)), stride)
    assert large.shape == (4 * stride, 5 * stride)
    assert enlarging(kernel, stride)["output_padding"] < stride


def test_the_bilinear_kernel_of_4_by_hand():
    line = [0.25, 0.75, 0.75, 0.25]
    assert (bilinear_kernel(4) == np.outer(line, line)).all()


@pytest.mark.parametrize(("kernel", "stride"), [(4, 2), (5, 3), (8, 4), (3, 2)])
def test_a_bilinear_kernel_continues_straight_lines(kernel, stride):
    """Inside, a ramp stays a ramp, 1/s as steep; this also keeps a constant map constant."""
    ramp = enlarge_map(
        np.add.outer(2.0 * np.arange(6), np.arange(7)), bilinear_kernel(kernel), stride
    )
    inside = ramp[kernel:-kernel, kernel:-kernel]
    assert np.allclose(np.diff(inside, axis=0), 2 / stride)
    assert np.allclose(np.diff(inside, axis=1), 1 / stride)


def test_first_kernels_keep_the_mean():
    for kind in ("bilinear", "ones"):
        for kernel, stride in [(3, 2), (4, 2), (5, 3), (6, 4)]:
            assert first_kernel(kind, kernel, stride).sum() == pytest.approx(stride**2)
    assert (first_kernel("random", 3, 2) == first_kernel("random", 3, 2)).all()
    with pytest.raises(ValueError, match="not 'cubic'"):
        first_kernel("cubic", 3, 2)


def test_learning_goes_to_the_least_squares_kernel():
    photo = photograph(24)
    small, how = shrink(photo, 2), enlarging(3, 2)
    columns = []
    for cell in range(9):
        kernel = np.zeros(9)
        kernel[cell] = 1
        columns.append(F.conv_transpose2d(small, kernel.reshape(3, 3), **how).ravel())
    best = np.linalg.lstsq(np.stack(columns, axis=1), photo.ravel().astype(float), rcond=None)[0]
    learning = learn_kernel(photo, 2, first_kernel("ones", 3, 2), steps=400)
    assert learning.kernels.shape == (401, 3, 3) and len(learning.errors) == 401
    least = np.mean((np.stack(columns, axis=1) @ best - photo.ravel()) ** 2)
    assert least <= learning.errors[-1] < 1.01 * least < 0.5 * learning.errors[0]
    assert np.allclose(learning.kernels[-1].ravel(), best, atol=0.1)


def test_an_error_belongs_to_its_kernel():
    photo = photograph(16)
    learning = learn_kernel(photo, 2, first_kernel("random", 4, 2), steps=5)
    for kernel, error in zip(*learning, strict=True):
        assert np.mean((enlarge_map(shrink(photo, 2), kernel, 2) - photo) ** 2) == pytest.approx(
            error
        )
