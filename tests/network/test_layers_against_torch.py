"""The layers, the loss, the optimisers and a few batches of training replayed in PyTorch, where it
is installed."""

import numpy as np
import pytest

from cnnviz import network as layers
from cnnviz.network.optimisers import SGD, Adam
from cnnviz.network.training import Training, small_network
from tests.tools.pytorch import torch_or_skip

torch = torch_or_skip()
pytestmark = pytest.mark.long
nn = torch.nn

LAYERS = [
    ("Conv2d", (2, 4, 3), {}, (3, 2, 6, 7)),
    ("Conv2d", (2, 4, (2, 3), (2, 1), (1, 2), 1, 2, False), {}, (3, 2, 6, 7)),
    ("Conv2d", (4, 2, 3), {"padding": 2, "dilation": 2, "stride": 2, "groups": 2}, (2, 4, 7, 8)),
    ("Conv2d", (1, 2, 3), {"padding": "same"}, (1, 1, 4, 5)),
    ("ConvTranspose2d", (2, 3, 4, 2, 1), {}, (2, 2, 3, 4)),
    ("ConvTranspose2d", (4, 2, 3, 2, 1, 1, 2, False, 2), {}, (2, 4, 3, 4)),
    ("ConvTranspose2d", (1, 2, 2, 2, 1), {"output_padding": 2, "dilation": 3}, (2, 1, 2, 3)),
    ("ReLU", (), {}, (2, 3, 4, 5)),
    ("MaxPool2d", (2,), {}, (2, 3, 5, 6)),
    ("MaxPool2d", (3, 2, 1, 1), {"ceil_mode": True}, (2, 3, 6, 7)),
    ("MaxPool2d", (2, 1), {"dilation": 2}, (2, 1, 5, 6)),
    ("AvgPool2d", (3, 2, 1, True, False), {}, (2, 1, 6, 7)),
    ("Flatten", (), {}, (2, 3, 4, 5)),
    ("Linear", (5, 3), {}, (4, 5)),
    ("Linear", (5, 3, False), {}, (4, 5)),
]


def twin(ours):
    """The same network in PyTorch, with the same weights."""
    theirs = [
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1352, 10),
    ]  # fmt: skip
    network = nn.Sequential(*theirs).double()
    network.load_state_dict({name: torch.from_numpy(p) for name, p in ours.state().items()})
    return network


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize(("name", "arguments", "options", "shape"), LAYERS)
def test_layers(name, arguments, options, shape):
    ours = getattr(layers, name)(*arguments, **options)
    theirs = getattr(nn, name)(*arguments, **options).double()
    random = np.random.default_rng(0)
    for parameter in ours.parameters.values():
        parameter[...] = random.standard_normal(parameter.shape)
    theirs.load_state_dict({n: torch.from_numpy(p) for n, p in ours.state().items()})
    x = random.standard_normal(shape)
    tx = torch.from_numpy(x).requires_grad_()
    out, expected = ours(x), theirs(tx)
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-6, atol=1e-12)
    g = random.standard_normal(out.shape)
    expected.backward(torch.from_numpy(g))
    np.testing.assert_allclose(ours.backward(g), tx.grad.numpy(), rtol=1e-6, atol=1e-12)
    for parameter, tensor in theirs.named_parameters():
        np.testing.assert_allclose(
            ours.gradients[parameter], tensor.grad.numpy(), rtol=1e-6, atol=1e-12
        )


def test_cross_entropy():
    scores, labels = (
        np.random.default_rng(0).standard_normal((5, 4)) * 30,
        np.array([0, 3, 1, 1, 2]),
    )
    loss, ts = layers.CrossEntropyLoss(), torch.from_numpy(scores).requires_grad_()
    expected = nn.CrossEntropyLoss()(ts, torch.from_numpy(labels))
    expected.backward()
    assert loss(scores, labels) == pytest.approx(expected.item())
    np.testing.assert_allclose(loss.backward(), ts.grad.numpy(), atol=1e-12)


OPTIMISERS = [
    (lambda n: SGD(n, 0.1), lambda p: torch.optim.SGD(p, 0.1)),
    (lambda n: SGD(n, 0.05, momentum=0.9), lambda p: torch.optim.SGD(p, 0.05, momentum=0.9)),
    (lambda n: Adam(n, 0.01), lambda p: torch.optim.Adam(p, 0.01)),
    (
        lambda n: Adam(n, 0.02, (0.5, 0.9), 1e-3),
        lambda p: torch.optim.Adam(p, 0.02, (0.5, 0.9), 1e-3),
    ),
]


@pytest.mark.parametrize(("make_ours", "make_theirs"), OPTIMISERS)
def test_ten_batches_of_training(make_ours, make_theirs):
    random = np.random.default_rng(0)
    images, labels = random.standard_normal((40, 1, 28, 28)), random.integers(0, 10, 40)
    ours = small_network(0, np.float64)
    theirs = twin(ours)
    training = Training(ours, make_ours(ours), images, labels, batch_size=8)
    optimiser, loss = make_theirs(theirs.parameters()), nn.CrossEntropyLoss()
    losses = []
    for step in range(10):
        chosen = training.batch(step)
        optimiser.zero_grad()
        wrong = loss(theirs(torch.from_numpy(images[chosen])), torch.from_numpy(labels[chosen]))
        wrong.backward()
        optimiser.step()
        losses.append(wrong.item())
        training.learn()
    np.testing.assert_allclose(training.losses, losses, rtol=1e-8)
    for name, parameter in theirs.named_parameters():
        np.testing.assert_allclose(ours.parameters[name], parameter.detach().numpy(), atol=1e-9)
