"""The rows of a file that were not imported, with the reason of each: to be corrected, and imported once more."""

from __future__ import annotations

import csv
import json
import os
import re
from array import array
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from ._import_columns import COMMENT
from ._replacing import replacing
from .reading import RowFile, UnreadableRow

__all__ = ["write_failures"]

ABOUT = ("line", "status", "reason", "raw")
_OURS = re.compile(rb'(?:\xef\xbb\xbf)?(?:#line(.)#status\1#reason\1#raw\1|\{"#line": )')


def write_failures(
    rows: RowFile, report: str | os.PathLike[str], path: str | os.PathLike[str], *, overwrite: bool = False
) -> int:
    """Write the rows that a `ReportFile` tells as failed or unknown to `path`, in the form of their own file. How many.

    Each begins with ``#line``, ``#status``, ``#reason``, and ``#raw`` for a line that is no row; a `RowFile` skips what
    begins with ``#``, so that the file can be imported once it is corrected. Where `rows` are in
    another encoding than UTF-8, it begins with a byte order mark, which goes before an ``encoding=``. It holds 8 bytes
    a row. Readable by its owner only, since it names people; no file is left where there is no such row.

    It takes the place of an earlier file of failures, and of any other file with `overwrite` alone: FileExistsError.
    ValueError for the file of the rows, or the report.
    """
    source, path = Path(report), Path(path)
    if any(is_same(path, needed) for needed in (rows.path, source)):
        raise ValueError(f"{path} is read for this: the failures need another name")
    refuse_other(path, overwrite=overwrite)
    told = _problems(source)
    count = sum(map(bool, told))
    if not count:
        if _is_ours(path):
            path.unlink()
        return 0
    with source.open("rb") as reasons, replacing(path, 0o600) as binary:
        file = TextIOWrapper(binary, _encoding(rows), errors="backslashreplace", newline="")
        write = _writer(rows, file)
        for (line, cells, row), place in zip(rows.with_text(), told, strict=False):
            if place:
                reasons.seek(place - 1)
                found = json.loads(reasons.readline())
                raw = _legible(cells[0]) if isinstance(row, UnreadableRow) and len(cells) == 1 else ""
                write((line, found["status"], found["reason"], raw), cells)
        file.detach()  # flushed, and not closed
    return count


def is_same(path: Path, other: Path) -> bool:
    """Whether two names are of one file, by whatever links."""
    return path.resolve() == other.resolve() or (path.exists() and other.exists() and path.samefile(other))


def refuse_other(path: Path, *, overwrite: bool) -> None:
    """FileExistsError for a file that is none of failures."""
    if not overwrite and path.exists() and not _is_ours(path):
        raise FileExistsError(f"{path} exists, and is no file of failures: give another name, or overwrite it")


def _encoding(rows: RowFile) -> str:
    """With a mark where the same options would say another one."""
    return "utf-8" if rows.encoding == "utf-8" else "utf-8-sig"


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return bool(_OURS.match(file.read(100)))


def _legible(text: str) -> str:
    """With bytes that were no text as ``\\xE9``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _problems(report: Path) -> array[int]:
    """By row: where the report tells of it, and 0 where it was imported. Counted from 1."""
    places = array("Q")
    with report.open("rb") as file:
        place = 0
        for told in file:
            found = json.loads(told)
            if found["status"] != "imported":
                if len(places) < found["row"]:
                    places.extend([0] * (found["row"] - len(places)))
                places[found["row"] - 1] = place + 1
            place += len(told)
    return places


def _writer(rows: RowFile, file: IO[str]) -> Callable[[tuple[Any, ...], list[str]], object]:
    if rows.format == "ndjson":

        def write_item(about: tuple[Any, ...], cells: list[str]) -> None:
            item = {COMMENT + name: value for name, value in zip(ABOUT, about, strict=True) if value != ""}
            if not about[-1]:
                item |= {name: value for name, value in json.loads(cells[0]).items() if not name.startswith(COMMENT)}
            file.write(json.dumps(item) + "\n")

        return write_item
    columns = list(rows.columns)
    kept = [place for place, name in enumerate(columns) if not name.startswith(COMMENT)]
    table = csv.writer(file, delimiter=rows.delimiter)
    table.writerow([*(COMMENT + name for name in ABOUT), *(columns[place] for place in kept)])

    def write_row(about: tuple[Any, ...], cells: list[str]) -> None:
        data = [""] * len(kept) if about[-1] else [cells[place] for place in kept]
        table.writerow([*about, *data])

    return write_row
