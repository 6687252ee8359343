"""Single values: off the wire (`reader`), and on to it (`encode`). Pure functions.

Readers know the shapes that the API is seen to send for a type and raise one of `MISFIT` for anything else.
What is empty on the wire (null, "", "0000-00-00") is None, except in text, where "" stays "". A reference "0"
(none) stays 0, which is false: attributes tell all that the wire told.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, final, get_args, get_origin

from attrs import frozen

Read: TypeAlias = Callable[[Any], Any]
Links: TypeAlias = Mapping[str, str]
"""Name of a related collection -> its address."""

MISFIT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


@final
class Unset(enum.Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""An argument that was not given: it is not sent. None is sent as null, and "" clears."""


@frozen
class Wire:
    """Marks a field whose wire name is not its Python name in camelCase, or that is written its own way."""

    name: str
    encode: Callable[[Any, str], Any] | None = None
    """From value and argument name to what is sent; its TypeError or ValueError names the argument."""


def camel(name: str) -> str:
    """``first_name`` -> ``firstName``."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def wire_mark(name: str, hint: Any) -> Wire:
    """How the field `name` of that type is called on the wire."""
    marks = (mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, Wire))
    return next(marks, None) or Wire(camel(name))


def clone(value: Any) -> Any:
    """A deep copy of JSON, however deep."""
    if type(value) not in (dict, list):
        return value
    root = value.copy()
    todo = [root]
    while todo:
        node = todo.pop()
        for key, inner in node.items() if type(node) is dict else enumerate(node):
            if type(inner) in (dict, list):
                node[key] = inner.copy()
                todo.append(node[key])
    return root


def php_list(value: Any) -> Any:
    """PHP's lists with gaps, ``{"0": {...}, "2": {...}}``, and its other empty one, ``{}``, as lists."""
    if isinstance(value, dict) and all(isinstance(key, str) and key.isdigit() for key in value):
        return list(value.values())
    return value


# -- off the wire

EMPTY_TIMES = frozenset({None, "", "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00"})
BOOLS: dict[Any, bool | None] = {"0": False, "1": True, 0: False, 1: True, "": None, None: None}


def read_int(value: Any) -> int | None:
    """Digits or a whole number."""
    if value is None or value == "":
        return None
    if type(value) is int:
        return value
    if type(value) is str and value.removeprefix("-").isdigit() and value.isascii():
        return int(value)
    raise ValueError("no whole number")


class _Ints(dict[Any, Any]):
    """Finds small numbers, which most are, in a third of the time that it takes to read one."""

    def __missing__(self, value: Any) -> int | None:
        if type(value) is str and value.isdigit() and value.isascii():
            return int(value)
        return read_int(value)


INTS = _Ints({None: None, "": None} | {str(n): n for n in range(256)})


def read_str(value: Any) -> str | None:
    """Text; a number where text is expected is text too."""
    if value is None or type(value) is str:
        return value
    if type(value) in (int, float):
        return str(value)
    raise ValueError("no text")


def read_bool(value: Any) -> bool | None:
    return BOOLS[value]


def read_decimal(value: Any) -> Decimal | None:
    """An exact amount. NaN and infinity are none."""
    if value is None or value == "":
        return None
    if type(value) not in (str, int, float):
        raise ValueError("no number")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("no finite number")
    return number


def read_datetime(value: Any) -> datetime | None:
    """A time with a zone where the wire says one, else without. A lone date is its midnight."""
    if value in EMPTY_TIMES or value.startswith("0000-00-00"):
        return None
    return datetime.fromisoformat(_dashed(value))


def read_date(value: Any) -> date | None:
    if value in EMPTY_TIMES or value.startswith("0000-00-00"):
        return None
    if len(value) == 10:
        return date.fromisoformat(_dashed(value))
    moment = datetime.fromisoformat(_dashed(value))
    if moment.time() != time.min:
        raise ValueError("has a time of day")
    return moment.date()


def _dashed(value: str) -> str:
    """Python takes 20240102 and 2024-W01-2 for dates, too; the API means something else by them."""
    if value[4:8:3] != "--":
        raise ValueError("no date")
    return value


def read_links(value: Any) -> dict[str, str] | None:
    if value is None or (type(value) is list and not value):  # PHP's empty object
        return None if value is None else {}
    links: dict[str, str] = value.copy()
    "".join(links.values())  # TypeError where not all addresses are text
    return links


_READERS: dict[Any, Read] = {
    int: read_int,
    str: read_str,
    bool: read_bool,
    Decimal: read_decimal,
    datetime: read_datetime,
    date: read_date,
    Links: read_links,
}


def reader(hint: Any, nested: Callable[[Any], Read | None] = lambda _: None) -> Read:
    """The reader that an annotation asks for; `nested` knows models. TypeError where there is none."""
    if hint in _READERS:
        return _READERS[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return reader(args[0], nested)
    if origin in (Union, UnionType):
        kinds = [arg for arg in args if arg is not NoneType]
        return _open_enum(*kinds) if len(kinds) == 2 else reader(kinds[0], nested)
    if origin is tuple and args[1:] == (...,):
        return _tuple_of(INTS.__getitem__ if args[0] is int else reader(args[0], nested))
    if (read := nested(hint)) is not None:
        return read
    raise TypeError(f"no reader for {hint}")


def _open_enum(kind: type[enum.Enum], raw: Any) -> Read:
    """A member, or the raw value where none fits: tomorrow's values."""
    members: dict[Any, enum.Enum] = {}
    for member in kind:
        members[member.value] = members[str(member.value)] = member
    read_raw = reader(raw)

    def read(value: Any) -> Any:
        if value == "":
            return None
        return members[value] if value in members else read_raw(value)  # a member may be false

    return read


def _tuple_of(read: Read) -> Read:
    def read_tuple(value: Any) -> tuple[Any, ...] | None:
        if type(value) is list:
            items = tuple(map(read, value))
            if None in items:
                raise ValueError("an empty item")
            return items
        if value is None or value == "":
            return None
        if value == {}:  # PHP's empty list
            return ()
        raise TypeError("no list")

    return read_tuple


def only(hint: Any) -> Any:
    """The one type besides None of an annotation, or None where there are more."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) not in (Union, UnionType):
        return hint
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    return kinds[0] if len(kinds) == 1 else None


# -- on to the wire


def encode(value: Any) -> Any:
    """An attribute as the wire writes it. Times without a zone are written with a blank, as they are read."""
    match value:
        case enum.Enum():
            return value.value
        case datetime():
            return value.isoformat("T" if value.tzinfo else " ")
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case list() | tuple():
            return [encode(item) for item in value]
        case Mapping():
            return {key: encode(item) for key, item in value.items()}
        case None | bool() | int() | float() | str():
            return value
    if hasattr(value, "to_dict"):
        return value.to_dict()
    raise TypeError(f"{type(value).__name__} cannot be sent")
