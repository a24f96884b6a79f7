"""``python -m cnnviz.documents``: complete, in any encoding, quiet when its reader leaves."""

import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from cnnviz.documents import __main__ as command
from cnnviz.documents.ledger import all_records, judge_all, summary
from cnnviz.documents.record import UNREADABLE, VERDICTS, Record, judge

ROOT = Path(__file__).parents[2]
WHOLE = ("-m", "cnnviz.documents")
SOME = (  # the same for two records, one of which is not right
    "-c",
    "import sys\n"
    "from dataclasses import replace\n"
    "from cnnviz.documents import __main__ as command\n"
    "some = [one for one in command.all_records() if one.id in ('blog-29', 'blog-41')]\n"
    "command.all_records = lambda: [replace(one, states='Wᵀ, 16 × 4') for one in some]\n"
    "sys.exit(command.main(sys.argv[1:]))",
)
UNREAD = r"\int_0^1 x"


def started(*command, encoding="utf-8"):
    return subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
    )


def ran(*command, encoding="utf-8"):
    """The exit status, what is printed, and what is complained of."""
    process = started(*command, encoding=encoding)
    out, err = process.communicate()
    return process.returncode, out.decode(encoding), err.decode(encoding)


def by_id(number):
    return next(record for record in all_records() if record.id == number)


# In any encoding.


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_the_summary_is_written_in_any_encoding(encoding):
    status, out, err = ran(*SOME, encoding=encoding)
    assert (status, err) == (0, "")
    title = {"utf-8": "Wᵀ, 16 × 4", "cp1252": "W^T, 16 × 4", "ascii": "W^T, 16 x 4"}
    assert title[encoding] in out and "?" not in out


def test_json_is_ascii_and_so_the_same_in_any_encoding():
    status, out, err = ran(*SOME, "--json", encoding="ascii")
    assert (status, err) == (0, "") and out.isascii()
    assert [one["states"] for one in json.loads(out)] == ["Wᵀ, 16 × 4"] * 2


@pytest.mark.slow
def test_the_whole_ledger_is_written_in_ascii():
    status, out, err = ran(*WHOLE, encoding="ascii")
    assert (status, err) == (0, "")
    assert out.count("\n\n") == sum(one.verdict != "proved" for one in judge_all())


# A reader who has seen enough.


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_it_ends_quietly_when_its_reader_does(options):
    process = started(*SOME, *options)
    process.stdout.close()  # as `head` does, only sooner
    assert (process.stderr.read(), process.wait()) == (b"", 0)
    process.stderr.close()


# What cannot be read.


def spoilt():
    return replace(all_records()[0], printed=UNREAD), by_id("note-29")


def test_one_unreadable_print_spoils_no_other_record():
    (bad, good) = judge_all(records=spoilt())
    assert bad.verdict == UNREADABLE and "∫" not in bad.unreadable and UNREAD in bad.unreadable
    assert good.verdict == "proved" and good.unreadable == ""


def test_a_proof_that_breaks_off_spoils_no_other_record():
    def broken(printed):
        raise ZeroDivisionError("by nothing")

    steps = []
    record = replace(all_records()[0], readings=(("", broken),))
    bad, good = judge_all(
        lambda *at: steps.append(at), (record, replace(by_id("note-29"), derivation=""))
    )
    assert bad.unreadable == "the proof could not run: ZeroDivisionError: by nothing"
    assert good.verdict == "proved" and steps == [(1, 2), (2, 2)]


def test_the_command_names_what_it_could_not_read(monkeypatch, capsys):
    monkeypatch.setattr(command, "all_records", spoilt)
    assert command.main([]) == 1
    out, err = capsys.readouterr()
    assert err.startswith("note-01: ") and UNREAD in err and err.count("\n") == 1
    assert "cannot be read                1        1" in out
    assert "proved                        1        1" in out
    assert command.main(["--json"]) == 1
    bad, good = json.loads(capsys.readouterr().out)
    assert (bad["verdict"], good["verdict"]) == (UNREADABLE, "proved")
    assert UNREAD in bad["unreadable"] and bad["derived"] == ""


def test_a_summary_without_unreadable_prints_does_not_speak_of_them():
    judged = judge_all(records=[by_id("note-29")])
    rows = summary(judged).splitlines()
    assert [row[:22].strip() for row in rows[1:]] == [*VERDICTS, "all"]


def test_a_print_that_is_not_compared_is_counted_and_says_why():
    record = replace(by_id("note-29"), uncompared="nothing in it could be false")
    text = summary([judge(record)])
    assert "not compared                  1        1" in text
    assert "nothing in it could be false" in text


# Complete.


@pytest.mark.slow
def test_json_holds_every_record_with_every_field():
    status, out, err = ran(*WHOLE, "--json")
    records = json.loads(out)
    assert (status, err, len(records)) == (0, "", len(all_records()))
    names = {one.name for one in fields(Record)} - {"readings"}
    for found, judged in zip(records, judge_all(), strict=True):
        record = judged.record
        assert names <= {*found}
        for name in names - {"printed", "seen"}:
            assert found[name] == getattr(record, name), (record.id, name)
        assert found["seen"] == list(record.seen)
        assert found["source"] == record.printed
        damaged = judged.verdict == "damaged in conversion"
        assert found["printed"] == ((record.converted or "(lost)") if damaged else record.printed)
        assert found["verdict"] == judged.verdict and found["derived"] == judged.derived
        assert found["differs_at"] == [
            {"at": d.at, "printed": d.printed, "derived": d.derived} for d in judged.differences
        ]
        assert found["convention"] == judged.convention
        assert found["contradicts"] == judged.contradicts
        assert found["compared"] == record.compared and found["unreadable"] == ""
        assert (found["line"] is None) or found["line"]["number"] >= 1


def test_json_says_which_line_of_the_derivation_it_is(monkeypatch, capsys):
    record = replace(by_id("note-65"), derivation="kernel_gradient")
    monkeypatch.setattr(
        command, "all_records", lambda: (record, replace(by_id("note-29"), derivation=""))
    )
    assert command.main(["--json"]) == 0
    one, other = json.loads(capsys.readouterr().out)
    assert one["line"] == {
        "title": "The kernel gradient is a correlation of input and upstream gradient",
        "number": 3,
        "reason": "Slide the upstream gradient over the input, as if it were the kernel.",
    }
    assert other["line"] is None


@pytest.mark.parametrize(
    ("number", "derived"),
    [
        ("note-62", r"a_{11} \frac{\partial F}{\partial h_{11}} + "),
        ("note-56", r"\begin{bmatrix} a_{12} & a_{13} & a_{14} \\ a_{22}"),
        ("slides-34", r"\begin{bmatrix} X_{11} \frac{\partial L}{\partial O_{11}} + "),
        ("blog-05", r"\begin{bmatrix} g_{1} x_{1} & g_{10} x_{1}"),
        ("blog-17", r"\text{2 × 3 × 3}"),
    ],
)
def test_what_is_derived_is_shown(number, derived):
    """A formula with free indices as a matrix of its values, a large table by its corners."""
    assert judge(by_id(number)).derived.startswith(derived)
