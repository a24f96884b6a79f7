"""The view of derivations: only what matters can be moved, line by line, proved again each time."""

from weakref import WeakSet
from xml.etree import ElementTree

import pytest

from cnnviz import explore_derivation, explore_max_pooling
from cnnviz.derivations import Derivation
from cnnviz.explorers.derivation import DERIVATIONS
from cnnviz.explorers.mathml import NAMESPACE, mathml
from cnnviz.explorers.shared import SHARED

PROVED = f"✓ {Derivation.proved}"
FOR_EVERY_SIZE = [name for name in DERIVATIONS if "for every size" in name]


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch):
    """No view of another test derives its lines again when letters are chosen here."""
    before = dict(SHARED.values)
    monkeypatch.setattr(SHARED, "_followers", WeakSet())
    yield
    SHARED.choose(**before)


def names(view):
    return [record["name"] for record in view.bar.controls]


@pytest.mark.parametrize("which", DERIVATIONS)
def test_every_derivation_is_shown_and_proved(which):
    view = explore_derivation(which)
    assert view.bar.line == f"✓ {view.derivation().proved}" and not view.bar.wrong
    assert view.bar.line == PROVED or which in FOR_EVERY_SIZE
    assert view.lines.step == 0, "the first line is seen, the others are to come"
    assert view.lines.html.count('class="step"') == len(view.derivation().steps())
    assert 'role="heading"' in view.lines.head and "<h" not in view.lines.head + view.lines.html


def test_nobody_moves_a_slider_that_does_nothing():
    assert "stride" in names(explore_derivation())
    assert names(explore_derivation("softmax with cross-entropy"))[0] == "which"
    for which in ("backpropagation in a plain network", "fully connected layer"):
        assert not {"input_size", "stride"} & set(names(explore_derivation(which)))


@pytest.mark.parametrize("which", FOR_EVERY_SIZE)
def test_what_is_proved_for_every_size_has_no_sizes_to_choose(which):
    view = explore_derivation(which)
    assert names(view) == ["which", "notation"]
    assert view.bar.line.startswith("✓ Proved for every size: each line follows")
    view.move(notation="slides")
    assert "L is any scalar" in view.lines.html and not view.bar.wrong


def test_a_slider_derives_anew_and_what_is_read_stays_read():
    view = explore_derivation()
    before = view.lines.html
    view.lines.step = 2
    view.bar.moved = {"values": {"stride": 2, "input_size": 4}, "count": 1}
    assert view.lines.html != before and view.lines.step == 2 and view.bar.line == PROVED
    view.move(which="why rotated: substituting the index")
    assert view.lines.step == 0
    view.lines.step = len(view.derivation().steps()) - 1
    view.move(padding=1)
    assert view.lines.step == len(view.derivation().steps()) - 1


def test_sizes_that_cannot_be_say_why_and_keep_the_lines():
    view = explore_derivation()
    before = view.lines.html
    view.move(kernel_size=3, input_size=2)
    assert view.bar.wrong and "does not fit" in view.bar.line and view.lines.html == before
    view.move(padding=1)
    assert not view.bar.wrong and view.lines.html != before


@pytest.mark.slow
def test_letters_are_those_of_all_pictures():
    view, picture = explore_derivation(), explore_max_pooling()
    view.move(notation="slides")
    assert picture.values["notation"] == "slides"
    picture.move(notation="blog")
    assert view.values["notation"] == "blog" and view.bar.line == PROVED


def test_the_whole_derivation_stands_beside_the_widget():
    view = explore_derivation()
    data, _ = view._repr_mimebundle_()
    assert data["text/html"].count('class="step"') == 4
    assert data["text/plain"] == view.derivation().text()


# --- how formulas are set --------------------------------------------------------------------


def tags(latex, **how):
    return [
        node.tag.rpartition("}")[2] for node in ElementTree.fromstring(mathml(latex, **how)).iter()
    ]


def test_a_formula_on_its_own_line_has_room():
    assert 'display="block"' in mathml(r"\frac{a}{b}")
    assert 'display="inline"' in mathml(r"\frac{a}{b}", block=False)
    assert "munderover" in tags(r"\sum_{i=1}^{2} k_i"), "limits stand above and below the sum"


def test_a_prime_stands_beside_its_letter():
    for latex in ("f'(z)", r"f^{\prime}(z)", "k'_{j}"):
        root = ElementTree.fromstring(mathml(latex))
        beside = next(node for node in root.iter() if "prime" in [c.get("class") for c in node])
        assert [child.text for child in beside][1] == "′" and beside.tag == f"{{{NAMESPACE}}}mrow"
        assert "msup" not in tags(latex) and "msubsup" not in tags(latex)
    assert "msub" in tags("k'_{j}") and "msup" in tags("x^2")


def test_cases_have_a_line_at_their_left_and_no_brace():
    text = mathml(
        r"e = \begin{cases} g & \text{where } s \mid t \\ 0 & \text{elsewhere} \end{cases}"
    )
    assert 'class="cases"' in text and "{" not in text
    assert "cases" not in mathml(r"\begin{bmatrix} 1 \end{bmatrix}")


def test_what_is_stacked_under_a_sum_is_no_matrix():
    text = mathml(r"\sum_{\substack{1 \leq i \\ 1 \leq u}} a_{iu}")
    assert 'class="stack"' in text and "mspace" not in text
    assert "stack" not in mathml(r"\begin{bmatrix} a \\ b \end{bmatrix}")
