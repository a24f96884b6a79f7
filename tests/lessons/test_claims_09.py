"""What lesson 09 says of losses, gradients and training, computed; by section."""

import numpy as np
import pytest

from cnnviz import explore_training
from cnnviz.derivations import softmax_cross_entropy
from cnnviz.network import CrossEntropyLoss, Linear, check_gradients, log_softmax, trained_network


def passed(epochs, kind="tiny", image=4):
    """The loss of a held-out digit, and the network after its backward pass."""
    network, split, _ = trained_network(kind, epochs=epochs)
    entropy = CrossEntropyLoss()
    value = entropy(
        network(split.test_images[image - 1 : image]), split.test_labels[image - 1 : image]
    )
    network.backward(entropy.backward())
    return value, network


# 1. The loss


def test_1_the_gradient_of_the_cross_entropy_is_p_minus_y():
    line = softmax_cross_entropy(3)
    assert line.title.endswith("p − y")
    assert line.result.tolist() == [p - y for p, y in zip(*parted(line), strict=True)]


def parted(line):
    """p and y, as the derivation calls them."""
    names = sorted({str(s) for cell in line.result for s in cell.free_symbols})
    by_name = {str(s): s for cell in line.result for s in cell.free_symbols}
    return (
        [by_name[n] for n in names if n.startswith("p")],
        [by_name[n] for n in names if n.startswith("y")],
    )


def test_1_the_numbers_for_three_classes():
    loss = CrossEntropyLoss()
    assert round(loss([[2.0, 1.0, 0.0]], [1]), 3) == 1.408 == round(-np.log(0.24473), 3)
    assert loss.backward().round(3).tolist() == [[0.665, -0.755, 0.09]]
    assert abs(loss.backward().sum()) < 1e-12
    assert np.exp(log_softmax([2.0, 1.0, 0.0])).round(3).tolist() == [0.665, 0.245, 0.09]


def test_1_the_loss_is_a_mean_and_the_layers_add_up():
    one, two, loss = (
        np.array([[2.0, 1.0, 0.0]]),
        np.array([[2.0, 1.0, 0.0]] * 2),
        CrossEntropyLoss(),
    )
    layer = Linear(3, 3, dtype=float)
    single = loss(one, [1]), loss.backward()
    double = loss(two, [1, 1]), loss.backward()
    assert single[0] == pytest.approx(double[0]) and np.allclose(double[1], single[1][0] / 2)
    layer(two)
    layer.backward(double[1])
    assert np.allclose(layer.gradients["bias"], single[1][0])


@pytest.mark.parametrize("mistake", ["layer divides", "nobody divides"])
def test_1_a_check_finds_a_wrong_1_over_n_only_with_more_than_one_image(mistake, monkeypatch):
    class Divides(Linear):
        def _backward(self, g, input_gradient):
            made = super()._backward(g, input_gradient)
            self.gradients = {name: got / len(g) for name, got in self.gradients.items()}
            return made

    if mistake == "nobody divides":
        real = CrossEntropyLoss.backward
        monkeypatch.setattr(CrossEntropyLoss, "backward", lambda s: real(s) * len(s.labels))
    layer = (Divides if mistake == "layer divides" else Linear)(3, 2, seed=0)
    x = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]])
    assert check_gradients(layer, x[:1], [1]).ok and not check_gradients(layer, x, [1, 0]).ok


def test_1_where_exp_overflows():
    for kind, last in ((np.float64, 709), (np.float32, 88)):
        with np.errstate(over="ignore"):
            assert np.isfinite(np.exp(kind(last))) and np.isinf(np.exp(kind(last + 1)))
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp([1000.0, 1000.0, 0.0])
        assert np.isnan(powers / powers.sum())[0]


def test_1_the_largest_score_taken_off_changes_no_probability():
    assert log_softmax([1000.0, 1000.0, 0.0]).round(3).tolist() == [-0.693, -0.693, -1000.693]
    assert np.exp(-1000.693) == 0  # ... too small for a float64
    s = np.array([2.0, 1.0, 0.0])
    assert np.allclose(log_softmax(s), log_softmax(s + 100))


