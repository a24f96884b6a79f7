"""Training: it learns, it repeats itself, and stopping anywhere loses nothing."""

import itertools

import numpy as np
import pytest

from cnnviz.functional.geometry import DoesNotFit
from cnnviz.network import Flatten, Linear, Sequential
from cnnviz.network.digits import digits_to_learn
from cnnviz.network.optimisers import SGD, Adam
from cnnviz.network.training import (
    Report,
    Training,
    accuracy,
    confusion_matrix,
    misread,
    predict,
    small_network,
)


@pytest.fixture(scope="module")
def digits():
    return digits_to_learn()


def small(optimiser=SGD, seed=0, batch_size=4, **how):
    """A training on 22 random images: 5 full batches and one of 2 in an epoch."""
    random = np.random.default_rng(1)
    images, labels = random.standard_normal((22, 1, 3, 3)), random.integers(0, 3, 22)
    network = Sequential(Flatten(), Linear(9, 3, seed=seed))
    how = how or {"lr": 0.1}
    return Training(
        network, optimiser(network, **how), images, labels, batch_size=batch_size, seed=seed
    )


def equal(one, other):
    assert one.losses == other.losses and one.hits == other.hits
    for (name, a), b in zip(one.state().items(), other.state().values(), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)


@pytest.mark.slow
def test_it_reads_handwritten_digits(digits):
    network = small_network(seed=0)
    training = Training(network, Adam(network, lr=0.002), *digits, batch_size=32)
    list(training.run(epochs=10, every=100))
    training.optimiser.lr = 0.0005  # smaller steps, so that it settles
    *_, last = training.run(epochs=3, every=100)
    assert last.test_accuracy == accuracy(network, *digits[2:]) >= 0.97
    assert last.loss < 0.05


def test_the_same_seed_gives_the_same_numbers():
    one, again, other = small(), small(), small(seed=1)
    for training in (one, again, other):
        list(training.run(epochs=2))
    equal(one, again)
    assert one.losses != other.losses


def test_every_epoch_shows_every_image_once_in_a_new_order():
    training = small()
    assert training.batches_per_epoch == 6
    epochs = [
        np.concatenate([training.batch(6 * epoch + place) for place in range(6)])
        for epoch in range(3)
    ]
    for order in epochs:
        assert sorted(order) == list(range(22))
    assert len({tuple(order) for order in epochs}) == 3
    assert len(training.batch(5)) == 2


# --- stopping and going on -----------------------------------------------------------------------

OPTIMISERS = [
    (SGD, {"lr": 0.1}),
    (SGD, {"lr": 0.1, "momentum": 0.9}),
    (Adam, {"lr": 0.01}),
]
all_optimisers = pytest.mark.parametrize(("optimiser", "how"), OPTIMISERS)


@all_optimisers
def test_leaving_the_loop_and_going_on(optimiser, how):
    whole, parts = small(optimiser, **how), small(optimiser, **how)
    list(whole.run(batches=20, every=3))
    for _ in itertools.islice(parts.run(epochs=99, every=1), 7):
        pass
    assert parts.step == 7
    run = parts.run(batches=13, every=5)
    next(run)
    run.close()
    list(parts.run(batches=20 - parts.step))
    equal(whole, parts)


class Interrupted:
    """An optimiser whose step is interrupted half-way, once, after the first layer was changed."""

    def __init__(self, optimiser, at):
        self.optimiser, self.at = optimiser, at

    def __getattr__(self, name):
        return getattr(self.optimiser, name)

    def step(self):
        self.optimiser.step()
        if self.optimiser.steps == self.at:
            self.at = None
            raise KeyboardInterrupt


@all_optimisers
def test_an_interrupt_in_the_middle_of_a_batch_loses_nothing(optimiser, how):
    whole, cut = small(optimiser, **how), small(optimiser, **how)
    list(whole.run(batches=10))
    cut.optimiser = Interrupted(cut.optimiser, at=5)
    with pytest.raises(KeyboardInterrupt):
        list(cut.run(batches=10))
    assert cut.step == 4
    list(cut.run(batches=6))
    equal(whole, cut)


@all_optimisers
def test_save_and_continue_elsewhere(optimiser, how, tmp_path):
    whole, first, second = (small(optimiser, **how) for _ in range(3))
    list(whole.run(batches=15))
    list(first.run(batches=8))
    first.save(tmp_path / "training.npz")
    second.load(tmp_path / "training.npz")
    list(second.run(batches=7))
    equal(whole, second)


def test_a_state_of_another_training_is_refused_and_changes_nothing():
    training = small()
    list(training.run(batches=3))
    before = training.state()
    for other in (small(seed=1), small(batch_size=5), small(Adam, lr=0.1)):
        with pytest.raises(DoesNotFit):
            training.load_state(other.state())
    for name, value in training.state().items():
        np.testing.assert_array_equal(value, before[name])


# --- budgets and reports -------------------------------------------------------------------------


def test_reports_come_after_every_few_batches_and_at_the_ends():
    training = small()
    assert [report.step for report in training.run(batches=10, every=4)] == [4, 6, 8, 10]
    assert [report.step for report in training.run(epochs=1, every=100)] == [12, 16]


def test_a_report_by_hand():
    training = small()
    (report,) = training.run(batches=3, every=5)
    assert report == Report(3, 0.5, np.mean(training.losses), sum(training.hits) / 12)
    assert str(Report(3, 0.5, 1.25, 0.5)) == "epoch 0.50, batch 3: loss 1.2500, accuracy 50.0%"
    assert str(Report(6, 1.0, 1.25, 0.5, 0.975)).endswith(", test accuracy 97.5%")


def test_a_budget_of_seconds_does_at_least_one_batch_and_ends():
    training = small()
    reports = list(training.run(seconds=0))
    assert training.step == 1 and reports[-1].step == 1


def test_one_budget_and_one_only():
    for budget in ({}, {"epochs": 1, "seconds": 1}):
        with pytest.raises(ValueError, match="one budget"):
            small().run(**budget)


def test_images_and_labels_that_do_not_belong_together():
    network = Sequential(Flatten(), Linear(4, 2))
    with pytest.raises(DoesNotFit, match="do not belong together"):
        Training(network, SGD(network, 0.1), np.zeros((3, 1, 2, 2)), [0, 1])


# --- how well it reads ---------------------------------------------------------------------------


def test_reading_by_hand():
    scores = np.array([[1.0, 2.0], [5.0, 0.0], [0.0, 1.0]])
    assert predict(lambda x: x, scores, batch_size=2).tolist() == [1, 0, 1]
    assert accuracy(lambda x: x, scores, [1, 1, 1]) == pytest.approx(2 / 3)
    assert confusion_matrix([1, 1, 1, 0], [1, 0, 1, 0], classes=2).tolist() == [[1, 0], [1, 2]]
    assert misread([1, 1, 1], [1, 0, 1]).tolist() == [1]
