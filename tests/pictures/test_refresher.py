"""The refresher: gates, a number used twice, a small convolution as a gate, and the four steps."""

import itertools

import numpy as np
import pytest
import sympy

from cnnviz.derivations import plain_network as derived_network
from cnnviz.explorers.refresher import (
    explore_conv_gate,
    explore_gate,
    explore_plain_network,
)
from cnnviz.functional.geometry import DoesNotFit
from cnnviz.network.four_steps import ACTIVATIONS, agrees_with_differences, four_steps
from cnnviz.pictures.refresher.conv_gate import conv_gate
from cnnviz.pictures.refresher.fan_out import fan_out
from cnnviz.pictures.refresher.gates import GATES, gate
from cnnviz.pictures.refresher.plain_network import plain_network
from cnnviz.symbols import NOTATIONS
from tests.tools.pytorch import torch_or_skip

A, K, G = np.array([1.0, 4.0, 7.0]), np.array([1.0, 2.0]), np.array([1.0, -2.0])
FORMULAS = {"add": lambda x, y: x + y, "multiply": lambda x, y: x * y, "max": sympy.Max}
FORMULAS["ReLU"] = lambda x, y: sympy.Max(x, 0)


def numbers(scene, *names):
    return [list(scene[name].numbers) for name in names]


# ---------------------------------------------------------------- one gate


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("at", [(2.0, -3.0), (-1.5, 4.0), (3.0, 0.0)])
def test_local_gradients_are_what_calculus_says(kind, at):
    x, y = sympy.symbols("x y", real=True)
    formula = FORMULAS[kind](x, y)
    inputs = (x, y)[: len(GATES[kind].inputs)]
    derived = [float(sympy.diff(formula, one).subs({x: at[0], y: at[1]})) for one in inputs]
    assert list(GATES[kind].local(*at)) == derived
    assert GATES[kind].value(*at) == float(formula.subs({x: at[0], y: at[1]}))


def test_upstream_times_local_goes_out_on_each_wire():
    scene = gate("multiply", 2.0, -3.0, 2.0)
    assert numbers(scene, "z", "x_gradient", "y_gradient") == [["−6"], ["−6"], ["4"]]
    assert scene.equation_text("x_gradient", 0) == "∂L/∂x = ∂L/∂z·∂z/∂x"
    assert "upstream × local = 2 · (−3) = −6." in scene.steps[3].say
    assert "upstream × local = 2 · 2 = 4." in scene.steps[4].say
    assert numbers(gate("add", 2.0, -3.0, 2.0), "x_gradient", "y_gradient") == [["2"], ["2"]]
    assert numbers(gate("max", 2.0, -3.0, 2.0), "x_gradient", "y_gradient") == [["2"], ["0"]]


@pytest.mark.long
def test_a_tie_is_shared_as_in_pytorch():
    torch = torch_or_skip()
    x, y = (torch.tensor(1.0, requires_grad=True) for _ in range(2))
    torch.maximum(x, y).backward()
    assert GATES["max"].local(1.0, 1.0) == (x.grad.item(), y.grad.item()) == (0.5, 0.5)


def test_each_equation_of_z_is_the_gate():
    said = {kind: gate(kind, 2.0, 3.0, 1.0).equation_text("z", 0) for kind in GATES}
    assert said == {
        "add": "z = x + y", "multiply": "z = x·y", "max": "z = max(x, y) = y",
        "ReLU": "z = max(x, 0) = x",
    }  # fmt: skip
    assert gate("ReLU", -2.0, 3.0, 1.0).equation_text("z", 0) == "z = max(x, 0) = 0"


@pytest.mark.long
def test_relu_takes_zero_at_zero_as_pytorch_does():
    torch = torch_or_skip()
    x = torch.tensor(0.0, requires_grad=True)
    torch.relu(x).backward()
    assert GATES["ReLU"].local(0.0, 0.0) == (x.grad.item(),) == (0.0,)


