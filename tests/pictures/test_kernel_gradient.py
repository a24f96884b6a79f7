"""The pictures of the kernel gradient: one weight, the window, a nudge, three roles, channels."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import (
    explore_kernel_channels,
    explore_kernel_gradient,
    explore_one_weight,
    explore_wiggle,
)
from cnnviz.derivations import symbol_array
from cnnviz.functional import conv2d, conv2d_input, conv2d_weight
from cnnviz.functional.geometry import DoesNotFit, Geometry
from cnnviz.functional.samples import one_hot, sample_gradient, sample_input, sample_kernel
from cnnviz.pictures.kernel_gradient.kernel_channels import kernel_channels
from cnnviz.pictures.kernel_gradient.kernel_gradient import kernel_gradient
from cnnviz.pictures.kernel_gradient.one_weight import one_weight
from cnnviz.pictures.kernel_gradient.roles import three_correlations
from cnnviz.pictures.kernel_gradient.wiggle import wiggle
from cnnviz.symbols import NOTATIONS, number


def numbers(grid):
    return [float(text.replace("−", "-")) for text in grid.numbers]


def equation(scene, grid, cell):
    """The equation of a cell as a SymPy expression."""
    _, terms = scene.terms(grid, cell)
    return sum(sympy.prod([sympy.Symbol(factor) for factor in term]) for term in terms)


def derivatives(letters, geometry_arguments, input_shape, kernel_shape, by, groups=1):
    """SymPy's derivative of Σ g·h, with g named as upstream gradients are, by input or kernel."""
    xs, ws = symbol_array(letters.input, input_shape), symbol_array(letters.kernel, kernel_shape)
    h = conv2d(xs, ws, None, *geometry_arguments, groups)
    names = symbol_array(letters.output, h.shape).ravel()
    upstream = [sympy.Symbol(f"∂{letters.scalar}/∂{name}") for name in names]
    scalar = sum(value * g for value, g in zip(h.ravel(), upstream, strict=True))
    return [sympy.diff(scalar, cell) for cell in (ws if by == "kernel" else xs).ravel()]


@st.composite
def layers(draw):
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    stride, padding, dilation = (draw(st.integers(low, 2)) for low in (1, 0, 1))
    size = tuple(draw(st.integers(max(1, dilation * (k - 1) + 1 - 2 * padding), 6)) for k in kernel)
    return size, kernel, (stride, padding, dilation)


@given(layers(), st.sampled_from(sorted(NOTATIONS)))
def test_each_stop_is_the_derivative_of_its_weight_and_the_rest_is_cropped(layer, document):
    size, kernel, how = layer
    outputs = Geometry.of(size, kernel, *how).output_size
    x, g = sample_input(*size), sample_gradient(*outputs)
    letters = NOTATIONS[document]
    scene = kernel_gradient(x, kernel, g, *how, notation=letters)
    dk = scene["kernel_gradient"]
    rows, columns = Geometry.of(size, kernel, *how).gradient_rows
    assert dk.shape == (1, 1, rows, columns)
    cropped = set(dk.marks.get("cropped", ()))
    kept = [cell for cell in range(dk.size) if cell not in cropped]
    assert len(kept) == kernel[0] * kernel[1]
    assert [numbers(dk)[cell] for cell in kept] == conv2d_weight(
        x, kernel, g, *how
    ).ravel().tolist()
    for cell, derivative in zip(
        kept, derivatives(letters, how, size, kernel, "kernel"), strict=True
    ):
        assert sympy.expand(equation(scene, "kernel_gradient", cell) - derivative) == 0


def test_the_window_of_one_stop_by_hand():
    scene = kernel_gradient(sample_input(4, 4), (3, 3), sample_gradient(2, 2))
    assert scene.lit("kernel_gradient", 1) == {
        "input": (1, 2, 5, 6),
        "upstream": (0, 1, 2, 3),
        "kernel_gradient": (1,),
    }
    assert scene.lit("upstream", 3)["input"] == (5, 6, 7, 9, 10, 11, 13, 14, 15)
    assert scene.sentence("input", 5) == "a₂₂ stands in 4 sums: ∂F/∂k₁₁, ∂F/∂k₁₂, ∂F/∂k₂₁, ∂F/∂k₂₂."
    assert scene.counters[0] == ("4", "products in each sum")
    assert scene.code == "dk = torch.nn.grad.conv2d_weight(a, k.shape, dh)"


