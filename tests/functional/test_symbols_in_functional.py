"""The same functions over SymPy expressions derive what they compute over numbers."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from cnnviz import functional as F


def symbols(letter, *shape):
    """An object array of symbols; the indices are apart, so that 1, 11 and 11, 1 differ."""
    array = np.empty(shape, object)
    for cell in np.ndindex(*shape):
        array[cell] = sp.Symbol(f"{letter}_{{{','.join(map(str, cell))}}}")
    return array


def derivative(output, g, cells):
    """What calculus says: the derivative of the sum of g times output to each of the cells."""
    total = sum(a * b for a, b in zip(g.flat, output.flat, strict=True))
    slopes = [sp.diff(total, cell) for cell in cells.flat]
    return np.array(slopes, object).reshape(cells.shape)


def same(found, expected):
    return found.shape == expected.shape and all(
        sp.expand(a - b) == 0 for a, b in zip(found.flat, expected.flat, strict=True)
    )


CASES = [
    pytest.param((4, 4), (3, 3), {}, id="the 4 x 4 and 3 x 3 of the documents"),
    pytest.param((5, 5), (3, 3), {"stride": 2}, id="the 5 x 5 with stride 2"),
    pytest.param((3, 3), (2, 2), {}, id="the 3 x 3 and 2 x 2"),
    pytest.param((6, 4), (3, 2), {"stride": (2, 3)}, id="remainders"),
    pytest.param((4, 5), (2, 3), {"padding": (2, 1), "dilation": (2, 1)}, id="padding, dilation"),
    pytest.param((2, 3), (1, 2), {"padding": 2, "stride": (1, 3)}, id="padding beyond the kernel"),
    pytest.param((2, 3, 3), (2, 2, 2, 2), {}, id="channels"),
    pytest.param((2, 2, 3, 3), (2, 1, 2, 2), {"groups": 2, "padding": 1}, id="groups and a batch"),
]


@pytest.mark.parametrize(("input_size", "weight_size", "how"), CASES)
def test_both_gradients_are_the_derivatives(input_size, weight_size, how):
    x, w = symbols("x", *input_size), symbols("w", *weight_size)
    out = F.conv2d(x, w, **how)
    g = symbols("g", *out.shape)
    assert same(F.conv2d_weight(x, w.shape, g, **how), derivative(out, g, w))
    expected = derivative(out, g, x)
    assert same(F.conv2d_input(x.shape, w, g, **how), expected)
    assert same(F.conv2d_input_gather(x.shape, w, g, **how), expected)


@pytest.mark.parametrize(("input_size", "weight_size", "how"), CASES)
def test_the_matrix_is_the_jacobian(input_size, weight_size, how):
    x, w = symbols("x", *input_size), symbols("w", *weight_size)
    image = x[0] if x.ndim == 4 else x
    out = F.conv2d(image, w, **how)
    matrix = F.conv_matrix(w, image.shape, **how)
    for row, output in zip(matrix, out.flat, strict=True):
        for found, cell in zip(row, image.flat, strict=True):
            assert found == sp.diff(output, cell)
            assert found != 0 or type(found) is int  # Python's own 0


def test_the_forward_pass_reads_as_on_paper():
    x, k = symbols("x", 3, 3), symbols("k", 2, 2)
    top_left = F.conv2d(x, k, bias=sp.Symbol("b"))[0, 0]
    assert sp.expand(top_left - sp.Symbol("b")) == sum(
        x[cell] * k[cell] for cell in np.ndindex(2, 2)
    )


def test_transposed_convolution_and_the_unrollings():
    x, k, g = symbols("x", 3, 3), symbols("k", 2, 2), symbols("g", 2, 2)
    assert same(F.conv_transpose2d(g, k), F.conv2d_input((3, 3), k, g))
    columns = F.unfold(x, 2)
    assert same(k.reshape(1, 4) @ columns, F.conv2d(x, k).reshape(1, 4))
    times = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    assert same(F.fold(columns, 3, 2)[0], x * times)


def test_untouched_cells_are_the_zero_of_python():
    g, k = symbols("g", 1, 2), symbols("k", 1, 1)
    for array in (
        F.conv2d_input((1, 5), k, g, stride=(1, 3)),
        F.conv_transpose2d(g, k, stride=(1, 3), output_padding=(0, 1)),
        F.fold(g, (1, 5), 1, stride=(1, 3)),
        F.insert_zeros(g, (1, 4)),
        F.spread_gradient(g, (1, 5), 1, stride=(1, 3)),
        F.max_pool2d_backward(g, (1, 5), [[0, 3]]),
        F.max_unpool2d(g, [[0, 3]], (1, 2), output_size=(1, 5)),
        F.avg_pool2d_backward(g, (1, 5), 1, stride=(1, 3)),
        F.unfold(g, 1, padding=(0, 1)),
    ):
        zeros = [cell for cell in array.flat if cell == 0]
        assert len(zeros) >= 2
        assert all(type(cell) is int for cell in zeros)


def test_padding_of_symbols_leaves_no_trace():
    x, k = symbols("x", 2, 2), symbols("k", 3, 3)
    corner = F.conv2d(x, k, padding=1)[0, 0]
    assert corner.free_symbols == {*x.flat, *k[1:, 1:].flat}


def test_average_pooling():
    x = symbols("x", 3, 5)
    how = {"kernel_size": (2, 3), "stride": 2, "padding": (1, 0), "ceil_mode": True}
    for include in (True, False):
        out = F.avg_pool2d(x, **how, count_include_pad=include)
        g = symbols("g", *out.shape)
        found = F.avg_pool2d_backward(g, x.shape, **how, count_include_pad=include)
        assert same(found, derivative(out, g, x))
    assert F.avg_pool2d(x[:1, :2], (1, 2))[0, 0] == x[0, 0] / 2 + x[0, 1] / 2


def test_max_pooling_with_an_order():
    x, numbers = symbols("x", 4, 4), np.random.default_rng(2).permutation(16).reshape(4, 4)
    how = {"kernel_size": 3, "stride": 1, "padding": 1}
    winners, switches = F.max_pool2d(x, **how, return_indices=True, order=numbers)
    values = dict(zip(x.flat, numbers.flat, strict=True))
    assert [values[cell] for cell in winners.flat] == F.max_pool2d(numbers, **how).ravel().tolist()
    assert winners.tolist() == x.ravel()[switches].tolist()
    g = symbols("g", 4, 4)
    assert same(F.max_pool2d_backward(g, (4, 4), switches), derivative(winners, g, x))


def test_max_pooling_of_symbols_asks_for_an_order():
    for cells in (symbols("x", 2, 2), symbols("x", 2, 2) ** 2 + 1):
        with pytest.raises(TypeError, match="Nobody knows which of these cells is the largest"):
            F.max_pool2d(cells, 2)


def test_exact_numbers_need_no_order():
    x = np.array([[Fraction(1, 3), Fraction(1, 2)], [Fraction(-1, 2), Fraction(0)]])
    assert F.max_pool2d(x, 2, padding=1).tolist() == x.tolist()
    assert F.avg_pool2d(x, 2)[0, 0] == Fraction(1, 12)
    rational = np.array([[sp.Rational(1, 3), sp.Rational(1, 2)]])
    assert F.max_pool2d(rational, (1, 2))[0, 0] == sp.Rational(1, 2)


def test_an_expression_matrix_of_sympy_is_a_map():
    assert F.conv2d(sp.Matrix([[1, 2], [3, 4]]), [[1, 1]]).tolist() == [[3], [7]]


def test_numbers_put_in_for_the_symbols_give_what_the_numbers_give():
    x, w = symbols("x", 5, 4), symbols("w", 2, 3)
    random = np.random.default_rng(4)
    numbers = {cell: int(random.integers(-9, 9)) for cell in (*x.flat, *w.flat)}
    put_in = np.vectorize(lambda cell: int(sp.sympify(cell).subs(numbers)), otypes=[int])
    how = {"stride": (2, 1), "padding": 1, "dilation": (1, 2)}
    assert np.array_equal(put_in(F.conv2d(x, w, **how)), F.conv2d(put_in(x), put_in(w), **how))