def test_at_a_kink_a_gate_says_that_a_choice_was_made():
    at_zero, tie = gate("ReLU", 0.0, 9.0, 2.0), gate("max", 1.0, 1.0, 2.0)
    assert numbers(at_zero, "x_local", "x_gradient") == [["0"], ["0"]]
    assert "0 to the left and 1 to the right" in at_zero.steps[1].say
    assert "a choice, not calculus" in at_zero.steps[-1].say
    assert "takes 0, and so does this course" in at_zero["x"].sentences[0]
    assert "one half for each" in tie.steps[1].say and "half" in tie.steps[-1].say
    for away in (gate("ReLU", 0.5, 0.5, 2.0), gate("max", 1.0, 0.5, 2.0)):
        assert "a choice" not in " ".join(step.say for step in away.steps)


def test_relu_reads_x_alone():
    scene = gate("ReLU", 2.0, -3.0, 2.0)
    assert not [grid.name for grid in scene.grids if grid.name.startswith("y")]
    assert len(scene.steps) == 4 and numbers(scene, "x_gradient") == [["2"]]
    assert gate("ReLU", 2.0, 5.0, 2.0).view() == scene.view()  # whatever y is
    assert set(gate("ReLU", -1.0, 0.0, 2.0).lit("z", 0)) == {"z", "gate"}


def test_the_slope_of_a_product_is_the_other_input():
    lit = gate("multiply", 2.0, 3.0, 1.0).lit("x_local", 0)
    assert set(lit) == {"x_local", "y", "upstream", "x_gradient"}
    assert set(gate("max", 2.0, 3.0, 1.0).lit("z", 0)) == {"z", "gate", "y"}


def test_a_nudge_keeps_the_promise_until_the_kink():
    below, beyond = (gate("max", 2.0, 3.0, 2.0, nudge) for nudge in (1.0, 1.5))
    assert below.lamps[0][0] and not beyond.lamps[0][0]
    assert [value for value, _ in beyond.counters] == ["0", "1"]
    assert [one.lamps[0].words for one in (below, beyond)] == [
        "predicted and measured agree", "predicted and measured differ",
    ]  # fmt: skip
    assert beyond.lamps[0].sign == "○"  # a gradient speaks of small moves: no mistake
    still = gate("max", 2.0, 3.0, 2.0)
    assert not still.counters and not still.lamps
    assert gate("multiply", 2.0, 3.0, 2.0, 2.0).lamps[0][0]


@pytest.mark.parametrize("scene", [gate("max", 2.0, 3.0, 2.0), fan_out(2, 3, 1)])
def test_the_last_frame_is_the_picture_at_rest_and_the_first_hides_the_way_back(scene):
    for grid in scene.grids:
        assert scene.at_step(scene.length - 1).shown(grid) == grid.texts
        if grid.name.endswith("_gradient"):
            assert scene.at_step(0).shown(grid) == ("",)
        if grid.name in ("x", "y", "w"):
            assert scene.at_step(0).shown(grid) == grid.texts


# ---------------------------------------------------------------- a number that is used twice


@pytest.mark.parametrize("at", [(2, 3, 1), (-1, 4, 0), (5, -5, 2)])
def test_two_amounts_are_added_as_calculus_says(at):
    y, x, w = symbols = sympy.symbols("y x w")
    formula = (x * y) * (x + w)
    scene = fan_out(*at)
    for symbol in symbols:
        slope = sympy.diff(formula, symbol).subs(dict(zip(symbols, at, strict=True)))
        assert scene[f"{symbol}_gradient"].numbers == (str(slope).replace("-", "−"),)
    assert scene.lamps[0][0]
    assert scene.equation_text("x_gradient", 0) == "∂L/∂x = amount_u + amount_v"


def test_overwriting_is_noticed_except_where_nothing_is_lost():
    wrong = fan_out(2, 3, 1, overwrite=True)
    assert wrong["x_gradient"].numbers == ("6",) and not wrong.lamps[0][0]
    assert wrong.steps[-1].say.endswith(
        "overwrites the first: 6. A central difference measures 14."
    )
    assert str(wrong.lamps[0].sign) == "✕" and "does not agree" in wrong.lamps[0].words
    assert wrong["fork"].numbers == ("=",) and fan_out(2, 3, 1)["fork"].numbers == ("+",)
    assert "x_from_u" not in wrong.lit("x_gradient", 0)
    assert fan_out(0, 3, 1, overwrite=True).lamps[0][0]
    assert fan_out(2, 3, -3, overwrite=True).lamps[0][0]


