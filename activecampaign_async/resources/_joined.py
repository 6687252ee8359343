"""Contacts together with their field values, tags and lists: brought along, or joined from the account's tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

import anyio
from attrs import Factory, define, evolve, frozen

from .._block import block
from .._call import priority
from .._model import Included, Model, decode
from .._page import Items
from .._paging import LANES, MAX_LIMIT, Page, Pager, pager
from .._walk import row_key
from .._wire import encode
from ..errors import PaginationError
from ._resource import rows, same
from ._ties import SIZE, Tie, Ties
from .contact_lists import ListStatus
from .contacts import Contact
from .fields import Field
from .lists import List
from .tags import Tag

if TYPE_CHECKING:
    from .._answer import Answer
    from .._call import Call, Query, Send
    from .fields import FieldData

M = TypeVar("M", bound=Model)
T = TypeVar("T")

What: TypeAlias = Literal["field_values", "tags", "lists"]
Way: TypeAlias = Literal["included", "table"]
Wanted: TypeAlias = bool | Sequence[int | str]
"""All fields or none, or some: by id, title or personalization tag."""

FRESH = 60.0
"""Seconds for which an answer that a plan was made from is taken for the answer to the same question."""
FEW = 10
"""Fields up to which it is worth asking how many values each has."""
OVERLAP = 1
"""Rows that a page of a table shares with the one before: rows that slip forward are noticed, which no total tells."""
_DOCUMENTED = 5.0  # requests per second


class ListMembership(NamedTuple):
    """A contact's status on a list."""

    id: int
    """The list's."""
    name: str | None
    """The list's; None if the key's user may not see it."""
    status: ListStatus | int | None


@frozen(kw_only=True, repr=False)
class JoinedContact:
    """A contact with its field values, tags and lists."""

    contact: Contact
    fields: Mapping[str, FieldData]
    """Custom fields by title (or personalization tag), each according to its type: see `Field.parse`. One that was
    created meanwhile has its id as key, ``"#17"``."""
    tags: tuple[str, ...]
    """By name, in the order of their ids. A tag that no list shows appears as its id, ``"#17"``."""
    lists: tuple[ListMembership, ...]
    """Past subscriptions, too: see their status."""

    @property
    def id(self) -> int:
        """The contact's."""
        return self.contact.id

    def to_dict(self) -> dict[str, Any]:
        """The contact's wire object, with ``fields``, ``tags`` and ``lists`` beside, as JSON takes them."""
        lists = [entry._asdict() for entry in self.lists]
        beside: dict[str, Any] = encode({"fields": self.fields, "tags": self.tags, "lists": lists})
        return self.contact.to_dict() | beside

    def __repr__(self) -> str:
        return f"JoinedContact(id={self.id})"


@frozen(kw_only=True)
class JoinPlan:
    """What a joined read will cost."""

    contacts: int | None
    """How many there are; None where ActiveCampaign does not say so."""
    requests: int | None
    """In all, including those that the plan took; None if a total is missing."""
    spent: int
    """Those that the plan took. Their answers are reused: within a minute, nothing is requested twice."""
    seconds: float | None
    """For the rest, at the rate limiter's current pace."""
    ways: Mapping[What, Way]
    """Whether each comes along with the contacts, or from its whole table."""
    memory: int | None
    """Bytes that the tables take up: nine a row, and its text. 0 if everything comes along."""


@frozen
class _Part:
    """One of the things that are joined."""

    key: str
    """What `include` and the answers call the rows, and the path of their table."""
    other: str
    text: str | None

    def tie(self, row: Any, *_: Any) -> tuple[int, int, str | None] | None:
        """Whose it is, to what, and what stands there; None for a row that does not say so."""
        if not isinstance(row, dict):
            return None
        contact, other = (row_key({"id": row.get(name)}) for name in ("contact", self.other))
        if not (isinstance(contact, int) and isinstance(other, int) and contact > 0 and 0 < other < 1 << 32):
            return None
        text = None if self.text is None else row.get(self.text)
        return contact, other, None if text is None else str(text)


_PARTS: Mapping[What, _Part] = {
    "field_values": _Part("fieldValues", "field", "value"),
    "tags": _Part("contactTags", "tag", None),
    "lists": _Part("contactLists", "list", "status"),
}


def include_of(what: Sequence[What]) -> str:
    """The parameter that asks for them to come along."""
    return ",".join(_PARTS[each].key for each in what)


