"""The tables of a joined export, kept in files beside it: a run that goes on does not read them once more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import anyio
from anyio.to_thread import run_sync

from .checkpoint import Checkpoint
from .export import export_rows
from .output import SUFFIX, FileOutput

if TYPE_CHECKING:
    from .._paging import Pager

_NAME, _PIECE = ".table-", 10_000


class TableFiles:
    """Keeps what `Joined.pager` reads from whole tables, each in ``FILE.table-…`` with a checkpoint beside it.

        tables = TableFiles("people.ndjson", account=ac.base_url, resume=True)
        people = await ac.contacts.joined().pager(tables)
        await export_rows(people, FileOutput("people.ndjson", account=ac.base_url, resume=True))
        await tables.discard()

    A table that was read whole is not asked for again, and one that was read in part is gone on with, after any crash.
    What is tied to a contact after its table was read is not seen: a later export begins anew.

    Arguments:
        path: the file of the export.
        account: whose tables they are, e.g. ``client.base_url``.
        resume: go on with what an earlier run left. Without it the tables are read anew.
    """

    def __init__(self, path: str | Path, *, account: str, resume: bool = False) -> None:
        self._path, self._account, self._resume = Path(path), account, resume

    async def read(self, table: Pager[Any], add: Callable[[int, int, str | None], None]) -> None:
        """Read the rest of a table into its file, and give `add` all that is there."""
        path = self._path.with_name(f"{self._path.name}{_NAME}{table._source.mark}")
        output = FileOutput(path, account=self._account, resume=self._resume, overwrite=not self._resume)
        await export_rows(table, output, format=_Lines())
        async with await anyio.open_file(path, "rb") as file:
            while await run_sync(_load, file.wrapped, add):
                pass

    async def kept(self) -> int:
        """Rows of them that an earlier run left."""
        return await run_sync(self._kept) if self._resume else 0

    async def discard(self) -> None:
        """Remove them: the export is whole."""
        await run_sync(self._discard)

    def _kept(self) -> int:
        states = [Checkpoint.load(path) for path in self._files() if path.name.endswith(SUFFIX)]
        return sum(state.rows for state in states if state is not None)

    def _discard(self) -> None:
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return [path for path in self._path.parent.iterdir() if path.name.startswith(self._path.name + _NAME)]


class _Lines:
    """A `Format`: contact, what is tied to it, and what stands there."""

    mark = "ties"

    def head(self) -> bytes:
        return b""

    def lines(self, items: Iterable[Any]) -> bytes:
        return "".join([f"{json.dumps(tie)}\n" for tie in items if tie is not None]).encode()


def _load(file: IO[bytes], add: Callable[[int, int, str | None], None]) -> bool:
    """Some of it, in a worker thread. False where there is no more."""
    lines = list(islice(file, _PIECE))
    for line in lines:
        add(*json.loads(line))
    return bool(lines)
