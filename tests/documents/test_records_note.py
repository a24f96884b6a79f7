"""What the ledger says of the note: the misprints known by hand, and no misprint goes unnoticed."""

import re
from dataclasses import replace
from functools import cache

import pytest

from cnnviz import derivations
from cnnviz.documents import records_of
from cnnviz.documents.meaning import equal, evaluate
from cnnviz.documents.note.displays import product_of, shown
from cnnviz.documents.note.layers import NOTE, VECTORS
from cnnviz.documents.printed import CannotRead, parse
from cnnviz.documents.record import judge
from tests.tools.mutations import mutants

RECORDS = records_of("note")

BY_ID = {record.id: record for record in RECORDS}

# Found by hand, with the note, a pencil and the sums of its section 2: (place, print, right).
KNOWN = {
    "note-13": ["part 2, entry (1, 4): a_{41} for a_{14}"],
    # "As you can see": the display that it speaks of, note-13, shows three of the four maxima.
    "note-14": ["the words: (nothing) for three of"],
    "note-23": [
        "entry (1, 5): k_{11} for k_{21}",
        "entry (1, 6): k_{12} for k_{22}",
        "entry (1, 7): k_{13} for k_{23}",
        "entry (2, 6): k_{11} for k_{21}",
        "entry (2, 7): k_{12} for k_{22}",
        "entry (2, 8): k_{13} for k_{23}",
        "entry (4, 6): 0 for k_{11}",
        "entry (4, 7): 0 for k_{12}",
        "entry (4, 8): 0 for k_{13}",
    ],
    # The product of the printed W, note-23, and the printed vector is not the printed sums.
    "note-25": ["the words: identical to for different from"],
    "note-32": [
        "entry (5, 1): k_{11} for k_{21}",
        "entry (6, 1): k_{12} for k_{22}",
        "entry (6, 2): k_{11} for k_{21}",
        "entry (6, 4): 0 for k_{11}",
        "entry (7, 1): k_{13} for k_{23}",
        "entry (7, 2): k_{12} for k_{22}",
        "entry (7, 4): 0 for k_{12}",
        "entry (8, 2): k_{13} for k_{23}",
        "entry (8, 4): 0 for k_{13}",
    ],
    # The product of the printed Wᵀ, note-32, and the gradient is not the convolution (3).
    "note-34": ["the words: identical to for different from"],
}
# Sentences that would be true of what they speak of, were it printed right.
TRUE_OF_THE_RIGHT_PRINT = ["note-14", "note-25", "note-34"]
DAMAGED = ["note-24", "note-33", "note-35", "note-47", "note-60"]
CONVENTION = {"note-17": "∗ is a cross-correlation: the kernel is not flipped"}

# Dots stand for as many rows as are missing. So a row beside them may as well be left out, or the
# row behind them: the print then says less, but nothing that is wrong.
LEFT_TO_THE_DOTS = {"note-24": {"a_{24}", "a_{44}"}, "note-32": {"0 & 0 & 0 & k_{33}"}}

RIGHT = {record.id: record.right for record in RECORDS if record.right}
# The records, each judged by what it speaks of as it should have been printed.
OF_RIGHT_PRINTS = {r.id: r for r in records_of("note", instead=RIGHT)}


def _reading(record):
    return getattr(record.readings[0][1], "reading", None)


SENTENCES = [record.id for record in RECORDS if _reading(record)]


@cache
def _judged(identity):
    return judge(BY_ID[identity])


def _differences(judged):
    return [f"{d.at}: {d.printed} for {d.derived}" for d in judged.differences]


def test_the_records_are_numbered_in_reading_order():
    assert [record.id for record in RECORDS] == [f"note-{n:02}" for n in range(1, 72)]
    assert {record.document for record in RECORDS} == {"note"}
    assert {record.lesson for record in RECORDS} <= {f"{n:02}" for n in range(1, 11)}


def test_what_differs_is_exactly_what_is_known_by_hand():
    differ = {i: _differences(_judged(i)) for i in BY_ID if _judged(i).verdict == "differs"}
    assert differ == KNOWN


def test_what_only_the_conversion_damages_is_not_called_an_error():
    assert [i for i in BY_ID if _judged(i).verdict == "damaged in conversion"] == DAMAGED


def test_a_conversion_that_only_looks_otherwise_is_no_damage():
    record = BY_ID["note-12"]
    assert record.converted not in (None, record.printed) and r"\ddots" in record.converted
    assert judge(replace(record, printed=record.converted)).verdict == "proved"


def test_conventions_are_named_and_used_elsewhere_too():
    found = {i: _judged(i).convention for i in BY_ID if _judged(i).verdict == "convention"}
    assert found == CONVENTION
    for record in RECORDS:
        assert len(record.seen) == len(record.readings) - 1
        assert {*record.seen} <= {*BY_ID} - {record.id}


def test_everything_else_is_proved_by_reading_its_print():
    rest = set(BY_ID) - set(KNOWN) - set(DAMAGED) - set(CONVENTION)
    assert {_judged(i).verdict for i in rest} == {"proved"}
    assert all(record.compared for record in RECORDS)


