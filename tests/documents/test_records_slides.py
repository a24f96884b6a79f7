"""The records of the slides: the differences known by hand are found, and every misprint is."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cnnviz.documents import records_of
from cnnviz.documents.checks import compare
from cnnviz.documents.meaning import convolve
from cnnviz.documents.record import judge
from cnnviz.documents.slides_words import BASE, gradient
from cnnviz.functional import avg_pool2d_backward, rot180
from tests.tools.mutations import mutants

RECORDS = records_of("slides")

BY_ID = {record.id: record for record in RECORDS}


def numbered(*numbers):
    return {f"slides-{n:02d}" for n in numbers}


THETA = numbered(35, 36, 37, 38, 39, 41, 43, 45, 46, 47, 48)
PREVIOUS = numbered(12, 32, 44, 53)
# Found by reading: what is printed, and what the derivation gives instead.
DIFFERS = {
    "slides-06": ("l=2 entry (1, 1)", "W^{(3)}_{11}", "W^{(2)}_{11}"),
    "slides-40": (
        "the formula",
        r"\frac{\partial L}{\partial F_i}",
        r"\frac{\partial O_k}{\partial F_i}",
    ),
    "slides-58": ("the operands", "X, ∂L/∂O", "F, ∂L/∂O"),
    "slides-60": (
        "the formula",
        r"\frac{\partial O_i}{\partial K_i}",
        r"\frac{\partial O_k}{\partial X_i}",
    ),
}
CONVENTION = THETA | PREVIOUS | numbered(1, 2, 3, 30, 76, 77, 82, 85)
# Places that say otherwise, as they stand in the deck.
CONTRADICTIONS = {
    3: 5, 5: 3, 6: 7, 7: 6, 8: 6, 12: 13, 13: 12, 32: 13, 40: 33, 44: 13, 53: 13, 58: 85, 60: 59,
    77: 71,
}  # fmt: skip


@cache  # the outcome of the print itself is compared with that of each misprint
def outcome(record, printed=None):
    judged = judge(record if printed is None else replace(record, printed=printed))
    return judged.verdict, judged.convention, judged.differences


def test_the_records_stand_in_reading_order_and_are_all_compared():
    assert [r.id for r in RECORDS] == [f"slides-{n:02d}" for n in range(1, 89)]
    assert all(r.document == "slides" and r.compared for r in RECORDS)
    assert all(r.lesson in {"01", "02", "03", "04", "05", "06", "07"} for r in RECORDS)
    assert all(len(r.proof) > 30 and r.place and r.states for r in RECORDS)
    assert len({r.place for r in RECORDS}) == len(RECORDS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.id)
def test_verdicts(record):
    verdict = judge(record).verdict
    expected = "differs" if record.id in DIFFERS else "proved"
    assert verdict == ("convention" if record.id in CONVENTION else expected)


@pytest.mark.parametrize("name", DIFFERS)
def test_what_differs_is_named(name):
    at, printed, derived = DIFFERS[name]
    (found,) = [d for d in judge(BY_ID[name]).differences if d.at == at]
    assert printed in found.printed and derived in found.derived
    assert printed not in found.derived


def test_contradictions_name_both_places():
    stated = {r.id: r.contradicts for r in RECORDS if r.contradicts}
    assert stated == {f"slides-{a:02d}": f"slides-{b:02d}" for a, b in CONTRADICTIONS.items()}


def test_step_two_differs_in_its_superscripts_only():
    found = judge(BY_ID["slides-03"]).differences
    assert [(d.at[-5:].split()[-1], d.printed, d.derived) for d in found] == [
        ("delta", "(n_i)", "(n_l)"),
        ("a", "(n_i)", "(n_l)"),
        ("z", "(n)", "(n_l)"),
    ]


def test_no_numbering_of_the_weights_saves_steps_three_and_four():
    """The recursion holds if W^(l) leads into layer l, but then the gradients do not."""
    conventions = dict(BY_ID["slides-06"].readings)
    found = conventions["W^(l) leads into layer l"](BY_ID["slides-06"].printed).differences
    assert found and all(d.at.startswith("then the first of step 4") for d in found)
    repaired = BY_ID["slides-06"].printed.replace("(W^{(l+1)})", "(W^{(l)})")
    assert outcome(BY_ID["slides-06"], repaired)[0] == "proved"


def test_the_gradient_to_the_input_contains_no_input():
    symbols = set().union(*(entry.free_symbols for entry in gradient(BASE, "input").flat))
    assert not symbols & set(BASE.input.flat)
    assert symbols == set(BASE.kernel.flat) | set(BASE.upstream.flat)


def test_the_four_ways_to_read_full_convolution():
    """Of filter and gradient: two are right, one is rotated, one is a double flip."""
    f, g, wanted = BASE.kernel, BASE.upstream, gradient(BASE, "input")

    def same(made, other=wanted):
        return not compare(made, other)

    assert same(convolve(rot180(f), g, swap=True, full=True))
    assert same(convolve(f, g, flip=True, full=True))
    assert same(convolve(rot180(f), g, full=True), rot180(wanted))
    assert not same(convolve(rot180(f), g, full=True))
    assert not same(convolve(rot180(f), g, flip=True, full=True))


@pytest.mark.parametrize("name", sorted(THETA))
def test_theta_is_the_only_thing_odd_about_its_equations(name):
    record = BY_ID[name]
    (found,) = judge(record).differences
    assert found.printed == r"\theta" and found.derived == "O"
    assert outcome(record, record.printed.replace(r"\theta", "O"))[0] == "proved"


# Misprints ---------------------------------------------------------------------------------------


def bare(record, printed):
    """A print without what makes no difference.

    Bold face and rules between cells are only looks, and so is a row that holds nothing but its
    rule. Between two numbers * and nothing both mean their product; only in slides-30 does * join
    whole maps.
    """
    printed = re.sub(r"\\mathbf\{(\w)\}", r"\1", printed).replace(r"\hline", "")
    if record.id != "slides-30":
        printed = printed.replace("*", "")
    return re.sub(r"\s|\\\\\s*(?=\\end)", "", re.sub(r"\\\\\s*(?=\\end)", "", printed))


def survives(record, printed):
    """Whether nobody notices a misprint."""
    try:
        return outcome(record, printed) == outcome(record)
    except ValueError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.id)
def test_every_single_misprint_is_noticed(record):
    for printed in mutants(record.printed):
        harmless = bare(record, printed) == bare(record, record.printed)
        assert survives(record, printed) == harmless, printed


SENTENCES = [
    (1, "L_1 , L_2", "L_2 , L_1"),
    (2, "output layer", "input layer"),
    (4, "last but one", "last"),
    (
        9,
        "Perform convolutions\n - Apply non-linearity",
        "Apply non-linearity\n - Perform convolutions",
    ),
    (9, "\n - Pooling", ""),
    (10, "outputs z", "outputs x"),
    (10, "x and y", "y and x"),
    (11, "local gradients", "loss gradients"),
    (12, "previous", "next"),
    (13, "next", "previous"),
    (14, "the filter", "the output"),
    (14, " and also w.r.t the filter", ""),
    (18, "Input X and Filter F", "Input X and Filter X"),
    (20, "Input X and Filter F", "Filter F and Input X"),
    (25, "output O", "output X"),
    (31, "update Filter F", "update Input X"),
    (32, "previous", "next"),
    (32, "Loss Gradient", "Local Gradients"),
    (33, "Local Gradients", "Loss Gradient"),
    (40, "the filter", "the input"),
    (44, "previous", "next"),
    (49, r"loss gradient $\partial L / \partial \mathbf{O}$", "Filter F"),
    (53, "previous", "next"),
    (58, "input X", "Filter F"),
    (60, "input", "filter"),
    (74, "180", "90"),
    (75, "then horizontally", "then vertically"),
    (76, "full convolution", "convolution"),
    (76, "the filter", "the input"),
    (77, "Filter F", "Filter X"),
    (82, "Full Convolution", "Convolution"),
    (83, "Forward pass", "Pooling"),
    (83, " and the Backpropagation", ""),
    (86, "where it comes from", "the whole pooling block"),
    (86, "Max", "Average"),
    (87, r"N \times N", "N"),
    (88, "the whole pooling block", "where it comes from"),
    (88, "Average", "Max"),
]


@pytest.mark.parametrize(("number", "old", "new"), SENTENCES)
def test_a_wrong_word_is_noticed(number, old, new):
    record = BY_ID[f"slides-{number:02d}"]
    assert old in record.printed
    assert not survives(record, record.printed.replace(old, new))


def test_every_sentence_can_be_caught():
    tried = {number for number, *_ in SENTENCES}
    for n, record in enumerate(RECORDS, start=1):
        assert mutants(record.printed) or n in tried, record.id


def test_average_pooling_gives_every_cell_the_same_share():
    """By hand: one gradient of 4 on a 2×2 block is 1 for each cell."""
    assert np.array_equal(avg_pool2d_backward([[4.0]], (2, 2), 2), np.ones((2, 2)))
