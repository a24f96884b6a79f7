"""The records of the slides: the differences known by hand are found, and every misprint is."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cnnviz import derivations
from cnnviz.documents import records_of
from cnnviz.documents.meaning import convolve, equal
from cnnviz.documents.record import judge
from cnnviz.documents.slides.layers import BASE
from cnnviz.documents.slides.steps import out_of, recursion, step
from cnnviz.functional import avg_pool2d_backward, rot180
from tests.tools.mutations import mutants

RECORDS = records_of("slides")

BY_ID = {record.id: record for record in RECORDS}


def numbered(*numbers):
    return {f"slides-{n:02d}" for n in numbers}


THETA = numbered(35, 36, 37, 38, 39, 41, 43, 45, 46, 47, 48)
PREVIOUS = numbered(32, 44, 53)
# Found by reading: what is printed, and what the derivation gives instead.
DIFFERS = {
    # L_4 is the output layer in networks of four layers only.
    "slides-02": [("the words", "4", "{n_l}")],
    # Three names for the number of one layer.
    "slides-03": [
        ("the superscript of delta", "(n_i)", "(n_l)"),
        ("the superscript of a", "(n_i)", "(n_l)"),
        ("the superscript of z", "(n)", "(n_l)"),
    ],
    # Step 4 calls the matrix between l and l + 1 W^(l).
    "slides-06": [("l=2 entry (1, 1)", "W^{(3)}_{11}", "W^{(2)}_{11}")],
    # A gradient is not the loss, and nothing in the layer is called Z.
    "slides-12": [("the words", "loss", "gradient of the loss")],
    # ∂L/∂F_i is what is sought, not what is put in.
    "slides-40": [("the words", "L", "O_k")],
    # ∂L/∂X contains no cell of X.
    "slides-58": [
        ("the words", "convolution", "full convolution"),
        ("the words", "input X", "rotated filter F"),
    ],
    # Nothing is called K, and output and cell need two numbers.
    "slides-60": [("the words", "K_i", "X_k")],
    # F has F_11 first; beside the caption F_22 is first.
    "slides-77": [("the caption", r"\text{Filter F}", r"\text{rotated Filter F}")],
    "slides-82": [("the caption", r"\text{Filter F}", r"\text{rotated Filter F}")],
}
CONVENTION = THETA | PREVIOUS | numbered(1, 30, 76, 85)
# Places that say otherwise, as they stand in the deck.
SEE = {
    2: 5, 3: 5, 5: 3, 6: 7, 7: 6, 8: 6, 12: 13, 13: 12, 32: 13, 40: 33, 44: 13, 53: 13, 58: 85,
    60: 59, 77: 71, 82: 71,
}  # fmt: skip
SENTENCES = [record for record in RECORDS if hasattr(record.readings[0][1], "reading")]


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
    found = judge(BY_ID[name]).differences
    if name == "slides-06":  # the other entries and the other layer differ likewise
        found = found[:1]
    for difference, (at, printed, derived) in zip(found, DIFFERS[name], strict=True):
        assert difference.at == at
        assert printed in difference.printed and derived in difference.derived
        assert printed != difference.derived


def test_a_corrected_print_is_not_called_a_mistake():
    assert {r.id for r in RECORDS if r.right} == set(DIFFERS)
    for record in RECORDS:
        if record.right:
            assert outcome(record, record.right)[0] in ("proved", "convention"), record.id


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (12, r"$\frac{\partial L}{\partial O}$ is the gradient of the loss from the next layer which "
         "has to be backpropagated to other layers"),
        (40, r"Replacing the local gradients of the filter i.e, $\frac{\partial O}{\partial F}$ we get "
         "this:"),
        (60, "Similarly, we can expand the chain rule summation for the gradient with respect to the "
         r"input. After substituting the local gradients i.e $\frac{\partial O}{\partial X}$, we have:"),
        (60, "Similarly, we can expand the chain rule summation for the gradient with respect to the "
         r"input. After substituting the local gradients i.e $\frac{\partial O_i}{\partial X_k}$, we "
         "have:"),
        (76, r"We see that the loss gradient wrt the input $\frac{\partial L}{\partial X}$ is given as a "
         "full convolution between the Loss gradient and the rotated filter"),
    ],
)  # fmt: skip
def test_other_sensible_wordings_are_proved(number, printed):
    assert outcome(BY_ID[f"slides-{number:02}"], printed)[0] == "proved"


def test_each_derivation_is_one_of_the_package():
    assert {r.derivation for r in RECORDS if r.derivation} <= set(derivations.__all__)


def test_a_convention_is_used_in_another_record_too():
    for record in RECORDS:
        assert len(record.seen) == len(record.readings) - 1
        for seen in record.seen:
            assert seen in BY_ID and seen != record.id


def test_places_that_say_otherwise_are_named():
    stated = {r.id: r.see for r in RECORDS if r.see}
    assert stated == {f"slides-{a:02d}": f"slides-{b:02d}" for a, b in SEE.items()}


def test_no_numbering_of_the_weights_saves_steps_three_and_four():
    """The recursion holds if W^(l) leads into layer l, but then the gradients do not."""
    assert not step(recursion, into=True)(BY_ID["slides-06"].printed).differences
    for name in ("slides-07", "slides-08"):
        assert not step(out_of)(BY_ID[name].printed).differences
        assert step(lambda last: range(2, last + 1), into=True)(BY_ID[name].printed).differences


def test_the_gradient_to_the_input_contains_no_input():
    symbols = set().union(*(entry.free_symbols for entry in BASE.input_gradient.flat))
    assert not symbols & set(BASE.input.flat)
    assert symbols == set(BASE.kernel.flat) | set(BASE.upstream.flat)


def test_the_four_ways_to_read_full_convolution():
    """Of filter and gradient: two are right, one is rotated, one is a double flip."""
    f, g, wanted = BASE.kernel, BASE.upstream, BASE.input_gradient
    assert equal(convolve(rot180(f), g, swap=True, full=True), wanted)
    assert equal(convolve(f, g, flip=True, full=True), wanted)
    assert equal(convolve(rot180(f), g, full=True), rot180(wanted))
    assert not equal(convolve(rot180(f), g, full=True), wanted)
    assert not equal(convolve(rot180(f), g, flip=True, full=True), wanted)


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
        same_looks = record in SENTENCES  # a sentence is read with its bold face
        harmless = not same_looks and bare(record, printed) == bare(record, record.printed)
        assert survives(record, printed) == harmless, printed


@pytest.mark.parametrize("record", SENTENCES, ids=lambda r: r.id)
def test_a_sentence_cut_down_is_not_read(record):
    words = record.printed.split(" ")
    for cut in (words[1:], words[:-1], words[: len(words) // 2], words[len(words) // 2 :]):
        assert outcome(record, " ".join(cut))[0] == "cannot be read"


WRONG = [
    (2, "output layer", "input layer"),
    (9, "\n - Pooling", ""),
    (13, "In the backward pass, we get the loss gradient with respect to the ", ""),
    (14, " and also w.r.t the filter", ""),
    (18, "Input X and Filter F", "Filter F and Input X"),
    (44, "Loss gradient", "Loss"),
    (44, "Loss gradient", "Banana"),
    (53, "Loss gradient", "Banana"),
    (78, "Loss Gradient", "Local Gradient"),
    (82, r"\text{Filter F}", ""),
    (82, r"\text{Filter F}", r"\text{Input F}"),
    (82, r"\text{Loss Gradient } \frac{\partial L}{\partial O}", ""),
    (82, r"\text{Loss Gradient } \frac{\partial L}{\partial O}", r"\text{Filter F}"),
    (84, r"\text{Input } X", r"\text{Filter } X"),
    (84, "Loss gradient", "Banana"),
    (85, "180", "90"),
    (85, "Filter", "Input"),
    (87, r"N \times N", "N"),
]


@pytest.mark.parametrize(("number", "old", "new"), WRONG)
def test_a_wrong_or_missing_word_is_noticed(number, old, new):
    record = BY_ID[f"slides-{number:02d}"]
    assert old in record.printed
    assert not survives(record, record.printed.replace(old, new))


@pytest.mark.parametrize("number", [16, 17, 21, 22, 42, 51, 70, 71, 77, 78, 82, 84])
def test_a_caption_that_names_another_table_is_noticed(number):
    record = BY_ID[f"slides-{number:02d}"]
    captions = re.findall(r"\\text\{ ?(?:Input|Filter|Loss [Gg]radient)", record.printed)
    assert captions
    for caption in captions:
        for other in (r"\text{Output", r"\text{Input", r"\text{Filter", r"\text{Banana"):
            if other != caption:
                assert not survives(record, record.printed.replace(caption, other)), other


@pytest.mark.parametrize(
    ("sentence", "there", "old", "new"),
    [
        (31, 30, r"\partial L}{\partial F", r"\partial L}{\partial X"),
        (40, 41, "X_{11}", "X_{12}"),
        (44, 43, r"\theta_{21}", r"\theta_{12}"),
        (49, 48, "X_{33}", "X_{32}"),
        (49, 50, "X_{33}", "X_{32}"),
        (58, 59, "O_k}{", "O_i}{"),
        (60, 69, "F_{22}", "F_{21}"),
        (75, 74, "180", "90"),
    ],
)
def test_a_sentence_is_judged_by_the_print_that_it_speaks_of(sentence, there, old, new):
    right = BY_ID[f"slides-{sentence:02}"]
    other = BY_ID[f"slides-{there:02}"]
    assert old in other.printed
    changed = records_of("slides", {other.id: other.printed.replace(old, new)})[sentence - 1]
    printed = right.right or right.printed
    assert judge(replace(right, printed=printed)).verdict in ("proved", "convention")
    assert judge(replace(changed, printed=printed)).verdict in ("differs", "cannot be read")


def test_every_record_can_be_caught():
    read = {record.id for record in SENTENCES}
    assert all(mutants(record.printed) or record.id in read for record in RECORDS)


def test_average_pooling_gives_every_cell_the_same_share():
    """By hand: one gradient of 4 on a 2×2 block is 1 for each cell."""
    assert np.array_equal(avg_pool2d_backward([[4.0]], (2, 2), 2), np.ones((2, 2)))
