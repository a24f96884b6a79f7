"""What lesson 10 says of maps that come back to the image, computed; by section."""

from functools import cache

import numpy as np
import pytest

from cnnviz import explore_relu_rules, photograph
from cnnviz.network import (
    bilinear_kernel,
    deep_network,
    enlarge_map,
    first_kernel,
    learn_kernel,
    likeness,
    likeness_of_scores,
    log_softmax,
    one_map,
    pooled_maps,
    reconstruct,
    saliency,
    trained_network,
)

RULES = ("backprop", "deconvnet", "guided")


@cache
def trained():
    return trained_network("deep")


def images(count):
    return trained().split.test_images[:count]


# 1. Three rules


def test_1_what_each_rule_makes_of_the_four_pairs_of_signs():
    x, R = np.array([2, 2, -1, -1]), np.array([3, -3, 4, -4])
    assert (R * (x > 0)).tolist() == [3, -3, 0, 0] and (R * (R > 0)).tolist() == [3, 0, 4, 0]
    assert (R * (x > 0) * (R > 0)).tolist() == [3, 0, 0, 0]


def test_1_with_6_added_deconvnet_and_guided_are_the_same():
    scene = explore_relu_rules(shift=6.0).scene
    assert [int(words.split(" of ")[0]) for words, _ in scene.counters] == [16, 9, 9]


# 2. Saliency


@cache
def alike(rule):
    """The mean likeness of a map to those of other classes, and to that of untrained weights."""
    fresh, labels = deep_network(seed=1), trained().split.test_labels[:40]
    maps = [saliency(trained().network, x, rule) for x in images(40)]
    others = [likeness_of_scores(m, y) for m, y in zip(maps, labels, strict=True)]
    weights = [
        likeness(m[y], saliency(fresh, x, rule)[y])
        for m, x, y in zip(maps, images(40), labels, strict=True)
    ]
    return float(np.mean(others)), float(np.mean(weights))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "others", "weights"),
    [("backprop", -0.10, -0.02), ("deconvnet", 0.52, 0.16), ("guided", 0.74, 0.41)],
)
def test_2_how_alike_the_maps_are_for_other_classes_and_other_weights(rule, others, weights):
    assert alike(rule) == (pytest.approx(others, abs=0.04), pytest.approx(weights, abs=0.04))


@pytest.mark.slow
def test_2_the_network_reads_98_of_100_and_nothing_reads_the_last_two_rows_and_columns():
    assert round(trained().accuracy, 2) >= 0.98
    for x in images(10):
        found = saliency(trained().network, x)
        assert not found[:, :, 26:].any() and not found[..., 26:].any()


@pytest.mark.slow
def test_2_the_gradient_of_a_probability_mixes_the_scores_and_is_thousands_of_times_smaller():
    network, split, _ = trained()
    number = np.flatnonzero(split.test_labels == 3)[0]
    x = split.test_images[number].astype(float)
    network = network.astype(float)

    def p(at):
        return np.exp(log_softmax(network(at[None])))[0]

    scores = saliency(network, x)
    by_formula = p(x)[3] * (scores[3] - np.tensordot(p(x), scores, 1))
    cell = np.unravel_index(np.abs(by_formula).argmax(), x.shape)
    nudge = np.zeros_like(x)
    nudge[cell] = 1e-4
    assert (p(x + nudge) - p(x - nudge))[3] / 2e-4 == pytest.approx(by_formula[cell], rel=1e-3)
    assert np.abs(scores[3]).max() > 2000 * np.abs(by_formula).max()


# 3. One feature map


@pytest.mark.slow
def test_3_no_more_than_8_by_8_cells_come_back_from_one_cell():
    largest = np.zeros(2, int)
    for x in images(20):
        layers, maps = pooled_maps(trained().network, x)[1]
        for n in range(len(maps)):
            start = one_map(maps, n, "strongest cell")
            back = reconstruct(trained().network, x, layers, start)[-1].maps[0]
            if (cells := np.argwhere(back)).size:
                largest = np.maximum(largest, np.ptp(cells, axis=0) + 1)
    assert largest.tolist() == [8, 8]


@pytest.mark.slow
def test_3_switches_make_what_comes_back_more_like_the_image():
    def mean_likeness(switches):
        found = []
        for x in images(10):
            layers, maps = pooled_maps(trained().network, x)[1]
            for n in range(len(maps)):
                start = one_map(maps, n, "whole map")
                back = reconstruct(trained().network, x, layers, start, switches=switches)[-1]
                found.append(likeness(back.maps, x))
        return np.mean(found)

    assert mean_likeness(True) == pytest.approx(0.36, abs=0.04)
    assert mean_likeness(False) == pytest.approx(0.21, abs=0.04)


# 4. Enlarging


def test_4_weights_that_meet_at_a_cell_add_up_to_1_in_the_bilinear_kernel_only():
    sums = enlarge_map(np.ones((5, 5)), bilinear_kernel(3), 2)
    equal = enlarge_map(np.ones((5, 5)), np.ones((3, 3)), 2)
    assert (sums[1:-1, 1:-1] == 1).all() and set(equal[1:-1, 1:-1].ravel()) == {1, 2, 4}


@pytest.mark.slow
def test_4_a_learned_kernel_beats_the_bilinear_one_and_size_3_leans_to_the_lower_right():
    last = {}
    for size in (3, 4):
        learned = learn_kernel(photograph(48), 2, first_kernel("ones", size, 2), steps=100)
        bilinear = learn_kernel(photograph(48), 2, bilinear_kernel(size), steps=0)
        assert learned.errors[-1] < bilinear.errors[0] < learned.errors[0]
        last[size] = learned.kernels[-1]
    small, large = last[3], last[4]
    assert small[1:, 1:].sum() > 0.8 * small.sum() and large[1:3, 1:3].sum() > 0.7 * large.sum()
    assert large[1:3, 1:3].min() > bilinear_kernel(4)[1:3, 1:3].max()
