"""Looking things up for an import: which ids its contacts got, and whether rows arrived that got no answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio
from attrs import define, field, frozen

from .._call import Send
from .._fanout import map_bounded
from .._page import Page
from .._paging import MAX_LIMIT
from ..errors import PaginationError
from ._by_ids import get_many
from ._import_rows import Row
from ._inputs import folded
from ._resource import rows as listed
from .contacts import Contact

if TYPE_CHECKING:
    from .._paging import Pager

LANES = 4
CLOCKS = timedelta(seconds=2)  # by how much two clocks of ActiveCampaign may differ
SAMPLES = 3  # of a batch
_BY_EMAIL_ONLY = 5  # rows so few that the list of what was changed is not worth its first page
_COMPARED = frozenset({"email", "first_name", "last_name", "phone"})
_NOT_OF_IT = frozenset({"exclude_automations"})  # which no contact is said to have
_TIED = frozenset({"tags", "subscribe", "unsubscribe"})


# -- the ids of a batch


@define(eq=False)
class Done:
    """The rows of a finished batch that were not refused, and the ids that it gives."""

    rows: Sequence[Row]
    ids: Sequence[int]
    of: Any = None
    """Whatever the caller knows of it."""

    @property
    def samples(self) -> dict[int, Row]:
        """Some of its ids, and whose they are if all stand in the order of the rows."""
        last = len(self.rows) - 1
        places = {round(last * part / (SAMPLES - 1)) for part in range(SAMPLES)} if last >= 0 else set()
        return {self.ids[place]: self.rows[place] for place in places}


Matched: TypeAlias = "list[tuple[Done, Mapping[Row, int | None]]]"
"""Batches, and the id of each of their rows; a row that is missing there was not imported."""


@define
class Matcher:
    """Whose id is whose. A batch gives ids without addresses. They stand in the order of its rows, which nobody
    promises: some of each batch are looked up, 100 a request; all of a batch of which one is not there, and of each
    batch once it has turned out otherwise.
    """

    _send: Send
    _waiting: list[Done] = field(factory=list)
    _samples: int = 0
    in_order: bool = True
    since: float | None = None
    """When the first of those that wait came; None where none does."""

    async def add(self, done: Done) -> Matched:
        """Those that were matched now."""
        if not self.in_order or len(done.rows) != len(done.ids):
            return [(done, await self._exactly(done))]
        if self.since is None:
            self.since = anyio.current_time()
        self._waiting.append(done)
        self._samples += SAMPLES
        return await self.flush() if self._samples + SAMPLES > MAX_LIMIT else []

    async def flush(self) -> Matched:
        """Those that wait."""
        waiting, self._waiting, self._samples = self._waiting, [], 0
        since, self.since = self.since, None
        if not waiting:
            return []
        try:
            wanted = {id: row.key for done in waiting for id, row in done.samples.items()}
            found = await self._addresses(list(wanted))
            if any(wanted[id] != address for id, address in found.items()):
                self.in_order = False
            return [(done, await self._ids(done, found)) for done in waiting]
        except BaseException:
            self._waiting[:0] = waiting
            self.since = since
            raise

    async def _ids(self, done: Done, found: Mapping[int, str]) -> Mapping[Row, int | None]:
        """`found`: the addresses of its samples. One that is not there confirms nothing."""
        if self.in_order and all(found.get(id) == row.key for id, row in done.samples.items()):
            return dict(zip(done.rows, done.ids, strict=True))
        return await self._exactly(done)

    async def _exactly(self, done: Done) -> Mapping[Row, int | None]:
        found = await self._addresses(done.ids)
        ids = {address: id for id, address in found.items()}
        matched: dict[Row, int | None] = {row: ids[row.key] for row in done.rows if row.key in ids}
        if len(done.rows) == len(done.ids):  # each was imported, whatever has become of the contact since
            return {row: matched.get(row) for row in done.rows}
        return matched

    async def _addresses(self, ids: Sequence[int]) -> dict[int, str]:
        """The address of each contact that there is, in a form to compare; of fewer where none can be asked for by id:
        what was imported is imported, with an id or without.
        """
        found: Iterable[Contact]
        try:
            found = await get_many(self._send, Contact, "/contacts", [id for id in ids if id > 0], None)
        except PaginationError as error:
            found = error.found  # type: ignore[assignment]  # of a look-up of contacts
        return {contact.id: folded(contact.email) for contact in found if contact.email}


# -- rows that got no answer


@frozen(kw_only=True)
class Lost:
    """How a row left."""

    since: datetime
    """ActiveCampaign's time, before it did."""
    until: datetime
    """Whoever is new after that came from elsewhere."""
    tied: bool = False
    """Its tags and lists follow once it is found, and need not be there."""


