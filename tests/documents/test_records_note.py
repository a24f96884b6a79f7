"""What the ledger says of the note: the misprints known by hand, and no misprint goes unnoticed."""

import re
from dataclasses import replace
from functools import cache

import pytest
from lark.exceptions import LarkError

from cnnviz.documents import records_of
from cnnviz.documents.meaning import evaluate
from cnnviz.documents.note_parts import NOTE, VECTORS
from cnnviz.documents.printed import parse
from cnnviz.documents.record import judge
from tests.tools.mutations import mutants

RECORDS = records_of("note")

BY_ID = {record.id: record for record in RECORDS}
UNREADABLE = (ValueError, LarkError)

# Found by hand, with the note, a pencil and the sums of its section 2: (place, print, right).
KNOWN = {
    "note-13": ["part 2, entry (1, 4): a_{41} for a_{14}"],
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
}
DAMAGED = ["note-24", "note-33", "note-35", "note-47", "note-60"]
CONVENTION = {"note-17": "∗ is a cross-correlation: the kernel is not flipped"}

# Dots stand for as many rows as are missing. So a row beside them may as well be left out, or the
# row behind them: the print then says less, but nothing that is wrong.
LEFT_TO_THE_DOTS = {"note-24": {"a_{24}", "a_{44}"}, "note-32": {"0 & 0 & 0 & k_{33}"}}


@cache
def _judged(identity):
    return judge(BY_ID[identity])


def _differences(judged):
    return [f"{d.at}: {d.printed} for {d.derived}" for d in judged.differences]


def test_the_records_are_numbered_in_reading_order():
    assert [record.id for record in RECORDS] == [f"note-{n:02}" for n in range(1, len(RECORDS) + 1)]
    assert {record.document for record in RECORDS} == {"note"}
    assert {record.lesson for record in RECORDS} <= {f"{n:02}" for n in range(1, 10)}


def test_what_differs_is_exactly_what_is_known_by_hand():
    differ = {i: _differences(_judged(i)) for i in BY_ID if _judged(i).verdict == "differs"}
    assert differ == KNOWN


def test_what_only_the_conversion_damages_is_not_called_an_error():
    assert [i for i in BY_ID if _judged(i).verdict == "damaged in conversion"] == DAMAGED


def test_conventions_are_named():
    found = {i: _judged(i).convention for i in BY_ID if _judged(i).verdict == "convention"}
    assert found == CONVENTION


def test_everything_else_is_proved_by_reading_its_print():
    rest = set(BY_ID) - set(KNOWN) - set(DAMAGED) - set(CONVENTION)
    assert {_judged(i).verdict for i in rest} == {"proved"}
    assert all(record.compared for record in RECORDS)


def test_the_conversion_adds_to_two_matrices_that_differ_already():
    check = BY_ID["note-32"].readings[0][1]
    added = set(check(BY_ID["note-32"].converted).differences) - set(
        check(BY_ID["note-32"].printed).differences
    )
    assert [(d.at, d.printed, d.derived) for d in added] == [("entry (16, 4)", "k_{23}", "k_{33}")]
    with pytest.raises(UNREADABLE, match="different lengths"):
        parse(BY_ID["note-23"].converted)


def test_the_two_printed_matrices_are_each_other_transposed():
    """It is one slip, made before transposing, and not two."""
    w, transposed = (
        evaluate(parse(BY_ID[i].printed).sides[0], NOTE) for i in ("note-23", "note-32")
    )
    assert (transposed[:8] == w[:, :8].T).all()


def test_the_whole_chain_of_the_note_agrees():
    """(1), its sums and h are one map; (2) and (3) are one gradient; both forms of ∂F/∂k are one."""
    for same in (("note-19", "note-21", "note-54"), ("note-30", "note-35"), ("note-59", "note-60")):
        found = [re.sub(r"\\\\|&", "", _judged(i).derived.split(r" \quad ")[0]) for i in same]
        assert len({re.sub(r"\s", "", one) for one in found}) == 1, same


def test_contradictions_name_records_that_exist():
    for record in RECORDS:
        if record.contradicts:
            assert record.contradicts in BY_ID and record.contradicts != record.id


def test_every_text_is_written():
    for record in RECORDS:
        assert record.place and record.states and record.lesson
        assert len(record.proof) > 40 and "…" not in record.proof[:3]


def _outcome(record):
    try:
        judged = judge(record)
    except UNREADABLE:
        return "unreadable"
    return judged.verdict, judged.differences, judged.convention


def _rows(latex):
    return [
        re.sub(r"\s+", " ", row).strip() for row in re.split(r"\\\\|\\begin.*?}|\\end.*", latex)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("identity", BY_ID)
def test_no_single_misprint_goes_unnoticed(identity):
    # The conversion is left out: it would be judged first, and hide what the mutation does.
    record = replace(BY_ID[identity], converted=None)
    as_printed, made = _outcome(record), mutants(record.printed)
    assert made
    unnoticed = [m for m in made if _outcome(replace(record, printed=m)) == as_printed]
    dropped = [set(_rows(record.printed)) - set(_rows(mutant)) for mutant in unnoticed]
    assert [row for rows in dropped for row in rows] == sorted(
        LEFT_TO_THE_DOTS.get(identity, ())
    ), unnoticed


def test_vectors_and_maps_are_the_same_layer():
    assert (VECTORS.matrix == NOTE.matrix).all()
