"""The picture of a whole layer: the example of slides and blog, and any other as small."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import explore_whole_layer
from cnnviz.derivations import symbol_array
from cnnviz.explorers.shared import SHARED
from cnnviz.functional import conv2d, conv2d_input, conv2d_weight
from cnnviz.functional.geometry import DoesNotFit, Geometry
from cnnviz.functional.samples import sample_gradient, sample_input, sample_kernel
from cnnviz.pictures.small_example.whole_layer import SCALARS, whole_layer
from cnnviz.symbols import NOTATIONS


@pytest.fixture(autouse=True)
def first_letters():
    """Letters are shared by all pictures: put them back."""
    yield
    SHARED.choose(notation="note")


def numbers(grid):
    return [float(text.replace("−", "-")) for text in grid.numbers]


def example(**more):
    g = np.array([[2.0, -1.0], [4.0, 3.0]])
    return whole_layer(sample_input(3, 3), sample_kernel(2, 2), 2.0, g, **more)


@st.composite
def layers(draw):
    kernel, stride, padding = (
        draw(st.integers(1, 3)),
        draw(st.integers(1, 2)),
        draw(st.integers(0, 1)),
    )
    return draw(st.integers(max(2, kernel - 2 * padding), 5)), kernel, (stride, padding)


@pytest.mark.long
@given(layers(), st.sampled_from(sorted(NOTATIONS)))
def test_every_equation_is_what_sympy_derives(layer, document):
    size, kernel, how = layer
    letters = NOTATIONS[document]
    outputs = Geometry.of(size, kernel, *how).output_size
    x, k, g = sample_input(size, size), sample_kernel(kernel, kernel), sample_gradient(*outputs)
    scene = whole_layer(x, k, 2.0, g, *how, notation=letters)
    xs, ks = symbol_array(letters.input, x.shape), symbol_array(letters.kernel, k.shape)
    bias = sympy.Symbol("B" if document == "blog" else "b")
    hs = conv2d(xs, ks, bias, *how).ravel()
    upstream = [
        sympy.Symbol(f"∂{letters.scalar}/∂{name}")
        for name in symbol_array(letters.output, outputs).ravel()
    ]
    scalar = sum(h * one for h, one in zip(hs, upstream, strict=True))

    def equations(grid):
        for cell in range(scene[grid].size):
            _, terms = scene.terms(grid, cell)
            yield sum(sympy.prod([sympy.Symbol(factor) for factor in term]) for term in terms)

    wanted = {
        "output": hs,
        "kernel_gradient": [sympy.diff(scalar, one) for one in ks.ravel()],
        "bias_gradient": [sympy.diff(scalar, bias)],
        "input_gradient": [sympy.diff(scalar, one) for one in xs.ravel()],
    }
    for grid, derived in wanted.items():
        for ours, theirs in zip(equations(grid), derived, strict=True):
            assert sympy.expand(ours - theirs) == 0, grid
    assert numbers(scene["output"]) == conv2d(x, k, 2.0, *how).ravel().tolist()
    assert numbers(scene["kernel_gradient"]) == conv2d_weight(x, k.shape, g, *how).ravel().tolist()
    assert numbers(scene["input_gradient"]) == conv2d_input(x.shape, k, g, *how).ravel().tolist()
    assert numbers(scene["bias_gradient"]) == [g.sum()]


def test_the_example_by_hand():
    scene = example()
    assert scene["output"].numbers == ("6", "39", "34", "1")
    assert scene["kernel_gradient"].numbers == ("31", "32", "19", "28")
    assert scene["bias_gradient"].numbers == ("8",)
    assert numbers(scene["input_gradient"]) == [2, 3, -2, 10, 4, 8, 12, 1, -6]


def test_in_the_letters_of_the_blog_the_first_and_the_last_line_are_printed_there():
    scene = example(notation=NOTATIONS["blog"])
    assert (
        scene.equation_text("output", 0)
        == "Z_11 = X_11·K_11 + X_12·K_12 + X_21·K_21 + X_22·K_22 + B"
    )
    assert scene.equation_text("input_gradient", 8) == "∂L/∂X_33 = ∂L/∂Z_22·K_22"
    assert scene.equations["bias_gradient"].ledger == "blog-53"


def test_what_lights_up_is_what_is_read():
    scene = example()
    assert scene.lit("kernel_gradient", 1) == {
        "input": (1, 2, 4, 5), "upstream": (0, 1, 2, 3), "kernel_gradient": (1,),
    }  # fmt: skip
    assert scene.lit("input_gradient", 4) == {
        "kernel": (0, 1, 2, 3), "upstream": (0, 1, 2, 3), "input_gradient": (4,),
    }  # fmt: skip
    assert scene.lit("bias", 0)["output"] == (0, 1, 2, 3)
    reached = scene.lit("upstream", 0)
    assert reached["input_gradient"] == (0, 1, 3, 4) and reached["bias_gradient"] == (0,)


def test_the_walk_goes_through_all_eighteen_lines():
    scene = example()
    assert scene.length == 18
    assert [step.of for step in scene.steps[:4]] == [("output", n) for n in range(4)]
    assert scene.steps[8].of == ("bias_gradient", 0)
    fifth = scene.at_step(4)
    assert scene.steps[4].reads == {"input": (0, 1, 3, 4), "upstream": (0, 1, 2, 3)}
    assert scene.steps[4].writes == {"kernel_gradient": (0,)}
    assert fifth.shown(scene["output"]) == scene["output"].numbers
    assert fifth.shown(scene["kernel_gradient"]) == ("31", "", "", "")
    assert fifth.shown(scene["input_gradient"]) == ("",) * 9
    assert "∂F/∂k_11 = ∂F/∂h_11·a_11" in str(fifth)
    last = scene.at_step(17)
    assert all(last.shown(grid) == grid.numbers for grid in scene.grids)
    assert "1 output read this input" in scene.steps[9].say
    assert "4 outputs read this input" in scene.steps[13].say
    assert "0 down and 1 to the right" in scene.steps[5].say


def test_a_work_sheet_is_empty_until_it_is_stepped_through():
    scene = example(blank=True, show="symbols")
    results = ("output", "kernel_gradient", "bias_gradient", "input_gradient")
    assert all(set(scene.shown(scene[name])) == {""} for name in results)
    assert scene["upstream"].texts == ("_11", "_12", "_21", "_22")
    stepped = example(blank=True).at_step(0)
    assert stepped.shown(stepped["output"]) == ("6", "", "", "")
    assert stepped.counted("output", 0)[0] == "6"
    # Colours give no answer away either, and it opens before its first line.
    for name in results:
        grid = stepped[name]
        assert not any(stepped.levels(grid)), name
        written = [text != "" for text in stepped.shown(grid)]
        assert [level != 0 for level in stepped.levels(grid, 0)] == written, name
    assert scene.opened().step == -1 and example().opened().step == 0


@pytest.mark.parametrize("scalar", SCALARS)
def test_the_picture_is_as_wide_with_a_target_as_without(scalar):
    assert example(scalar=scalar).extent == example().extent == (1012, 600)


def test_the_upstream_gradient_of_a_squared_error_is_output_minus_target():
    target = np.array([[4.0, 40.0], [30.0, -2.0]])
    scene = example(scalar="squared error", target=target)
    assert scene["upstream"].numbers == ("2", "−1", "4", "3")
    assert scene.counters == (("15", "= F, squared error"),)
    assert scene.length == 22 and scene.steps[4].of == ("upstream", 0)
    assert scene.steps[4].reads == {"output": (0,), "target": (0,)}
    assert scene.steps[4].writes == {"upstream": (0,)}
    assert not scene["upstream"].editable and scene["target"].editable


def test_the_upstream_gradient_of_the_sum_is_one_everywhere():
    scene = example(scalar="sum")
    assert set(scene["upstream"].numbers) == {"1"} and scene.counters[0][0] == "80"
    assert scene["bias_gradient"].numbers == ("4",)


@pytest.mark.parametrize("scalar", SCALARS[1:])
def test_the_gradients_are_those_of_the_scalar_by_central_differences(scalar):
    x, k, target = sample_input(4, 4), sample_kernel(3, 3), sample_input(2, 2)

    def value(weight, bias):
        h = conv2d(x, weight, bias)
        return h.sum() if scalar == "sum" else ((h - target) ** 2).sum() / 2

    scene = whole_layer(x, k, 1.0, np.zeros((2, 2)), scalar=scalar, target=target)
    for cell in range(9):
        step = np.zeros(9)
        step[cell] = 0.01
        step = step.reshape(3, 3)
        central = (value(k + step, 1.0) - value(k - step, 1.0)) / 0.02
        assert numbers(scene["kernel_gradient"])[cell] == pytest.approx(central, rel=5e-3)
    assert numbers(scene["bias_gradient"])[0] == pytest.approx(
        (value(k, 1.01) - value(k, 0.99)) / 0.02, rel=5e-3
    )


def test_padding_gets_no_gradient():
    x = sample_input(3, 3)
    scene = whole_layer(x, sample_kernel(2, 2), 1.0, sample_gradient(4, 4), padding=1)
    assert scene["input"].size == 25 and scene["input_gradient"].size == 9
    assert scene.sentence("input", 0).startswith("A padding cell")
    assert set(scene.lit("upstream", 0)["input_gradient"]) == {0}
    assert len(scene.terms("kernel_gradient", 0)[1]) == 9


def test_a_wrong_upstream_gradient_is_refused():
    with pytest.raises(DoesNotFit, match="needs that of the output"):
        whole_layer(sample_input(3, 3), sample_kernel(2, 2), 1.0, np.ones((3, 3)))


def test_the_explorer_starts_with_the_example_and_chooses_letters():
    explorer = explore_whole_layer(notation="blog")
    assert SHARED.values["notation"] == "blog" and explorer.scene["input"].symbols[0] == "X_11"
    assert explorer.scene["output"].numbers == ("6", "39", "34", "1")
    assert explorer.scene["upstream"].numbers == ("2", "−1", "4", "3")
    explorer.move(scalar="squared error")
    assert explorer.scene["upstream"].numbers == ("2", "−1", "4", "3")
    explorer.type("bias", 0, "3")
    assert explorer.scene["bias_gradient"].numbers == ("12",)
    explorer.type("target", 1, "39")
    assert explorer.scene["upstream"].numbers[1] == "1"
    explorer.move(padding=1)
    explorer.type("input", 6, "5")
    assert explorer.data["input"][0, 0] == 5


def test_the_upstream_gradient_can_be_typed_only_where_it_is_given():
    explorer = explore_whole_layer()
    explorer.type("upstream", 1, "0")
    assert explorer.data["upstream"][0, 1] == 0
    assert explorer.scene["bias_gradient"].numbers == ("9",)
    explorer.move(scalar="squared error")
    explorer.type("upstream", 1, "5")
    assert explorer.data["upstream"][0, 1] == 0
    assert explorer.message == "∂F/∂h₁₂ shows no number that can be typed here."


def test_a_layer_of_ones_own_numbers_sets_the_sizes():
    explorer = explore_whole_layer(input=np.eye(4), kernel=[[1, 2], [3, 4]], bias=[1], padding=1)
    assert explorer.values["input_size"] == 4 and explorer.values["kernel_size"] == 2
    assert explorer.scene["output"].numbers[:7] == ("5", "4", "1", "1", "1", "3", "6")
    aimed = explore_whole_layer(scalar="squared error", target=[[6, 38], [34, 0]])
    assert aimed.scene["upstream"].numbers == ("0", "1", "0", "1")
    with pytest.raises(ValueError, match="target is 3×3, but with these sizes it is 2×2"):
        explore_whole_layer(target=np.ones((3, 3)))
    with pytest.raises(TypeError, match="There is no letters here"):
        explore_whole_layer(letters="blog")


def test_a_work_sheet_can_be_saved(tmp_path):
    path = explore_whole_layer(blank=True).save(tmp_path / "pencil.pdf")
    assert path.read_bytes().startswith(b"%PDF")


def test_the_equations_of_a_work_sheet_have_the_colours_of_their_numbers():
    grids = explore_whole_layer(blank=True).scene.view()["grids"]
    plain = explore_whole_layer(blank=False).scene.view()["grids"]
    for hidden, shown in zip(grids, plain, strict=True):
        assert hidden.get("numberLevels", hidden["levels"]) == shown["levels"]
    assert any("numberLevels" in one for one in grids)
    assert not any("numberLevels" in one for one in plain)
