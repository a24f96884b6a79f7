"""The two gradients for every size: they follow, they are what the code computes, and they can fail."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import cnnviz.derivations as D
from cnnviz import functional as F
from cnnviz.derivations.every_size.letters import Letters, Maps
from cnnviz.derivations.every_size.proof import Part
from cnnviz.derivations.every_size.rules import Book, LineForEverySize, defined
from cnnviz.derivations.every_size.sizes import Sizes, by_code, random_sizes
from cnnviz.derivations.every_size.sums import NoFiniteSum, flat, picked, renumbered, same_sum
from cnnviz.derivations.typeset import Bracket
from cnnviz.functional.geometry import Axis
from cnnviz.symbols import NOTATIONS

pytestmark = pytest.mark.slow  # every line, on two hundred sizes

BOTH = [D.input_gradient_for_every_size, D.kernel_gradient_for_every_size]
KINDS = {"one axis": 0, "two axes": 1, "channels and groups": 2}
HOW = [{"axes": 1}, {"axes": 2}, {"axes": 2, "grouped": True}]


def named(value):
    return value.__name__ if callable(value) else None


def part_of(derive, kind):
    return derive().parts[KINDS[kind]]


def with_line(part, name, **changed):
    return Part(part.lines | {name: replace(part.lines[name], **changed)})


def many(kind, count=200, seed=7):
    return list(random_sizes(count, seed, **HOW[KINDS[kind]]))


# They hold.


@pytest.mark.parametrize("derive", BOTH, ids=named)
@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_line_follows_in_all_notations(derive, notation):
    derivation = derive(NOTATIONS[notation])
    assert derivation.faults() == () and derivation.holds()
    assert all(line.reason.endswith(".") for line in derivation.lines)
    for written in (derivation.latex(), derivation._repr_markdown_()):
        assert written.count("{") == written.count("}")
        assert written.count(r"\left") == written.count(r"\right")
    assert derivation.title in derivation.text()
    assert f"{NOTATIONS[notation].scalar} is any scalar" in derivation.text()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("derive", BOTH, ids=named)
def test_every_line_is_true_for_200_random_sizes(derive, kind):
    assert part_of(derive, kind).differs(many(kind)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_random_sizes_are_of_every_sort(kind):
    axes = [axis for sizes in many(kind) for axis in sizes.axes]
    sorts = [
        lambda axis: axis.remainder > 0,
        lambda axis: axis.stride > axis.kernel,
        lambda axis: axis.dilation > 1 and axis.kernel > 1,
        lambda axis: axis.padding.before > axis.kernel,
        lambda axis: axis.adjoint_padding.before < 0,
        lambda axis: axis.gradient_rows > axis.kernel,
        lambda axis: axis.out == 1,
    ]
    assert min(sum(map(sort, axes)) for sort in sorts) > 10
    if kind == "channels and groups":
        channels = {(sizes.groups, sizes.inside, sizes.outside) for sizes in many(kind)}
        assert len(channels) == 8


def test_what_is_assumed_is_said_first():
    for derive in BOTH:
        first = derive().lines[0]
        assert first.reason.startswith("Assumed: n input cells, m kernel cells, q outputs")
        assert "on each side" in first.reason and "Beyond its ends every map is 0." in first.reason


def test_the_verdict_says_for_how_many_sizes_it_was_tried():
    derivation = D.kernel_gradient_for_every_size()
    tried = [sizes for part in derivation.parts for sizes in part.tried()]
    assert f"For {len(tried)} random sizes each also says what the code computes." in (
        derivation.proved
    )
    assert derivation.proved.startswith("Proved for every size: each line follows")


# They say what the code computes, and what can be counted by hand.


@pytest.mark.parametrize("sizes", list(random_sizes(25, 3, axes=2, grouped=True)), ids=str)
def test_the_last_lines_are_the_two_functions_of_the_code(sizes):
    to_input, to_kernel = (derive().parts[2].lines["result"] for derive in BOTH)
    maps = by_code(to_input.letters, sizes)
    names = to_input.letters.maps
    size, kernel_size, out = (
        tuple(getattr(axis, name) for axis in sizes.axes) for name in ("size", "kernel", "out")
    )
    a = maps[names.a].reshape(-1, *size)
    k = maps[names.k].reshape(-1, sizes.inside, *kernel_size)
    g = maps[names.to_h].reshape(-1, *out)
    how = sizes.how | {"groups": sizes.groups}
    assert (to_input.at(sizes)[1].reshape(a.shape) == F.conv2d_input(a.shape, k, g, **how)).all()
    assert (to_kernel.at(sizes)[1].reshape(k.shape) == F.conv2d_weight(a, k.shape, g, **how)).all()


def test_two_outputs_a_kernel_of_3_stride_2_and_padding_1_by_hand():
    """Cell 2 is met where 2u + i - 1 = 2: by i = 1 of window 1 alone."""
    sizes = Sizes((Axis(4, 3, stride=2, padding=1),))
    line = part_of(BOTH[0], "one axis").lines["result"]
    maps = by_code(line.letters, sizes)
    k, g = maps[line.letters.maps.k], maps[line.letters.maps.to_h]
    assert len(g) == 2 and k[2] != 0
    by_hand = [k[1] * g[0], k[2] * g[0] + k[0] * g[1], k[1] * g[1], k[2] * g[1]]
    assert line.at(sizes)[1].tolist() == by_hand
    zeros_between = part_of(BOTH[0], "one axis").lines["where it divides"]
    assert zeros_between.at(sizes)[1].tolist() == [0, 0, g[0], 0, g[1], 0, 0]  # t = -2 … 4


@pytest.mark.parametrize("sizes", list(random_sizes(50, 11)), ids=str)
def test_what_is_counted_is_what_the_geometry_says(sizes):
    (axis,) = sizes.axes
    to_input, to_kernel = (part_of(derive, "one axis").lines for derive in BOTH)
    assert to_input["outputs"].at(sizes)[1] == axis.out
    assert to_input["remainder"].at(sizes)[1] == axis.remainder
    assert to_input["behind"].at(sizes)[1] == axis.adjoint_padding.after
    assert to_kernel["stops"].at(sizes)[1] == axis.gradient_rows


# They can fail.


def without_the_condition(part):
    """The spread map with no zeros: g at t/s, wherever that is."""
    line = part.lines["where it divides"]
    everywhere = line.right.args[0][0]
    rounded = everywhere.func(everywhere.base, *map(sp.floor, everywhere.indices))
    inside = [sp.Piecewise((one, sp.Eq(sp.Mod(axis.t, axis.d), 0)), (0, True))
              for one in (everywhere,) for axis in part.letters.axes]  # fmt: skip
    return [everywhere, rounded, *inside]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("derive", BOTH, ids=named)
def test_it_is_noticed_when_nobody_asks_whether_the_stride_divides(derive, kind):
    part, sizes = part_of(derive, kind), many(kind, 20)
    for wrong in without_the_condition(part):
        bad = with_line(part, "where it divides", right=wrong)
        assert bad.does_not_follow() == ["where it divides"]
        assert [name for name, _ in bad.differs(sizes)] == ["where it divides"]
        faults = replace(derive(), parts=(bad,)).faults()
        assert faults[0].startswith("This line does not follow: ")
        assert faults[1].startswith("With n=") and "is not what the code computes" in faults[1]


def test_the_sum_without_the_condition_has_an_output_that_does_not_exist():
    """Σ k(i) g((x + p - di) / s) reads half an output, and the proof does not let it through."""
    part = part_of(BOTH[0], "one axis")
    by, maps = part.letters, part.letters.maps
    (axis,) = by.axes
    place = (axis.x + axis.p - axis.d * axis.i) / axis.s
    naive = by.sum(maps.k[axis.i] * maps.to_h[place], axis.i)
    bad = with_line(part, "solved", right=naive)
    assert bad.does_not_follow() == ["solved", "growing"]
    sizes = Sizes((Axis(4, 3, stride=2, padding=1),))
    found = bad.lines["solved"].at(sizes)[1]
    assert np.isnan(found).all(), "every cell asks for half an output somewhere"


def broken(line):
    """The right side with something wrong in it: a factor, two letters exchanged, an end moved."""
    axis = line.letters.axes[-1]
    swaps = [(axis.s, axis.d), (axis.p, axis.m), (axis.n, axis.q)]
    wrong = [2 * line.right, line.right.xreplace({axis.p: axis.p + 1})]
    wrong += [line.right.xreplace({one: other, other: one}) for one, other in swaps]
    indexed = sorted(line.right.atoms(sp.Indexed), key=str)
    wrong += [
        line.right.xreplace({one: one.func(one.base, *one.indices[:-1], one.indices[-1] + 1)})
        for one in indexed
    ]
    if isinstance(line.right, sp.Sum):
        (index, first, last), *others = line.right.limits
        wrong.append(sp.Sum(line.right.function, (index, first, last - 1), *others))
        wrong.append(sp.Sum(line.right.function, (index, first + 1, last), *others))
    return [one for one in wrong if one != line.right]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("derive", BOTH, ids=named)
def test_every_broken_line_is_noticed_twice(derive, kind):
    """By a rule, unless the line is a definition; and for some of a few sizes."""
    part, sizes = part_of(derive, kind), many(kind, 25)
    book = Book(part.letters)
    for name, line in part.lines.items():
        wrong = broken(line)
        assert wrong, name
        for one in wrong:
            bad = replace(line, right=one)
            assert line.rule is defined or not bad.follows(book), (name, one)
            assert not all(np.array_equal(*bad.at(each)) for each in sizes), (name, one)
        if isinstance(line.left, sp.Indexed) and line.rule is not defined:
            *others, last = line.left.indices
            shifted = replace(line, left=line.left.func(line.left.base, *others, last + 1))
            assert not shifted.follows(book), name
        book.enter(line)


@pytest.mark.parametrize("derive", BOTH, ids=named)
def test_a_bug_in_the_code_is_noticed(derive, monkeypatch):
    name = "conv2d_input" if derive is BOTH[0] else "conv2d_weight"
    right = getattr(F, name)
    monkeypatch.setattr(F, name, lambda *given, **how: right(*given, **how)[..., ::-1])
    faults = derive().faults()
    assert faults and all("is not what the code computes" in fault for fault in faults)


def test_a_name_cannot_be_defined_twice():
    part = part_of(BOTH[0], "one axis")
    again = Part(part.lines | {"again": replace(part.lines["forward"], right=sp.Integer(0))})
    assert again.does_not_follow() == ["again"]


def test_beyond_the_ends_only_a_map_is_0():
    """Σ [su = t] is 1 where s divides t and t/s is an output, not wherever s divides t."""
    part = part_of(BOTH[0], "one axis")
    (axis,) = part.letters.axes
    brackets = part.letters.sum(Bracket(axis.s * axis.u, axis.t), axis.u)
    cases = sp.Piecewise((1, sp.Eq(sp.Mod(axis.t, axis.s), 0)), (0, True))
    lines = {
        "spread": replace(part.lines["spread"], right=brackets),
        "where it divides": replace(part.lines["where it divides"], right=cases),
    }
    assert Part(lines).does_not_follow() == ["where it divides"]


# The rules of finite sums.

i, u, x = sp.symbols("i u x", integer=True)
m, q, s = sp.symbols("m q s", integer=True, positive=True)
f, g = sp.IndexedBase("f"), sp.IndexedBase("g")
RANGES = {x: (sp.Integer(0), m - 1)}


def test_sums_change_places_only_when_neither_end_knows_the_other():
    with pytest.raises(NoFiniteSum, match="know the index u"):
        flat(sp.Sum(sp.Sum(f[i], (i, 0, u)), (u, 0, q)))
    square = sp.Sum(f[i] * g[u], (i, 0, m), (u, 0, q))
    triangle = sp.Sum(f[i] * g[u], (i, 0, u), (u, 0, q))
    assert same_sum(square, square, {}) and not same_sum(square, triangle, {})
    assert not same_sum(triangle, triangle, {}), "what is not understood is not proved"


def test_a_bracket_picks_one_term_only_where_it_surely_stands_in_the_sum():
    def left(bracket, last):
        return picked(flat(sp.Sum(f[i] * bracket, (i, 0, last))), RANGES)

    assert left(Bracket(x, i), m - 1).term == f[x]
    assert left(Bracket(x + 1, i), m).term == f[x + 1]
    assert left(Bracket(x + 1, i), m - 1).over, "x + 1 may be beyond the end"
    assert left(Bracket(x, s * i), m - 1).over, "s need not divide x"
    assert left(Bracket(x, 2 * i), m - 1).over
    beside = flat(sp.Sum(f[i] + Bracket(x, i), (i, 0, m - 1)))
    assert picked(beside, RANGES) is beside, "a bracket is a factor, or it picks nothing"


def test_the_bracket_of_the_stride_picks_no_output():
    """Solved for i it would be i = 3 - 2u, which is no kernel cell for u = 0; for u it is a half."""
    total = flat(sp.Sum(g[u] * f[i] * Bracket(2 * u + i - 1, 2), (u, 0, 1), (i, 0, 2)))
    assert picked(total, {}) is total


@pytest.mark.parametrize("image", [m - i, 2 * i, m - 1 - 2 * i, i + 1])
def test_an_index_is_renumbered_only_by_one_that_runs_through_the_same_values(image):
    j = sp.Symbol("j", integer=True)
    total, ranges = sp.Sum(f[j], (j, 0, m - 1)), {i: (sp.Integer(0), m - 1)}
    assert renumbered(total, {j: m - 1 - i}, ranges).function == f[m - 1 - i]
    with pytest.raises(NoFiniteSum, match="does not run through the values of j"):
        renumbered(total, {j: image}, ranges)


def test_letters_of_a_line_say_what_it_is_about():
    letters = Letters(NOTATIONS["note"])
    (axis,) = letters.axes
    line = LineForEverySize(
        Maps(NOTATIONS["note"]).a[axis.x], sp.Integer(0), "", rule=defined, letters=letters
    )
    assert line.free == (axis.x,)
    found = line.at(Sizes((Axis(3, 2),)))
    assert [side.shape for side in found] == [(3,), (3,)]
