"""Equations as they are printed: LaTeX in, a tree of names, sums and matrices out.

The documents use a small part of LaTeX, and use it loosely: ``*`` is a product on the slides and a
convolution in the note. So the parser only says what is written. What it means, in the letters and
conventions of its document, is said in ``meaning``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Any

from lark import Lark, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError


class CannotRead(ValueError):
    """LaTeX that is not of the kind the documents print."""


@dataclass(frozen=True)
class Number:
    value: int


@dataclass(frozen=True)
class Dots:
    """Dots: entries that are not written out."""


@dataclass(frozen=True)
class Name:
    """A letter or word with what hangs on it: ``a_{i,j+1}``, ``\\delta^{(l)}``, ``f'``."""

    letter: str
    below: str = ""
    above: str = ""
    primes: int = 0
    bold: bool = False


@dataclass(frozen=True)
class Partial:
    """A partial derivative of ``top`` by ``bottom``."""

    top: object
    bottom: object


@dataclass(frozen=True)
class Sum:
    """A sum of ``body`` over ``index`` from ``low`` to ``high``."""

    index: str
    low: object
    high: object
    body: object


@dataclass(frozen=True)
class Product:
    """Two factors with the sign between them: "" (side by side), "*", "·", "•", "⊛" or "/"."""

    sign: str
    left: object
    right: object


@dataclass(frozen=True)
class Plus:
    """Terms that are added; ``signs`` holds +1 or -1 for each."""

    signs: tuple[int, ...]
    terms: tuple[object, ...]


@dataclass(frozen=True)
class Power:
    """Something in brackets with a superscript, such as a transpose."""

    base: object
    above: str


@dataclass(frozen=True)
class Matrix:
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class Call:
    """A named operation on its arguments: Convolution(X, F), sum(∂L/∂Z), f'(z)."""

    name: object
    arguments: tuple[object, ...]


@dataclass(frozen=True)
class Caption:
    """A noun before what it names: Filter F, Loss gradient ∂L/∂O."""

    noun: str
    named: object


@dataclass(frozen=True)
class Chain:
    """Sides with relations between them: "=" or "→" or "⟹"."""

    sides: tuple[object, ...]
    relations: tuple[str, ...]


GRAMMAR = r"""
    start: sum (RELATION sum)*
    ?sum: SIGN? product (SIGN product)*              -> plus
    ?product: factor
        | product factor                             -> beside
        | product TIMES factor                       -> times
    ?factor: atom
        | "(" sum ")" ABOVE?                         -> bracket
        | WORDS "(" sum ("," sum)* ")"               -> call
        | WORDS atom                                 -> caption
        | FUNCTION "(" sum ")"                       -> call
        | "\\sum" BELOW ABOVE product                -> summation
    ?atom: NUMBER                                    -> number
        | DOTS                                       -> dots
        | name
        | "\\frac{" partial "}{" partial "}"         -> fraction
        | partial "/" partial                        -> fraction
        | "\\begin{bmatrix}" row ("\\\\" row)* "\\end{bmatrix}"  -> matrix
    partial: "\\partial" name?
    name: LETTER (BELOW | ABOVE | PRIME)*            -> plain
        | "\\mathbf{" LETTER BELOW? "}" BELOW?       -> bold
    row: entry ("&" entry)*
    entry: sum?

    RELATION: "=" | "\\rightarrow" | "\\implies"
    SIGN: "+" | "-"
    TIMES.2: /\\(cdot|bullet|circledast)(?![a-z])|\*/
    DOTS: /\\(vdots|ddots|dots|cdots|cdot)(?![a-z])/
    NUMBER: /\d+/
    WORDS.3: /\\text\{[^{}]*\}/
    FUNCTION.3: /f'/
    LETTER: /\\(delta|theta|nabla)(?![a-z])|[A-Za-z]/
    BELOW: /_(\{[^{}]*\}|[A-Za-z0-9])/
    ABOVE: /\^(\{([^{}]|\{[^{}]*\})*\}|[A-Za-z0-9])/
    PRIME: "'"
    %ignore /\s+/
"""