def test_a_stride_spreads_the_window_and_a_remainder_is_cropped():
    scene = kernel_gradient(sample_input(6, 6), (3, 3), sample_gradient(2, 2), stride=2)
    g, dk = scene["upstream"], scene["kernel_gradient"]
    assert g.shape == (1, 1, 3, 3) and g.marks == {"inserted": (1, 3, 4, 5, 7)}
    assert scene.lit("kernel_gradient", 0)["input"] == (0, 2, 12, 14)
    assert scene.lit("kernel_gradient", 0)["upstream"] == (0, 2, 6, 8)
    assert dk.shape == (1, 1, 4, 4) and dk.marks["cropped"] == (3, 7, 11, 12, 13, 14, 15)
    assert scene.sentence("input", 35).startswith("No output read a₆₆")
    assert scene.sentence("upstream", 4).startswith("An inserted zero")
    assert "no weight belongs" in scene.sentence("kernel_gradient", 15).lower()
    assert "fits in 4×4 places" in scene.say
    assert scene.counters[1] == ("4×4", "stops, 3×3 of them for a weight")
    fits = kernel_gradient(sample_input(5, 5), (3, 3), sample_gradient(2, 2), stride=2)
    assert "cropped" not in fits["kernel_gradient"].marks and "Press Next" in fits.say


def test_inserted_zeros_hold_no_number_of_their_own():
    view = kernel_gradient(sample_input(5, 5), (3, 3), sample_gradient(2, 2), stride=2).view()
    (upstream,) = [grid for grid in view["grids"] if grid["name"] == "upstream"]
    assert upstream["padding"] == (1, 3, 4, 5, 7) and upstream["editable"]


def test_a_single_one_upstream_copies_the_patch_that_was_read():
    x = sample_input(4, 4)
    scene = kernel_gradient(x, (3, 3), one_hot((2, 2), 1), show="numbers")
    assert numbers(scene["kernel_gradient"]) == x[0:3, 1:4].ravel().tolist()
    assert scene.say.endswith("a copy of the patch that h₁₂ read.")


def test_padding_is_said_and_adds_no_term():
    scene = kernel_gradient(sample_input(3, 3), (3, 3), sample_gradient(3, 3), padding=1)
    assert "5 of them with padding" in scene.sentence("kernel_gradient", 0)
    assert len(scene.terms("kernel_gradient", 0)[1]) == 4
    assert scene.sentence("input", 0).startswith("A padding cell")


def test_an_upstream_gradient_of_the_wrong_size_is_refused():
    with pytest.raises(DoesNotFit, match="grad_output has shape"):
        kernel_gradient(sample_input(4, 4), (3, 3), sample_gradient(3, 3))


def test_the_paths_of_a_weight_add_up_to_its_gradient():
    x, k, g = sample_input(5, 5), sample_kernel(3, 3), sample_gradient(3, 3)
    gradient = conv2d_weight(x, (3, 3), g).ravel()
    derived = derivatives(NOTATIONS["note"], (1, 0, 1), (5, 5), (3, 3), "kernel")
    for cell in range(9):
        scene = one_weight(x, k, g, cell, show="numbers")
        assert scene.length == len(scene.strokes) // 2 == 9
        assert sum(numbers(scene["product"])) == gradient[cell]
        last = scene.at_step(8)
        assert last.shown(last["sum"]) == scene["sum"].numbers == (number(gradient[cell]),)
        assert sympy.expand(equation(scene, "sum", 0) - derived[cell]) == 0