# 2. The whole backward pass


def test_2_at_most_9_of_36_cells_get_a_gradient_and_pooling_keeps_its_sum():
    (before, network), (after, _) = passed(1), passed(16)
    cells = network.map_gradients[2][0]
    assert cells.shape == (2, 6, 6) and max(map(np.count_nonzero, cells)) <= 9
    assert np.isclose(network.map_gradients[2].sum(), network.map_gradients[3].sum())
    assert after < before


@pytest.mark.slow
def test_2_fewer_than_1352_of_5408_cells_are_reached():
    _, network = passed(1, "small")
    reached = np.count_nonzero(network.map_gradients[1])
    assert network.maps[1].size == 5408 == 26 * 26 * 8 and reached < 1352 == 5408 // 4


@pytest.mark.slow
def test_2_image_49_is_a_2_that_is_read_as_a_1():
    network, split, _ = trained_network()
    p = np.exp(log_softmax(network(split.test_images[48:49])))[0]
    assert split.test_labels[48] == 2 and p.argmax() == 1 and f"{p[1]:.0%}" == "99%"


# 3. Training


def after(epochs, *how):
    return explore_training(*how).run(epochs=epochs)


def test_3_how_many_digits_there_are():
    _, split, _ = trained_network("tiny", epochs=0)
    assert (len(split.images), len(split.test_images)) == (1438, 359) and 1438 + 359 == 1797
    assert -(-1438 // 32) == 45 and round(-np.log(1 / 10), 2) == 2.3


@pytest.mark.slow
def test_3_the_first_weights_read_one_digit_in_twelve_and_the_first_batch_has_its_loss():
    assert f"{after(0).accuracy:.1%}" == "8.4%"
    assert round(after(1 / 45).training.losses[0], 2) == 2.43


@pytest.mark.slow
def test_3_stopped_after_25_batches_and_continued_it_learns_the_same_to_the_last_bit():
    whole, parts = explore_training().run(batches=60), explore_training().run(batches=25)
    assert whole.training.losses == parts.run(batches=35).training.losses


@pytest.mark.slow
def test_3_adam_is_quicker_than_sgd_and_a_rate_of_1_throws_every_cell_below_0():
    adam, sgd, thrown = after(4), after(4, "SGD"), after(4, "SGD", 1)
    assert adam.accuracy > 0.94 and sgd.accuracy < 0.85 and thrown.accuracy < 0.15
    assert all(thrown.record.maps(image).max() == 0 for image in thrown.split.test_images)
    assert all(after(4, *how).accuracy > 0.94 for how in (("SGD", 0.05), ("momentum", 0.01)))
    assert np.mean(thrown.training.losses[-45:]) == pytest.approx(2.3, abs=0.05)


@pytest.mark.slow
def test_3_the_last_layer_moves_more_than_the_filters_compared_with_its_start():
    first, last = (trained_network(epochs=n).network.parameters for n in (0, 16))
    share, each = {}, {}
    for name in ("0.weight", "4.weight"):
        moved = last[name] - first[name]
        share[name] = np.linalg.norm(moved) / np.linalg.norm(first[name])
        each[name] = np.sqrt(np.square(moved).mean())
    assert share["0.weight"] == pytest.approx(0.44, abs=0.03)
    assert share["4.weight"] == pytest.approx(1.65, abs=0.06)
    assert each["0.weight"] == pytest.approx(0.20, abs=0.02)
    assert each["4.weight"] == pytest.approx(0.06, abs=0.01)
    assert np.abs(first["0.weight"]).mean() > 5 * np.abs(first["4.weight"]).mean()


# 4. One's own digit


@pytest.mark.slow
def test_4_it_reads_nearly_all_held_out_digits():
    assert trained_network().accuracy >= 0.97
