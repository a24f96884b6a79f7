"""Convolution and pooling written as plainly as possible, to compare the fast ones with.

Everything is nested loops over single cells; maps are (N, C, H, W), sizes are pairs, and paddings
are ((above, below), (left, right)).
"""

import math

import numpy as np


def meetings(x_shape, w_shape, out_size, stride, padding, dilation, groups):
    """Every product of a convolution: which output cell, input cell and kernel cell meet."""
    images, channels, height, width = x_shape
    out_channels, per_group, kernel_height, kernel_width = w_shape
    assert channels == per_group * groups
    for n in range(images):
        for o in range(out_channels):
            group = o // (out_channels // groups)
            for i in range(out_size[0]):
                for j in range(out_size[1]):
                    for c in range(per_group):
                        for a in range(kernel_height):
                            for b in range(kernel_width):
                                y = i * stride[0] + a * dilation[0] - padding[0][0]
                                x = j * stride[1] + b * dilation[1] - padding[1][0]
                                if 0 <= y < height and 0 <= x < width:
                                    cell = (n, group * per_group + c, y, x)
                                    yield (n, o, i, j), cell, (o, c, a, b)


def out_size(size, kernel, stride, padding, dilation):
    """How many places a kernel has, by trying one after the other."""
    found = []
    for axis in range(2):
        padded = size[axis] + sum(padding[axis])
        places = 0
        while places * stride[axis] + dilation[axis] * (kernel[axis] - 1) < padded:
            places += 1
        found.append(places)
    return tuple(found)


def conv2d(x, w, stride, padding, dilation, groups):
    size = out_size(x.shape[2:], w.shape[2:], stride, padding, dilation)
    out = np.zeros((len(x), len(w), *size), x.dtype)
    for o, i, k in meetings(x.shape, w.shape, size, stride, padding, dilation, groups):
        out[o] += x[i] * w[k]
    return out


def conv2d_input(x_shape, w, g, stride, padding, dilation, groups):
    dx = np.zeros(x_shape, g.dtype)
    for o, i, k in meetings(x_shape, w.shape, g.shape[2:], stride, padding, dilation, groups):
        dx[i] += g[o] * w[k]
    return dx


def conv2d_weight(x, w_shape, g, stride, padding, dilation, groups):
    dw = np.zeros(w_shape, g.dtype)
    for o, i, k in meetings(x.shape, w_shape, g.shape[2:], stride, padding, dilation, groups):
        dw[k] += g[o] * x[i]
    return dw


def pool_places(size, kernel, stride, padding, dilation, ceil_mode):
    """Where the windows of one axis begin; the first input cell is at 0."""
    start = -padding
    starts = []
    while start + dilation * (kernel - 1) < size + padding:
        starts.append(start)
        start += stride
    last_seen = starts[-1] + dilation * (kernel - 1) if starts else -padding - 1
    if ceil_mode and last_seen < size + padding - 1 and start < size:
        starts.append(start)
    return starts


def pool_windows(size, kernel, stride, padding, dilation, ceil_mode):
    """For each output cell the cells (y, x) its window touches, real or not."""
    rows, columns = (
        pool_places(
            size[axis], kernel[axis], stride[axis], padding[axis], dilation[axis], ceil_mode
        )
        for axis in range(2)
    )
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            cells = [
                (top + a * dilation[0], left + b * dilation[1])
                for a in range(kernel[0])
                for b in range(kernel[1])
            ]
            yield (i, j), (len(rows), len(columns)), cells


def max_pool2d(x, kernel, stride, padding, dilation, ceil_mode):
    """The largest cell of each window (..., oh, ow) and its number in the plane, of one plane x."""
    height, width = x.shape
    values, switches = {}, {}
    every = list(pool_windows(x.shape, kernel, stride, padding, dilation, ceil_mode))
    for place, _, cells in every:
        real = [(y, c) for y, c in cells if 0 <= y < height and 0 <= c < width]
        best = real[0]
        for cell in real[1:]:
            if x[cell] > x[best] or math.isnan(x[cell]):
                best = cell
        values[place], switches[place] = x[best], best[0] * width + best[1]
    size = every[0][1]
    out, numbers = np.zeros(size, x.dtype), np.zeros(size, int)
    for place in values:
        out[place], numbers[place] = values[place], switches[place]
    return out, numbers


def avg_pool2d(x, kernel, stride, padding, ceil_mode, count_include_pad):
    """The mean of each window of one plane x, and the matrix of shares (oh ow, H W)."""
    height, width = x.shape
    means, shares = {}, {}
    every = list(pool_windows(x.shape, kernel, stride, padding, (1, 1), ceil_mode))
    for place, _, cells in every:
        real = [(y, c) for y, c in cells if 0 <= y < height and 0 <= c < width]
        padded = [
            (y, c)
            for y, c in cells
            if -padding[0] <= y < height + padding[0] and -padding[1] <= c < width + padding[1]
        ]
        counted = len(padded) if count_include_pad else len(real)
        means[place] = sum(x[cell] for cell in real) / counted
        shares[place] = (real, counted)
    size = every[0][1]
    out = np.zeros(size)
    matrix = np.zeros((size[0] * size[1], height * width))
    for (i, j), (real, counted) in shares.items():
        out[i, j] = means[i, j]
        for y, c in real:
            matrix[i * size[1] + j, y * width + c] += 1 / counted
    return out, matrix
