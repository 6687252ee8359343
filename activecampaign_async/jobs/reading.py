"""Contacts in a CSV or NDJSON file, for `Contacts.import_many`: row by row, and what is none is told by its line."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from ._import_columns import Columns, Empty, HeaderError
from ._text import Line, Record, encoding_of, lines, records

__all__ = ["HeaderError", "RowFile", "UnreadableRow"]

SUFFIXES: dict[str, Literal["csv", "ndjson"]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
_OTHERS = dict.fromkeys((".xlsx", ".xls", ".ods"), "a spreadsheet's own format is not read: save it as CSV") | {
    ".parquet": "Parquet is not read: CSV and NDJSON are"
}
DELIMITERS = ",;\t|"


class UnreadableRow(ValueError):
    """A line that is no contact, in place of one; `Contacts.import_many` tells it as failed."""


class RowFile:
    """The contacts of a file, any number of times.

        rows = RowFile("people.csv", columns={"Vorname": "first_name"})
        report = await ac.contacts.import_many(rows, run_automations=False)

    Gives an `ImportRow` for each, and an `UnreadableRow` for each line that is none: a broken quote, too few columns,
    another encoding, no JSON. Holds a line at a time.

    Arguments:
        path: the file. CSV begins with a line that names the columns; NDJSON has a JSON object on each line.
        format: ``csv`` or ``ndjson``; by default as the name of the file ends.
        columns: column -> what it is, where its name does not tell: a key of `ImportRow`, or ``field:ID`` for a custom
            field, by its personalization tag or title instead of the id after `resolve`.
        skip: columns that are not imported.
        encoding: by default UTF-8, or what a byte order mark says.
        delimiter: of CSV; by default the one that makes sense of the first line.
        empty: what an empty cell does to a contact that is there: ``keep`` or ``clear``.

    HeaderError where the columns are not understood, OSError, LookupError for an unknown encoding.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        format: Literal["csv", "ndjson"] | None = None,
        columns: Mapping[str, str] | None = None,
        skip: Iterable[str] = (),
        encoding: str | None = None,
        delimiter: str | None = None,
        empty: Empty = "keep",
    ) -> None:
        self.path = Path(path)
        told = SUFFIXES.get(self.path.suffix.lower()) if format is None else format
        if told is None:
            raise HeaderError(_OTHERS.get(self.path.suffix.lower(), "csv or ndjson? Its name does not tell"))
        self.format: Literal["csv", "ndjson"] = told
        self.encoding = encoding_of(self.path, encoding)
        self._given, self._skip, self._empty = dict(columns or {}), list(skip), empty
        self.delimiter, self._columns = self._look(delimiter) if told == "csv" else ("", self._of(None))
        self._lines = _Places()

    def _of(self, names: list[str] | None) -> Columns:
        return Columns(names, self._given, self._skip, self._empty)

    def _look(self, delimiter: str | None) -> tuple[str, Columns]:
        """The delimiter that makes sense of the first line, and the columns."""
        failures: list[tuple[int, HeaderError]] = []
        for tried in delimiter or DELIMITERS:
            head = next(records(self._text(), tried), None)
            if head is None:
                raise HeaderError("it is empty: a first line with the names of the columns was expected")
            if head.flaw:
                raise HeaderError(f"line {head.line}: {head.flaw}")
            try:
                return tried, self._of(head.cells)
            except HeaderError as error:
                failures.append((-len(head.cells), error))
        raise min(failures, key=lambda failure: failure[0])[1]

    @property
    def columns(self) -> dict[str, str | None]:
        """What each column is; None for one that is skipped."""
        return dict(zip(self._columns.names, self._columns.targets, strict=True))

    @property
    def field_names(self) -> list[str]:
        """Custom fields that are named, and not numbered: `resolve` has to tell their ids."""
        return self._columns.fields

    def resolve(self, fields: Mapping[str, int]) -> None:
        """Tell ids of custom fields by their names, without regard to case. HeaderError for a name that is missing."""
        self._columns.resolve(fields)

    def line(self, row: int) -> int:
        """On which line a row stands that was read: rows count from 1."""
        return self._lines.line(row)

    def __iter__(self) -> Iterator[dict[str, Any] | UnreadableRow]:
        places = self._lines = _Places()
        for line, _, row in self.with_text():
            places.add(line)
            yield row

    def with_text(self) -> Iterator[tuple[int, list[str], dict[str, Any] | UnreadableRow]]:
        """Line, cells (of NDJSON the one line) and row of each."""
        if self.format == "ndjson":
            for line in self._text():
                if line.flaw or line.text.strip():
                    yield line.number, [line.text], self._item(line)
            return
        source = records(self._text(), self.delimiter, len(self._columns.names))
        for record in islice(source, 1, None):  # less the names
            yield record.line, record.cells, self._row(record)

    def _text(self) -> Iterator[Line]:
        """Its lines, less the byte order mark of each file that was put behind another."""
        for line in lines(self.path, self.encoding):
            yield line._replace(text=line.text[1:]) if line.text.startswith("\ufeff") else line

    def _row(self, record: Record) -> dict[str, Any] | UnreadableRow:
        try:
            return self._columns.row(record.cells) if not record.flaw else UnreadableRow(record.flaw)
        except ValueError as error:
            return UnreadableRow(str(error))

    def _item(self, line: Line) -> dict[str, Any] | UnreadableRow:
        if line.flaw:
            return UnreadableRow(line.flaw)
        try:
            item = json.loads(line.text, parse_constant=_no_number)
        except json.JSONDecodeError as error:
            return UnreadableRow(f"is no JSON: {error.msg} at character {error.colno}")
        except (ValueError, RecursionError):
            return UnreadableRow("is no JSON that anybody means: a number or a depth beyond all bounds")
        if not isinstance(item, dict):
            return UnreadableRow("is no JSON object")
        try:
            return self._columns.item(item)
        except ValueError as error:
            return UnreadableRow(str(error))


def _no_number(name: str) -> None:
    raise ValueError(name)


class _Places:
    """Row -> line. Most rows stand on the line after the one before, so that only the others cost memory."""

    def __init__(self) -> None:
        self._rows = [1]
        self._lines = [1]
        self._next = 0, 0

    def add(self, line: int) -> None:
        row, expected = self._next[0] + 1, self._next[1] + 1
        if line != expected:
            self._rows.append(row)
            self._lines.append(line)
        self._next = row, line

    def line(self, row: int) -> int:
        place = bisect_right(self._rows, row) - 1
        return self._lines[place] + row - self._rows[place]
