"""Every small misprint that a printed formula or rule could have: what a comparison must notice.

``mutants`` makes each of them once, in reading order, with one change each:

* a digit is one more or one less, wherever it stands: index, limit of a sum, number in words;
* the two indices of a cell change places;
* a sign is the other one, in a formula or in an index; a term or index term is dropped with it;
* a letter is another letter of the same print (or ``q`` where there is no other);
* a prime, a transpose, a bold face is lost; ``*`` between matrices becomes a plain product;
* two neighbouring entries of a matrix change places; a row is dropped;
* in words, a word that means something is its opposite.

In a sentence only the formulas between dollar signs are changed letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Words that mean something in the rules of the documents, each with what would be wrong instead.
OPPOSITES = {
    "horizontally": "vertically", "vertically": "horizontally",
    "horizontal": "vertical", "vertical": "horizontal",
    "zeros": "ones", "zero": "one",
    "less": "more", "greater": "less",
    "maximal": "minimal", "non-maximal": "maximal",
    "one": "two", "two": "three", "a lot of": "few",
    "not": "", "padding": "stride", "dilation": "padding", "stride": "dilation",
    "sparse": "dense", "shape": "values", "convolution": "pooling", "pooling": "convolution",
    "Full Convolution": "Convolution", "rotated": "transposed", "transpose": "inverse",
    "average": "maximum", "sum": "mean", "input": "output", "output": "input", "before": "after",
    "scalar-valued": "vector-valued", "modified": "unmodified", "linear": "quadratic",
    "left": "right", "right": "left", "slower": "faster", "forward": "backward",
    "all": "none of", "partial": "full", "same": "opposite", "largest": "smallest",
}  # fmt: skip
# Commands that say nothing, or say which formula is meant: what stands in them is left alone.
LEFT_ALONE = re.compile(
    r"\\renewcommand\{\\arraystretch\}\{[\d.]+\}|\\(?:tag|label|cite|eqref|ref)\{[^{}]*\}"
    r"|\\(?:begin|end)\{[a-z*]*\}(?:\{[|clr]*\})?|180\^\{?\\circ\}?|\\[A-Za-z]+"
)
WORD = re.compile(r"[A-Za-z]{3,}")


def mutants(printed: str) -> list[str]:
    """All single misprints of a print, each once and in reading order.

    >>> mutants("h_{12} = Wa")[:3]
    ['h_{02} = Wa', 'h_{22} = Wa', 'h_{11} = Wa']
    """
    made = [*_digits(printed), *_words(printed)]
    if _in_words(printed):
        for formula in re.finditer(r"\$([^$]+)\$", printed):
            made += [_put(printed, formula, f"${one}$") for one in _changed(formula[1])]
    else:
        made += _changed(printed)
    return [one for one in dict.fromkeys(made) if one != printed]


def _changed(formula: str) -> list[str]:
    changes = (_swapped_indices, _signs, _letters, _marks, _entries)
    return [one for change in changes for one in change(formula)]


def _free(printed: str, pattern: str, left_alone=LEFT_ALONE) -> Iterator[re.Match]:
    """The matches of a pattern that lie outside what is left alone."""
    closed = [match.span() for match in left_alone.finditer(printed)]
    for match in re.finditer(pattern, printed):
        if not any(start < match.end() and match.start() < end for start, end in closed):
            yield match


def _put(printed: str, match: re.Match, instead: str) -> str:
    return printed[: match.start()] + instead + printed[match.end() :]


def _digits(printed: str) -> Iterator[str]:
    for match in _free(printed, r"\d"):
        digit = int(match[0])
        for other in (digit - 1, digit + 1):
            if 0 <= other <= 9:
                yield _put(printed, match, str(other))


def _swapped_indices(printed: str) -> Iterator[str]:
    for match in _free(printed, r"(?<=_\{)(\d|[a-z]'?)(\d|[a-z]'?)(?=\})"):
        yield _put(printed, match, match[2] + match[1])


def _signs(printed: str) -> Iterator[str]:
    for match in _free(printed, r"[+-]"):
        yield _put(printed, match, "-" if match[0] == "+" else "+")
    for match in _free(printed, r"\{[+-]\}(\d|[a-z]'?)|[+-](\d|[a-z]'?)(?=[,}])"):
        yield _put(printed, match, "")
    yield from _dropped_terms(printed)


def _dropped_terms(printed: str) -> Iterator[str]:
    """Each term of a sum left out, with its sign; terms end where the brackets around them end."""
    for match in _free(printed, r"(?<!\{)[+-](?!\})"):
        depth, end = 0, match.end()
        while end < len(printed):
            rest = printed[end:]
            if depth == 0 and re.match(r"[+\-=&})]|\\\\|\\end|\\implies|\\right(?!a)", rest):
                break
            depth += (rest[0] in "{(") - (rest[0] in "})")
            end += 1
        yield printed[: match.start()] + printed[end:]


def _words(printed: str) -> Iterator[str]:
    for word, opposite in OPPOSITES.items():
        for match in re.finditer(rf"(?<![\w\\-]){word}(?![\w])", printed):
            yield _put(printed, match, opposite)


def _in_words(printed: str) -> bool:
    """Whether a print is a sentence rather than a formula."""
    bare = LEFT_ALONE.sub(" ", re.sub(r"\\text\{[^{}]*\}", " ", printed))
    return len(WORD.findall(bare)) >= 2


def _letters(printed: str) -> Iterator[str]:
    """Each letter of a formula as another letter that is printed in it."""
    closed = re.compile(rf"{LEFT_ALONE.pattern}|\\text\{{[^{{}}]*\}}|{WORD.pattern}")
    found = list(_free(printed, r"[A-Za-z]", closed))
    alphabet = sorted({match[0] for match in found})
    for match in found:
        others = [letter for letter in alphabet if letter != match[0]] or ["q"]
        for other in others:
            yield _put(printed, match, other)


def _marks(printed: str) -> Iterator[str]:
    for match in _free(printed, r"'|\^T|\^\{T\}"):
        yield _put(printed, match, "")
    for match in re.finditer(r"\\mathbf\{([^{}]*(?:\{[^{}]*\})?[^{}]*)\}", printed):
        yield _put(printed, match, match[1])
    # Between single letters ``*`` is a product already; between matrices it is not.
    for match in re.finditer(r"(?<=\\end\{bmatrix\})\s*\*|\\bullet|\\circledast", printed):
        yield _put(printed, match, " ")


def _entries(printed: str) -> Iterator[str]:
    """Neighbours in a row change places; a row is left out."""
    for matrix in re.finditer(
        r"(\\begin\{bmatrix\}|\\begin\{array\}\{[|clr]*\})(.*?)(\\end\{(?:bmatrix|array)\})",
        printed,
        re.DOTALL,
    ):
        opened, inside, closed = matrix.groups()
        rows = [row.split("&") for row in re.split(r"\\\\", inside)]
        for r, row in enumerate(rows):
            for c in range(len(row) - 1):
                if row[c].strip() != row[c + 1].strip():
                    changed = [*row[:c], row[c + 1], row[c], *row[c + 2 :]]
                    yield _put(printed, matrix, opened + _joined(rows, r, [changed]) + closed)
            if len(rows) > 1 and any(entry.strip() for entry in row):
                yield _put(printed, matrix, opened + _joined(rows, r, []) + closed)


def _joined(rows: list[list[str]], r: int, instead: list[list[str]]) -> str:
    return r" \\ ".join(" & ".join(row) for row in [*rows[:r], *instead, *rows[r + 1 :]])