def test_the_second_path_of_k_12_by_hand():
    scene = one_weight(
        sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2), 1, show="numbers"
    )
    second = scene.at_step(1)
    assert scene.steps[1].reads == {
        "weight": (0,),
        "kernel": (1,),
        "input": (2,),
        "output": (1,),
        "local": (1,),
        "upstream": (1,),
    }
    assert scene.steps[1].writes == {"product": (1,), "sum": (0,)}
    assert second.shown(scene["product"]) == ("4", "−14", "", "")
    assert second.shown(scene["sum"]) == ("−10",)
    assert second.said.endswith("That is −14; the sum is now −10.")
    assert scene.sentence("local", 1) == (
        "The local slope: ∂h₁₂/∂k₁₂ = a₁₃, the input cell that k₁₂ met."
    )
    assert scene.sentence("input", 15) == "a₄₄ never meets k₁₂."
    assert scene.lit("kernel", 8) == {
        "input": (10, 11, 14, 15),
        "kernel": (8,),
        "output": (0, 1, 2, 3),
    }


def test_in_symbols_the_paths_fill_with_products():
    scene = one_weight(sample_input(3, 3), sample_kernel(2, 2), sample_gradient(2, 2))
    frames = [scene.at_step(n).shown(scene["product"]) for n in range(4)]
    assert frames[0] == ("a_11·∂F/∂h_11", "", "", "")
    assert frames[3][3] == "a_22·∂F/∂h_22"
    assert "∂F/∂k_11 = ∂F/∂h_11·a_11" in str(scene.at_step(3))
    assert "∂F/∂k_11 =" not in str(scene.at_step(2))
    assert [step.writes for step in scene.steps[2:]] == [
        {"product": (2,)},
        {"product": (3,), "sum": (0,)},
    ]
    assert scene.at_step(3).shown(scene["sum"]) == ("_11",) and scene["sum"].title == "sum |∂F/∂k|"


def test_each_path_has_a_place_of_its_own_at_both_ends():
    strokes = one_weight(sample_input(5, 5), sample_kernel(3, 3), sample_gradient(3, 3)).strokes
    ends = [point for stroke in strokes for point in stroke.points]
    assert len(strokes) == 18 and len(set(ends)) == 36


@pytest.mark.parametrize("nudge", [-2.0, -0.3, 0.0, 0.5, 2.0])
@pytest.mark.parametrize("cell", range(9))
def test_the_prediction_is_exact_for_a_line_and_misses_by_the_square_for_a_parabola(cell, nudge):
    x, k, g = sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2)
    line = wiggle(x, k, g, cell, nudge)
    assert line.lamps[0][0] and line.lamps[1][0]
    curved = wiggle(x, k, g, cell, nudge, scalar="curved")
    assert curved.lamps[1][0]
    met = curved.lit("nudge", 0)["input"]
    assert curved.lamps[0][0] == (nudge == 0)
    gradient = conv2d_weight(x, (3, 3), conv2d(x, k)).ravel()[cell]
    actual = gradient * nudge + nudge**2 * (x.ravel()[list(met)] ** 2).sum() / 2
    assert curved.counters[0][0] == number(gradient)
    assert float(curved.counters[2][0].replace("−", "-")) == pytest.approx(actual, rel=6e-3)


def test_each_output_moves_by_the_nudge_times_its_input_cell():
    scene = wiggle(sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2), 1, 0.5)
    assert scene["change"].numbers == ("2", "3.5", "3.5", "0.5")
    assert scene.equation_text("change", 1) == "Δh_12 = ε·a_13"
    assert scene.sentence("input", 0) == "a₁₁ does not meet k₁₂, so the nudge does not touch it."
    curve, tangent = (
        next(s for s in scene.strokes if s.kind == kind and not s.label)
        for kind in ("curve", "tangent")
    )
    assert (curve.points[0], curve.points[-1]) == tangent.points
    assert not [s for s in scene.strokes if s.kind == "backward"]  # nothing is missed


