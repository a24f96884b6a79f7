"""The ledger as a learner goes through it: its list, its cards with their links, its pictures."""

from dataclasses import replace

import pytest

from cnnviz.documents.checks import Difference, Outcome
from cnnviz.documents.ledger import all_records, judge_all
from cnnviz.documents.record import UNREADABLE, VERDICTS, Judged, judge
from cnnviz.documents.sentences import claim
from cnnviz.explorers import documents
from cnnviz.explorers.derivation import DERIVATIONS
from cnnviz.explorers.documents import LedgerView
from cnnviz.explorers.mathml import formula_or_words, mathml
from cnnviz.explorers.record_card import SIGNS, card

RECORDS = {record.id: record for record in all_records()}


@pytest.fixture(scope="module")
def judged():
    return judge_all()


@pytest.fixture
def view(judged, monkeypatch):
    """The view, without waiting for the proofs again."""
    return proved(monkeypatch, judged)


def proved(monkeypatch, judged):
    monkeypatch.setattr(documents, "judge_all", lambda progress: judged)
    return LedgerView().prove()


# Prints as a browser shows them.


def test_differing_entries_are_marked_in_the_mathematics():
    text = mathml(r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}", ["entry (2, 1)"])
    assert text.count('class="wrong"') == 1 and '<mtd class="wrong"><mi>c' in text
    assert mathml("a = b + c", ["a term"]).count('class="wrong"') == 3


def test_a_sentence_with_a_word_in_italics_is_no_formula():
    assert formula_or_words(r"it is \textit{flipped} twice") == "“it is <i>flipped</i> twice”"
    assert formula_or_words("a **convolution** of $X$").startswith("“a <b>convolution</b> of <math")
    assert formula_or_words(r"\text{rotated} F").startswith("<math")
    assert formula_or_words("self.weights -= self.lr*dL_dW").startswith("<code>")


# Cards.


def test_every_card_can_be_shown(judged):
    for one in judged:
        html = card(one)
        assert one.record.id in html and f"{SIGNS[one.verdict]} {one.verdict}" in html
        entry = one.verdict == "differs" and "entry" in one.differences[0].at
        if entry and "matrix" in one.record.printed:
            assert 'class="wrong"' in html, one.record.id


def test_every_verdict_has_a_sign_of_its_own():
    assert len(set(SIGNS.values())) == len(SIGNS) == len(VERDICTS) + 1


def test_a_card_links_what_it_is_to_be_compared_with():
    record = replace(RECORDS["note-13"], see="note-14")
    html = card(Judged(record, "proved", "", contradicts="note-12"))
    assert '<a href="#note-12" data-record="note-12">note-12</a> and <a href="#note-14"' in html
    assert card(Judged(record, "proved", "", contradicts="note-14")).count("data-record") == 1
    assert 'id="note-13"' in html, "where such a link leads on a page without a kernel"


def test_a_card_says_what_words_are_decided_on():
    check = claim("a <larger|smaller> stride of <n:#>", lambda w1, n: w1 == "larger" and n == 2)
    record = replace(RECORDS["note-18"], printed="a larger stride of 2", readings=(("", check),))
    html = card(judge(record))
    assert "Decided on: <b>larger</b> <small>(smaller)</small>" in html
    assert "<b>2</b> <small>(another number)</small>" in html
    assert "derived" not in html, "the sentence is not said twice"
    wrong = card(
        judge(replace(record, printed="a smaller stride of 2", right="a larger stride of 2"))
    )
    assert wrong.count("“a larger stride of 2”") == 1
    assert "smaller is printed, larger is derived" in wrong


def test_a_card_says_what_would_be_right():
    record = replace(RECORDS["blog-64"], right="Z = X")
    html = card(Judged(record, "differs", "K", (Difference("a term", "K", "L"),)))
    assert "right would be" in html
    assert "right would be" not in card(Judged(record, "differs", "Z = X"))


def test_a_card_says_why_words_are_not_compared():
    record = replace(RECORDS["note-18"], uncompared="It is a heading.")
    record = replace(record, readings=(("", lambda printed: Outcome("1")),))
    one = judge(record)
    html = card(one)
    assert one.verdict == "not compared" and "– not compared" in html
    assert (
        "The words are not compared:</b> It is a heading. What they refer to is computed." in html
    )


