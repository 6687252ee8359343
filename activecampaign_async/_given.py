"""What a caller gives: checked against a TypedDict before anything is sent, and put as the wire wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from ._wire import UNSET, Wire, encode, wire_mark


def encode_fields(allowed: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments as a wire object: checked against the TypedDict `allowed`, UNSET left out.

    TypeError for an unknown name, with the nearest known one, and for a value of the wrong type.
    """
    writers = _writers(allowed)
    if unknown := [name for name in given if name not in writers]:
        raise TypeError(f"unknown argument {unknown[0]!r}{_hint(unknown[0], writers)}")
    return {writers[k][0]: writers[k][1](v, k) for k, v in given.items() if v is not UNSET}


_WRITERS: dict[type, dict[str, tuple[str, Callable[[Any, str], Any]]]] = {}


def _writers(allowed: type) -> dict[str, tuple[str, Callable[[Any, str], Any]]]:
    if allowed not in _WRITERS:
        hints = get_type_hints(allowed, include_extras=True)
        marks = {name: wire_mark(name, hint) for name, hint in hints.items()}
        _WRITERS[allowed] = {n: (mark.name, writer(hints[n], mark)) for n, mark in marks.items()}
    return _WRITERS[allowed]


def _hint(name: str, writers: Mapping[str, tuple[str, Any]]) -> str:
    from difflib import get_close_matches  # a rare path, and not a cheap import

    by_wire = next((known for known, (wire, _) in writers.items() if wire == name), None)
    near = [by_wire] if by_wire else get_close_matches(name, writers, n=1, cutoff=0.5)
    return f": did you mean {near[0]}?" if near else f"; known: {', '.join(writers)}"


def sendable(value: Any, name: str) -> Any:
    """`encode` for what a caller gives: a time must say its zone, a number be finite, text be Unicode."""
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ValueError(f"{name}: a time needs its zone, e.g. datetime.now(UTC)")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"{name}: a finite number was expected")
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{name}: holds half of a surrogate pair, which is no text")
    return encode(value)


def writer(hint: Any, mark: Wire) -> Callable[[Any, str], Any]:
    """Checks a caller's value against the annotation, and encodes it: ``write(value, argument name)``."""
    if mark.encode is not None:
        return mark.encode
    kinds = _kinds(hint)
    wanted = " or ".join("None" if kind is NoneType else kind.__name__ for kind in kinds)

    def write(value: Any, name: str) -> Any:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TypeError(f"{name}: {wanted} was expected, not {type(value).__name__}")
        return sendable(value, name)

    return write


def _kinds(hint: Any) -> tuple[type, ...]:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _kinds(args[0])
    if origin in (Union, UnionType):
        return tuple(kind for arg in args for kind in _kinds(arg))
    if isinstance(hint, type):
        return (hint,)
    raise TypeError(f"{hint}: give its Wire an encoder")


def one_of(names: Mapping[str, str], given: str | Sequence[str], argument: str) -> list[tuple[str, bool]]:
    """Orders as a caller gives them: (wire name, whether descending) in turn. ValueError names what fits."""
    orders: Any = [given] if isinstance(given, str) else given
    if not isinstance(orders, (list, tuple)) or not all(isinstance(order, str) for order in orders):
        raise TypeError(f"{argument}: a str or several were expected, not {type(given).__name__}")
    if unknown := [order for order in orders if order.removeprefix("-") not in names]:
        fits = ", ".join(names)
        raise ValueError(f"{argument}: {unknown[0]!r} is none of {fits} (or with a leading -)")
    return [(names[order.removeprefix("-")], order.startswith("-")) for order in orders]
