"""What an export writes a row as: NDJSON, or CSV; all of it, or some of its fields."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from .._model import Model, plan
from .._wire import Read, only

__all__ = ["CSV", "NDJSON", "Column", "Format", "columns_of"]

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # where a spreadsheet begins to calculate


class Format(Protocol):
    """How rows become bytes. Each row by itself, so that a run can go on at any of them."""

    @property
    def mark(self) -> str:
        """What tells it from others: a run does not go on in another format."""

    def head(self) -> bytes:
        """What stands before the first row."""

    def lines(self, items: Iterable[Any]) -> bytes:
        """Rows, each ending its line."""


class Column(NamedTuple):
    """One field of a row."""

    name: str
    get: Callable[[Any], Any]
    """Of an item: the value as it came off the wire."""
    hint: Any = str
    """Its type: an annotation of a model."""
    read: Callable[[Any], Any] = lambda value: value
    """From the wire to that type."""
    text: Callable[[Any], str] | None = None
    """For CSV, where that is not the value itself."""
    arrow: Callable[[Any], Any] | None = None
    """For Parquet, where it is none of the simple types: from the module `pyarrow` to a type of it."""


def columns_of(model: type[Model], names: Iterable[str] | None = None) -> list[Column]:
    """Columns for fields of `model`, by their names in Python or on the wire; where none are named, all but lists.

    ValueError for a name that there is not.
    """
    fields = plan(model)
    if names is None:
        return [_column(f.name, f.wire, f.hint, f.read) for f in fields if _is_plain(f.hint)]
    known = {f.wire: f for f in fields} | {f.name: f for f in fields}
    wanted = list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in known]:
        raise ValueError(f"there is no field {unknown[0]!r}{_meant(unknown[0], known)}")
    return [_column(name, known[name].wire, known[name].hint, known[name].read) for name in wanted]


def _is_plain(hint: Any) -> bool:
    return isinstance(only(hint), type)


def _column(name: str, wire: str, hint: Any, read: Read) -> Column:
    return Column(name, lambda item: wire_of(item).get(wire), hint, read)


def wire_of(item: Any) -> Any:
    """The wire object of an item. Not `to_dict`: that copies deep, lest a caller change the model's own row."""
    if isinstance(item, Model):
        return item._wire
    return item.to_dict() if hasattr(item, "to_dict") else item


def _meant(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # a rare path, and not a cheap import

    near = get_close_matches(name, list(known), n=1)
    return f": did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


class NDJSON:
    """A JSON object a line: as it came off the wire, or with `columns` alone."""

    def __init__(self, columns: Sequence[Column] | None = None) -> None:
        self._columns = columns

    @property
    def mark(self) -> str:
        """See `Format`."""
        return "ndjson" if self._columns is None else f"ndjson of {', '.join(c.name for c in self._columns)}"

    def head(self) -> bytes:
        """See `Format`."""
        return b""

    def lines(self, items: Iterable[Any]) -> bytes:
        """See `Format`."""
        columns = self._columns
        if columns is None:
            rows: Iterable[Any] = map(wire_of, items)
        else:
            rows = ({column.name: column.get(item) for column in columns} for item in items)
        return "".join([_encode(row) + "\n" for row in rows]).encode("ascii")


class CSV:
    """Comma-separated, UTF-8, a first line with the names, lines that end in CR LF (RFC 4180).

    Values stand as they came: what is null is empty, a list is JSON. A spreadsheet takes a cell that begins with one of
    ``= + - @`` for a formula, and contacts choose their names: `guard` puts an apostrophe before such a cell, which
    changes phone numbers, too.
    """

    def __init__(self, columns: Sequence[Column], *, guard: bool = False) -> None:
        self._columns, self._guard = columns, guard

    @property
    def mark(self) -> str:
        """See `Format`."""
        return f"csv{', guarded,' if self._guard else ''} of {', '.join(c.name for c in self._columns)}"

    def head(self) -> bytes:
        """See `Format`."""
        return self._written([[column.name for column in self._columns]])

    def lines(self, items: Iterable[Any]) -> bytes:
        """See `Format`."""
        return self._written([self._cell(column, column.get(item)) for column in self._columns] for item in items)

    def _written(self, rows: Iterable[Sequence[str]]) -> bytes:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        return text.getvalue().encode("utf-8", "replace")  # half a surrogate pair is no text

    def _cell(self, column: Column, value: Any) -> str:
        if value is None:
            return ""
        text = value if isinstance(value, str) else (column.text or _encode)(value)
        return "'" + text if self._guard and text.startswith(_FORMULA) else text
