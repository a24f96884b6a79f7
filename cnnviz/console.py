"""Consoles and pipes that lack characters: what they cannot write is written with stand-ins.

Scenes, derivations, reports and the ledger are text with ∂, − and a₁₂ in it. A pipe on Windows has
none of them, and `print` would break off with a UnicodeEncodeError. So such a stream is told to write
dF/da11 instead. What it can write stays as it is, and so does a stream that was told how to err.
"""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from typing import Any

NAME = "cnnviz.stand_in"
STAND_INS = str.maketrans({
    "∂": "d", "−": "-", "×": "x", "·": "*", "∗": "*", "⋆": "*", "⊛": "(*)", "•": ".", "○": "o",
    "±": "+-", "√": "sqrt", "∞": "inf", "°": " degrees", "≠": "!=", "≈": "~", "≤": "<=", "≥": ">=",
    "→": "->", "←": "<-", "↔": "<->", "↕": "|", "⟹": "=>", "ᵀ": "^T", "⁻": "^-", "‖": "||", "⟨": "<", "⟩": ">",
    "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "✓": "ok:", "✕": "wrong:", "⚠": "!",
    "“": '"', "”": '"', "‘": "'", "’": "'", "′": "'", "–": "-", "—": "-", "\u200b": "",
})  # fmt: skip
BREAK_OFF = ("strict", "surrogateescape")  # how a stream errs that nobody has told how to
POWER = re.compile("(?<![⁰-⁹⁽(¹²³])(?=[²³])")  # y², and not the number of a layer, W⁽²⁾


def in_ascii(text: str) -> str:
    """The text with a stand-in for each character that is not ASCII.

    >>> in_ascii("∂F/∂a₁₂ = −½ (y − a)² δ⁽²⁾₁")
    'dF/da12 = -1/2 (y - a)^2 delta(2)1'
    """
    known = POWER.sub("^", text).translate(STAND_INS)
    # ₁₂ as 12, ½ as 1⁄2, é as e and an accent
    plain = unicodedata.normalize("NFKD", known).replace("⁄", "/")
    return "".join(c if c.isascii() else _by_name(c) for c in plain)


def _by_name(character: str) -> str:
    """A Greek letter by its name; nothing of an accent that has come apart from its letter."""
    name = unicodedata.name(character, "")
    if name.startswith("GREEK"):
        letter = name.rpartition(" ")[2]
        return letter.lower() if "SMALL" in name else letter.capitalize()
    return "" if unicodedata.combining(character) else "?"


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """What the codec of a stream asks when it cannot write some characters."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return in_ascii(error.object[error.start : error.end]), error.end


codecs.register_error(NAME, _stand_in)


def with_stand_ins(stream: Any) -> None:
    """Let a text stream write stand-ins where it would raise an error. Others are left alone."""
    if not isinstance(stream, io.TextIOWrapper) or stream.errors not in BREAK_OFF:
        return
    if not codecs.lookup(stream.encoding).name.startswith("utf"):
        stream.reconfigure(errors=NAME)