_Rows: TypeAlias = Pager[tuple[int, int, str | None] | None]


class Tables(Protocol):
    """Reads tables for a joined read, and may keep them."""

    async def read(self, table: _Rows, add: Callable[[int, int, str | None], None]) -> None:
        """Give `add` each row of `table` that is not None: the contact, what is tied to it, and what stands there."""


@define(eq=False)
class _Known:
    """What was found out before the first contact is given."""

    contacts: int | None = None
    fields: dict[int, Field] = Factory(dict)
    titles: dict[int, str] = Factory(dict)
    chosen: frozenset[int] | None = None
    """Fields that are wanted; None for all."""
    names: dict[What, dict[int, str | None]] = Factory(dict)
    """Of tags and lists."""
    tables: dict[What, list[tuple[_Rows, Page[Any]]]] = Factory(dict)
    """Of what does not come along: the lists to go through, and the first page of each."""
    ties: dict[What, Ties] = Factory(dict)
    """The same, read."""
    left: int | None = 0
    """Requests that are left; None where nobody knows."""
    spreads: bool = False
    """Whether `ahead` has contacts to spread over its lanes, and asks for the highest id before."""

    def count(self, first: Page[Any], size: int, overlap: int = 0) -> None:
        """A list will be gone through."""
        if not first.has_more:
            return
        rest = None if first.total is None else _pages(first.total, size, overlap) - 1
        self.left = None if rest is None or self.left is None else self.left + max(1, rest)


