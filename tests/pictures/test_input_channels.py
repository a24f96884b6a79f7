"""The picture of channels on the way back: against the chain rule, PyTorch's rule and by hand."""

import itertools

import numpy as np
import pytest
import sympy

from cnnviz import explore_input_channels
from cnnviz.derivations import symbol_array
from cnnviz.functional import conv2d, conv2d_input
from cnnviz.functional.geometry import DoesNotFit
from cnnviz.functional.samples import sample_gradient, sample_kernel
from cnnviz.pictures.input_gradient.input_channels import WAYS, exchanged, input_channels
from cnnviz.scene import NOWHERE
from cnnviz.symbols import number

BANKS = [(1, 1, 1), (2, 2, 1), (3, 2, 1), (2, 3, 1), (2, 2, 2), (4, 2, 2), (4, 4, 4), (2, 4, 2)]


def numbers(outputs, inputs, groups, size=3, kernel=2):
    side = size - kernel + 1
    weight = sample_kernel(outputs, inputs // groups, kernel, kernel)
    return weight, sample_gradient(outputs, side, side), (inputs, size, size), groups


@pytest.mark.parametrize("outputs, inputs, groups", BANKS)
@pytest.mark.parametrize("size, kernel", [(3, 2), (4, 3), (3, 1)])
def test_the_bank_laid_right_gives_the_gradient(outputs, inputs, groups, size, kernel):
    weight, g, size, groups = numbers(outputs, inputs, groups, size, kernel)
    scene = input_channels(weight, g, size, groups)
    wanted = conv2d_input(size, weight, g, groups=groups)
    assert scene["input_gradient"].numbers == tuple(map(number, wanted.ravel()))
    assert scene.lamps[0].holds and not scene["input_gradient"].marks
    assert scene.counters[0][0] == str(outputs // groups)


@pytest.mark.parametrize("outputs, inputs, groups", BANKS)
def test_equations_are_the_derivatives_of_sympy(outputs, inputs, groups):
    weight, g, size, groups = numbers(outputs, inputs, groups)
    scene = input_channels(weight, g, size, groups)
    a = symbol_array("a", size)
    k, h = symbol_array("k", weight.shape), symbol_array("h", g.shape)
    scalar = (h * conv2d(a, k, groups=groups)).sum()
    for cell, symbol in enumerate(a.ravel()):
        rows = scene.rows_with("input_gradient", cell)
        products = zip(scene.table["kernel"][rows], scene.table["upstream"][rows], strict=True)
        made = sum(k.ravel()[m] * h.ravel()[n] for m, n in products)
        assert sympy.expand(made - sympy.diff(scalar, symbol)) == 0


@pytest.mark.parametrize("outputs, inputs, groups", BANKS)
def test_in_and_out_are_exchanged_inside_each_group(outputs, inputs, groups):
    bank = np.arange(outputs * (inputs // groups)).reshape(outputs, inputs // groups)
    laid, (inside, outside) = exchanged(bank, groups), (inputs // groups, outputs // groups)
    assert laid.shape == (inputs, outside)
    for c, o in itertools.product(range(inputs), range(outside)):
        assert laid[c, o] == bank[c // inside * outside + o, c % inside]


@pytest.mark.parametrize("way", [way for way in WAYS if way != "right"])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("show", ["symbols", "numbers"])
def test_the_lamp_goes_out_for_each_mistake(way, groups, show):
    scene = input_channels(*numbers(2, 2, groups), way=way, show=show)
    seen = way != "not exchanged" or groups == 1  # a group of one has nothing to exchange
    assert scene.lamps[0] == (not seen, f"this is {'not ' * seen}the gradient", True)
    assert bool(scene["input_gradient"].marks) == seen


def test_a_bank_that_is_not_exchanged_fits_only_with_as_many_inputs_as_outputs():
    with pytest.raises(DoesNotFit, match="reads 3 maps and makes 2, but 2 gradients arrive"):
        input_channels(*numbers(2, 3, 1), way="not exchanged")
    explorer = explore_input_channels(in_channels=3)
    explorer.move(way="not exchanged")
    assert "Only with as many inputs as outputs do the sizes hide this" in explorer.message


def test_by_hand():
    """Two outputs, two inputs: row 1 of the exchanged bank is k(1,1) and k(2,1), both turned."""
    scene = input_channels(*numbers(2, 2, 1), show="symbols")
    assert scene["laid"].symbols[:8] == tuple(
        f"k^({o},1)_{at}" for o in (1, 2) for at in (22, 21, 12, 11)
    )
    lit = scene.lit("input_gradient", 4)
    assert lit["kernel"] == (0, 1, 2, 3, 8, 9, 10, 11) and lit["laid"] == tuple(range(8))
    assert lit["upstream"] == tuple(range(8))
    assert scene.equation_text("input_gradient", 0) == (
        "∂F/∂a^(1)_11 = k^(1,1)_11·∂F/∂h^(1)_11 + k^(2,1)_11·∂F/∂h^(2)_11"
    )
    assert scene.sentence("input_gradient", 0) == (
        "∂F/∂a⁽¹⁾₁₁ collects from output channels 1 and 2: through its row of the exchanged bank, "
        "2 kernels, each turned in its plane."
    )
    assert scene["kernel"].hues == tuple(np.repeat(range(4), 4).tolist())
    assert scene["laid"].hues[::4] == (0, 2, 1, 3)


def test_with_groups_by_hand():
    scene = input_channels(*numbers(4, 2, 2), show="symbols")
    assert scene["laid"].shape == (2, 2, 2, 2)
    assert [name[:8] for name in scene["laid"].symbols[::4]] == [
        *("k^(1,1)_", "k^(2,1)_", "k^(3,1)_", "k^(4,1)_")
    ]
    assert scene.lit("input_gradient", 9 + 4)["upstream"] == tuple(range(8, 16))
    assert "output channels 3 and 4, those of its group" in scene.sentence("input_gradient", 13)
    assert scene.sentence("upstream", 8).startswith("∂F/∂h⁽³⁾₁₁ goes back to input channel 2,")


def test_a_wrong_cell_says_how_the_kernels_lie_and_is_marked_when_it_is_written():
    scene = input_channels(*numbers(2, 2, 1), way="not turned", show="symbols")
    dx = scene["input_gradient"]
    assert dx.marks["wrong"] == tuple(dx.marked_since) == tuple(dx.marked_since.values())
    assert scene.sentence("input_gradient", 0) == (
        "∂F/∂a⁽¹⁾₁₁ is wrong. How the kernels lie: in and out exchanged, planes not turned."
    )
    assert NOWHERE not in scene.table["upstream"]


def test_what_is_typed_is_the_kernel_and_not_how_it_is_laid():
    explorer = explore_input_channels()
    explorer.type("kernel", 9, "8")
    assert explorer.data["kernel"][1, 0, 0, 1] == 8 and explorer.scene["laid"].numbers[6] == "8"
    assert not explorer.scene["laid"].editable


def test_the_code_is_the_call_of_pytorch():
    scene = input_channels(*numbers(2, 2, 2))
    assert scene.code == ("grad_a = torch.nn.grad.conv2d_input((1, 2, 3, 3), k, g, groups=2)")