@define
class Looked:
    """What came of looking for rows."""

    found: dict[Row, int] = field(factory=dict)
    """Under which ids."""
    unsure: dict[Row, str] = field(factory=dict)
    """Rows whose contact was there before and has changed since, and what of them nobody compared."""

    def take(self, contacts: Iterable[Contact], wanted: Wanted) -> None:
        for contact in contacts:
            sent = wanted.get(folded(contact.email or ""))
            if sent is None or not _fits(contact, sent[0]):
                continue
            row, lost = sent
            left_open = _left_open(row, tied=lost.tied)
            # What nobody compares must not be somebody else's, of just before.
            is_like = _is_new(contact, lost, timedelta(0)) if left_open else _is_after(contact.updated_at, lost.since)
            if is_like or (not left_open and _is_new(contact, lost, CLOCKS)):
                self.found[row] = contact.id
            elif _is_after(contact.updated_at, lost.since):
                self.unsure[row] = left_open


Wanted: TypeAlias = "Mapping[str, tuple[Row, Lost]]"


async def look_up(send: Send, rows: Mapping[Row, Lost]) -> Looked:
    """Which of the rows are there as they were sent, and under which ids: by the cheaper of asking for each address,
    and of going through all contacts that were changed since.
    """
    wanted, looked = {row.key: (row, lost) for row, lost in rows.items()}, Looked()
    if len(rows) > _BY_EMAIL_ONLY:
        first = min(lost.since for lost in rows.values())
        changed = _list(send, {"filters[updated_after]": (first - CLOCKS).isoformat()})
        page = await changed
        if page.total is not None and ceil(page.total / MAX_LIMIT) < len(rows):
            await _among(changed, page, looked, wanted)
            return looked

    async def one(row: Row) -> Page[Contact]:
        return await _list(send, {"email": row.email})

    for page in await map_bounded(one, rows, LANES):
        looked.take(page.items, wanted)
    return looked


def _list(send: Send, query: Mapping[str, str]) -> Pager[Contact]:
    return listed(send, "/contacts", Contact, query, limit=MAX_LIMIT, keyset=True)


async def _among(changed: Pager[Contact], first: Page[Contact], looked: Looked, wanted: Wanted) -> None:
    looked.take(first.items, wanted)
    if first.has_more and first.cursor is not None:
        async for page in changed.resume(first.cursor).pages():
            looked.take(page.items, wanted)


def _fits(contact: Contact, row: Row) -> bool:
    """Whether it says what the row says, as far as contacts show that: somebody else may have changed it, too."""
    pairs = ((contact.first_name, "first_name"), (contact.last_name, "last_name"), (contact.phone, "phone"))
    return all(_bare(have) == _bare(row.wire[name]) for have, name in pairs if name in row.wire)


def _left_open(row: Row, *, tied: bool) -> str:
    """What of the row a contact does not show by itself."""
    known = _COMPARED | _NOT_OF_IT | (_TIED if tied else frozenset())
    return ", ".join(name for name, value in row.wire.items() if name not in known and value != [])


def _is_new(contact: Contact, lost: Lost, clocks: timedelta) -> bool:
    """Whether it was not there before the row left, and came when the row may have come."""
    made = contact.created_at
    since = lost.since.replace(microsecond=0)  # as `created_at`
    return made is not None and _is_after(made, since, clocks) and made <= lost.until + CLOCKS


def _is_after(time: datetime | None, since: datetime, clocks: timedelta = CLOCKS) -> bool:
    return time is not None and time.tzinfo is not None and time >= since - clocks


def _bare(text: str | None) -> str:
    return "".join(filter(str.isalnum, text or "")).casefold()