def test_a_card_names_the_derivation_by_its_title():
    titles = {function: title for title, function in DERIVATIONS.items()}
    html = card(Judged(replace(RECORDS["note-60"], derivation="kernel_gradient"), "proved", ""))
    assert f"<i>{titles['kernel_gradient']}</i>" in html
    named = {record.derivation for record in RECORDS.values()} - {""}
    assert named <= titles.keys()


def test_labels_in_prose_have_lowered_digits():
    assert "K₁₁, first line" in card(
        judge(replace(RECORDS["blog-41"], place="For K_11, first line"))
    )


@pytest.fixture
def unreadable():
    """A ledger of three, of which one print is not even LaTeX."""
    first, second, third = (RECORDS[name] for name in ("note-29", "note-30", "note-33"))
    return [judge(one) for one in (first, replace(second, printed=r"\frac{ {"), third)]


def test_a_print_that_cannot_be_read_spoils_its_own_card_alone(unreadable, monkeypatch):
    view = proved(monkeypatch, unreadable)
    assert view.judged[1].verdict == UNREADABLE
    for one in view.judged:
        view.show(one.record.id)
        assert f"{SIGNS[one.verdict]} {one.verdict}" in view._card.html
    view.show("note-30")
    assert "This print cannot be read. Cannot read the formula" in view._card.html
    assert "? cannot be read" in view._summary.value
    view.move(verdict=UNREADABLE)
    assert [one.record.id for one in view.listed] == ["note-30"]


def test_an_unreadable_print_is_a_verdict_only_where_there_is_one(view):
    assert "cannot be read" not in view._summary.value
    with pytest.raises(ValueError, match="verdict is"):
        view.move(verdict=UNREADABLE)


# The view.


def test_the_ledger_can_be_filtered_and_opened(judged):
    view = LedgerView().prove()
    assert f'value="{len(judged)}" max="{len(judged)}"' in view.progress.value
    for verdict in VERDICTS:
        view.move(verdict=verdict)
        assert all(one.verdict == verdict for one in view.listed)
    view.move(document="blog", verdict="all")
    assert view.listed and all(one.record.document == "blog" for one in view.listed)
    view.show(judged[0].record.id)
    assert view.opened.record.id == judged[0].record.id and view.listed == view.judged
    names = {record["name"]: record["words"] for record in view.bar.controls}
    assert all(names.values()), "each list has a name that a screen reader says"
    bundle, _ = view._repr_mimebundle_()
    assert "differs" in bundle["text/plain"] and "<table" in bundle["text/html"]


def test_the_list_follows_the_filters_as_the_browser_moves_them(view):
    view.bar.moved = {"values": {"record": 22}, "count": 1}
    assert view.opened.record.id == "note-23" and view._stage.pinned == ["W", 4]
    # The browser sends all that a hand has moved lately: the number in the old list counts no more.
    differs = 1 + list(VERDICTS).index("differs")
    view.bar.moved = {"values": {"record": 22, "verdict": differs}, "count": 2}
    assert view.opened == view.listed[0] and view.opened.verdict == "differs"
    assert "<th></th>" not in view._summary.value and "<h4" not in view._card.html
    view.move(document="slides", verdict="damaged in conversion")
    assert view.listed == [] and view.opened is None
    assert "No record has this verdict" in view._card.html
    assert view._stage.layout.display == "none"


def test_a_link_opens_its_record_and_keeps_the_filter_if_it_can(view):
    view.move(document="note")
    view.received({"open": "note-14"}, [])
    assert view.opened.record.id == "note-14" and view.values["document"] == "note"
    view.received({"open": "blog-29"}, [])
    assert view.opened.record.id == "blog-29" and view.values["document"] == "all"
    view.received({"open": "blog-999"}, [])
    assert view.opened.record.id == "blog-29" and view.bar.wrong


def test_a_record_without_a_picture_shows_none(judged, monkeypatch):
    bare = [replace(one, record=replace(one.record, picture="", pin="")) for one in judged[:2]]
    view = proved(monkeypatch, bare)
    assert view._stage.layout.display == "none" and view.opened.record.id in view._card.html
