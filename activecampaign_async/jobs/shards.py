"""A large export cut into parts that any number of processes take up, each with a file and a checkpoint of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Any

from anyio.to_thread import run_sync
from attrs import field, frozen

from ._publish import put_together
from .checkpoint import Checkpoint
from .export import LANES, Progress, export_rows
from .formats import NDJSON
from .output import FileOutput

if TYPE_CHECKING:
    from .._paging import Pager
    from ..client import AsyncClient
    from ..resources.contacts import Contacts
    from .formats import Format

ZOOM = 24  # requests more that it may take to find where the rows are

__all__ = ["Shard", "export_shard", "merge", "shards"]


@frozen(kw_only=True)
class Shard:
    """The contacts with ids above `after` and below `before`; None: from the first, to the last."""

    after: int | None = None
    before: int | None = None
    rows: int = field(default=0, eq=False)
    """About how many there are."""

    @property
    def filters(self) -> dict[str, Any]:
        """For `Contacts.list`."""
        bounds = {"id_greater": self.after, "id_less": self.before}
        return {name: bound for name, bound in bounds.items() if bound is not None}

    @property
    def name(self) -> str:
        """Tells it from the others, in a file name: ``after-40000``."""
        return f"after-{self.after or 0}"

    def part(self, folder: Path) -> Path:
        """Where its rows are gathered."""
        return folder / f"{self.name}.part"


async def shards(client: AsyncClient, count: int, **filters: Any) -> list[Shard]:
    """Cut the contacts into up to `count` shards of about as many rows, by their ids: ``GET /contacts``, about once
    for each; more often where ids lie close together.

    Together they hold every contact, those that are made later, too. `filters` as of `Contacts.list`.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError("count: 1 shard or more")
    ask = _Ask(client.contacts, filters)
    first, last = await ask.edge("id"), await ask.edge("-id")
    if first is None or last is None:
        return [Shard()]
    parts = [_Part(first - 1, last + 1, await ask.count())]
    for _ in range(2 * count + ZOOM):
        if sum(part.rows > 0 for part in parts) >= count:
            break
        widest = max(parts, key=lambda part: (part.rows, part.ids))
        if widest.ids < 2 or widest.rows < 2:
            break
        middle = widest.after + (widest.ids + 1) // 2
        left = await ask.count(widest.after, middle + 1)
        if len(parts) == 1 and await ask.count(middle, widest.before) + left > 1.1 * widest.rows + 100:
            return _evenly(first, last, count, widest.rows)  # the total heeds no bounds: it says nothing of a part
        place = parts.index(widest)
        left = min(left, widest.rows)
        parts[place : place + 1] = [
            _Part(widest.after, middle + 1, left),
            _Part(middle, widest.before, widest.rows - left),
        ]
    parts = [part for part in parts if part.rows] or parts[:1]  # an empty one goes to its neighbour
    return _joined([(part.after, part.rows) for part in parts])


def _evenly(first: int, last: int, count: int, rows: int) -> list[Shard]:
    width = -(-(last - first + 1) // count)
    begins = range(first - 1, last, width)
    return _joined([(after, rows // len(begins)) for after in begins])


def _joined(parts: Sequence[tuple[int, int]]) -> list[Shard]:
    """(the id before the first one, rows) of each -> shards without gaps; the first has no begin, the last no end."""
    begins = [None, *(after for after, _ in parts[1:])]
    ends = [*(after + 1 for after, _ in parts[1:]), None]
    return [
        Shard(after=after, before=before, rows=rows)
        for after, before, (_, rows) in zip(begins, ends, parts, strict=True)
    ]


@frozen
class _Part:
    after: int
    before: int
    rows: int

    @property
    def ids(self) -> int:
        return self.before - self.after - 1


@frozen
class _Ask:
    contacts: Contacts
    filters: dict[str, Any]

    async def edge(self, order: Any) -> int | None:
        page = await self.contacts.list(order_by=[order], limit=1, **self.filters)
        return page.items[0].id if page.items else None

    async def count(self, after: int | None = None, before: int | None = None) -> int:
        bounds = Shard(after=after, before=before).filters
        page = await self.contacts.list(limit=1, **{**self.filters, **bounds})
        return len(page.items) if page.total is None else page.total


async def export_shard(
    client: AsyncClient,
    shard: Shard,
    folder: Path,
    *,
    account: str | None = None,
    format: Format | None = None,
    lanes: int = LANES,
    progress: Callable[[Progress], object] | None = None,
    **filters: Any,
) -> int:
    """Write the rows of a shard to its file in `folder`, or go on with what is there; as `export_rows`. Returns how
    many.

    Safe to do again, also while it is being done: BlockingIOError where another process is at it, and nothing where it
    is whole. `account`: by default the client's base URL.
    """
    output = FileOutput(shard.part(folder), account=account or client.base_url, resume=True)
    pager = client.contacts.list(**filters, **shard.filters)
    return await export_rows(pager, output, lanes=lanes, format=_Body(format or NDJSON()), progress=progress)


@frozen
class _Body:
    """A format less its head: that comes once, before the first shard."""

    _format: Format

    @property
    def mark(self) -> str:
        return self._format.mark

    def head(self) -> bytes:
        return b""

    def lines(self, items: Iterable[Any]) -> bytes:
        return self._format.lines(items)


async def merge(
    parts: Sequence[Path],
    path: Path,
    pager: Pager[Any],
    *,
    account: str,
    format: Format | None = None,
    plan: Path | None = None,
) -> int:
    """Put the files of all shards of `pager` together as `path`, and remove them. Returns how many rows it has.

    `plan`: the file in which you keep how it was cut into shards, if you do. It is removed once `path` is whole, before
    the first of theirs: after a crash, where it is missing there is nothing left to export.

    ResumeError, and nothing is changed, where one is not whole. `path` is then as an export by `export_rows` leaves it.
    """
    format = format or NDJSON()

    def write(file: IO[bytes]) -> None:
        file.write(format.head())
        for part in parts:
            with part.open("rb") as source:
                copyfileobj(source, file, 1 << 20)

    whole = Checkpoint(account=account, list=pager._source.mark, format=format.mark)
    return await run_sync(put_together, parts, path, whole, write, plan)
