"""The ledger as a whole: complete, fast, readable by programs, and honest when a proof cannot run."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnviz.derivations import symbol_array
from cnnviz.documents import __main__ as command
from cnnviz.documents.checks import Outcome, compare, equation, numbers, spread_dots
from cnnviz.documents.ledger import all_records, judge_all, summary
from cnnviz.documents.meaning import ANYTHING, HasNoMeaning, Layer, evaluate
from cnnviz.documents.printed import CannotRead, parse
from cnnviz.documents.record import VERDICTS, Record, judge
from cnnviz.explorers.documents import LedgerView, card, picture_of
from cnnviz.explorers.mathml import mathml
from cnnviz.pictures.refresher.dense_layer import dense_layer
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
        assert record.lesson in {f"{n:02d}" for n in range(1, 10)}, record.id
        assert len(record.states) > 8 and len(record.place) > 3 and len(record.proof) > 30, (
            record.id
        )
        assert not record.contradicts or record.contradicts in {r.id for r in all_records()}, (
            record.id
        )
        assert (one.verdict == "convention") == bool(one.convention), record.id
        assert (one.verdict == "proved") == (not one.differences), record.id


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
    rows = {
        line[:22].strip(): [int(n) for n in line[22:].split()] for line in text.splitlines()[1:6]
    }
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
    assert spread.shape == (1, 4) and spread[0, 1] is ANYTHING
    assert compare(row, symbol_array("a", (1, 4))) == []
    assert [d.at for d in compare(row, symbol_array("a", (4, 4))[1:2])] == [
        "entry (1, 1)",
        "entry (1, 4)",
    ]


def test_numbers_in_a_sentence_are_read():
    assert numbers(lambda: [2, 7])("2 zeros around give 7 rows").differences == ()
    assert [d.at for d in numbers(lambda: [2, 7])("1 zero around gives 7 rows").differences] == [
        "number 1"
    ]
    assert numbers(lambda: [2])("no number").differences


def test_differing_entries_are_marked_in_the_mathematics():
    text = mathml(r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}", ["entry (2, 1)"])
    assert text.count('class="wrong"') == 1 and '<mtd class="wrong"><mi>c' in text
    assert mathml("a = b + c", ["a term"]).count('class="wrong"') == 3


def test_every_card_can_be_shown(judged):
    for one in judged:
        html = card(one)
        assert one.record.id in html and one.verdict in html
        entry = one.verdict == "differs" and "entry" in one.differences[0].at
        if entry and "matrix" in one.record.printed:
            assert 'class="wrong"' in html, one.record.id


def test_the_ledger_can_be_filtered_and_opened(judged):
    view = LedgerView().prove()
    assert f'value="{len(judged)}" max="{len(judged)}"' in view.progress.value
    for verdict in VERDICTS:
        view.move(verdict=verdict)
        assert view.listed and all(one.verdict == verdict for one in view.listed)
    view.move(document="blog")
    assert all(one.record.document == "blog" for one in view.listed)
    view.show(judged[0].record.id)
    assert view.opened.record.id == judged[0].record.id and view.listed == view.judged
    names = {record["name"]: record["words"] for record in view.bar.controls}
    assert all(names.values()), "each list has a name that a screen reader says"
    bundle, _ = view._repr_mimebundle_()
    assert "differs" in bundle["text/plain"] and "<table" in bundle["text/html"]


def test_the_list_follows_the_filters_as_the_browser_moves_them(judged):
    view = LedgerView().prove()
    view.bar.moved = {"values": {"record": 22}, "count": 1}
    assert view.opened.record.id == "note-23" and view._stage.pinned == ["kernel", 8]
    # The browser sends all that a hand has moved lately: the number in the old list counts no more.
    differs = 1 + list(VERDICTS).index("differs")
    view.bar.moved = {"values": {"record": 22, "verdict": differs}, "count": 2}
    assert view.opened == view.listed[0] and view.opened.verdict == "differs"
    assert "<th></th>" not in view._summary.value and "<h4" not in view._card.value
    view.move(document="slides", verdict="damaged in conversion")
    assert view.listed == [] and view.opened is None
    assert "No record has this verdict" in view._card.value


def test_every_record_opens_a_picture_in_the_letters_of_its_document(judged):
    for one in judged:
        scene = picture_of(one.record)
        notation = NOTATIONS[one.record.document]
        clashes = notation.clashes and any(notation.clashes in grid.title for grid in scene.grids)
        assert scene.beware == (notation.beware if clashes else "") or one.record.lesson == "09"
        if one.record.lesson in ("03", "04", "05", "06", "07"):
            assert scene["output"].symbols[0].startswith(notation.output)


def test_the_picture_of_a_dense_layer_shows_what_calculus_gives():
    scene = dense_layer(np.array([1.0, 2.0, 3.0]), np.arange(6.0).reshape(2, 3))
    z = [scene.equation_text("output", cell).split(" = ")[1] for cell in (0, 1)]
    assert z[0] == "W_11·a_11 + W_12·a_21 + W_13·a_31"
    assert scene.equation_text("input", 1) == "∂L/∂a_21 = W_12·∂L/∂z_11 + W_22·∂L/∂z_21"
    assert scene.equation_text("kernel", 5) == "∂L/∂W_23 = a_31·∂L/∂z_21"
    assert scene["output"].numbers == ("8", "26")
