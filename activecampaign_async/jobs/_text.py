"""Lines and records of a text file that anybody may have made: what cannot be read is told, and the rest goes on."""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

LONGEST = 1_000_000  # characters of a line
MOST_LINES = 100  # of a record; what goes on for longer is a quote that was never closed
_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
          (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"))  # fmt: skip
_UNLIKE = " like the rest: "
_NOT_DECODED = re.compile("[\udc80-\udcff]")


class Line(NamedTuple):
    """One line, without its end."""

    number: int
    """From 1."""
    text: str
    flaw: str = ""
    """Why it is no text."""


class Record(NamedTuple):
    """One record of a CSV file."""

    line: int
    """Its first one."""
    cells: list[str]
    flaw: str = ""
    """Why it is none; then its one cell is the whole line."""


def encoding_of(path: Path, given: str | None) -> str:
    """What a byte order mark says, else `given`, else UTF-8. LookupError for one that Python does not know."""
    with path.open("rb") as file:
        start = file.read(4)
    told = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    return codecs.lookup(told or given or "utf-8").name


def lines(path: Path, encoding: str) -> Iterator[Line]:
    """The lines of a file, also of one in which some are in another encoding."""
    wide = encoding.startswith(("utf-16", "utf-32"))  # they have no way to keep a byte that does not fit
    with path.open("r", encoding=encoding, errors="replace" if wide else "surrogateescape") as file:
        number = 0
        while text := file.readline(LONGEST):
            number += 1
            if not text.endswith("\n") and len(text) == LONGEST and not _skip_rest(file):
                yield Line(number, "", f"is longer than {LONGEST:,} characters")
                continue
            text = text.removesuffix("\n")
            yield Line(number, text, _flaw(text, encoding, wide))


def _skip_rest(file: TextIO) -> bool:
    """Whether there is nothing more of the line."""
    rest = file.readline(LONGEST)
    whole = rest in ("", "\n")
    while rest and not rest.endswith("\n"):
        rest = file.readline(LONGEST)
    return whole


def _flaw(text: str, encoding: str, wide: bool) -> str:
    if wide and (place := text.find("\ufffd")) >= 0:
        return f"is not all {_shown(encoding)}, from character {place + 1} on"
    if not text.isascii() and (odd := _NOT_DECODED.search(text)):
        byte = ord(odd[0]) - 0xDC00
        return f"is not {_shown(encoding)}{_UNLIKE}byte 0x{byte:02X} at character {odd.start() + 1}"
    if "\0" in text:
        return "holds a NUL character"
    return ""


def is_undecoded(flaw: str) -> bool:
    """Whether that is said of a line in another encoding."""
    return _UNLIKE in flaw


def _shown(encoding: str) -> str:
    return encoding.upper().removesuffix("-SIG")


def records(source: Iterator[Line], delimiter: str, width: int | None = None) -> Iterator[Record]:
    """The records of CSV, as spreadsheets write it, each of `width` cells; blank lines are none.

    A quote that is not closed would make one record of all that follows. So where one does not come out right, only its
    first line is taken for broken, and the next one is begun with.
    """
    again = deque[Line]()
    while (first := again.popleft() if again else next(source, None)) is not None:
        if first.flaw:
            yield Record(first.number, [first.text], first.flaw)
            continue
        if not first.text.strip():
            continue
        taken = [first]
        cells, flaw = _parsed(taken, delimiter, width)
        while cells is None and flaw == _OPEN and len(taken) < MOST_LINES:
            more = again.popleft() if again else next(source, None)
            if more is None:
                break
            taken.append(more)
            cells, flaw = (None, "") if more.flaw else _parsed(taken, delimiter, width)
        if cells is None:
            again.extendleft(reversed(taken[1:]))
            yield Record(first.number, [first.text], _UNCLOSED if len(taken) > 1 or flaw == _OPEN else flaw)
        else:
            yield Record(first.number, cells)


_OPEN = "unexpected end of data"  # as the csv module says it
_UNCLOSED = "a quote is opened and not closed as it should be"


def _parsed(taken: list[Line], delimiter: str, width: int | None) -> tuple[list[str] | None, str]:
    text = "\n".join(line.text for line in taken)
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return None, str(error)
    if width is not None and len(cells) != width:
        return None, f"has {len(cells)} cells, and there are {width} columns"
    return cells, ""
