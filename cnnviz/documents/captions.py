"""Captions: a noun before what it names, alone or beside a table: *Filter F*, *Loss gradient ∂L/∂O*.

A caption states something: that the noun fits the letter, and that both fit what they stand beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache

from .meaning import HasNoMeaning, Layer, equal, evaluate, latex
from .printed import Caption, Name, Partial, Product

NOUNS = ("Input", "Filter", "Output", "Loss gradient")


def captions_of(tree) -> Iterator[tuple[Caption, object]]:
    """Each caption of a tree, with what it stands beside, or by itself."""
    match tree:
        case Product("", thing, Caption() as caption) if not isinstance(thing, Caption):
            yield caption, thing
            yield from captions_of(thing)
        case Caption():
            yield tree, tree
        case tuple():
            for part in tree:
                yield from captions_of(part)
        case _ if is_dataclass(tree):
            for field in fields(tree):
                yield from captions_of(getattr(tree, field.name))


def misnamed(tree, layer: Layer) -> Iterator[tuple[str, str]]:
    r"""Each caption of a tree that names something else than it stands beside, and the right one.

    >>> from cnnviz.documents.printed import parse
    >>> from cnnviz.documents.slides.layers import BASE
    >>> list(misnamed(parse(r"\text{Input F}"), BASE))
    [('\\text{Input F}', '\\text{Filter F}')]
    """
    for caption, thing in captions_of(tree):
        value = evaluate(thing, layer)
        if not fits(caption, value, layer):
            yield written(caption), right_caption(value, layer)


def fits(caption: Caption, value, layer: Layer) -> bool:
    """Whether the noun of a caption fits its formula, and both fit a value."""
    return _names(caption, layer) and equal(evaluate(caption, layer), value)


def _names(caption: Caption, layer: Layer) -> bool:
    noun = caption.noun.lower().rpartition("rotated ")[2]
    if noun not in map(str.lower, NOUNS):
        raise HasNoMeaning(f"What is called {caption.noun}?")
    match caption.named:
        case Partial(Name(top), Name()):
            return noun == "loss gradient" and layer.letters.get(top) == "scalar"
        case Name(letter):
            part = layer.letters.get(letter)
            return part == {"filter": "kernel"}.get(noun, noun)
    return False


def right_caption(value, layer: Layer) -> str:
    """The caption for a value; for one that has no noun, the value itself."""
    for caption, named in _right_captions(layer):
        if equal(named, value):
            return written(caption)
    return latex(value)


@lru_cache
def _right_captions(layer: Layer) -> tuple[tuple[Caption, object], ...]:
    letters = layer.notation
    input_, kernel, output = (Name(n) for n in (letters.input, letters.kernel, letters.output))
    found = [Caption(noun, n) for noun, n in zip(NOUNS, (input_, kernel, output), strict=False)]
    found.append(Caption("rotated Filter", kernel))
    scalar = Name(letters.scalar)
    found += [Caption("Loss gradient", Partial(scalar, n)) for n in (output, input_, kernel)]
    return tuple((caption, evaluate(caption, layer)) for caption in found)


def written(caption: Caption) -> str:
    """A caption as LaTeX."""
    match caption.named:
        case Partial(Name(top), Name(bottom)):
            return rf"\text{{{caption.noun} }} \frac{{\partial {top}}}{{\partial {bottom}}}"
        case Name(letter):
            return rf"\text{{{caption.noun} {letter}}}"
    return rf"\text{{{caption.noun}}}"
