"""From the file ``records.toml`` in the folder of a document to records.

A document has sections and a section has records. What stands at the document or a section holds for
all its records, unless a record says otherwise. Fields of a record:

* ``at``: its place within the place of its section; ``says``: what it states, in a few words;
* ``print``: what is printed; ``pdf``: how the PDF conversion has it, "" where it is lost;
* ``why``: the reason; ``right``: a print that would be right; ``see``: a record to compare it with;
* ``check``: how the print is compared, an expression of the document's own names;
* ``reads`` with ``so``: for a sentence, its reading and the computation that decides (`sentences`);
* ``about``: the records that a sentence speaks of: their prints are handed to its computation, so
  that it is judged by what is printed there;
* ``or``: a list of conventions, each with its words (``says``), the record where the document uses
  it, too (``seen``), and its own ``check`` or ``so``;
* ``uncompared``: why words are not compared; ``lesson``, ``picture``, ``pin``, ``derivation``.
"""

from __future__ import annotations

import ast
import tomllib
from collections import ChainMap
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from types import ModuleType
from typing import Any

from .checks import Check, both
from .record import Record
from .sentences import claim

FIELDS = {
    "at", "says", "print", "pdf", "why", "right", "see", "check", "reads", "so", "or", "uncompared",
    "lesson", "picture", "pin", "derivation", "place", "about",
}  # fmt: skip


def load(
    folder: ModuleType, names: Mapping[str, object], instead: Mapping[str, str]
) -> tuple[Record, ...]:
    """The records of one document, numbered in the order of its file.

    ``names`` are what its checks may speak of, and ``instead`` other prints for some records.
    """
    document = folder.__name__.rpartition(".")[2]
    text = (files(folder) / "records.toml").read_text(encoding="utf-8")
    whole = tomllib.loads(text)
    found = [
        ChainMap(fields, {k: v for k, v in section.items() if k != "record"}, whole)
        for section in whole.pop("section")
        for fields in section["record"]
    ]
    ids = [f"{document}-{n:02}" for n in range(1, len(found) + 1)]
    prints = {name: fields["print"] for name, fields in zip(ids, found, strict=True)}
    names = {**names, "prints": {**prints, **instead}}
    return tuple(
        _record(name, document, fields, names) for name, fields in zip(ids, found, strict=True)
    )


def _record(name: str, document: str, fields: Mapping[str, Any], names) -> Record:
    unknown = {*fields} - FIELDS
    if unknown:
        raise ValueError(f"{name}: a record has no field {', '.join(sorted(unknown))}.")
    try:
        return Record(
            name,
            document,
            _place(fields),
            fields["says"],
            names["prints"][name],
            (("", _check(fields, names)), *_conventions(fields, names)),
            fields["lesson"],
            fields["why"],
            converted=fields.get("pdf"),
            seen=tuple(one["seen"] for one in fields.get("or", ())),
            **{name: fields.get(name, "") for name in OPTIONAL},
        )
    except KeyError as missing:
        raise ValueError(f"{name}: the field {missing} is missing.") from None
    except ValueError as problem:
        raise ValueError(f"{name}: {problem}") from None


OPTIONAL = ("right", "see", "uncompared", "picture", "pin", "derivation")


def _place(fields: Mapping[str, Any]) -> str:
    parts = (fields.get("place", ""), fields.get("at", ""))
    return ", ".join(part for part in parts if part)


def _conventions(fields: Mapping[str, Any], names) -> list[tuple[str, Check]]:
    """The other readings of a print, each of which repeats only what it reads otherwise."""
    sentence = {name: fields[name] for name in ("reads", "about") if name in fields}
    return [(one["says"], _check({**sentence, **one}, names)) for one in fields.get("or", ())]


def _check(fields: Mapping[str, Any], names) -> Check:
    """The check of a formula or a sentence; several of one print must all hold."""
    if "so" in fields:
        decide = named(fields["so"], names)
        there = [names["prints"][one] for one in fields.get("about", ())]
        return claim(fields["reads"], partial(decide, *there))
    written = fields["check"]
    checks = [named(one, names) for one in ([written] if isinstance(written, str) else written)]
    return checks[0] if len(checks) == 1 else both(*checks)


def named(expression: str, names: Mapping[str, object]) -> Any:
    """What an expression of names, calls and literals stands for.

    >>> named("divmod(17, 5)", {"divmod": divmod})
    (3, 2)
    >>> named("divnod(17, 5)", {"divmod": divmod})
    Traceback (most recent call last):
    ...
    ValueError: Nothing is called divnod.
    """
    return _meant(ast.parse(expression, mode="eval").body, names)


def _meant(tree: ast.expr, names: Mapping[str, object]) -> Any:
    match tree:
        case ast.Name(id=name):
            if name not in names:
                raise ValueError(f"Nothing is called {name}.")
            return names[name]
        case ast.Call(func=function, args=arguments, keywords=keywords):
            given = [_meant(one, names) for one in arguments]
            by_name = {one.arg: _meant(one.value, names) for one in keywords}
            return _meant(function, names)(*given, **by_name)
        case ast.Tuple(elts=entries):
            return tuple(_meant(entry, names) for entry in entries)
    try:
        return ast.literal_eval(tree)
    except ValueError:
        raise ValueError(
            f"A check is made of names, calls and values: {ast.unparse(tree)}"
        ) from None
