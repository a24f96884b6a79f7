"""Derivations hold for the documents' sizes and for any geometry, and each of them can fail."""

import re
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
import sympy as sp
from hypothesis import given

import cnnviz.derivations as D
import cnnviz.functional.convolution
import cnnviz.functional.convolution_gradients
from cnnviz import functional as F
from cnnviz.derivations import symbol_array
from cnnviz.derivations.layer import Layer
from cnnviz.derivations.values import Added, Applied, Correlation, Elementwise, Times
from cnnviz.functional.geometry import Axis, DoesNotFit, Padding
from cnnviz.symbols import NOTATIONS

OF_A_CONVOLUTION = [
    D.convolution_as_matrix,
    D.input_gradient_as_transpose,
    D.input_gradient_as_scatter,
    D.input_gradient_as_padded_correlation,
    D.kernel_gradient,
    D.bias_gradient,
    D.transposed_is_not_inverse,
]
OF_MAX_POOLING = [D.max_pooling, D.max_pooling_gradient, D.unpooling_as_partial_inverse]
OF_MEANS = [D.average_pooling, D.average_pooling_gradient]
OTHERS = [
    (D.index_substitution, {}),
    (D.index_substitution, {"input_size": 7, "kernel_size": 2, "stride": 3, "dilation": 2}),
    (D.transposed_convolution, {"input_size": 2, "kernel_size": 3}),
    (D.relu_gradient, {"input_size": (1, 3), "values": [[2, -1, 0]]}),
    (D.fully_connected, {}),
    (D.fully_connected, {"convention": "row", "by": "input", "batch": 2}),
    (D.softmax_cross_entropy, {}),
    (D.plain_network, {}),
]
SIZES = [
    {"input_size": 4, "kernel_size": 3},
    {"input_size": 5, "kernel_size": 3, "stride": 2},
    {"input_size": 3, "kernel_size": 2},
    {"input_size": (6, 4), "kernel_size": (3, 2), "stride": (2, 3)},
    {"input_size": (2, 3), "kernel_size": (1, 2), "padding": 2, "stride": (1, 3)},
    {"input_size": 3, "kernel_size": 2, "groups": 2, "in_channels": 2, "out_channels": 4},
]
SMALL = {"input_size": (2, 3), "kernel_size": 2}
EVERY = [
    *((function, SMALL) for function in OF_A_CONVOLUTION),
    *((function, {"input_size": 3, "kernel_size": 2, "stride": 1}) for function in OF_MAX_POOLING),
    *((function, {"input_size": 3, "kernel_size": 2, "stride": 1}) for function in OF_MEANS),
    *OTHERS,
]


def named(value):
    return value.__name__ if callable(value) else None


def equal(found, expected):
    found, expected = np.asarray(found, object), np.asarray(expected, object)
    return found.shape == expected.shape and all(
        sp.expand(a - b) == 0 for a, b in zip(found.flat, expected.flat, strict=True)
    )


# They hold.


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("function", OF_A_CONVOLUTION, ids=named)
def test_convolution_for_the_sizes_of_the_documents_and_others(function, sizes):
    assert function(**sizes).faults() == ()


@pytest.mark.slow
@pytest.mark.parametrize(("function", "how"), EVERY, ids=named)
@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("start", [0, 1])
def test_all_in_all_notations(function, how, notation, start):
    derivation = function(**how, notation=NOTATIONS[notation], start=start)
    assert derivation.holds()
    assert all(line.reason.endswith((".", ".)")) for line in derivation.lines)
    for written in (derivation.latex(), derivation._repr_markdown_()):
        assert written.count("{") == written.count("}")
        assert written.count(r"\left") == written.count(r"\right")
    equations = re.sub(r"\\text\{.*?\}( \\\\)?$", "", derivation.latex(), flags=re.MULTILINE)
    assert not set(equations) & set("∂₁²δΣ*")
    assert derivation.title in derivation.text()


@st.composite
def axes(draw):
    kernel, stride, dilation = (draw(st.integers(1, most)) for most in (3, 3, 2))
    padding = draw(st.integers(0, kernel))
    smallest = max(1, dilation * (kernel - 1) + 1 - 2 * padding)
    return draw(st.integers(smallest, smallest + 2)), kernel, stride, padding, dilation


@st.composite
def geometries(draw):
    rows, columns = draw(axes()), draw(axes())
    names = ("input_size", "kernel_size", "stride", "padding", "dilation")
    return dict(zip(names, zip(rows, columns, strict=True), strict=True))


@given(st.sampled_from(OF_A_CONVOLUTION), geometries())
def test_convolution_for_any_geometry(function, how):
    assert function(**how).faults() == ()


