"""The yardstick: a convolution as a matrix, drawn with pyplot in an `interact` callback.

This is what most course notebooks do, written as a competent instructor would write it, with its
own plain NumPy. It leaves out what is common but dear (`tight_layout`, minor ticks as grid lines).
The benchmark puts this file into a notebook cell, followed by a call of `explore`.
"""

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np


def conv_matrix(kernel, input_size, stride, padding):
    """W with W @ x.ravel() == (x * kernel).ravel(), one row for each output cell."""
    size = len(kernel)
    output_size = (input_size + 2 * padding - size) // stride + 1
    matrix = np.zeros((output_size**2, input_size**2))
    for row in range(output_size):
        for column in range(output_size):
            for i in range(size):
                for j in range(size):
                    y, x = row * stride + i - padding, column * stride + j - padding
                    if 0 <= y < input_size and 0 <= x < input_size:
                        matrix[row * output_size + column, y * input_size + x] = kernel[i, j]
    return matrix


def draw_grid(axes, values, title, labels=True):
    """A grid of coloured cells, each with its number; without labels, an image."""
    axes.set_title(title)
    axes.axis("off")
    if not labels:
        axes.imshow(values, cmap="RdBu", vmin=-9, vmax=9)
        return
    axes.pcolormesh(values, cmap="RdBu", vmin=-9, vmax=9, edgecolors="gray", linewidth=0.5)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    for (y, x), value in np.ndenumerate(values):
        axes.text(x + 0.5, y + 0.5, f"{value:.0f}", ha="center", va="center", fontsize=8)


def explore(input_size, kernel_size=3):
    """Sliders around the input, the kernel, the output and the matrix W."""
    generator = np.random.default_rng(0)
    image = generator.integers(0, 4, (input_size, input_size))
    kernel = generator.integers(-2, 3, (kernel_size, kernel_size))

    def draw(stride=1, padding=0):
        matrix = conv_matrix(kernel, input_size, stride, padding)
        output_size = int(len(matrix) ** 0.5)
        output = (matrix @ image.ravel()).reshape(output_size, output_size)
        _, axes = plt.subplot_mosaic([["x", "w", "h"], ["W", "W", "W"]], figsize=(9, 6))
        draw_grid(axes["x"], image, "input x")
        draw_grid(axes["w"], kernel, "kernel w")
        draw_grid(axes["h"], output, "output h")
        shape = f"{matrix.shape[0]} × {matrix.shape[1]}"
        draw_grid(axes["W"], matrix, f"W, {shape}", labels=matrix.size <= 256)
        plt.show()

    ipywidgets.interact(draw, stride=(1, 3), padding=(0, 2))