# What only changes how a formula looks.
LOOKS = re.compile(
    r"\\(left|right|bigg|small|normalsize|hline|space|quad)(?![a-z])"
    r"|\\renewcommand\{\\arraystretch\}\{[\d.]+\}|\\tag\{.*?\}|\\label\{.*?\}|[.,]\s*$"
)
# Operations that the documents write as plain words, and captions that hold their letter.
WORDED = (
    (
        r"\\begin\{bmatrix\}\s*(\d+)\^\\circ\s*\\text\{rotated\}\s*\\\\\s*\\text\{(\w+) \}\s*(\w)\s*\\end\{bmatrix\}",
        r"\\text{\1° rotated \2} \3",
    ),
    (r"180\^\{\\circ\}(?:\s|\\space)*rotated(?:\s|\\space)*\(", r"\\text{rotated}("),
    (r"(?<![a-z{])(conv|sum|padded)\s*\(", r"\\text{\1}("),
    (r"\\text\{([A-Za-z ]+) ([A-Z])\}", r"\\text{\1} \2"),
)


def parse(latex: str) -> Chain:
    """The tree of a printed formula. Raises CannotRead where it is not of the kind above.

    >>> parse(r"h_{12} = k_{11} a_{12}").sides[0]
    Name(letter='h', below='12', above='', primes=0, bold=False)
    """
    return _parse(_plain(latex))


def nodes(tree: Any) -> Iterator[Any]:
    """A tree and all that hangs on it.

    >>> [node.letter for node in nodes(parse("2 a b")) if isinstance(node, Name)]
    ['a', 'b']
    """
    yield tree
    branches = vars(tree).values() if is_dataclass(tree) else tree if type(tree) is tuple else ()
    for branch in branches:
        yield from nodes(branch)


def _plain(latex: str) -> str:
    text = re.sub(r"\\begin\{array\}\{[|clr]*\}", r"\\begin{bmatrix}", latex)
    text = text.replace(r"\end{array}", r"\end{bmatrix}")
    for words, operation in WORDED:
        text = re.sub(words, operation, text)
    text = LOOKS.sub(" ", text).replace("{+}", "+").replace("{-}", "-").replace("&=", "=")
    return re.sub(r"\\\\\s*(?=\\end)", "", text)


@cache
def _parse(text: str) -> Chain:
    try:
        return _Build().transform(_LARK.parse(text))
    except VisitError as problem:
        raise CannotRead(str(problem.orig_exc)) from None
    except UnexpectedInput as problem:
        at = getattr(problem, "pos_in_stream", None) or 0
        raise CannotRead(f"Cannot read the formula at “{text[at : at + 30]}”: {text}") from None


@v_args(inline=True)
class _Build(Transformer):
    """From Lark's tree to ours."""

    def start(self, *parts):
        return Chain(tuple(parts[::2]), tuple(str(relation) for relation in parts[1::2]))

    def plus(self, *parts):
        signs, terms, sign = [], [], 1
        for part in parts:
            if isinstance(part, str):
                sign = -1 if part == "-" else 1
            else:
                signs.append(sign)
                terms.append(part)
        return terms[0] if signs == [1] else Plus(tuple(signs), tuple(terms))

    def beside(self, left, right):
        return Product("", left, right)

    def times(self, left, sign, right):
        return Product(str(sign).removeprefix("\\"), left, right)

    def bracket(self, inside, above=None):
        return Power(inside, _braced(above)) if above else inside

    def call(self, name, *arguments):
        return Call(_worded(name), arguments)

    def caption(self, noun, named):
        return Caption(_worded(noun), named)

    def summation(self, below, above, body):
        index, _, low = _braced(below).partition("=")
        return Sum(index.strip(), low.strip(), _braced(above), body)

    def number(self, text):
        return Number(int(text))

    def dots(self, _):
        return Dots()

    def fraction(self, top, bottom):
        return Partial(top, bottom)

    def partial(self, name=None):
        return name

    def matrix(self, *rows):
        if len({len(row) for row in rows}) != 1:
            raise CannotRead("The rows of a printed matrix have different lengths.")
        return Matrix(rows)

    def row(self, *entries):
        return entries

    def entry(self, inside=None):
        return inside

    def plain(self, letter, *marks):
        return _name(letter, marks, bold=False)

    def bold(self, letter, *marks):
        return _name(letter, marks, bold=True)


def _name(letter, marks, bold: bool) -> Name:
    below = "".join(_braced(m) for m in marks if m.startswith("_"))
    above = "".join(_braced(m) for m in marks if m.startswith("^"))
    return Name(str(letter).removeprefix("\\"), below, above, sum(m == "'" for m in marks), bold)


def _worded(text) -> str:
    """The words of ``\\text{ Loss gradient }``, without blanks around them."""
    return re.sub(r"\\text\{\s*(.*?)\s*\}", r"\1", str(text))


def _braced(text: str) -> str:
    """The text of a subscript or superscript without its mark, braces and blanks."""
    return re.sub(r"^[_^]|[{}\s]", "", str(text))


_LARK = Lark(GRAMMAR, parser="lalr")
