"""What became of the rows of an import, in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from anyio.to_thread import run_sync
from attrs import asdict

from ..resources._saved import ResumeError
from ..resources.imports import RowOutcome
from ._replacing import sync_directory


class ReportFile:
    """NDJSON, one line a row: `outcomes=` of `Contacts.import_many`. Readable by its owner only, since it names people.

        rows, kept = [{"email": "ann@example.org"}], StateFile("import.checkpoint")
        file = ReportFile("report.ndjson")
        await ac.contacts.import_many(rows, run_automations=True, outcomes=file, checkpoint=kept)

    Together with a checkpoint each row stands in it once, also after ``kill -9``: what the checkpoint does not count is
    cut off and told again.

    Arguments:
        path: the file.
        problems_only: leave out the rows that were imported.
        overwrite: begin anew where the file holds something. Without it: FileExistsError, unless the run goes on.

    ResumeError where the file was changed meanwhile. Files are touched in a thread.
    """

    def __init__(self, path: str | os.PathLike[str], *, problems_only: bool = False, overwrite: bool = False) -> None:
        self.path = Path(path)
        self._problems_only, self._overwrite, self._thread = problems_only, overwrite, Lock()

    async def begin(self, mark: int | None) -> None:
        """See `Outcomes`."""
        await run_sync(self._begin, mark)

    async def write(self, outcomes: Sequence[RowOutcome], mark: int) -> int:
        """See `Outcomes`."""
        return await run_sync(self._tell, outcomes, mark)

    def _begin(self, mark: int | None) -> None:
        size = self.path.stat().st_size if self.path.exists() else 0
        if mark is None and size and not self._overwrite:
            raise FileExistsError(f"{self.path} exists: resume the import with its checkpoint, or overwrite it")
        if mark is not None and size < mark:
            raise ResumeError(f"{self.path} is shorter than the checkpoint says: it was changed meanwhile")
        self._write(b"", mark or 0)
        sync_directory(self.path.parent)

    def _tell(self, outcomes: Sequence[RowOutcome], mark: int) -> int:
        told = [one for one in outcomes if not (self._problems_only and one.status == "imported")]
        lines = "".join(json.dumps(asdict(one)) + "\n" for one in told).encode("ascii")
        if lines:
            self._write(lines, mark)
        return mark + len(lines)

    def _write(self, lines: bytes, mark: int) -> None:
        # never two: asyncio's own cancellation leaves a thread behind that is still writing
        with self._thread, open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:  # noqa: PTH123  # a descriptor
            file.truncate(mark)
            file.seek(mark)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
