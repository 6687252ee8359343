"""An export: every row of a list to NDJSON, and on from the cursor after whatever stopped it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import anyio
from attrs import evolve, frozen

from .._model import Model
from ..errors import RateLimitError
from ..limits.local import LONGEST_PAUSE
from .checkpoint import ResumeError

if TYPE_CHECKING:
    from .._paging import Pager
    from .output import Output

LANES = 8
PATIENCE = 10  # waits in a row without a row between them, before the limit is taken for a refusal
UNTOLD = 60.0  # seconds to wait where nobody says how long

_OTHER = "it was begun with another list or other filters: give the same, or begin anew"
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


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
    progress: Callable[[Progress], object] | None = None,
) -> int:
    """Write every row of a list as the wire object it came as, one a line, in any order. Returns how many.

        async with AsyncClient(read_only=True) as ac:
            file = FileOutput("contacts.ndjson", account=ac.base_url, resume=True)
            await export_rows(ac.contacts.list(), file)

    Spends what ``pager.ahead_pages(lanes)`` does; holds a few pages in memory, however long the list. A
    `Retry-After` longer than a call's time is waited out, and looked at again after an hour. Any other error
    of the API ends the run, and so do cancellation and OSError: a `FileOutput` then knows where to go on.
    ResumeError when its checkpoint is of another list or other filters.
    """
    mark = pager._source.mark
    async with output:
        if output.state.list not in (None, mark):
            raise ResumeError(_OTHER)
        waits, begun = 0, output.state.rows

        def tell(waiting: float = 0.0) -> None:
            if progress is not None:
                state = output.state
                rows, total = state.rows, state.total
                progress(Progress(rows=rows, fresh=rows - begun, total=total, waiting=waiting))

        while not output.state.done:
            before = output.state.rows
            try:
                await _pages(pager, output, lanes, tell)
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


async def _pages(pager: Pager[Any], output: Output, lanes: int, tell: Callable[[], None]) -> None:
    rest = _resumed(pager, output.state.cursor)
    # Pages as they come: in order, they would be held for long, and lost in a crash
    async with rest.ahead_pages(lanes, ordered=False) as pages:
        async for page in pages:
            was = output.state
            rows = was.rows + len(page.items)
            total = page.total if was.total is None else max(was.total, rows)
            came = evolve(was, list=pager._source.mark, cursor=page.cursor, rows=rows, total=total)
            await output.write(_lines(page.items), evolve(came, done=page.cursor is None))
            tell()


def _resumed(pager: Pager[Any], cursor: str | None) -> Pager[Any]:
    if cursor is None:
        return pager
    try:
        return pager.resume(cursor)
    except ValueError:
        pass
    raise ResumeError(_OTHER)


def _lines(items: Iterable[Any]) -> bytes:
    # not to_dict(): that copies deep, lest a caller change the model's own row
    rows = (item._wire if isinstance(item, Model) else item for item in items)
    return "".join([_encode(row) + "\n" for row in rows]).encode("ascii")
