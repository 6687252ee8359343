"""An export: every row of a list to a file, and on from the cursor after whatever stopped it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
from attrs import evolve, frozen

from ..errors import RateLimitError
from ..limits.local import LONGEST_PAUSE
from .checkpoint import ResumeError
from .formats import NDJSON

if TYPE_CHECKING:
    from .._paging import Pager
    from .formats import Format
    from .output import Output

LANES = 8
PATIENCE = 10  # waits in a row without a row between them, before the limit is taken for a refusal
UNTOLD = 60.0  # seconds to wait where nobody says how long

_OTHER = "it was begun with another list or other filters: give the same, or begin anew"
OTHER_FORMAT = "it was begun in another format or with other fields: give the same, or begin anew"


@frozen(kw_only=True)
class Progress:
    """How far an export has come, told after every page."""

    rows: int
    """Rows written, those before a resume included."""
    fresh: int
    """Of them, those of this run."""
    total: int | None
    """How many there will be, where ActiveCampaign says so."""
    waiting: float = 0.0
    """Seconds that ActiveCampaign asked to wait, before it goes on."""


async def export_rows(
    pager: Pager[Any],
    output: Output,
    *,
    lanes: int = LANES,
    format: Format | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> int:
    """Write every row of a list, in any order: as the wire object it came as, one a line, or in another `format`.
    Returns how many.

        async with AsyncClient(read_only=True) as ac:
            file = FileOutput("contacts.ndjson", account=ac.base_url, resume=True)
            await export_rows(ac.contacts.list(), file)

    Spends what ``pager.ahead_pages(lanes)`` does; holds a few pages in memory, however long the list. A
    `Retry-After` longer than a call's time is waited out, and looked at again after an hour. Any other error
    of the API ends the run, and so do cancellation and OSError: a `FileOutput` then knows where to go on.
    ResumeError when its checkpoint is of another list, other filters or another format.
    """
    mark, format = pager._source.mark, format or NDJSON()
    async with output:
        if output.state.list not in (None, mark):
            raise ResumeError(_OTHER)
        if output.state.format not in (None, format.mark):
            raise ResumeError(OTHER_FORMAT)
        waits, begun = 0, output.state.rows

        def tell(waiting: float = 0.0) -> None:
            if progress is not None:
                state = output.state
                rows, total = state.rows, state.total
                progress(Progress(rows=rows, fresh=rows - begun, total=total, waiting=waiting))

        while not output.state.done:
            before = output.state.rows
            try:
                await _pages(pager, output, lanes, format, tell)
                break
            except RateLimitError as error:
                waits = waits + 1 if output.state.rows == before else 1
                if waits > PATIENCE:
                    raise
                wait = UNTOLD if error.retry_after is None else min(error.retry_after, LONGEST_PAUSE)
            await output.save()
            tell(wait)
            await anyio.sleep(wait)
        await output.finish()
    return output.state.rows


async def _pages(pager: Pager[Any], output: Output, lanes: int, format: Format, tell: Callable[[], None]) -> None:
    rest = _resumed(pager, output.state.cursor)
    # Pages as they come: in order, they would be held for long, and lost in a crash
    async with rest.ahead_pages(lanes, ordered=False) as pages:
        async for page in pages:
            was = output.state
            rows = was.rows + len(page.items)
            total = page.total if was.total is None else max(was.total, rows)
            came = evolve(was, list=pager._source.mark, format=format.mark, cursor=page.cursor, rows=rows, total=total)
            head = format.head() if was.list is None else b""
            await anyio.lowlevel.checkpoint()  # to read a page and to write it takes as long again: others first
            await output.write(head + format.lines(page.items), evolve(came, done=page.cursor is None))
            tell()


def _resumed(pager: Pager[Any], cursor: str | None) -> Pager[Any]:
    if cursor is None:
        return pager
    try:
        return pager.resume(cursor)
    except ValueError:
        pass
    raise ResumeError(_OTHER)
