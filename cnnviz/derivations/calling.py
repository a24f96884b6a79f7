"""How a derivation is called: with the sizes that its layer is made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any


def called_like(make: Callable) -> Callable:
    """Make a function of one value into one that is called with what this value is made of.

    Arguments, their defaults and the errors for what cannot be are those of ``make``, and
    ``inspect.signature`` shows them.

    >>> def area(width, height=2):
    ...     return width * height
    >>> @called_like(area)
    ... def volume(base):
    ...     return 10 * base
    >>> volume(3, height=4), str(inspect.signature(volume))
    (120, '(width, height=2)')
    """

    def decorate(derive: Callable) -> Callable:
        @wraps(derive)
        def called(*args: Any, **named: Any) -> Any:
            return derive(make(*args, **named))

        arguments = inspect.signature(make)
        returned = inspect.signature(derive).return_annotation
        called.__signature__ = arguments.replace(return_annotation=returned)
        return called

    return decorate