def test_upstream_and_local_are_read_and_their_product_is_written():
    scene = fan_out(2, 3, 1)
    assert [(*step.reads, "→", *step.writes) for step in scene.steps[-4:]] == [
        ("u_gradient", "y", "→", "x_from_u"),
        ("v_gradient", "→", "x_from_v"),
        ("v_gradient", "→", "w_gradient"),
        ("x_from_u", "x_from_v", "→", "x_gradient"),
    ]
    local, arrives, back = gate("multiply", 2.0, -3.0, 2.0).steps[1:4]
    assert (set(local.reads), set(local.writes)) == ({"x", "y"}, {"x_local", "y_local"})
    assert (set(arrives.reads), set(arrives.writes)) == (set(), {"upstream"})
    assert (set(back.reads), set(back.writes)) == ({"upstream", "x_local"}, {"x_gradient"})


def on_an_edge(point, grid):
    """Is a point on the outline of a grid?"""
    (x, y), place, (_, _, rows, columns) = point, grid.place, grid.shape
    left, right = place.x, place.x + columns * place.width
    top, low = place.y, place.y + rows * place.height
    inside = left - 0.1 <= x <= right + 0.1 and top - 0.1 <= y <= low + 0.1
    return inside and min(abs(x - left), abs(x - right), abs(y - top), abs(y - low)) < 0.1


def arrows(scene):
    return [stroke for stroke in scene.strokes if stroke.kind in ("forward", "backward")]


def sides(stroke):
    return [tuple(sorted(pair)) for pair in itertools.pairwise(stroke.points)]


def crosses(one, other):
    """Do a level and an upright piece of two lines cross?"""
    ((x0, y0), (x1, y1)), ((u0, v0), (u1, v1)) = one, other
    return x0 < u0 < x1 and v0 < y0 < v1 and y0 == y1 and u0 == u1


@pytest.mark.parametrize(
    "scene",
    [gate("multiply", 2.0, 3.0, 1.0), fan_out(2, 3, 1), explore_plain_network(4).scene],
    ids=lambda scene: scene.title,
)
def test_arrows_run_from_grid_to_grid_and_belong_to_steps(scene):
    for stroke in arrows(scene):
        for end in (stroke.points[0], stroke.points[-1]):
            assert any(on_an_edge(end, grid) for grid in scene.grids), stroke
        assert stroke.steps and set(stroke.steps) <= set(range(scene.length))
    width, height = scene.extent
    for stroke in scene.strokes:
        assert all(0 <= x <= width and 0 <= y <= height for x, y in stroke.points)


@pytest.mark.parametrize("scene", [gate("max", 2.0, 3.0, 1.0), fan_out(2, 3, 1)])
def test_no_wire_crosses_another(scene):
    pieces = [piece for stroke in arrows(scene) for piece in sides(stroke)]
    assert not [pair for pair in itertools.permutations(pieces, 2) if crosses(*pair)]


def test_only_the_wires_of_a_step_are_bright():
    scene = fan_out(2, 3, 1)
    bright = [
        [stroke.kind for stroke in arrows(scene) if not stroke.dim(step)]
        for step in range(scene.length)
    ]
    assert (
        bright[0] == ["forward"] * 4
    )  # x and y to the gate, x by way of the fork, and u out of it
    assert bright[3] == []  # the 1 at the end comes from nowhere
    assert bright[-1] == ["backward"] * 3  # two amounts into the fork, one sum out of it


def test_the_letters_follow_the_document():
    assert fan_out(2, 3, 1, notation=NOTATIONS["note"])["end"].title == "|F = u·v|"
    assert "∂F/∂x" in gate("add", 1, 1, 1, notation=NOTATIONS["note"])["x_gradient"].title


# ---------------------------------------------------------------- a small convolution as a gate


