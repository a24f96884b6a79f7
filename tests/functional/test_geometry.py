"""Sizes: by hand, by trying every place, and the sentences when there is none."""

import itertools

import pytest

from cnnviz.functional.geometry import Axis, DoesNotFit, Geometry, transposed_size


def test_sizes_by_hand():
    assert Axis(4, 3).out == 2
    assert Axis(5, 3, stride=2).out == 2
    assert Axis(28, 3, padding=1).out == 28
    assert Axis(7, 3, dilation=3).out == 1
    assert Axis(6, 3, stride=2).out == 2
    assert Axis(6, 3, stride=2).remainder == 1
    assert Axis(5, 1, stride=3, padding=2).remainder == 2  # 9 cells, windows at 0, 3, 6


def test_adjoint_padding_by_hand():
    assert Axis(4, 3).adjoint_padding == (2, 2)
    assert Axis(4, 3, padding=1).adjoint_padding == (1, 1)
    assert Axis(6, 3, stride=2).adjoint_padding == (2, 3)
    assert Axis(7, 3, dilation=2).adjoint_padding == (4, 4)
    assert Axis(5, 2, padding=3).adjoint_padding == (-2, -2)


def test_gradient_rows_by_hand():
    assert Axis(6, 3).gradient_rows == 3
    assert Axis(6, 3, stride=2).gradient_rows == 4
    assert Axis(7, 3, stride=4, dilation=2).gradient_rows == 4  # r = 2
    assert Axis(7, 2, stride=4, dilation=2).gradient_rows == 2  # r = 0


AXES = [
    (i, k, s, p, d)
    for i, k, s, p, d in itertools.product(
        range(1, 8), range(1, 5), range(1, 4), range(4), range(1, 4)
    )
    if d * (k - 1) < i + 2 * p
]


def test_every_small_axis_counts_its_places():
    for i, k, s, p, d in AXES:
        axis = Axis(i, k, s, p, d)
        starts = [t for t in range(0, i + 2 * p, s) if t + d * (k - 1) < i + 2 * p]
        assert axis.out == len(starts)
        assert axis.remainder == i + 2 * p - 1 - (starts[-1] + d * (k - 1))


def test_every_small_axis_comes_back_to_its_size():
    for numbers in AXES:
        axis = Axis(*numbers)
        spread = axis.stride * (axis.out - 1) + 1
        assert spread + sum(axis.adjoint_padding) - (axis.span - 1) == axis.size
        read = (axis.padded - axis.stride * (axis.out - 1) - 1) // axis.dilation + 1
        assert axis.gradient_rows == read


def test_same_keeps_the_size_and_puts_the_odd_cell_after():
    geometry = Geometry.of((5, 6), (2, 3), padding="same", dilation=(3, 1))
    assert geometry.output_size == (5, 6)
    assert geometry.padding == ((1, 2), (1, 1))
    assert Geometry.of(5, 3, padding="valid").padding == ((0, 0), (0, 0))


def test_a_geometry_is_two_independent_axes():
    geometry = Geometry.of((5, 9), (2, 3), (1, 2), (0, 1), (2, 3))
    assert geometry.axes == (Axis(5, 2, 1, 0, 2), Axis(9, 3, 2, 1, 3))
    assert geometry.input_size == (5, 9)
    assert geometry.kernel_size == (2, 3)
    assert geometry.stride == (1, 2)
    assert geometry.dilation == (2, 3)
    assert geometry.padded_size == (5, 11)
    assert geometry.output_size == (3, 3)
    assert geometry.remainder == (0, 0)
    assert geometry.adjoint_padding == ((2, 2), (5, 5))
    assert geometry.gradient_rows == (2, 3)
    assert geometry == Geometry.of([5, 9], [2, 3], [1, 2], [0, 1], [2, 3])


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "ceil_mode", "out", "after"),
    [
        (4, 2, None, 0, False, 2, 0),
        (5, 2, None, 0, False, 2, 0),
        (5, 2, None, 0, True, 3, 1),
        (4, 2, None, 0, True, 2, 0),
        (4, 3, 2, 1, True, 3, 2),
        (
            3,
            2,
            2,
            1,
            True,
            2,
            1,
        ),  # 5 cells with padding, but a third window would start after cell 3
        (2, 3, 2, 0, True, 1, 1),  # a window larger than the input hangs over
        (3, 2, 5, 0, True, 1, 0),
    ],
)
def test_pool_sizes_by_hand(size, kernel, stride, padding, ceil_mode, out, after):
    geometry = Geometry.of_pool(size, kernel, stride, padding, ceil_mode=ceil_mode)
    assert geometry.output_size == (out, out)
    assert geometry.rows.padding == (padding, after)


