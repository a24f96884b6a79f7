"""The blog's records: its known slips are found where they are, and no misprint goes unnoticed."""

import io
import tokenize
import tomllib
from collections import Counter
from dataclasses import replace
from functools import cache
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pytest

from cnnviz.documents import records_of
from cnnviz.documents.blog.pooling import Pool, assigned
from cnnviz.documents.checks import DoesNotRun, code
from cnnviz.documents.record import judge
from tests.tools.mutations import mutants

RECORDS = records_of("blog")

BY_ID = {record.id: record for record in RECORDS}


@cache
def judged():
    return {record.id: judge(record) for record in RECORDS}


def g(cell, letter="Z"):
    return rf"\frac{{\partial L}}{{\partial {letter}_{{{cell}}}}}"


def matrix(inside):
    return rf"\begin{{bmatrix}} {inside} \end{{bmatrix}}"


# By hand from the text of the blog: where print and derivation differ, and what each side has.
DIFFERS = {
    "blog-04": [(
        "a single image: size",
        f"{g(11, 'z')} + {g(12, 'z')}",
        matrix(f"{g(11, 'z')} & {g(12, 'z')}"),
    )],
    "blog-12": [
        ("height 5, size 2: first rows size", matrix("0 & 2 & 4"), matrix("0 & 2")),
        ("height 7, size 3: first rows size", matrix("0 & 3 & 6"), matrix("0 & 3")),
    ],
    "blog-14": [
        ("a tie 5, 1, 2, 5: entry (2, 2)", "g_{11}", "0"),
        ("a tie: the sum of the gradient", "2 g_{11}", "g_{11}"),
    ],
    "blog-41": [("a term", "K_{12} X_{21} + K_{21} X_{12}", "K_{12} X_{12} + K_{21} X_{21}")],
    "blog-64": [("a term", f"K_{{11}} {g(22)}", f"K_{{12}} {g(22)}")],
    "blog-67": [("the whole", f"K_{{22}} {g(21)}", f"K_{{22}} {g(22)}")],
    # The equations "which we had" are the nine above, and blog-64 and blog-67 are two of them.
    "blog-73": [("the words", "the exact same set of", "all but two of the")],
}  # fmt: skip
# Each with a record in which the blog keeps to the same convention.
CONVENTIONS = {
    "blog-05": ("3 × 3 on images of 28 × 28", "blog-83"),
    "blog-24": ("slope from the left", "blog-23"),
    "blog-26": ("cross-correlation", "blog-49"),
    "blog-33": ("sum over all entries of Z", "blog-36"),
    "blog-35": ("k and K", "blog-38"),  # "for k_11 we will have" stands above a formula with K_11
    "blog-36": ("sum over all entries of Z", "blog-33"),
    "blog-83": ("3 × 3 on images of 28 × 28", "blog-05"),
}
SEE = {
    ("blog-29", "blog-41"),
    ("blog-41", "blog-29"),
    ("blog-12", "blog-17"),
    ("blog-17", "blog-12"),
    ("blog-14", "blog-20"),
    ("blog-20", "blog-14"),
    ("blog-64", "blog-74"),
    ("blog-67", "blog-74"),
    ("blog-73", "blog-64"),
}


def test_records_are_numbered_in_reading_order():
    assert [record.id for record in RECORDS] == [f"blog-{n:02}" for n in range(1, 88)]
    assert {record.document for record in RECORDS} == {"blog"}
    assert {record.lesson for record in RECORDS} <= {f"{n:02}" for n in range(2, 9)}


def test_exactly_the_known_places_differ():
    found = {
        name: [(d.at, d.printed, d.derived) for d in one.differences]
        for name, one in judged().items()
        if one.verdict == "differs"
    }
    assert found == DIFFERS


def test_exactly_the_known_conventions_are_needed_and_each_is_used_elsewhere():
    needed = {name: one for name, one in judged().items() if one.verdict == "convention"}
    assert needed.keys() == CONVENTIONS.keys()
    for name, (words, seen) in CONVENTIONS.items():
        assert words in needed[name].convention and BY_ID[name].seen == (seen,)


