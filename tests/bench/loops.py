"""A convolution layer's forward and backward pass, written in the usual other ways.

Each function takes `input` (N, C, H, W), `weight` (F, C, K, K) and `grad_output` (N, F, H', W'),
stride 1 and no padding, and returns the output, the input's gradient and the weight's gradient.
"""

import time

import numpy as np
from scipy import signal

from cnnviz import functional as F


def vectorised(input, weight, grad_output):
    """Ours."""
    return (
        F.conv2d(input, weight),
        F.conv2d_input(input.shape, weight, grad_output),
        F.conv2d_weight(input, weight.shape, grad_output),
    )


def per_pixel(input, weight, grad_output):
    """Python loops over images, filters and output pixels, with a NumPy slice for each window."""
    images, filters, height, width = grad_output.shape
    size = weight.shape[-1]
    output = np.zeros_like(grad_output)
    for n in range(images):
        for f in range(filters):
            for i in range(height):
                for j in range(width):
                    window = input[n, :, i : i + size, j : j + size]
                    output[n, f, i, j] = np.sum(window * weight[f])
    grad_input, grad_weight = np.zeros_like(input), np.zeros_like(weight)
    for n in range(images):
        for f in range(filters):
            for i in range(height):
                for j in range(width):
                    window = input[n, :, i : i + size, j : j + size]
                    grad_weight[f] += grad_output[n, f, i, j] * window
                    grad_input[n, :, i : i + size, j : j + size] += (
                        grad_output[n, f, i, j] * weight[f]
                    )
    return output, grad_input, grad_weight


def scipy_signal(input, weight, grad_output):
    """`scipy.signal` for each image, filter and channel."""
    output = np.zeros_like(grad_output)
    grad_input, grad_weight = np.zeros_like(input), np.zeros_like(weight)
    for n, image in enumerate(input):
        for f, kernel in enumerate(weight):
            for c in range(len(image)):
                output[n, f] += signal.correlate2d(image[c], kernel[c], mode="valid")
                grad_weight[f, c] += signal.correlate2d(image[c], grad_output[n, f], mode="valid")
                grad_input[n, c] += signal.convolve2d(grad_output[n, f], kernel[c], mode="full")
    return output, grad_input, grad_weight


def pytorch(input, weight, grad_output):
    """`torch.nn.functional.conv2d` and its automatic derivative, on all processors."""
    import torch

    x, w, g = map(torch.from_numpy, (input, weight, grad_output))
    x.requires_grad_()
    w.requires_grad_()
    output = torch.nn.functional.conv2d(x, w)
    output.backward(g)
    return output.detach().numpy(), x.grad.numpy(), w.grad.numpy()


def pytorch_one_thread(*arguments):
    """The same on one processor, where no thread waits for another that is kept from running."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return pytorch(*arguments)
    finally:
        torch.set_num_threads(threads)


def race(way, layer, n: int):
    """Times of `vectorised` and of another way, in ms, taking turns `n` times.

    `layer` holds the arguments of `a_layer`. Both must give the same numbers first.
    """
    arrays = a_layer(*layer)
    for ours, theirs in zip(vectorised(*arrays), way(*arrays), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)
    rounds = [(ms(vectorised, arrays), ms(way, arrays)) for _ in range(n)]
    return list(zip(*rounds, strict=True))


def ms(function, arguments) -> float:
    """How long a call takes, in ms, right after a call that does not count.

    The first call after another library's turn also pays for waking threads and filling caches.
    """
    function(*arguments)
    start = time.perf_counter()
    function(*arguments)
    return 1000 * (time.perf_counter() - start)


def a_layer(images, channels, size, filters, kernel_size=3):
    """Random float32 arguments for the functions above."""
    generator = np.random.default_rng(0)
    out = size - kernel_size + 1
    shapes = [
        (images, channels, size, size),
        (filters, channels, kernel_size, kernel_size),
        (images, filters, out, out),
    ]
    return [generator.standard_normal(shape, dtype=np.float32) for shape in shapes]