def test_of_every_record_it_is_said_what_is_derived():
    assert all(_judged(i).derived for i in BY_ID)


def test_a_right_print_is_proved_where_the_print_differs():
    assert {*RIGHT} == {*KNOWN} - {*TRUE_OF_THE_RIGHT_PRINT}
    for identity, right in RIGHT.items():
        record = replace(BY_ID[identity], printed=right, converted=None)
        assert judge(record).verdict == "proved", identity


@pytest.mark.parametrize("identity", TRUE_OF_THE_RIGHT_PRINT)
def test_a_sentence_is_judged_by_the_print_that_it_speaks_of(identity):
    assert judge(OF_RIGHT_PRINTS[identity]).verdict == "proved"


@pytest.mark.parametrize("identity", ["note-25", "note-34"])
def test_a_corrected_sentence_is_not_called_a_mistake(identity):
    """As W is printed, its product is another one: that may be said in these two ways."""
    for instead in ("is different from", "is not identical to"):
        corrected = BY_ID[identity].printed.replace("is identical to", instead)
        assert judge(replace(BY_ID[identity], printed=corrected)).verdict == "proved"
        assert judge(replace(OF_RIGHT_PRINTS[identity], printed=corrected)).verdict == "differs"


def test_the_conversion_adds_to_two_matrices_that_differ_already():
    check = BY_ID["note-32"].readings[0][1]
    added = set(check(BY_ID["note-32"].converted).differences) - set(
        check(BY_ID["note-32"].printed).differences
    )
    assert [(d.at, d.printed, d.derived) for d in added] == [("entry (16, 4)", "k_{23}", "k_{33}")]
    with pytest.raises(CannotRead, match="different lengths"):
        parse(BY_ID["note-23"].converted)


def test_the_two_printed_matrices_are_each_other_transposed():
    """It is one slip, made before transposing, and not two."""
    w, transposed = (
        evaluate(parse(BY_ID[i].printed).sides[0], NOTE) for i in ("note-23", "note-32")
    )
    assert (transposed[:8] == w[:, :8].T).all()


def test_only_the_third_entry_of_the_printed_product_is_one_of_the_sums():
    matrix, vector, sums = (BY_ID[i].printed for i in ("note-23", "note-24", "note-21"))
    pairs = zip(product_of(matrix, vector, "W"), shown(sums).flat, strict=True)
    assert [equal(*pair) for pair in pairs] == [False, False, True, False]
    right = product_of(RIGHT["note-23"], vector, "W")
    assert equal(right.reshape(2, 2), shown(sums))


def test_the_printed_transpose_goes_wrong_in_the_second_row_of_the_input():
    matrix, vector = (BY_ID[i].printed for i in ("note-32", "note-33"))
    made, right = (product_of(m, vector, "Wᵀ") for m in (matrix, RIGHT["note-32"]))
    assert [n for n in range(16) if not equal(made[n], right[n])] == [4, 5, 6, 7]


def test_the_whole_chain_of_the_note_agrees():
    """(1), its sums and h are one map; (2) and (3) are one gradient; both forms of ∂F/∂k are one."""
    for same in (("note-19", "note-21", "note-54"), ("note-30", "note-35"), ("note-59", "note-60")):
        found = [re.sub(r"\\\\|&", "", _judged(i).derived.split(r" \quad ")[0]) for i in same]
        assert len({re.sub(r"\s", "", one) for one in found}) == 1, same


def test_records_are_compared_with_records_that_exist():
    for record in RECORDS:
        if record.see:
            assert record.see in BY_ID and record.see != record.id


def test_every_text_is_written():
    for record in RECORDS:
        assert record.place and record.states and record.lesson
        assert len(record.proof) > 40 and "…" not in record.proof[:3]


def test_derivations_exist():
    assert {record.derivation for record in RECORDS} - {""} <= {*derivations.__all__}


def test_every_record_is_read_as_a_formula_or_as_a_sentence():
    formulas = [record for record in RECORDS if record.id not in SENTENCES]
    assert len(SENTENCES) == 44 and len(formulas) == 27
    assert all(parse(record.printed).sides for record in formulas)


def _outcome(record):
    judged = judge(record)
    return judged.verdict, judged.differences, judged.convention


def _rows(latex):
    return [
        re.sub(r"\s+", " ", row).strip() for row in re.split(r"\\\\|\\begin.*?}|\\end.*", latex)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("identity", BY_ID)
def test_no_single_misprint_goes_unnoticed(identity):
    # The conversion is left out: it would be judged first, and hide what the mutation does.
    record = replace(OF_RIGHT_PRINTS[identity], printed=BY_ID[identity].printed, converted=None)
    as_printed, made = _outcome(record), mutants(record.printed)
    assert made
    unnoticed = [m for m in made if _outcome(replace(record, printed=m)) == as_printed]
    dropped = [set(_rows(record.printed)) - set(_rows(mutant)) for mutant in unnoticed]
    assert [row for rows in dropped for row in rows] == sorted(
        LEFT_TO_THE_DOTS.get(identity, ())
    ), unnoticed


def test_vectors_and_maps_are_the_same_layer():
    assert (VECTORS.matrix == NOTE.matrix).all()
