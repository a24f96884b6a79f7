"""The blog's records: its known slips are found where they are, and no misprint goes unnoticed."""

import io
import tokenize
from collections import Counter
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from cnnviz.documents import records_of
from cnnviz.documents.blog_pooling import assigned
from cnnviz.documents.checks import DoesNotRun, code
from cnnviz.documents.record import judge
from tests.tools.mutations import mutants

RECORDS = records_of("blog")

BY_ID = {record.id: record for record in RECORDS}


@cache
def judged():
    return {record.id: judge(record) for record in RECORDS}


def g(cell):
    return rf"\frac{{\partial L}}{{\partial Z_{{{cell}}}}}"


# By hand from the text of the blog: where print and derivation differ, and what each side has.
DIFFERS = {
    "blog-04": [("a single image: size", "g_{11} + g_{12}", r"\begin{bmatrix} g_{11} & g_{12} \end{bmatrix}")],
    "blog-12": [
        ("height 5, size 2: rows of windows", "3", "2"),
        ("height 7, size 3: rows of windows", "3", "2"),
    ],
    "blog-14": [
        ("a tie 5, 1, 2, 5: entry (2, 2)", "g_{11}", "0"),
        ("a tie: the sum of the gradient", "2 g_{11}", "g_{11}"),
    ],
    "blog-41": [("a term", "K_{12} X_{21} + K_{21} X_{12}", "K_{12} X_{12} + K_{21} X_{21}")],
    "blog-64": [("a term", f"K_{{11}} {g(22)}", f"K_{{12}} {g(22)}")],
    "blog-67": [("the whole", f"K_{{22}} {g(21)}", f"K_{{22}} {g(22)}")],
}  # fmt: skip
CONVENTIONS = {
    "blog-05": "1352 inputs",
    "blog-24": "slope from the left",
    "blog-26": "cross-correlation",
    "blog-33": "sum over all entries of Z",
    "blog-36": "sum over all entries of Z",
    "blog-83": "3 × 3",
}
CONTRADICTIONS = {
    ("blog-29", "blog-41"),
    ("blog-41", "blog-29"),
    ("blog-12", "blog-17"),
    ("blog-17", "blog-12"),
    ("blog-14", "blog-20"),
    ("blog-20", "blog-14"),
    ("blog-64", "blog-74"),
    ("blog-67", "blog-74"),
}


def test_records_are_numbered_in_reading_order():
    assert [record.id for record in RECORDS] == [f"blog-{n:02}" for n in range(1, len(RECORDS) + 1)]
    assert {record.document for record in RECORDS} == {"blog"}
    assert all(record.lesson in {f"0{n}" for n in range(1, 9)} for record in RECORDS)


def test_exactly_the_known_places_differ():
    found = {
        name: [(d.at, d.printed, d.derived) for d in one.differences]
        for name, one in judged().items()
        if one.verdict == "differs"
    }
    assert found == DIFFERS


def test_exactly_the_known_conventions_are_needed():
    needed = {name: one.convention for name, one in judged().items() if one.verdict == "convention"}
    assert needed.keys() == CONVENTIONS.keys()
    assert all(words in needed[name] for name, words in CONVENTIONS.items())


def test_all_else_is_proved():
    counts = Counter(one.verdict for one in judged().values())
    assert counts == {"proved": 75, "differs": 6, "convention": 6}


def test_places_that_contradict_each_other_are_named():
    assert {(r.id, r.contradicts) for r in RECORDS if r.contradicts} == CONTRADICTIONS


def test_two_statements_only_are_not_compared_with_their_print():
    assert [record.id for record in RECORDS if not record.compared] == ["blog-09", "blog-79"]