def test_all_else_is_proved_by_reading_its_print():
    counts = Counter(one.verdict for one in judged().values())
    assert counts == {"proved": 73, "differs": 7, "convention": 7}
    assert all(record.compared for record in RECORDS)


def test_what_is_derived_can_be_shown():
    assert not [name for name, one in judged().items() if not one.derived]


def test_records_to_compare_are_named():
    assert {(r.id, r.see) for r in RECORDS if r.see} == SEE


def test_every_correction_is_proved():
    corrected = {
        record.id: replace(record, printed=record.right) for record in RECORDS if record.right
    }
    # blog-73 is right as soon as the equations are that it speaks of.
    assert corrected.keys() == DIFFERS.keys() - {"blog-73"}
    assert {judge(record).verdict for record in corrected.values()} == {"proved"}


# Sentences about other prints: what happens to them when these are printed otherwise.
SPEAKS_OF = [
    ("blog-09", {"blog-05": "dL_dW = np.dot(self.input, dL_dout)"}, "differs"),
    ("blog-25", {"blog-27": BY_ID["blog-27"].printed.replace(r" \\ X_{31} & X_{32} & X_{33}", "")}, "differs"),
    ("blog-28", {"blog-32": BY_ID["blog-31"].printed}, "differs"),
    ("blog-40", {"blog-39": BY_ID["blog-39"].printed.replace("K_{11}", "K_{12}")}, "differs"),
    ("blog-43", {"blog-42": BY_ID["blog-42"].printed.replace("X_{11}", "X_{12}")}, "differs"),
    ("blog-50", {"blog-47": BY_ID["blog-47"].printed.replace("X_{21}", "X_{12}")}, "differs"),
    ("blog-51", {"blog-29": BY_ID["blog-41"].printed}, "differs"),
    ("blog-69", {"blog-74": BY_ID["blog-74"].printed.replace(r"\frac{\partial L}{\partial Z}", "K")}, "differs"),
    ("blog-71", {"blog-59": BY_ID["blog-59"].printed.replace("K_{11}", "K_{22}")}, "differs"),
    ("blog-73", {name: BY_ID[name].right for name in ("blog-64", "blog-67")}, "proved"),
    ("blog-79", {"blog-87": BY_ID["blog-87"].printed + " + self.biases"}, "differs"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "instead", "verdict"), SPEAKS_OF)
def test_a_sentence_about_a_print_is_judged_by_that_print(name, instead, verdict):
    assert judged()[name].verdict != verdict
    records = records_of("blog", instead)
    assert next(judge(record) for record in records if record.id == name).verdict == verdict


def test_every_sentence_that_speaks_of_a_print_is_tried():
    tried = {name for name, *_ in SPEAKS_OF}
    text = (files("cnnviz.documents.blog") / "records.toml").read_text(encoding="utf-8")
    records = [record for section in tomllib.loads(text)["section"] for record in section["record"]]
    assert {name for name, one in zip(BY_ID, records, strict=True) if "about" in one} == tried


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
        yield "", *assigned(run, Pool(x, 2, stride))

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


def is_sentence(record):
    return hasattr(record.readings[0][1], "reading")


def misprints(record):
    marks = ("self.", "dL_", "np.", "region[")
    is_code = not is_sentence(record) and any(mark in record.printed for mark in marks)
    return list(code_mutants(record.printed) if is_code else mutants(record.printed))


def outcome(one):
    """A difference that only quotes the whole print says nothing of it."""
    differences = [d for d in one.differences if d.printed != one.record.printed]
    return one.verdict, one.convention, differences


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # a misprint may divide by 0
@pytest.mark.parametrize("name", BY_ID)
def test_every_misprint_is_noticed(name):
    record, made = BY_ID[name], misprints(BY_ID[name])
    assert made or is_sentence(record), "a formula without a misprint to try proves nothing"
    unnoticed = {
        one
        for one in made
        if outcome(judge(replace(record, printed=one))) == outcome(judged()[name])
    }
    assert unnoticed == set(HARMLESS.get(name, {}))


def test_printed_code_sees_no_builtins():
    with pytest.raises(DoesNotRun):
        code(lambda run: [("", run()["value"], 0)])("open('x')")
    with pytest.raises(DoesNotRun):
        code(lambda run: [("", run()["os"], 0)])("import os")
