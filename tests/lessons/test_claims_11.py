"""What lesson 11 says of printed equations, computed; by its headings."""

import re
from collections import Counter
from functools import cache

import pytest

from cnnviz.documents.ledger import all_records, judge_all

NINE = [f"blog-{number}" for number in range(59, 68)]


@cache
def record(record_id):
    return next(one for one in all_records() if one.id == record_id)


@cache
def judged():
    return {one.record.id: one for one in judge_all()}


def test_a_name_too_often_each_weight_and_gradient_should_stand_in_four_products():
    products = " ".join(record(one).printed.partition("=")[2] for one in NINE)
    times = Counter(re.findall(r"[KZ]_\{\d\d\}", products))
    assert {name for name, count in times.items() if count == 4} == {
        "K_{21}", "K_{22}", "Z_{11}", "Z_{12}",
    }  # fmt: skip
    assert (times["K_{11}"], times["K_{12}"], times["Z_{21}"], times["Z_{22}"]) == (5, 3, 5, 3)


def test_a_name_too_often_no_sum_is_too_short():
    terms = [record(one).printed.count(r"\cdot") for one in NINE]
    assert terms == [1, 2, 1, 2, 4, 2, 1, 2, 1]


@pytest.mark.slow
def test_a_name_too_often_two_of_the_nine_differ():
    assert [one for one in NINE if judged()[one].verdict == "differs"] == ["blog-64", "blog-67"]
    assert "X_{23}" in record("blog-64").printed and "X_{33}" in record("blog-67").printed


@pytest.mark.slow
def test_one_wrong_name_a_14_goes_in_and_a_41_comes_out():
    assert judged()["note-13"].verdict == "differs" and len(judged()["note-13"].differences) == 1
    before, _, after = record("note-13").printed.partition(r"\rightarrow")
    assert "a_{14}" in before and "a_{41}" in after and "a_{14}" not in after


@pytest.mark.slow
def test_two_records_contradict_each_other_about_z_11():
    right, wrong = judged()["blog-29"], judged()["blog-41"]
    assert (right.contradicts, right.verdict) == ("blog-41", "proved")
    assert (wrong.contradicts, wrong.verdict) == ("blog-29", "differs")
    assert "X_{12}K_{12}" in record("blog-29").printed
    assert "X_{12}K_{21}" in record("blog-41").printed


@pytest.mark.slow
def test_every_record_that_differs_says_where():
    wrong = [one for one in judged().values() if one.verdict == "differs"]
    assert wrong and all(one.differences for one in wrong)


@pytest.mark.slow
def test_what_is_not_compared_says_why_and_nothing_else_does():
    for one in judged().values():
        assert (one.verdict == "not compared") == bool(one.record.uncompared)