def test_transposed_sizes():
    assert transposed_size(4, 3, stride=2, padding=1, output_padding=1) == (8, 8)
    assert transposed_size((1, 2), (2, 3), dilation=(3, 1)) == (4, 4)
    for numbers in AXES:
        axis = Axis(*numbers)
        back = transposed_size(
            axis.out, axis.kernel, axis.stride, axis.padding.before, axis.remainder, axis.dilation
        )
        assert back == (axis.size, axis.size)


SENTENCES = [
    (
        lambda: Geometry.of(5, 7),
        "A kernel of 7 does not fit in 5 cells with 0 of padding on each side.",
    ),
    (
        lambda: Geometry.of(5, 3, dilation=4),
        "A kernel of 3 with dilation 4 spans 9 cells and does not fit in 5 cells with 0 of padding "
        "on each side.",
    ),
    (
        lambda: Axis(1, 5, padding=(1, 2)),
        "A kernel of 5 does not fit in 1 cell with 1 of padding before and 2 after.",
    ),
    (lambda: Geometry.of((3, 0), 1), "The input size must be at least 1, not 0."),
    (lambda: Geometry.of(3, 0), "The kernel size must be at least 1, not 0."),
    (lambda: Geometry.of(3, 1, stride=0), "The stride must be at least 1, not 0."),
    (lambda: Geometry.of(3, 1, padding=-1), "The padding must be at least 0, not -1."),
    (lambda: Geometry.of(3, 1, dilation=(1, 0)), "The dilation must be at least 1, not 0."),
    (
        lambda: Geometry.of(3, (1, 1, 1)),
        "The kernel size must be one number or a pair, not 3 numbers.",
    ),
    (
        lambda: Geometry.of(3, 1, padding=(1,)),
        "The padding must be one number or a pair, not 1 number.",
    ),
    (
        lambda: Geometry.of(3, 1, padding="full"),
        'The padding is a number, a pair, "same" or "valid", not \'full\'.',
    ),
    (
        lambda: Geometry.of(3, 1, stride=2, padding="same"),
        'Padding "same" keeps the size only with stride 1, not with stride (2, 2).',
    ),
    (
        lambda: Geometry.of_pool(5, 3, padding=2),
        "A padding of 2 is more than half of a pooling window of 3.",
    ),
    (
        lambda: Geometry.of_pool(2, 5, 2, ceil_mode=True),
        "A kernel of 5 does not fit in 2 cells with 0 of padding on each side.",
    ),
    (
        lambda: transposed_size(2, 3, output_padding=1),
        "An output padding of 1 must be less than the stride 1 or the dilation 1.",
    ),
    (
        lambda: transposed_size(1, 3, padding=2),
        "A padding of 2 on each side crops away the 3 cells that 1 cell spreads to with a "
        "kernel of 3, stride 1 and dilation 1.",
    ),
]


@pytest.mark.parametrize(("attempt", "sentence"), SENTENCES)
def test_what_cannot_be_is_said_in_a_sentence(attempt, sentence):
    with pytest.raises(DoesNotFit) as refused:
        attempt()
    assert str(refused.value) == sentence
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize("nonsense", [1.0, "3", None, True, (1, 2.0), [1, "2"], {1: 2}, 1 + 0j])
@pytest.mark.parametrize("argument", ["input_size", "kernel_size", "stride", "dilation"])
def test_what_is_no_whole_number_is_refused(argument, nonsense):
    arguments = {"input_size": 5, "kernel_size": 3, argument: nonsense}
    with pytest.raises(TypeError, match=r"^The .* must be a whole number, not .*\.$"):
        Geometry.of(**arguments)