def test_a_nudge_reads_itself_and_the_input_and_the_moves_add_up_to_the_prediction():
    given = np.array([[2.0, -1.0], [4.0, 3.0]])
    scene = wiggle(sample_input(4, 4), sample_kernel(3, 3), given, 1, 0.5)
    assert scene.length == 5
    assert scene.steps[1].reads == {"nudge": (0,), "input": (2,)}
    assert scene.steps[1].writes == {"change": (1,)}
    assert scene.at_step(1).shown(scene["change"]) == ("2", "3.5", "", "")
    moves, upstream = (numbers(scene[name]) for name in ("change", "upstream"))
    assert sum(a * b for a, b in zip(moves, upstream, strict=True)) == 16
    assert scene.steps[4].reads == {"change": (0, 1, 2, 3), "upstream": (0, 1, 2, 3)}
    assert scene.steps[4].say.endswith("F should change by 16. In fact it changes by 16.")
    curved = wiggle(
        sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2), 1, 1.5, scalar="curved"
    )
    assert [(lamp.sign, lamp.words) for lamp in curved.lamps] == [
        ("○", "the prediction misses by 129"),
        ("✓", "the central difference, ±0.001, is 456, too"),
    ]
    (gap,) = (s for s in curved.strokes if s.kind == "backward")
    assert gap.points[0][0] == gap.points[1][0] and gap.points[0][1] > gap.points[1][1]


def test_the_plot_stands_still_while_the_weight_is_nudged():
    plots = [
        [
            s.points
            for s in wiggle(
                sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2), 1, nudge,
                scalar="curved",
            ).strokes
            if s.kind in ("curve", "tangent")
        ]
        for nudge in (-2.0, 0.5, 2.0)
    ]  # fmt: skip
    assert plots[0] == plots[1] == plots[2]


@pytest.mark.long
@given(layers(), st.sampled_from(sorted(NOTATIONS)))
def test_the_three_roles_are_the_forward_pass_and_both_gradients(layer, document):
    size, kernel, how = layer
    letters = NOTATIONS[document]
    outputs = Geometry.of(size, kernel, *how).output_size
    x, k, g = sample_input(*size), sample_kernel(*kernel), sample_gradient(*outputs)

    def scene(role):
        return three_correlations(x, k, g, *how, role=role, notation=letters)

    forward, to_input, to_kernel = map(scene, ("forward", "input gradient", "kernel gradient"))
    assert numbers(forward["output"]) == conv2d(x, k, None, *how).ravel().tolist()
    xs, ws = symbol_array(letters.input, size), symbol_array(letters.kernel, kernel)
    for cell, expected in enumerate(conv2d(xs, ws, None, *how).ravel()):
        assert sympy.expand(equation(forward, "output", cell) - expected) == 0
    expected = conv2d_input(size, k, g, *how)
    assert numbers(to_input["input_gradient"]) == expected.ravel().tolist()
    for cell, derivative in enumerate(derivatives(letters, how, size, kernel, "input")):
        assert sympy.expand(equation(to_input, "input_gradient", cell) - derivative) == 0
    assert to_kernel.view() == kernel_gradient(x, kernel, g, *how, notation=letters).view()
    assert [scene.lamps[0][0] for scene in (forward, to_input)] == [False, True]
    assert len({scene.size for scene in (forward, to_input, to_kernel)}) == 1  # nothing jumps


def lamps(scene):
    return [f"{lamp.sign} {lamp.words}" for lamp in scene.lamps]


def test_only_the_input_gradient_turns_its_window():
    x, k, g = sample_input(3, 3), sample_kernel(2, 2), sample_gradient(2, 2)
    scene = three_correlations(x, k, g, role="input gradient")
    assert scene["turned"].symbols == ("k_22", "k_21", "k_12", "k_11")
    assert scene["turned"].numbers == ("−2", "3", "2", "1")
    assert scene["spread"].numbers[5:7] == ("1", "−2")
    assert scene["spread"].marks["padding"] == (0, 1, 2, 3, 4, 7, 8, 11, 12, 13, 14, 15)
    assert lamps(scene) == [
        "✓ the window is turned by 180°",
        "✓ zeros around the map",
        "✓ kernel and ∂F/∂h have one size",
    ]
    forward = three_correlations(x, k, g, role="forward")
    assert forward["kernel"].symbols == ("k_11", "k_12", "k_21", "k_22")
    assert lamps(forward) == [
        "○ the window is not turned",
        "○ no zeros are put in",
        "✓ kernel and ∂F/∂h have one size",
    ]