@given(geometries(), st.integers(0, 2), st.integers(0, 2))
def test_transposed_convolution_for_any_output_padding(how, rows, columns):
    how["output_padding"] = rows, columns
    how["input_size"] = tuple(min(size, 3) for size in how["input_size"])
    try:
        derivation = D.transposed_convolution(**how)
    except DoesNotFit:
        with pytest.raises(DoesNotFit):
            layer = Layer(how["input_size"], 1)
            kernel = symbol_array("k", how["kernel_size"])
            options = {k: v for k, v in how.items() if k not in ("input_size", "kernel_size")}
            F.conv_transpose2d(layer.input, kernel, **options)
        return
    assert derivation.faults() == ()


@given(axes())
def test_index_substitution_for_any_axis(axis):
    assert D.index_substitution(*axis).faults() == ()


@given(st.data())
def test_pooling_for_any_geometry(data):
    function = data.draw(st.sampled_from(OF_MAX_POOLING + OF_MEANS))
    kernel = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    how = {
        "input_size": data.draw(st.tuples(st.integers(1, 5), st.integers(1, 5))),
        "kernel_size": kernel,
        "stride": data.draw(st.none() | st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "padding": tuple(data.draw(st.integers(0, k // 2)) for k in kernel),
        "ceil_mode": data.draw(st.booleans()),
    }
    if function in OF_MAX_POOLING:
        random = np.random.default_rng(data.draw(st.integers(0, 99)))
        how["dilation"] = data.draw(st.integers(1, 2))
        how["order"] = random.integers(-4, 5, how["input_size"])  # with ties
    else:
        how["count_include_pad"] = data.draw(st.booleans())
    try:
        derivation = function(**how)
    except DoesNotFit:
        run = F.max_pool2d if function in OF_MAX_POOLING else F.avg_pool2d
        rest = {k: v for k, v in how.items() if k not in ("input_size", "order")}
        with pytest.raises(DoesNotFit):
            run(np.zeros(how["input_size"]), **rest)
        return
    assert derivation.faults() == ()


@pytest.mark.parametrize("function", OF_A_CONVOLUTION, ids=named)
def test_what_cannot_be_is_refused_in_a_sentence(function):
    with pytest.raises(DoesNotFit, match="A kernel of 7 does not fit in 5 cells"):
        function(5, 7)
    with pytest.raises(DoesNotFit, match="2 groups do not divide 3 input channels"):
        function(4, 3, groups=2, in_channels=3, out_channels=2)


# They say what the documents and the code say.


def test_results_are_what_the_code_computes_over_symbols():
    notation = NOTATIONS["slides"]
    x, w = symbol_array("X", (3, 3)), symbol_array("F", (2, 2))
    g = np.array(sp.symbols("∂L/∂O_11 ∂L/∂O_12 ∂L/∂O_21 ∂L/∂O_22"), object).reshape(2, 2)
    found = D.kernel_gradient(3, 2, notation=notation).result
    assert equal(found, F.conv2d_weight(x, (2, 2), g))
    for function in OF_A_CONVOLUTION[1:4]:
        assert equal(function(3, 2, notation=notation).result, F.conv2d_input((3, 3), w, g))
    assert equal(D.bias_gradient(3, 2, notation=notation).result, g.sum())
    forward = D.convolution_as_matrix(3, 2, notation=notation).result
    assert equal(forward, F.conv2d(x, w).reshape(-1, 1))


def test_the_note_by_hand():
    winners = D.max_pooling().result
    assert [[str(cell) for cell in row] for row in winners] == [["a_21", "a_14"], ["a_31", "a_43"]]
    gradient = D.max_pooling_gradient().result
    assert str(gradient[1, 0]) == "∂F/∂h_11" and sum(cell != 0 for cell in gradient.flat) == 4
    lines = D.input_gradient_as_padded_correlation(4, 3).lines
    product = next(line.right for line in lines if isinstance(line.right, Correlation))
    assert product.left.shape == (6, 6) and str(product.right[0, 0]) == "k_33"
    assert str(D.input_gradient_as_transpose(4, 3).result[0, 1]) in (
        "k_11*∂F/∂h_12 + k_12*∂F/∂h_11",
    )
    share = D.average_pooling_gradient(4, 2).result[3, 3]
    assert share == sp.Symbol("∂F/∂h_22") / 4


def test_equations_are_printed_in_the_order_of_the_document():
    first = D.convolution_as_matrix((1, 2), (1, 2)).latex().splitlines()[1]
    assert first.startswith("h_{11} &= k_{11} a_{11} + k_{12} a_{12} && \\text{Each output")
    blog = D.convolution_as_matrix((1, 2), (1, 2), notation=NOTATIONS["blog"]).latex()
    assert "Z_{11} &= X_{11} K_{11} + X_{12} K_{12}" in blog
    gradient = D.kernel_gradient(3, 2).latex()
    assert r"\frac{\partial F}{\partial h_{11}} \frac{\partial h_{11}}{\partial k_{11}}" in gradient
    assert "∂F/∂k₁₁ = ∂F/∂h₁₁ a₁₁ + ∂F/∂h₁₂ a₁₂" in D.kernel_gradient(3, 2).text()


def test_a_max_pooling_without_ties_agrees_with_sympy_s_derivative_of_max():
    derivation = D.max_pooling_gradient(3, 2, 1, order=[[5, 2, 8], [1, 9, 3], [4, 7, 6]])
    numbers = [5, 2, 8, 1, 9, 3, 4, 7, 6]
    cells = symbol_array("a", (3, 3))
    put_in = dict(zip(cells.flat, numbers, strict=True))
    names = symbol_array("∂F/∂h", (2, 2))
    total = sum(
        g * sp.Max(*cells[i : i + 2, j : j + 2].flat) for (i, j), g in np.ndenumerate(names)
    )
    expected = [sp.diff(total, cell).subs(put_in) for cell in cells.flat]
    assert equal(derivation.result, np.array(expected, object).reshape(3, 3))


@pytest.mark.parametrize("by", ["input", "kernel"])
def test_the_chain_rule_is_that_of_an_unknown_function_of_the_layer(by):
    """SymPy differentiates F(h_11(a, k), ...) itself; its slopes of F get the upstream's names."""
    layer = Layer(3, 2)
    composed = sp.Function("F")(*layer.outputs.flat)
    upstream = dict(zip(layer.outputs.flat, layer.upstream.flat, strict=True))
    variables = getattr(layer, by)
    slopes = [
        sp.diff(composed, v).replace(sp.Subs, lambda _, __, point: upstream[point[0]])
        for v in variables.flat
    ]
    derive = D.input_gradient_as_transpose if by == "input" else D.kernel_gradient
    assert equal(derive(3, 2).result, np.array(slopes, object).reshape(variables.shape))


# They can fail.


def broken(side):
    """Sides that are wrong in one place: a term dropped, two cells exchanged, a sign changed."""
    if isinstance(side, Times | Correlation):
        for part in ("left", "right"):
            yield from (replace(side, **{part: bad}) for bad in broken(getattr(side, part)))
    elif isinstance(side, Elementwise):
        yield from (replace(side, right=bad) for bad in broken(side.right))
    elif isinstance(side, Added):
        yield replace(side, parts=(*side.parts, side.parts[0]))
    elif isinstance(side, np.ndarray):
        cells = list(side.flat)
        wrong = [("sign", lambda c: -c), ("more", lambda c: c + sp.Symbol("stray"))]
        for _, change in wrong:
            place = next((n for n, cell in enumerate(cells) if cell != 0), None)
            if place is not None:
                bad = side.copy()
                bad.flat[place] = change(cells[place])
                yield bad
        place = next((n for n, c in enumerate(cells) if isinstance(c, sp.Add)), None)
        if place is not None:
            bad = side.copy()
            bad.flat[place] = sp.Add(*cells[place].args[1:])
            yield bad
        other = next((n for n, cell in enumerate(cells) if cell != cells[0]), None)
        if other is not None:
            bad = side.copy()
            bad.flat[0], bad.flat[other] = cells[other], cells[0]
            yield bad
    elif isinstance(side, sp.Expr):
        yield side + sp.Symbol("stray")


def longest(function, how):
    """The four steps through a network have the most lines to break."""
    marks = pytest.mark.long if function.__name__ == "plain_network" else ()
    return pytest.param(function, how, marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize(("function", "how"), [longest(*each) for each in EVERY], ids=named)
def test_every_broken_line_is_noticed(function, how):
    derivation = function(**how)
    tried = 0
    for number, line in enumerate(derivation.lines):
        if line.relation == "≠":
            same = replace(line, left=line.right)
            changed = [same]
        else:
            changed = [replace(line, right=bad) for bad in broken(line.right)]
            if isinstance(line.right, Applied):  # what is kept of a correlation, and the like
                changed = [replace(line, right=Applied("", lambda m: m * 2, line.right))]
            if hasattr(line.right, "formula"):
                formula = line.right.formula
                letters = sorted(formula.atoms(sp.Indexed), key=str)
                bad = formula.xreplace({letters[0]: 2 * letters[0]})
                changed = [replace(line, right=replace(line.right, formula=bad))]
        for bad in changed:
            lines = (*derivation.lines[:number], bad, *derivation.lines[number + 1 :])
            assert not replace(derivation, lines=lines).holds(), (number, bad.right)
            tried += 1
    assert tried >= len(derivation.lines)


def test_equal_is_decided_for_polynomials_and_for_what_is_none():
    x, y = sp.symbols("x y")
    assert D.same((x / 2 + y) ** 2, x**2 / 4 + x * y + y**2)
    assert not D.same((x / 2 + y) ** 2, x**2 / 4 + y**2)
    assert D.same(sp.exp(2 * x) + x * y / y, sp.exp(x) ** 2 + x)
    assert not D.same(x / y, x * y) and not D.same(sp.exp(x), x)


def test_a_last_line_of_something_else_is_noticed():
    derivation = D.kernel_gradient(3, 2)
    assert derivation.holds() and not replace(derivation, lines=derivation.lines[:1]).faults()
    other = D.input_gradient_as_scatter(3, 2)
    assert not replace(derivation, lines=other.lines).holds()


def test_a_bug_in_the_code_is_noticed(monkeypatch):
    monkeypatch.setattr(
        cnnviz.functional.convolution_gradients, "rot180", lambda kernel: kernel.copy()
    )
    faults = D.input_gradient_as_padded_correlation(3, 2).faults()
    assert faults == ("The last line is not what the code computes.",)


# The proof on screen.


@given(geometries(), st.sampled_from([(1, 1, 1), (1, 2, 1), (1, 1, 2), (2, 2, 4)]))
def test_every_geometry_is_proved(how, channels):
    groups, inside, outside = channels
    proof = D.prove(**how, groups=groups, in_channels=inside, out_channels=outside)
    assert proof.holds and proof.counterexamples == (), proof


def test_the_sentence_counts_the_cells():
    assert D.prove(4, 3).sentence == (
        "Proved for this geometry: Wᵀg, scatter, gather and SymPy’s derivative agree in all 16 "
        "input cells, and the kernel gradient in all 9 weights."
    )
    assert (
        "in the one input cell, and the kernel gradient in the one weight."
        in D.prove(1, 1).sentence
    )
    assert bool(D.prove(5, 3, padding="same"))


def test_a_kernel_that_is_not_turned_is_found(monkeypatch):
    monkeypatch.setattr(
        cnnviz.functional.convolution_gradients, "rot180", lambda kernel: kernel.copy()
    )
    proof = D.prove(4, 3)
    assert not proof.holds and len(proof.counterexamples) == 16
    assert proof.sentence.startswith(
        "Not proved: The gather view gives k₃₃ ∂F/∂h₁₁ for ∂F/∂a₁₁, but it is k₁₁ ∂F/∂h₁₁."
    )
    slides = D.prove(3, 2, notation=NOTATIONS["slides"], start=0)
    assert "F₁₁ ∂L/∂O₀₀ for ∂L/∂X₀₀" in slides.sentence


def test_a_forgotten_remainder_is_found(monkeypatch):
    def without(axis):
        before, after = axis.padding
        return Padding(axis.span - 1 - before, axis.span - 1 - after)

    monkeypatch.setattr(Axis, "adjoint_padding", property(without))
    assert D.prove(5, 3, 2).holds  # no remainder here
    proof = D.prove(6, 3, 2)
    assert not proof.holds and "The gather view breaks off" in proof.sentence


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("conv2d", lambda run: lambda *a, **k: 2 * run(*a, **k)),
        ("conv_matrix", lambda run: lambda *a, **k: run(*a, **k)[::-1]),
        ("conv2d_weight", lambda run: lambda *a, **k: run(*a, **k).T),
        ("conv2d_input", lambda run: lambda *a, **k: run(*a, **k)[::-1]),
        ("conv_transpose2d", lambda run: lambda *a, **k: run(*a, **k)[1:]),
    ],
)
def test_a_bug_in_any_direction_is_found(monkeypatch, name, wrong):
    monkeypatch.setattr(F, name, wrong(getattr(F, name)))
    assert not D.prove(4, 3)


def test_the_same_mistake_everywhere_is_found(monkeypatch):
    """All directions share `windows`; the definition does not."""
    windows = cnnviz.functional.convolution.windows

    def stuck(x, kernel_size, stride=1, dilation=1, **how):
        return windows(x, kernel_size, stride, 1, **how)

    for reader in ("convolution", "table", "unrolled"):
        monkeypatch.setattr(getattr(cnnviz.functional, reader), "windows", stuck)
    assert not D.prove(5, 2, dilation=2)
