"""One epoch of training `small_network` on the digits: ours, PyTorch's, and the blog's loops.

The loops take so long that they see a few images only; their time is scaled to the epoch. Each way
is timed in turn, in one process of its own (see `__main__`).
"""

import time
import tracemalloc

import numpy as np

from cnnviz.network import as_printed as blog
from cnnviz.network.digits import digits_to_learn
from cnnviz.network.optimisers import SGD
from cnnviz.network.training import Training, small_network

LR, MOMENTUM, BATCH = 0.02, 0.9, 32
LOOPED = 4  # images that the loops learn from


def ours(parts):
    """A function that trains one epoch."""
    network = small_network(seed=0)
    training = Training(network, SGD(network, LR, MOMENTUM), *parts[:2], batch_size=BATCH)

    def epoch():
        for _ in range(training.batches_per_epoch):
            training.learn()

    return epoch


def pytorch(parts, threads=None):
    """The same network, batch size and optimiser, as PyTorch trains it."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    images, labels = map(torch.from_numpy, parts[:2])
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1352, 10)
    )
    loss = nn.CrossEntropyLoss()
    optimiser = torch.optim.SGD(network.parameters(), LR, MOMENTUM)

    def epoch():
        usual = torch.get_num_threads()
        torch.set_num_threads(threads or usual)
        for chosen in torch.randperm(len(images)).split(BATCH):
            optimiser.zero_grad()
            loss(network(images[chosen]), labels[chosen]).backward()
            optimiser.step()
        torch.set_num_threads(usual)

    return epoch


def pytorch_one_thread(parts):
    """The same on one processor."""
    return pytorch(parts, threads=1)


def printed_loops(parts):
    """The blog's layers, one image at a time, with the flattening and the loss that they lack."""
    filters, weights = blog.conv_filters(8, 3), blog.dense_weights(1352, 10)
    biases = np.zeros(10)

    def few_images():
        for image, label in zip(parts.images[:LOOPED, 0], parts.labels, strict=False):
            maps = blog.conv_forward(image, filters)
            lit = blog.relu_forward(maps)
            pooled, places = blog.max_pool_forward(lit)
            scores = blog.dense_forward(pooled.ravel(), weights, biases)
            g = np.exp(scores - scores.max())
            g /= g.sum()
            g[label] -= 1
            g = blog.dense_backward(pooled.ravel(), g, weights, biases).reshape(pooled.shape)
            g = blog.relu_backward(maps, blog.max_pool_backward(g, lit.shape, places))
            blog.conv_backward(image, g, filters)

    return few_images


WAYS = [  # how often, and what; of several the fastest stands in the report
    (2, [printed_loops]),
    (15, [pytorch, pytorch_one_thread]),
]


def race(way, n: int):
    """Times of an epoch of ours and of another way, in ms, taking turns `n` times."""
    parts = digits_to_learn()
    scale = len(parts.images) / LOOPED if way is printed_loops else 1
    mine, other = ours(parts), way(parts)
    mine(), other()  # to warm up
    rounds = [(ms(mine), scale * ms(other)) for _ in range(n)]
    return list(zip(*rounds, strict=True))


def ms(epoch) -> float:
    """How long it takes, in ms."""
    start = time.perf_counter()
    epoch()
    return 1000 * (time.perf_counter() - start)


def peak_memory() -> dict[str, float]:
    """The memory of a training run of two epochs, with its data, in MB: the most that NumPy and
    Python held at once, and the most that the whole process ever had, where the system says so."""
    tracemalloc.start()
    epoch = ours(digits_to_learn())
    epoch(), epoch()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"arrays": peak / 1e6} | process_memory()


def process_memory() -> dict[str, float]:
    try:
        import resource
    except ImportError:  # not on Windows
        return {}
    return {"process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