def test_stride_and_dilation_insert_zeros_in_different_places():
    x, k, g = sample_input(6, 6), sample_kernel(3, 3), sample_gradient(2, 2)
    how = {"stride": 2, "padding": 1, "dilation": 2}
    corners = (0, 2, 4, 10, 12, 14, 20, 22, 24)  # of a 3×3 kernel spread to 5×5
    gaps = tuple(cell for cell in range(25) if cell not in corners)
    forward = three_correlations(x, k, g, **how, role="forward")
    assert forward["input"].shape == (1, 1, 8, 8)
    assert forward["kernel"].marks == {"inserted": gaps}
    assert forward.lit("output", 1)["kernel"] == corners
    assert forward.lit("output", 1)["input"] == (2, 4, 6, 18, 20, 22, 34, 36, 38)
    assert forward.sentence("input", 63) == "A padding cell: always 0."
    assert lamps(forward)[1] == "✓ zeros around the map and in the window"
    assert lamps(forward)[2] == "○ kernel and ∂F/∂h differ in size"
    back = three_correlations(x, k, g, **how, role="input gradient")
    # d(k−1)−p = 3 zeros before, 3 cells spread, and 3+r = 4 zeros after.
    assert back["spread"].shape == (1, 1, 10, 10)
    assert back["spread"].marks["inserted"] == (34, 43, 44, 45, 54)
    assert back["turned"].marks == {"inserted": gaps}
    assert back["turned"].symbols[0] == "k_33" and back["turned"].symbols[24] == "k_11"
    assert "the stride keeps" in back.sentence("spread", 44)
    assert "the dilation keeps" in back.sentence("turned", 1)
    assert lamps(back)[:2] == [
        "✓ the window is turned by 180°",
        "✓ zeros around the map, in the map and in the window",
    ]
    assert back.say.endswith("it is turned, and the map is spread and padded.")
    assert back.code.endswith("conv2d_input(a.shape, k, dh, stride=2, padding=1, dilation=2)")


