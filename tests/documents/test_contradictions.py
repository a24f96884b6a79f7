"""What a document prints in two ways that are not the same."""

from dataclasses import replace

from cnnviz.documents.checks import equation
from cnnviz.documents.contradictions import contradictions
from cnnviz.documents.ledger import all_records, judge_all
from cnnviz.documents.meaning import Layer
from cnnviz.symbols import NOTATIONS

RECORDS = {record.id: record for record in all_records()}


def test_one_pair_contradicts_itself_and_no_other():
    """Found with a pencil: the blog prints Z_11 twice, the second time with K_12 and K_21 exchanged."""
    wanted = {"blog-29": "blog-41", "blog-41": "blog-29"}
    assert contradictions(all_records()) == wanted
    assert {one.record.id: one.contradicts for one in judge_all() if one.contradicts} == wanted


def test_prints_of_one_thing_that_agree_are_no_contradiction():
    same = [RECORDS[name] for name in ("slides-24", "slides-26", "slides-73")]
    assert contradictions(same) == {}
    thetas = [RECORDS[name] for name in ("slides-36", "slides-45", "slides-54")]
    assert contradictions(thetas) == {}


def test_each_of_several_is_held_against_the_first_that_differs():
    one, two, three = (RECORDS[name] for name in ("slides-24", "slides-26", "slides-73"))
    wrong = replace(two, printed=two.printed.replace("X_{12}F_{12}", "X_{12}F_{21}"))
    other = replace(three, printed=three.printed.replace("X_{12}F_{12}", "X_{21}F_{12}"))
    assert contradictions([one, wrong, three]) == {
        "slides-24": "slides-26", "slides-26": "slides-24", "slides-73": "slides-26",
    }  # fmt: skip
    assert contradictions([wrong, other]) == {"slides-26": "slides-73", "slides-73": "slides-26"}
    twice = replace(three, printed=wrong.printed)
    assert contradictions([wrong, twice]) == {}


def test_other_sizes_other_documents_and_other_left_sides_are_other_things():
    one, wrong = RECORDS["blog-29"], RECORDS["blog-41"]
    large = Layer(NOTATIONS["blog"], (4, 4), (3, 3), bias=True)
    assert contradictions([one, replace(wrong, readings=(("", equation(large)),))]) == {}
    assert contradictions([one, replace(wrong, document="slides")]) == {}
    moved = replace(wrong, printed=wrong.printed.replace("Z_{11}", "Z_{12}"))
    assert contradictions([one, moved]) == {}


def test_what_is_no_equation_says_nothing():
    names = ("note-02", "note-03", "blog-03")
    assert contradictions([RECORDS[name] for name in names]) == {}
    assert contradictions([RECORDS["blog-29"], replace(RECORDS["blog-41"], printed=r"\int")]) == {}
