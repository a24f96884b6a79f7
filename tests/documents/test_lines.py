"""A record and the line of the derivation that it names."""

from dataclasses import replace

import pytest

import cnnviz.derivations as D
from cnnviz.derivations.network import Network
from cnnviz.documents.checks import Outcome, cells_of
from cnnviz.documents.ledger import all_records, judge_all
from cnnviz.documents.lines import derivation_of, line_of
from cnnviz.documents.record import Record, judge

RECORDS = {record.id: record for record in all_records()}
# What a reader finds with a finger: the record, the derivation, its line and words of the reason.
BY_HAND = [
    ("note-21", "convolution_as_matrix", 3, "one matrix product"),
    ("note-29", "convolution_as_matrix", 3, "one matrix product"),
    ("note-30", "input_gradient_as_transpose", 4, "a row of its transpose"),
    ("note-35", "input_gradient_as_padded_correlation", 5, "Slide the turned kernel"),
    ("note-47", "input_gradient_as_padded_correlation", 6, "Slide the turned kernel"),
    ("note-13", "unpooling_as_partial_inverse", 2, "Unpooling puts each back"),
    ("note-59", "kernel_gradient", 1, "Chain rule"),
    ("note-62", "kernel_gradient", 2, "Each slope is the input cell"),
    ("note-65", "kernel_gradient", 3, "Slide the upstream gradient"),
    ("note-68", "kernel_gradient", 3, "The stride has become the dilation"),
    ("slides-24", "convolution_as_matrix", 1, "what the kernel lies on"),
    ("slides-36", "kernel_gradient", 1, "Chain rule"),
    ("slides-55", "kernel_gradient", 2, "Each slope is the input cell"),
    ("slides-65", "input_gradient_as_padded_correlation", 2, "in reverse order"),
    ("slides-82", "input_gradient_as_padded_correlation", 5, "Slide the turned kernel"),
    ("slides-84", "kernel_gradient", 3, "Slide the upstream gradient"),
    ("blog-29", "bias_gradient", 1, "added to each output"),
    ("blog-38", "kernel_gradient", 1, "Chain rule"),
    ("blog-53", "bias_gradient", 4, "pour into one"),
    ("blog-64", "input_gradient_as_scatter", 3, "Where stamps overlap"),
    ("blog-74", "transposed_convolution", 2, "transpose of W"),
]


@pytest.mark.parametrize(("number", "derivation", "line", "words"), BY_HAND)
def test_lines_found_by_hand(number, derivation, line, words):
    record = replace(RECORDS[number], derivation=derivation)
    found = line_of(record)
    assert (found.number, words in found.reason) == (line, True), found
    assert found == line_of(judge(record))
    shown = derivation_of(judge(record))
    assert shown.title == found.title and shown.notation.document == record.document


def test_every_formula_that_names_a_derivation_finds_its_line():
    for judged in judge_all():
        if judged.record.derivation:
            assert derivation_of(judged).holds(), judged.record.id
            assert not judged.values or line_of(judged), judged.record.id


def test_the_letters_and_sizes_are_those_of_the_record():
    strided = derivation_of(judge(replace(RECORDS["note-68"], derivation="kernel_gradient")))
    assert strided.result.shape == (3, 3) and str(strided.result[2, 2]).count("a_") == 4
    assert "a_55" in str(strided.result[2, 2])
    slides = derivation_of(judge(replace(RECORDS["slides-84"], derivation="kernel_gradient")))
    assert "X_11*∂L/∂O_11" in str(slides.result[0, 0])


@pytest.mark.parametrize(
    ("number", "derivation"),
    [
        ("note-62", ""),  # it names none
        ("note-03", "max_pooling"),  # a sentence
        ("blog-52", "max_pooling_gradient"),  # about something else
        ("slides-24", "kernel_gradient"),
    ],
)
def test_there_is_no_line(number, derivation):
    assert line_of(replace(RECORDS[number], derivation=derivation)) is None


@pytest.mark.parametrize("name", [name for name in D.__all__ if name.islower()])
def test_every_derivation_can_be_named(name):
    if name in ("prove", "same", "symbol_array"):
        return
    record = replace(RECORDS["slides-24"], derivation=name)
    assert derivation_of(judge(record)).title


@pytest.mark.parametrize("into", [False, True])
def test_the_four_steps_of_a_network_are_found(into):
    network = Network((2, 3, 2), into=into)
    last = 3 if into else 2  # the number of the last weights
    wanted = [
        (network.delta_of(3), "Step 2"),
        (network.delta_of(2), "Step 3"),
        (network.gradient("W", last), "Step 4: a weight"),
        (network.gradient("b", last), "Step 4: a bias"),
    ]
    for cells, words in wanted:

        def check(printed, cells=cells):
            return Outcome("", (), cells_of(cells), network)

        record = Record(
            "x-01", "slides", "here", "it says", "x", (("", check),), "01", "because",
            derivation="plain_network",
        )  # fmt: skip
        assert line_of(record).reason.startswith(words)
