"""The ledger as a whole: complete, fast, readable by programs, and honest when a proof cannot run."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from cnnviz.derivations import symbol_array
from cnnviz.documents import __main__ as command
from cnnviz.documents.checks import Outcome, compare, equation, spread_dots
from cnnviz.documents.ledger import all_records, judge_all, summary
from cnnviz.documents.meaning import ANYTHING, LEFT_OUT, HasNoMeaning, Layer, evaluate
from cnnviz.documents.names import names_of
from cnnviz.documents.printed import CannotRead, parse
from cnnviz.documents.record import VERDICTS, Record, judge
from cnnviz.symbols import NOTATIONS

DOCUMENTS = ("note", "slides", "blog")
NOTE = Layer(NOTATIONS["note"], (4, 4), (3, 3))


@pytest.fixture(scope="module")
def judged():
    return judge_all()


def test_ids_are_unique_and_in_reading_order():
    ids = [record.id for record in all_records()]
    assert len(set(ids)) == len(ids)
    assert tuple(dict.fromkeys(id_.split("-")[0] for id_ in ids)) == DOCUMENTS
    for document in DOCUMENTS:
        counted = [int(id_.split("-")[1]) for id_ in ids if id_.startswith(document)]
        assert counted == list(range(1, len(counted) + 1)), document


def test_every_record_says_what_a_reader_needs(judged):
    for one in judged:
        record = one.record
        assert one.verdict in VERDICTS
        assert record.lesson in {f"{n:02d}" for n in range(1, 11)}, record.id
        assert len(record.states) > 8 and len(record.place) > 3 and len(record.proof) > 30, (
            record.id
        )
        known = {r.id for r in all_records()}
        assert {record.see, one.contradicts} - {""} <= known, record.id
        assert (one.verdict == "convention") == bool(one.convention), record.id
        holds = one.verdict in ("proved", "not compared")
        assert holds == (not one.differences), record.id


def test_the_hand_checked_misprints_are_found(judged):
    """Each was found by reading the documents with a pencil before the ledger was written."""
    differing = [one for one in judged if one.verdict == "differs"]
    printed = {d.printed: d.derived for one in differing for d in one.differences}
    assert printed["a_{41}"] == "a_{14}"
    assert (
        printed[r"K_{11} \frac{\partial L}{\partial Z_{22}}"]
        == r"K_{12} \frac{\partial L}{\partial Z_{22}}"
    )
    assert (
        printed[r"K_{22} \frac{\partial L}{\partial Z_{21}}"]
        == r"K_{22} \frac{\partial L}{\partial Z_{22}}"
    )
    assert printed["K_{12} X_{21} + K_{21} X_{12}"] == "K_{12} X_{12} + K_{21} X_{21}"
    w = next(
        one for one in differing if any(d.at.endswith("entry (4, 6)") for d in one.differences)
    )
    places = [d.at.rpartition("entry ")[2] for d in w.differences]
    assert places == [f"({r}, {c})" for r, c in [
        (1, 5), (1, 6), (1, 7), (2, 6), (2, 7), (2, 8), (4, 6), (4, 7), (4, 8)]]  # fmt: skip


def test_the_summary_counts_every_record(judged):
    text = summary(judged)
    counts = text.splitlines()[1 : len(VERDICTS) + 2]
    rows = {line[:22].strip(): [int(n) for n in line[22:].split()] for line in counts}
    assert rows["all"][-1] == len(judged) == sum(rows[verdict][-1] for verdict in VERDICTS)


def test_the_readme_quotes_the_counts_of_the_ledger(judged):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for verdict in VERDICTS:
        found = [
            sum(one.verdict == verdict and one.record.document == d for one in judged)
            for d in DOCUMENTS
        ]
        row = " | ".join(map(str, [*found, sum(found)]))
        assert f"| {verdict} | {row} |" in readme


@pytest.mark.slow
def test_the_command_prints_json_for_other_programs():
    run = subprocess.run(
        [sys.executable, "-m", "cnnviz.documents", "--json"], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    records = json.loads(run.stdout)
    wanted = {
        "id",
        "document",
        "place",
        "states",
        "printed",
        "derived",
        "verdict",
        "differs_at",
        "lesson",
    }
    assert all(wanted <= set(record) for record in records)
    assert len(records) == len(all_records())


def test_a_proof_that_cannot_run_is_reported_and_changes_the_exit_status(monkeypatch, capsys):
    def broken(printed):
        raise ArithmeticError("no proof today")

    record = replace(all_records()[0], readings=(("", broken),))
    monkeypatch.setattr(command, "all_records", lambda: (record, all_records()[1]))
    assert command.main([]) == 1
    assert f"{record.id}: the proof could not run" in capsys.readouterr().err


def test_two_modules_of_a_document_give_no_name_to_different_things(tmp_path, monkeypatch):
    """A check could not say which of them it means."""
    folder = tmp_path / "a_document"
    folder.mkdir()
    for module, line in (("__init__", ""), ("one", "SIZE = 2"), ("two", "SIZE = 3")):
        (folder / f"{module}.py").write_text(line, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ValueError, match=r"a_document\.two calls something else SIZE, too"):
        names_of(import_module("a_document"))


def a_record(printed, check, **more):
    return Record(
        "x-01", "note", "here", "it says", printed, (("", check),), "03", "because", **more
    )


def test_verdicts_follow_from_the_checks_alone():
    right, wrong = r"h_{12} = \sum_{i=1}^3 \sum_{j=1}^3 k_{ij} a_{i,j+1}", "h_{12} = k_{11} a_{11}"
    assert judge(a_record(right, equation(NOTE))).verdict == "proved"
    assert judge(a_record(wrong, equation(NOTE))).verdict == "differs"
    assert (
        judge(a_record(right, equation(NOTE), converted=wrong)).verdict == "damaged in conversion"
    )
    assert judge(a_record(right, equation(NOTE), converted="")).verdict == "damaged in conversion"
    assert judge(a_record(wrong, equation(NOTE), converted=right)).verdict == "differs"
    lenient = a_record(wrong, equation(NOTE))
    lenient = replace(
        lenient, readings=(*lenient.readings, ("anything goes", lambda printed: Outcome("")))
    )
    assert (judge(lenient).verdict, judge(lenient).convention) == ("convention", "anything goes")


def test_the_parser_and_the_evaluator_refuse_what_they_do_not_know():
    with pytest.raises(CannotRead, match="Cannot read the formula at"):
        parse(r"\int_0^1 x")
    with pytest.raises(CannotRead, match="different lengths"):
        parse(r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}")
    with pytest.raises(HasNoMeaning, match="Nothing here is called Q"):
        evaluate(parse("Q_{11}").sides[0], NOTE)
    with pytest.raises(HasNoMeaning, match="index j stands free"):
        evaluate(parse("a_{1j}").sides[0], NOTE)


def test_dots_stand_for_what_is_missing_and_for_nothing_else():
    row = evaluate(parse(r"\begin{bmatrix} a_{11} & \dots & a_{14} \end{bmatrix}").sides[0], NOTE)
    spread = spread_dots(row, (1, 4))
    assert spread.shape == (1, 4) and spread[0, 1] is LEFT_OUT
    assert compare(row, symbol_array("a", (1, 4))) == []
    assert [d.at for d in compare(row, symbol_array("a", (4, 4))[1:2])] == [
        "entry (1, 1)",
        "entry (1, 4)",
    ]
    none_missing = evaluate(parse(r"\begin{bmatrix} a_{11} & \dots \end{bmatrix}").sides[0], NOTE)
    assert [d.at for d in compare(none_missing, symbol_array("a", (1, 2)))] == ["entry (1, 2)"]
    assert compare(ANYTHING, symbol_array("a", (4, 4)))