def test_the_gradients_of_the_small_convolution_by_hand():
    scene = conv_gate(A, K, G, 3.0)
    parts = ("output", "input_gradient", "kernel_gradient", "bias_gradient")
    assert numbers(scene, *parts) == [["12", "21"], ["1", "0", "−4"], ["−7", "−10"], ["−1"]]
    assert scene.equation_text("output", 1) == "h_2 = k_1·a_2 + k_2·a_3 + b"
    assert scene.equation_text("bias_gradient", 0) == "∂F/∂b = ∂F/∂h_1 + ∂F/∂h_2"
    assert scene.equation_text("input_gradient", 1) == "∂F/∂a_2 = ∂F/∂h_1·k_2 + ∂F/∂h_2·k_1"


@pytest.mark.parametrize("n, m", [(1, 1), (3, 2), (5, 3), (4, 1)])
def test_every_gradient_equation_is_the_derivative(n, m):
    a, k, h = (sympy.symbols(f"{letter}_1:{size + 1}") for letter, size in
               (("a", n), ("k", m), ("h", n - m + 1)))  # fmt: skip
    g = {f"∂F/∂{out}": sympy.Symbol(f"g{i}") for i, out in enumerate(h)}
    end = sum(g[f"∂F/∂{out}"] * sum(k[j] * a[i + j] for j in range(m)) for i, out in enumerate(h))
    known = {**g, **{str(s): s for s in (*a, *k)}}
    scene = conv_gate(np.arange(1.0, n + 1), np.arange(1.0, m + 1), np.ones(n - m + 1))
    for name, cells in (("input_gradient", a), ("kernel_gradient", k)):
        for cell, symbol in enumerate(cells):
            _, terms = scene.terms(name, cell)
            said = sum(sympy.Mul(*(known[factor] for factor in term)) for term in terms)
            assert sympy.expand(said - sympy.diff(end, symbol)) == 0


def test_a_gradient_lights_only_what_it_is_made_of():
    scene = conv_gate(A, K, G)
    assert scene.lit("input_gradient", 1) == {
        "input_gradient": (1,),
        "upstream": (0, 1),
        "kernel": (0, 1),
    }
    assert scene.lit("kernel_gradient", 0) == {
        "kernel_gradient": (0,),
        "upstream": (0, 1),
        "input": (0, 1),
    }
    assert scene.sentence("input", 1) == "a₂ is read by 2 outputs: so many amounts come back to it."


def test_amounts_arrive_one_after_the_other():
    scene = conv_gate(A, K, G, show="numbers")
    frames = scene["input_gradient"].frames
    assert frames == (("", "", ""), ("1", "2", ""), ("1", "0", "−4"))
    waiting = conv_gate(A, K, G)["input_gradient"].frames[1]
    assert waiting == ("_1", "1 of 2", "")  # the title says ∂F/∂a
    for grid in scene.grids:
        assert scene.at_step(2).shown(grid) == grid.texts
    assert scene.steps[2].reads == {"upstream": (1,), "input": (1, 2), "kernel": (0, 1)}
    assert scene.steps[2].writes == {"input_gradient": (1, 2), "kernel_gradient": (0, 1)}
    assert scene.steps[2].say.endswith("a₂ had an amount already: the new one is added to it.")


def test_a_kernel_that_is_too_long_says_so_and_a_probe_cannot_be_typed_into():
    explorer = explore_conv_gate()
    explorer.move(input_size=1)
    assert "does not fit" in explorer.message
    explorer = explore_conv_gate(show="numbers")
    assert explorer.scene["upstream"].editable
    explorer.move(one_hot=2)
    assert not explorer.scene["upstream"].editable
    assert explorer.scene["input_gradient"].numbers == ("0", "1", "2")


def test_the_bias_can_be_typed_into_and_given():
    explorer = explore_conv_gate(with_bias=True, bias=[7])
    assert explorer.values["show"] == "numbers"
    assert numbers(explorer.scene, "output") == [["16", "25"]]  # 1·1 + 4·2 + 7 and 1·4 + 7·2 + 7
    explorer.type("bias", 0, "0")
    assert explorer.data["bias"].tolist() == [0] and numbers(explorer.scene, "output") == [
        ["9", "18"]
    ]
    explorer.move(with_bias=False)
    assert "bias" not in {grid.name for grid in explorer.scene.grids}


