"""Sentences of the documents: each word that could be otherwise decides, and no other word is passed over."""

from dataclasses import replace

import pytest

from cnnviz.documents.ledger import DOCUMENTS, all_records
from cnnviz.documents.loading import named
from cnnviz.documents.printed import CannotRead
from cnnviz.documents.record import UNREADABLE, judge
from cnnviz.documents.sentences import Reading, claim
from tests.tools.sentences import key_words, of_right_prints, other_sentences, reading_of

BY_ID = {record.id: record for record in all_records()}
RIGHT = {
    record.id: replace(record, converted=None)
    for document in DOCUMENTS
    for record in of_right_prints(document)
}
# Other words that are as true: a letter without an index is all its cells, and the filter that is meant is the
# rotated one. Z is the output of the gate, by the convention of slides-10.
AS_TRUE = {
    "slides-12": [r"\partial Z"],
    "slides-40": [r"\frac{\partial O}{\partial F_i}", r"\frac{\partial O_k}{\partial F}"],
    "slides-60": [r"\frac{\partial O}{\partial X_i}", r"\frac{\partial O_k}{\partial X}"],
    "slides-76": ["between the rotated filter"],
}
SENTENCES = [name for name, record in BY_ID.items() if reading_of(record)]


def test_there_are_sentences_in_every_document():
    documents = [name.partition("-")[0] for name in SENTENCES]
    assert {document: documents.count(document) > 20 for document in DOCUMENTS} == {
        "note": True, "slides": True, "blog": True,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SENTENCES)
def test_every_other_word_and_every_denial_is_noticed(name):
    """Where a sentence is not so of what is printed, it is tried on what should have been printed."""
    record = RIGHT[name]
    verdict = judge(record).verdict
    assert verdict in ("proved", "convention")
    others = [*other_sentences(record.printed, reading_of(record))]
    assert len(others) > 10
    unnoticed = [one for one in others if judge(replace(record, printed=one)).verdict == verdict]
    as_true = AS_TRUE.get(name, [])
    assert len(unnoticed) == len(as_true)
    assert all(any(words in one for words in as_true) for one in unnoticed)


@pytest.mark.parametrize("name", SENTENCES)
def test_a_denial_turns_the_print_around_even_where_it_is_not_so(name):
    before = judge(replace(BY_ID[name], converted=None))
    denied = judge(replace(BY_ID[name], printed=f"not {BY_ID[name].printed}", converted=None))
    assert (denied.verdict, denied.differences) != (before.verdict, before.differences)


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_cut_down_or_with_words_added_is_not_taken_for_it(name):
    record = RIGHT[name]
    words = record.printed.split(" ")
    half = len(words) // 2
    cuts = {key_words(record.printed, reading_of(record))} - {record.printed}
    cuts |= {" ".join(part) for part in (words[:half], words[half:], [*words, "bananas"])}
    assert {judge(replace(record, printed=cut)).verdict for cut in cuts} == {UNREADABLE}


@pytest.mark.parametrize("name", [n for n, record in BY_ID.items() if record.right])
def test_what_would_be_right_is_not_called_a_mistake(name):
    """A correction is proved, or holds by a convention that the document uses."""
    assert judge(BY_ID[name]).verdict == "differs"
    right = judge(RIGHT[name])
    assert right.verdict in ("proved", "convention"), right.differences


def test_whatever_differs_says_what_would_be_right_or_speaks_of_a_print_that_does():
    for name, record in BY_ID.items():
        if judge(record).verdict == "differs" and not record.right:
            assert judge(RIGHT[name]).verdict in ("proved", "convention"), name


def test_a_convention_is_used_in_another_place_too():
    for record in BY_ID.values():
        assert len(record.seen) == len(record.readings) - 1, record.id
        assert all(one in BY_ID and one != record.id for one in record.seen), record.id


# Readings by themselves --------------------------------------------------------------------------


def test_a_reading_accounts_for_every_word():
    reading = Reading("the kernel is <turned|flipped> by <n:#> degrees")
    assert reading.read("the kernel  is turned\nby 180 degrees") == (
        {"w1": "turned", "n": 180},
        False,
    )
    assert reading.read("the kernel is not flipped by 90 degrees") == (
        {"w1": "flipped", "n": 90},
        True,
    )
    for other in ("the kernel is turned", "a kernel is turned by 180 degrees", "turned 180"):
        with pytest.raises(CannotRead):
            reading.read(other)


def test_the_same_word_twice_is_one_slot():
    reading = Reading("<who:X|Y> meets <who:X|Y>")
    assert reading.read("X meets X") == ({"who": "X"}, False)
    with pytest.raises(CannotRead):
        reading.read("X meets Y")


def test_two_denials_are_none():
    check = claim("zeros are <added|removed>", lambda w1: w1 == "added")
    assert not check("zeros are added").differences
    assert check("zeros are not added").differences
    assert not check("zeros are not removed").differences
    assert not check("zeros are never not added").differences


def test_what_is_derived_is_the_nearest_sentence_that_is_so():
    check = claim("a <2|3> times a <2|3> is <n:#>", lambda w1, w2, n: w1 * w2 == n)
    found = check("a 2 times a 3 is 7")
    assert found.derived == "a 2 times a 3 is 6"
    assert [(d.printed, d.derived) for d in found.differences] == [("7", "6")]


def test_a_check_speaks_of_known_names_only():
    with pytest.raises(ValueError, match="Nothing is called os"):
        named("os", {"sys": 1})
    with pytest.raises(ValueError, match="names, calls and values"):
        named("a.b", {"a": 1})
    with pytest.raises(ValueError, match="names, calls and values"):
        named("[x for x in (1, 2)]", {})
