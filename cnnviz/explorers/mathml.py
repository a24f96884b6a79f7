"""LaTeX as MathML, which every browser draws by itself, with single entries marked.

Brackets around a matrix are drawn as borders: stretched bracket characters need a mathematical
font, which a machine may not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from xml.etree import ElementTree

from latex2mathml.converter import convert

NAMESPACE = "http://www.w3.org/1998/Math/MathML"


def mathml(latex: str, wrong: Iterable[str] = (), *, block: bool = True) -> str:
    """A formula as MathML text, on a line of its own or, without ``block``, within words. ``wrong``
    names places as the ledger does: "part 2, entry (1, 4)".

    A place that is no entry of a matrix marks the last side of the formula.

    >>> mathml("a_{12}").startswith("<math")
    True
    """
    root = ElementTree.fromstring(_converted(latex, "block" if block else "inline"))
    tables = [node for node in root.iter() if _tag(node) == "mtable"]
    for place in wrong:
        _mark(root, tables, place)
    _bracket(root)
    _primes(root)
    ElementTree.register_namespace("", NAMESPACE)
    return ElementTree.tostring(root, encoding="unicode")


def formula_or_words(printed: str, wrong: Iterable[str] = (), *, block: bool = True) -> str:
    """A print as HTML: a formula as MathML, code as code, a rule in words as words.

    Words may hold formulas between dollar signs.

    >>> formula_or_words("dx = g @ W.T"), formula_or_words("a stride of 1")
    ('<code>dx = g @ W.T</code>', '“a stride of 1”')
    """
    if "$" in printed or ("\\" in printed and "\\" not in _words(printed)):
        parts = re.split(r"\$(.*?)\$", printed)
        inside = (_formula(p, (), False) if n % 2 else _words(p) for n, p in enumerate(parts))
        return f"“{''.join(inside)}”"
    if re.search(r"\\[a-zA-Z]|[_^]\{|^\w = \w+$", printed):
        return _formula(printed, wrong, block)
    if re.search(r"[a-z]_[a-z]|\w\(|\[|@|//|self\.", printed):
        return f"<code>{escape(printed)}</code>"
    return f"“{_words(printed)}”"


def _formula(latex: str, wrong: Iterable[str], block: bool) -> str:
    """A formula; what is no LaTeX stays as it is printed."""
    try:
        return mathml(latex, wrong, block=block)
    except Exception:  # those of latex2mathml have no kind in common
        return f"<code>{escape(latex)}</code>"


def _words(text: str) -> str:
    """Words as HTML, with what is set in italics or bold."""
    text = re.sub(r"\\textit\{(.*?)\}", r"<i>\1</i>", escape(text))
    text = re.sub(r"\*\*(.*?)\*\*", r"<b>\1</b>", text)
    return re.sub(r"\\eqref\{.*?\}", "(…)", text)


@lru_cache(maxsize=2048)
def _converted(latex: str, display: str) -> str:
    text = re.sub(r"\\renewcommand\{.*?\}\{.*?\}|\\bigg|\\small|\\tag\{.*?\}|&(?==)", "", latex)
    text = re.sub(r"\\begin\{array\}\{[|clr]*\}", r"\\begin{bmatrix}", text.replace(r"\hline", ""))
    return convert(text.replace(r"\end{array}", r"\end{bmatrix}"), display=display)


def _tag(node) -> str:
    return node.tag.rpartition("}")[2]


def _mark(root, tables, place: str) -> None:
    entry = re.search(r"entry \((\d+), (\d+)\)", place)
    part = re.search(r"part (\d+)", place)
    number = int(part[1]) - 1 if part else len(tables) - 1 if entry and len(tables) == 1 else 0
    if entry and number < len(tables):
        rows = [row for row in tables[number] if _tag(row) == "mtr"]
        row, column = int(entry[1]) - 1, int(entry[2]) - 1
        if row < len(rows) and column < len(rows[row]):
            rows[row][column].set("class", "wrong")
            return
    last = list(root.iter())[-1] if len(root) == 0 else root[-1]
    after = _last_relation(last)
    for node in list(last)[after:]:
        node.set("class", "wrong")


def _last_relation(row) -> int:
    """Where the last side of a formula starts among the children of its row."""
    relations = [n for n, node in enumerate(row) if _tag(node) == "mo" and node.text in "=→⟹"]
    return relations[-1] + 1 if relations else 0


def _bracket(root) -> None:
    """Take away the bracket characters that stand beside a matrix, and put a little space there. What
    is stacked under a sum is no matrix: it gets neither border nor space. A brace alone has cases."""
    for parent in list(root.iter()):
        tags = [_tag(child) for child in parent]
        if tags == ["mtable"] and _tag(parent) == "mstyle":
            parent[0].set("class", "stack")
        elif "mtable" in tags:
            if parent[0].text == "{":
                parent[tags.index("mtable")].set("class", "cases")
            parent[:] = [
                node
                for n, child in enumerate(parent)
                if not (child.text in ("[", "]", "{") and "mtable" in tags[max(n - 1, 0) : n + 2])
                for node in ((_space(), child, _space()) if tags[n] == "mtable" else (child,))
            ]


def _space():
    return ElementTree.Element(f"{{{NAMESPACE}}}mspace", {"width": "0.16em"})


def _primes(root) -> None:
    """A prime stands beside its letter: set above it by a mathematical font, it becomes a dot."""
    for node in list(root.iter()):
        if _tag(node) in ("msup", "msubsup") and "".join(node[-1].itertext()) == "′":
            letter, *below = list(node)[:-1]
            beside = ElementTree.Element(f"{{{NAMESPACE}}}mrow")
            prime = ElementTree.SubElement(beside, f"{{{NAMESPACE}}}mtext", {"class": "prime"})
            prime.text = "′"
            beside.insert(0, letter)
            node.tag = f"{{{NAMESPACE}}}{'msub' if below else 'mrow'}"
            node[:] = [beside, *below]