class Joined:
    """Contacts with what belongs to them. Returned by `Contacts.joined`; iterated with ``async for``, or `ahead`.

    What does not come along is read first, as whole tables, and held for as long as this object lives: nine bytes a
    value, tag or subscription, and its text.
    """

    def __init__(
        self,
        send: Send,
        query: Query,
        what: Mapping[What, Wanted],
        key_of: Callable[[Field], str | None],
        *,
        limit: int | None,
        timeout: float | None,
    ) -> None:
        self._send, self._query, self._what, self._key_of = _Kept(send), query, what, key_of
        self._limit, self._timeout = limit, timeout
        self._known: _Known | None = None
        _ = self._contacts(Contact)  # refuses what it cannot take, before anything is sent

    async def plan(self, *, ahead: bool = True) -> JoinPlan:
        """How many requests it takes, and how long, before they are spent; by `ahead`, which asks for the highest id,
        too, where there are more than two pages. `ahead=False`: as `async for` goes, without that.

        Reads the first page of the contacts, which shows what comes along, the names of fields, tags and lists, and
        the first page of each table that is needed: usually four to seven requests, whose answers are used later.
        """
        known, spent = await self._begin(), self._send.spent
        left = None if known.left is None else known.left + (ahead and known.spreads)
        return JoinPlan(
            contacts=known.contacts,
            requests=None if left is None else spent + left,
            spent=spent,
            seconds=None if left is None else self._send.seconds_for(left),
            ways={what: "table" if what in known.tables else "included" for what in self._what},
            memory=_memory([page for tables in known.tables.values() for _, page in tables]),
        )

    async def pager(self, tables: Tables | None = None) -> Pager[JoinedContact]:
        """The contacts as a list like any other, with pages and cursors, once the tables that are needed are read.
        `tables` may keep them for a later run, as `jobs.TableFiles` does."""
        read = _read if tables is None else tables.read
        with priority("bulk"):
            known = await self._begin()
        for what, parts in known.tables.items():
            if what not in known.ties:
                ties = Ties()
                for table, _ in parts:
                    await read(table, ties.add)
                known.ties[what] = ties
        return pager(
            self._send,
            "/contacts",
            Contact.KEYS,
            partial(self._item, known),
            query=self._query,
            limit=self._limit,
            keyset=True,
            timeout=self._timeout,
        )

    def __aiter__(self) -> AsyncIterator[JoinedContact]:
        return Items(_Later(self))

    @block("joined.ahead(n) as people, and in it: async for … in people")
    async def ahead(self, n: int = LANES, *, ordered: bool = True) -> AsyncIterator[AsyncIterator[JoinedContact]]:
        """The same, with up to `n` requests in parallel: see `Pager.ahead`.

        async with ac.contacts.joined(lists=False).ahead(8, ordered=False) as people:
            async for person in people: ...
        """
        whole = await self.pager()
        async with whole.ahead(n, ordered=ordered) as people:
            yield people

    # What is found out first

    async def _begin(self) -> _Known:
        if self._known is None:
            known = _Known()
            await self._look(known)
            self._known = known
        return self._known

    async def _look(self, known: _Known) -> None:
        first = await self._send.kept(self._contacts(Contact))
        known.contacts = first.total
        size = self._limit or MAX_LIMIT
        known.count(first, size)
        known.spreads = first.has_more and (first.total or 0) >= len(first.items) + size  # else one more at most
        if (wanted := self._what.get("field_values")) is not None:
            known.fields = {each.id: each for each in await self._all(Field)}
            known.titles = _keys(known.fields.values(), self._key_of)
            known.chosen = None if isinstance(wanted, bool) else _chosen(known.fields.values(), wanted)
        if "tags" in self._what:
            known.names["tags"] = {each.id: each.tag for each in await self._all(Tag)}
        if "lists" in self._what:
            known.names["lists"] = {each.id: each.name for each in await self._all(List)}
        for what in self._what:
            if first.items and not _comes_along(first, _PARTS[what]):
                known.tables[what] = tables = await self._tables(what, known.chosen)
                for _, page in tables:
                    known.count(page, MAX_LIMIT, OVERLAP)

    async def _tables(self, what: What, chosen: frozenset[int] | None) -> list[tuple[_Rows, Page[Any]]]:
        """The whole table; or parts of it, where few fields are wanted and their values fill fewer pages."""
        whole = self._table(_PARTS[what], {})
        first = await self._send.kept(whole)
        if what != "field_values" or chosen is None or len(chosen) > FEW or first.total is None:
            return [(whole, first)]
        parts = []
        for id in sorted(chosen):
            part = self._table(_PARTS[what], {"filters[fieldid]": str(id)})
            page = await self._send.kept(part)
            if page.total is None or any(tie is not None and tie[1] != id for tie in page.items):
                return [(whole, first)]  # the filter is ignored
            parts.append((part, page))
        totals = [page.total or 0 for _, page in parts]
        few = sum(_pages(total, MAX_LIMIT, OVERLAP) - 1 for total in totals)  # the first ones are read
        return parts if few < _pages(first.total, MAX_LIMIT, OVERLAP) - 1 else [(whole, first)]

    async def _all(self, model: type[M]) -> list[M]:
        return await rows(self._send, f"/{model.KEYS}", model, timeout=self._timeout).collect()

    def _contacts(self, model: type[M]) -> Pager[M]:
        send, query = self._send, self._query
        return rows(send, "/contacts", model, query, limit=self._limit, keyset=True, timeout=self._timeout)

    def _table(self, part: _Part, query: Query) -> _Rows:
        return pager(
            self._send, f"/{part.key}", part.key, part.tie, query=query, overlap=OVERLAP, timeout=self._timeout
        )

    # What is given

    def _item(self, known: _Known, row: Any, included: Included, strict: bool) -> JoinedContact:
        contact = decode(Contact, row, included, strict)
        # In one order, whichever way they came; each once, where a table was gone on with
        ties = {what: sorted(dict(self._ties(known, what, contact, included)).items()) for what in self._what}
        fields = {
            known.titles.get(id, f"#{id}"): known.fields[id].parse(text) if id in known.fields else text
            for id, text in ties.get("field_values", ())
            if known.chosen is None or id in known.chosen
        }
        tags, lists = known.names.get("tags", {}), known.names.get("lists", {})
        return JoinedContact(
            contact=contact,
            fields=fields,
            tags=tuple([tags.get(id) or f"#{id}" for id, _ in ties.get("tags", ())]),
            lists=tuple([ListMembership(id, lists.get(id), _status(text)) for id, text in ties.get("lists", ())]),
        )

    def _ties(self, known: _Known, what: What, contact: Contact, included: Included) -> list[Tie]:
        if what in known.tables:
            return known.ties[what].of(contact.id)
        part = _PARTS[what]
        if part.key not in included:
            raise PaginationError(f"GET /contacts brought {part.key} along at first, and does no more")
        rows = _beside(contact, part)
        if (count := _named(contact, part)) > len(rows):
            said = f"contact {contact.id} has {count} {part.key}, and {len(rows)} came along; on the first page all did"
            raise PaginationError(said)
        return [(tie[1], tie[2]) for tie in map(part.tie, rows) if tie is not None]