def test_given_numbers_set_the_sizes_of_the_small_convolution():
    explorer = explore_conv_gate(input=[1, 0, 2, 5], kernel=[1, -1, 3])
    assert numbers(explorer.scene, "output") == [["7", "13"]]
    assert (explorer.values["input_size"], explorer.values["kernel_size"]) == (4, 3)
    assert explore_conv_gate(upstream=[1, 2, 3]).values["input_size"] == 4
    with pytest.raises(ValueError, match="input is 6, but input_size goes from 1 to 5"):
        explore_conv_gate(input=[1, 2, 3, 4, 5, 6])


# ---------------------------------------------------------------- the four steps


def network(*widths, activation="ReLU"):
    return explore_plain_network(widths=widths, activation=activation).scene


def test_the_network_of_the_lesson_by_hand():
    scene = network(2, 3, 2)
    assert numbers(scene, "z2", "a2", "z3", "error", "delta3", "delta2") == [
        ["2", "−5", "4"], ["2", "0", "4"], ["6", "1"], ["5", "2"], ["5", "2"], ["14", "0", "3"],
    ]  # fmt: skip
    assert numbers(scene, "W1_gradient") == [["14", "−14", "0", "0", "3", "−3"]]
    assert scene.counters[0][0] == "14.5"
    assert scene.equation_text("z3", 0) == (
        "z^(3)_1 = W^(2)_11·a^(2)_1 + W^(2)_12·a^(2)_2 + W^(2)_13·a^(2)_3 + b^(2)_1"
    )
    assert scene.equation_text("delta2", 0) == (
        "δ^(2)_1 = W^(2)_11·δ^(3)_1·s^(2)_1 + W^(2)_21·δ^(3)_2·s^(2)_1"
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_gradient_agrees_with_central_differences_for_all_widths(activation):
    """With the first numbers of the lesson, so that no ReLU stands at its kink."""
    data, f = explore_plain_network().data, ACTIVATIONS[activation]
    for layers in (2, 3, 4):
        for n in itertools.product((1, 2, 3), repeat=layers):
            W = {l: data[f"W{l}"][: n[l], : n[l - 1]] for l in range(1, layers)}
            b = {l: data[f"b{l}"][: n[l]] for l in range(1, layers)}
            x, y = data["a1"][: n[0]], data["y"][: n[-1]]
            assert agrees_with_differences(four_steps(x, W, b, y, f), x, W, b, y, f), n


def test_the_lamp_sees_a_wrong_gradient():
    rng = np.random.default_rng(3)
    x, y, W = rng.normal(size=(2, 1)), rng.normal(size=(2, 1)), {1: rng.normal(size=(2, 2))}
    b, f = {1: rng.normal(size=(2, 1))}, ACTIVATIONS["tanh"]
    passes = four_steps(x, W, b, y, f)
    assert agrees_with_differences(passes, x, W, b, y, f)
    passes.by_W[1][0, 1] += 1e-3
    assert not agrees_with_differences(passes, x, W, b, y, f)


def test_the_numbers_are_those_of_the_derivation():
    """The proved formula for ∂J/∂W^(1), filled with δ and x, is what the picture writes."""
    scene = network(2, 3, 2)
    formula = derived_network((2, 3, 2)).result
    values = {f"δ^(2)_{i + 1}": n for i, n in enumerate((14, 0, 3))} | {"x_1": 1, "x_2": -1}
    filled = [entry.subs({s: values[str(s)] for s in entry.free_symbols}) for entry in formula.flat]
    assert [str(n).replace("-", "−") for n in filled] == list(scene["W1_gradient"].numbers)


def test_each_gradient_has_the_shape_of_what_it_belongs_to():
    scene = network(2, 3, 1, 2)
    for grid in scene.grids:
        if grid.name.endswith("_gradient"):
            assert grid.shape == scene[grid.name.removesuffix("_gradient")].shape
    labels = [stroke.label for stroke in scene.strokes]
    assert "3×1 = 3×2 · 2×1 + 3×1" in labels and "3×1 = 3×1 · 1×1 • 3×1" in labels
    assert "δ⁽²⁾ = (W⁽²⁾)ᵀ δ⁽³⁾ • f′(z⁽²⁾)" in labels


def test_the_steps_run_forward_then_back_and_reveal_what_they_make():
    scene = network(2, 3, 2, 2)
    assert [step.say.split(":")[0] for step in scene.steps] == [
        *["Step 1, forward"] * 3, "Step 2, the error", "Step 2, the output", "Step 3, l = 3",
        "Step 3, l = 2", "Step 4, l = 3", "Step 4, l = 2", "Step 4, l = 1",
    ]  # fmt: skip
    for n, step in enumerate(scene.steps):
        for name in step.lit:
            assert scene.at_step(n).shown(scene[name]) == scene[name].texts, (n, name)
    assert scene.at_step(3).shown(scene["delta3"]) == ("", "")
    back = scene.steps[6]
    assert (set(back.reads), set(back.writes)) == ({"W2", "delta3", "slope2"}, {"delta2"})
    last = scene.at_step(scene.length - 1)
    assert all(last.shown(grid) == grid.texts for grid in scene.grids)


def test_a_sum_at_the_kink_of_relu_is_said():
    one = np.array([[1.0]])
    scene = plain_network(one, {1: one}, {1: -one}, one)
    assert "exactly 0" in scene.say
    assert "exactly 0" not in plain_network(one, {1: one}, {1: -one}, one, "tanh").say


def test_too_many_layers_do_not_fit():
    one = np.array([[1.0]])
    with pytest.raises(DoesNotFit, match="room for 4 layers"):
        plain_network(one, dict.fromkeys(range(1, 5), one), dict.fromkeys(range(1, 5), one), one)


def test_typing_into_a_weight_changes_that_weight_only():
    explorer = explore_plain_network()
    explorer.type("W1", 3, "5")
    assert explorer.data["W1"][1, 1] == 5
    assert explorer.scene["W1"].numbers == ("1", "1", "−1", "5", "1", "−2")
    assert explorer.scene.lamps[0][0]


def test_the_gate_explorer_follows_its_sliders():
    explorer = explore_gate()
    explorer.move(x=4.0)
    assert numbers(explorer.scene, "x_gradient", "y_gradient") == [["−6"], ["8"]]


def test_there_are_as_many_layers_as_widths_unless_layers_is_given():
    values = explore_plain_network(widths=(1, 3, 2, 3)).values
    assert [values[name] for name in ("layers", "width_1", "width_2", "width_3", "width_4")] == [
        4, 1, 3, 2, 3,
    ]  # fmt: skip
    waiting = explore_plain_network(2, widths=(1, 3, 2))
    assert waiting.scene["W1"].shape == (1, 1, 3, 1) and waiting.values["layers"] == 2
    waiting.move(layers=3)
    assert waiting.scene["W2"].shape == (1, 1, 2, 3)


@pytest.mark.parametrize(
    "given, sentence",
    [
        ({"widths": (2,)}, "a width for each of 2 to 4 layers, as in .2, 3, 2., not 1 of them"),
        ({"widths": (2, 3, 2, 2, 2)}, "not 5 of them"),
        ({"widths": "232"}, "widths takes .* not '232'"),
        ({"widths": 3}, "widths takes .* not 3"),
        ({"widths": (2, 4)}, "width_2 goes from 1 to 3, not 4"),
        ({"widths": (2, 2.5)}, "width_2 is a whole number from 1 to 3, not 2.5"),
        ({"widths": (2, 3), "layers": 4}, "2 widths, which contradicts layers=4"),
        ({"widths": (2, 3), "width_2": 1}, "width_2 is given twice"),
        ({"W1": [[1, 2], [3, 4]]}, "W1 is 2×2, but with these sizes it is 3×2"),
    ],
)
def test_widths_that_cannot_be_are_refused_in_a_sentence(given, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        explore_plain_network(**given)


def test_the_width_of_a_layer_that_is_not_there_is_no_slider():
    controls = explore_plain_network().controls
    seen = {
        layers: [
            l for l in (1, 2, 3, 4)
            if not controls[f"width_{l}"].when or layers in controls[f"width_{l}"].when[1]
        ]
        for layers in (2, 3, 4)
    }  # fmt: skip
    assert seen == {2: [1, 2], 3: [1, 2, 3], 4: [1, 2, 3, 4]}
    assert {controls[f"width_{l}"].when[0] for l in (3, 4)} == {"layers"}
