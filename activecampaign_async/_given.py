"""What a caller gives: checked against a TypedDict before anything is sent, and put as the wire wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from ._wire import UNSET, Wire, encode, wire_mark

T = TypeVar("T")


OWN = ("timeout",)  # what every verb takes beside its fields: a misspelt one ends up among them


def encode_fields(
    allowed: type,
    given: Mapping[str, Any],
    *,
    needed: Mapping[str, Any] = MappingProxyType({}),
    own: Sequence[str] = OWN,
) -> dict[str, Any]:
    """Keyword arguments as a wire object: checked against the TypedDict `allowed`, UNSET left out.

    `needed` are those that the call makes no sense without: UNSET is none of their values. TypeError for an unknown
    name, with the nearest known one (`own`: what the verb takes beside), and for a value of the wrong type.
    """
    writers = _writers(allowed)
    if unknown := [name for name in given if name not in writers]:
        wires = {wire: known for known, (wire, _) in writers.items()}
        known = {**wires, **{name: name for name in (*own, *writers)}}
        raise TypeError(f"unknown argument {unknown[0]!r}{nearest(unknown[0], known)}")
    for name, value in needed.items():
        required(value, name)
    fields = {**needed, **given}
    return {writers[k][0]: writers[k][1](v, k) for k, v in fields.items() if v is not UNSET}


def required(value: T, name: str) -> T:
    """`value`, unless it is UNSET: half a request would go out. TypeError."""
    if value is UNSET:
        raise TypeError(f"{name}: must be given, and UNSET gives nothing")
    return value


def given_ones(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` less what is UNSET: laid over defaults, a wrapper's UNSET must not take them away."""
    return {name: value for name, value in fields.items() if value is not UNSET}


_WRITERS: dict[type, dict[str, tuple[str, Callable[[Any, str], Any]]]] = {}


def _writers(allowed: type) -> dict[str, tuple[str, Callable[[Any, str], Any]]]:
    if allowed not in _WRITERS:
        hints = get_type_hints(allowed, include_extras=True)
        marks = {name: wire_mark(name, hint) for name, hint in hints.items()}
        _WRITERS[allowed] = {n: (mark.name, writer(hints[n], mark)) for n, mark in marks.items()}
    return _WRITERS[allowed]


def nearest(name: str, known: Mapping[str, str]) -> str:
    """Which argument may have been meant; `known`: how it may be spelt -> what it is called."""
    meant = near(name, known)
    return f": did you mean {meant}?" if meant else f"; known: {', '.join(dict.fromkeys(known.values()))}"


def near(name: str, known: Mapping[str, T], cutoff: float = 0.6) -> T | None:
    """What of `known` (how it may be spelt -> what it is) `name` is nearly."""
    from difflib import get_close_matches  # a rare path, and not a cheap import

    spelt = {_bare(spelling): meant for spelling, meant in known.items()}
    found = get_close_matches(_bare(name), spelt, n=1, cutoff=cutoff)
    return spelt[found[0]] if found else None


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


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
    members = next((kind for kind in kinds if issubclass(kind, Enum)), None)

    def write(value: Any, name: str) -> Any:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TypeError(f"{name}: {wanted} was expected, not {type(value).__name__}")
        return sendable(value if members is None else _member(members, value, name), name)

    return write


def _member(members: type[Enum], value: Any, name: str) -> Any:
    """A value of an enum. Text is sent as it is, tomorrow's too, unless it is a known word misspelt."""
    if isinstance(value, Enum) and not isinstance(value, members):  # its number may well be one of these
        raise TypeError(f"{name}: {members.__name__} was expected, not {type(value).__name__}")
    if value is None or isinstance(value, members) or value in {member.value for member in members}:
        return value
    if isinstance(value, str):
        return _word(members, value, name)
    raise ValueError(f"{name}: {value} is none of {_known(members)}; a value that is not known here goes as a str")


def _known(members: type[Enum]) -> str:
    return ", ".join(f"{member.value} ({member.name})" for member in members)


_SLIP = 0.85
"""As near as "txt" is to "text". What may well be new is farther from all that is known: "allMms", "numeric"."""


def _word(members: type[Enum], value: str, name: str) -> str:
    if not value.strip():
        raise ValueError(f"{name}: is empty")
    if value in {str(member.value) for member in members}:
        return value
    words = {word: member for member in members for word in (member.name, str(member.value))}
    meant = near(value, words, _SLIP)
    if meant is not None:  # and all there are: near to "subscribed" may be its very opposite alone
        said = f"did you mean {members.__name__}.{meant.name} ({meant.value!r})? known: {_known(members)}"
        raise ValueError(f"{name}: {said}")
    return value


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
        fits, wires = ", ".join(names), {wire: name for name, wire in names.items()}
        meant = near(unknown[0], {**wires, **{name: name for name in names}})
        hint = f"; did you mean {'-' * unknown[0].startswith('-')}{meant}?" if meant else ""
        raise ValueError(f"{argument}: {unknown[0]!r} is none of {fits} (or with a leading -){hint}")
    return [(names[order.removeprefix("-")], order.startswith("-")) for order in orders]
