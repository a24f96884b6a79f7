"""The networks that the pictures look into have learned, and nobody can spoil them for others."""

import numpy as np
import pytest

from cnnviz.network.trained import trained_network
from cnnviz.network.training import accuracy


@pytest.mark.slow
@pytest.mark.parametrize("kind, shape", [("small", (10, 1352)), ("deep", (10, 400))])
def test_a_network_reads_what_it_never_saw(kind, shape):
    trained = trained_network(kind)
    parts = trained.split
    assert trained.accuracy >= 0.97
    assert accuracy(trained.network, parts.test_images, parts.test_labels) == trained.accuracy
    assert list(trained.network.parameters.values())[-2].shape == shape


def test_every_call_has_a_copy_of_its_own_but_the_images_are_shared():
    one, other = trained_network(), trained_network()
    one.network.parameters["0.weight"][...] = 0
    assert other.network.parameters["0.weight"].any() and one.split is other.split
    with pytest.raises(ValueError):
        one.split.images[0] = 0


@pytest.mark.slow
def test_another_seed_is_another_network_for_the_same_images():
    one, other = trained_network(), trained_network(seed=1)
    assert not np.array_equal(
        one.network.parameters["0.weight"], other.network.parameters["0.weight"]
    )
    assert one.split is other.split and other.accuracy >= 0.97


def test_another_kind_says_which_there_are():
    with pytest.raises(ValueError, match="small, deep, tiny"):
        trained_network("huge")
    with pytest.raises(ValueError, match="0 to 16 epochs, not after 17"):
        trained_network(epochs=17)


def test_snapshots_show_the_network_on_its_way():
    rates = [trained_network("tiny", epochs=epochs).accuracy for epochs in (0, 1, 16)]
    assert rates[0] < 0.25 and rates[0] < rates[1] < rates[2] and rates[2] > 0.9
    assert trained_network("tiny").split.images.shape[1:] == (1, 8, 8)
    assert not trained_network(epochs=0).network.parameters["0.bias"].any()