def test_odd_heights_crash_in_the_code_of_the_blog():
    """The loop of blog-12 writes, by blog-19, to an output made by blog-17."""

    def walk(run):
        pool = SimpleNamespace(size=2)
        output = np.zeros((5 // 2, 4 // 2, 1))
        for i in range(0, 5, 2):
            run(output=output, max_vals=np.array([1]), i=i, j=0, self=pool)
        yield "", 0, 0

    with pytest.raises(DoesNotRun, match="IndexError"):
        code(walk)(BY_ID["blog-19"].printed)


@pytest.mark.parametrize(("stride", "right"), [(2, True), (1, False)])
def test_assigning_loses_gradients_where_windows_overlap(stride, right):
    x = np.array([[1, 2, 3], [4, 9, 5], [6, 7, 8]])
    x = np.pad(x, (0, 1))[..., None]  # 4 x 4 x 1, and the 9 is in four windows of stride 1

    def pooled(run):
        yield "", *assigned(run, x, 2, stride)

    differences = code(pooled)(BY_ID["blog-22"].printed).differences
    assert (not differences) == right
    summing = BY_ID["blog-22"].printed.replace("=", "+=")
    assert not code(pooled)(summing).differences


# Mutations of code: each name is another of the same line, each number is one more or one less, each
# operator is another.
OPERATORS = {
    "+=": ["=", "-="], "-=": ["+=", "="], "<=": ["<", ">"], "==": ["!="], "//": ["*"],
    "+": ["-"], "-": ["+"], "*": ["+"], "/": ["*"], "@": ["*"],
}  # fmt: skip


def code_mutants(line):
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(line).readline) if t.string.strip()]
    names = sorted({t.string for t in tokens if t.type == tokenize.NAME})
    for token in tokens:
        if token.type == tokenize.NAME:
            others = [name for name in names if name != token.string]
        elif token.type == tokenize.NUMBER:
            others = [str(int(token.string) + step) for step in (-1, 1)]
        else:
            others = OPERATORS.get(token.string, [])
        for other in others:
            yield line[: token.start[1]] + other + line[token.end[1] :]


def is_code(record):
    return any(mark in record.printed for mark in ("self.", "dL_", "np.", "region["))


# Wrong sentences that single misprints do not make: what is replaced, and by what.
SAID_WRONGLY = {
    "blog-10": [("maximum", "minimum"), ("maximum", "average")],
    "blog-11": [("maximum", "minimum"), ("only to that", "to all")],
    "blog-16": [("flat array", "table"), ("convert the indices back", "keep the indices")],
    "blog-23": [("positive", "negative"), ("as it is", "halved")],
    "blog-37": [("all those", "some of those"), ("the outputs", "the inputs")],
    "blog-43": [("all other", "some other")],
    "blog-50": [("four", "three"), ("single", "double")],
    "blog-51": [("with K", "with X"), ("with Z", "with X")],
    "blog-54": [("multiply", "add"), ("and add", "and multiply"), ("all those", "one of those")],
    "blog-57": [("only", "first"), ("X_11", "X_12"), ("Z_11", "Z_12")],
    "blog-71": [("false", "true"), ("first", "second")],
    "blog-72": [("Z_11", "Z_12"), ("K_11", "K_22")],
    "blog-73": [("the exact same", "the opposite")],
    "blog-75": [("reversal", "repetition")],
    "blog-77": [("summing up", "choosing"), ("input", "output"), ("each", "one")],
    "blog-78": [("no rotation", "180° rotation")],
}

BY_EITHER_NAME = (
    "k and K name the same kernel in this one display, so either may stand for the other"
)
HARMLESS = {
    "blog-05": {
        "dL_dW = self.input.reshape(1352, 1) * dL_dout.reshape(1, 10)": "a column times a row is the "
        "same table, whether as a product of matrices or entry by entry"
    },
    "blog-20": {
        "max_pos = np.unravel_index(np.argmax(region[:, :, k]), (region.size, self.size))": "the "
        "number of rows does not enter the division that finds the row"
    },
    "blog-35": {
        one: BY_EITHER_NAME
        for one in mutants(BY_ID["blog-35"].printed)
        if one.lower() == BY_ID["blog-35"].printed.lower()
    },
}


def misprints(record):
    made = list(code_mutants(record.printed) if is_code(record) else mutants(record.printed))
    for old, new in SAID_WRONGLY.get(record.id, []):
        assert old in record.printed
        made.append(record.printed.replace(old, new))
    return made


def outcome(record):
    """What the ledger would say, or that the print has no meaning."""
    try:
        one = judge(record)
    except ValueError:
        return "no meaning"
    return one.verdict, one.differences


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # a misprint may divide by 0
@pytest.mark.parametrize("name", [record.id for record in RECORDS if record.compared])
def test_every_misprint_is_noticed(name):
    record, before = BY_ID[name], (judged()[name].verdict, judged()[name].differences)
    made = misprints(record)
    assert made, "a record without a misprint to try proves nothing"
    unnoticed = {one for one in made if outcome(replace(record, printed=one)) == before}
    assert unnoticed == set(HARMLESS.get(name, {}))


def test_printed_code_sees_no_builtins():
    with pytest.raises(DoesNotRun):
        code(lambda run: [("", run()["value"], 0)])("open('x')")
    with pytest.raises(DoesNotRun):
        code(lambda run: [("", run()["os"], 0)])("import os")