def test_a_padding_beyond_the_kernel_crops_the_upstream_gradient():
    x, k, g = sample_input(3, 3), sample_kernel(2, 2), sample_gradient(6, 6)
    scene = three_correlations(x, k, g, padding=2, role="input gradient")
    spread = scene["spread"]
    assert spread.title == "upstream |∂F/∂h|, cropped to 4×4"
    ring = tuple(c for c in range(36) if c // 6 in (0, 5) or c % 6 in (0, 5))
    assert spread.marks == {"cropped": ring}
    assert scene.lit("input_gradient", 0)["spread"] == (7, 8, 13, 14)
    assert scene.sentence("spread", 0).startswith("Cropped")
    exact = three_correlations(
        x, k, sample_gradient(4, 4), padding=1, role="input gradient"
    )  # k−1−p = 0: neither padded nor cropped
    assert exact["spread"].title == "upstream |∂F/∂h|  4×4" and exact.say.endswith("it is turned.")


def test_rows_can_be_padded_where_columns_are_cropped():
    x, k, g = sample_input(3, 3), sample_kernel(2, 2), sample_gradient(2, 6)
    scene = three_correlations(x, k, g, padding=(0, 2), role="input gradient")
    spread = scene["spread"]
    assert spread.shape == (1, 1, 4, 6) and spread.title.endswith("padded and cropped to 4×4")
    assert spread.marks == {
        "padding": (1, 2, 3, 4, 19, 20, 21, 22),
        "cropped": (0, 5, 6, 11, 12, 17, 18, 23),
    }
    assert scene.sentence("spread", 0).startswith("Cropped")
    assert scene.lit("input_gradient", 0)["spread"] == (1, 2, 7, 8)
    assert scene.equation_text("input_gradient", 0) == "∂F/∂a_11 = ∂F/∂h_12·k_12 + ∂F/∂h_13·k_11"


def test_a_cell_that_no_window_covers_says_so():
    x, k, g = sample_input(4, 4), sample_kernel(2, 2), sample_gradient(1, 1)
    scene = three_correlations(x, k, g, stride=3, role="forward")
    assert scene.sentence("input", 15) == "No window covers a₄₄, so it stands in no sum."
    assert scene.sentence("input", 0).startswith("a₁₁ is a cell of the map")


def test_a_single_one_upstream_copies_the_kernel_unturned():
    x, k = sample_input(4, 4), sample_kernel(3, 3)
    scene = three_correlations(x, k, one_hot((2, 2), 1), role="input gradient", show="numbers")
    gradient = np.array(numbers(scene["input_gradient"])).reshape(4, 4)
    assert (gradient[0:3, 1:4] == k).all() and not gradient[3].any() and not gradient[:, 0].any()
    assert scene.say.endswith("a copy of the kernel, on the cells that h₁₂ read.")


def test_a_plane_belongs_to_one_pair_of_channels():
    x, g = sample_input(2, 3, 3), sample_gradient(2, 2, 2)
    scene = kernel_channels(x, (2, 2, 2, 2), g)
    gradient = conv2d_weight(x, (2, 2, 2, 2), g)
    assert numbers(scene["kernel_gradient"]) == gradient.ravel().tolist()
    assert numbers(scene["bias_gradient"]) == g.sum(axis=(1, 2)).tolist()
    lit = scene.lit("kernel_gradient", 8)  # plane (2, 1): output channel 2, input channel 1
    assert max(lit["input"]) < 9 and min(lit["upstream"]) == 4 and "bias_gradient" not in lit
    assert scene.sentence("kernel_gradient", 8) == (
        "∂F/∂k⁽²,¹⁾₁₁: only input channel 1 and the upstream gradient of output channel 2 stand in "
        "this sum."
    )
    assert scene.length == 16 + 2
    assert scene.steps[8].reads == {"upstream": (4, 5, 6, 7), "input": (0, 1, 3, 4)}
    assert scene.steps[8].writes == {"kernel_gradient": (8,)}
    assert scene.steps[17].reads == {"upstream": (4, 5, 6, 7)}
    assert scene.steps[17].writes == {"bias_gradient": (1,)}
    assert scene.at_step(15).shown(scene["bias_gradient"]) == ("", "")
    text = scene.equation_text("bias_gradient", 1)
    assert text.startswith("∂F/∂b_2 = ∂F/∂h^(2)_11 + ") and text.count("∂F/∂h") == 4
    derived = derivatives(NOTATIONS["note"], (1, 0, 1), x.shape, (2, 2, 2, 2), "kernel")
    for cell, derivative in enumerate(derived):
        assert sympy.expand(equation(scene, "kernel_gradient", cell) - derivative) == 0


def test_groups_keep_channels_apart():
    x, g = sample_input(2, 3, 3), sample_gradient(2, 2, 2)
    scene = kernel_channels(x, (2, 1, 2, 2), g, groups=2)
    assert scene.counters[0] == ("2 of 4", "pairs of channels meet: a plane each")
    assert min(scene.lit("kernel_gradient", 4)["input"]) >= 9
    assert "meets 1 of 2 input channels" in scene.sentence("kernel_gradient", 4)
    assert scene.sentence("input", 0).endswith("its channel meets 1 output channel.")
    assert scene.code.endswith("groups=2)")


def test_typed_numbers_land_where_they_belong():
    strided = explore_kernel_gradient(5, 3, stride=2, padding=1, show="numbers")
    strided.type("upstream", 2 * 5 + 4, "7")  # third output column, second row, spread
    assert strided.data["upstream"][1, 2] == 7
    strided.type("input", 8, "5")
    assert strided.data["input"][0, 0] == 5
    paths = explore_one_weight(show="numbers")
    paths.type("upstream", 2, "9")
    assert paths.data["upstream"][1, 0] == 9
    forward = explore_kernel_gradient(6, 2, padding=1, dilation=2, role="forward", show="numbers")
    forward.type("kernel", 6, "6")  # first column, second row, of a 2×2 kernel spread to 3×3
    assert forward.data["kernel"][1, 0] == 6
    forward.type("input", 9, "5")
    assert forward.data["input"][0, 0] == 5
    channels = explore_kernel_channels()
    channels.type("upstream", 5, "8")
    assert channels.data["upstream"][1, 0, 1] == 8
    nudged = explore_wiggle()
    nudged.type("kernel", 1, "4")
    assert nudged.data["kernel"][0, 1] == 4 and nudged.scene["kernel"].numbers[1] == "4"


def test_the_upstream_gradient_is_not_mirrored_by_the_probe():
    explorer = explore_kernel_gradient(show="numbers")
    for probe, (row, column) in enumerate(np.ndindex(2, 2), start=1):
        explorer.move(one_hot=probe)
        patch = explorer.data["input"][row : row + 3, column : column + 3]
        assert numbers(explorer.scene["kernel_gradient"]) == patch.ravel().tolist()


def test_the_role_exchanges_the_parts_and_keeps_the_numbers():
    explorer = explore_kernel_gradient(3, 2)
    assert [grid.name for grid in explorer.scene.grids][1:] == ["upstream", "kernel_gradient"]
    assert explorer.scene["kernel_gradient"].numbers == ("31", "32", "19", "28")
    explorer.move(role="forward")
    assert explorer.scene["output"].numbers == ("4", "37", "32", "−1")
    explorer.move(role="input gradient")
    expected = ("2", "3", "−2", "10", "4", "8", "12", "1", "−6")
    assert explorer.scene["input_gradient"].numbers == expected


def test_a_window_that_is_turned_by_mistake_gives_another_kernel_gradient():
    right, wrong = explore_kernel_gradient(), explore_kernel_gradient(turn=True)
    assert [lamps(right.scene), lamps(wrong.scene)] == [
        ["✓ this is the kernel gradient"],
        ["✕ this is not the kernel gradient"],
    ]
    assert wrong.scene["upstream"].numbers == ("3", "4", "−1", "2")
    assert wrong.scene["kernel_gradient"].marks["wrong"] == tuple(range(9))
    assert wrong.scene.equation_text("kernel_gradient", 0) == (
        "r_11 = ∂F/∂h_22·a_11 + ∂F/∂h_21·a_12 + ∂F/∂h_12·a_21 + ∂F/∂h_11·a_22"
    )
    assert wrong.scene.code == "r = torch.nn.functional.conv2d(a, dh.flip(0, 1))"
    assert wrong.scene.sentence("upstream", 0) == (
        "∂F/∂h₂₂ stands in every sum once, in a window that is turned: it stands at the opposite place."
    )
    wrong.move(show="numbers")
    wrong.type(
        "upstream", 0, "7"
    )  # what stands first in the turned window is the last of the gradient
    assert wrong.data["upstream"][1, 1] == 7


@given(layers())
def test_what_a_turned_window_gives_is_shown_and_crossed_where_it_is_wrong(layer):
    size, kernel, how = layer
    x, g = sample_input(*size), sample_gradient(*Geometry.of(size, kernel, *how).output_size)
    scene = kernel_gradient(x, kernel, g, *how, turn=True)
    made = conv2d_weight(x, kernel, g[::-1, ::-1], *how)
    raw = np.array(numbers(scene["kernel_gradient"])).reshape(scene["kernel_gradient"].shape[2:])
    assert (raw[: kernel[0], : kernel[1]] == made).all()
    crossed = np.zeros(raw.shape, bool)
    crossed[: kernel[0], : kernel[1]] = made != conv2d_weight(x, kernel, g, *how)
    assert scene["kernel_gradient"].marks.get("wrong", ()) == tuple(np.flatnonzero(crossed))
    assert scene.lamps[0].holds == (not crossed.any())


def test_a_symmetric_window_hides_the_turn():
    scene = kernel_gradient(sample_input(3, 3), (2, 2), np.ones((2, 2)), turn=True)
    assert scene.lamps[0].holds and "nothing shows" in scene.say