class _Later(AsyncIterator[Page[JoinedContact]]):
    """The pages, once the tables are read. No generator: one that is left early has to be closed by its user."""

    def __init__(self, joined: Joined) -> None:
        self._joined = joined
        self._pages: AsyncIterator[Page[JoinedContact]] | None = None

    async def __anext__(self) -> Page[JoinedContact]:
        if self._pages is None:
            self._pages = (await self._joined.pager()).pages()
        return await anext(self._pages)


@runtime_checkable
class _Paced(Protocol):
    """A road that knows how fast it goes."""

    def seconds_for(self, requests: int) -> float | None: ...


class _Kept:
    """A road that counts, and answers a question that was asked for a plan from what came then."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._answers: dict[str, tuple[float, Answer]] = {}
        self._keeps = False
        self.spent = 0

    @property
    def home(self) -> str:
        return self._send.home

    def seconds_for(self, requests: int) -> float:
        if not requests:
            return 0.0  # else what the clock went on between two looks
        told = self._send.seconds_for(requests) if isinstance(self._send, _Paced) else None
        return requests / _DOCUMENTED if told is None else told

    async def kept(self, first: Pager[T]) -> Page[T]:
        """The first page, which need not be asked for again."""
        self._keeps = True
        try:
            return await first
        finally:
            self._keeps = False

    async def __call__(self, call: Call[T], /) -> T:
        asked = f"{call.path} {sorted(call.query.items())}"
        if not self._keeps and (kept := self._answers.pop(asked, None)):
            at, answer = kept
            if anyio.current_time() <= at + FRESH:
                return call.read(answer)
        self.spent += 1
        if not self._keeps:
            return await self._send(call)

        def read(answer: Answer) -> T:
            self._answers[asked] = anyio.current_time(), answer
            return call.read(answer)

        return await self._send(evolve(call, read=read))


async def _read(table: _Rows, add: Callable[[int, int, str | None], None]) -> None:
    async with table.ahead(LANES, ordered=False) as rows:
        async for tie in rows:
            if tie is not None:
                add(*tie)


def _beside(contact: Contact, part: _Part) -> Sequence[Any]:
    """The rows that belong to the contact, as they came."""
    rows = contact.included._rows.get(part.key)  # not by its key: that copies
    return rows if isinstance(rows, list) else ()


def _comes_along(page: Page[Contact], part: _Part) -> bool:
    """Whether `include` brought these rows: all that the contacts themselves name."""
    if part.key not in page.included:
        return False
    return all(_named(contact, part) <= len(_beside(contact, part)) for contact in page.items)


def _named(contact: Contact, part: _Part) -> int:
    """How many of these rows the contact itself names."""
    ids = contact._wire.get(part.key)
    return len(ids) if isinstance(ids, list) else 0


def _pages(total: int, size: int, overlap: int = 0) -> int:
    """How many requests a list takes. A last page that is full does not say that it is the last."""
    full, rest = divmod(max(0, total - overlap), max(1, size - overlap))
    return full + (1 if rest or not overlap or not full else 0)


def _keys(fields: Iterable[Field], key_of: Callable[[Field], str | None]) -> dict[int, str]:
    """By which key each field's value stands. Of several with one title, all but the first have their id with it."""
    keys: dict[int, str] = {}
    taken: set[str] = set()
    for each in sorted(fields, key=lambda each: each.id):
        key = key_of(each) or f"#{each.id}"
        keys[each.id] = key if key not in taken else f"{key} #{each.id}"
        taken.add(keys[each.id])
    return keys


def _chosen(fields: Iterable[Field], wanted: Sequence[int | str]) -> frozenset[int]:
    """The ids of the fields that are wanted. LookupError for one that there is not, or several."""
    found: set[int] = set()
    for name in wanted:
        fits = [f.id for f in fields if f.id == name or same(f.title, str(name)) or same(f.perstag, str(name))]
        if len(fits) != 1:
            raise LookupError(f"field_values: {len(fits)} fields have the id, title or personalization tag {name!r}")
        found.add(fits[0])
    return frozenset(found)


def _status(text: str | None) -> ListStatus | int | None:
    if text is None or not text.isdecimal() or len(text) > 18:
        return None
    number = int(text)
    return ListStatus(number) if number in ListStatus._value2member_map_ else number


def _memory(firsts: Sequence[Page[Any]]) -> int | None:
    total = 0
    for page in firsts:
        if page.total is None:
            return None
        texts = [len((tie[2] or "").encode()) for tie in page.items if tie is not None]
        total += round(page.total * (SIZE + sum(texts) / max(1, len(texts))))
    return total
