"""Contacts by many e-mail addresses, at the fewest requests that the list's filters allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil, inf
from typing import TYPE_CHECKING, TypeVar

from attrs import define

from .._call import priority, priority_now
from .._deadline import within
from .._fanout import map_bounded
from .._paging import MAX_LIMIT
from .._pieces import in_pieces
from ..errors import ActiveCampaignError
from ._by_ids import MANY
from ._inputs import folded, not_blank

if TYPE_CHECKING:
    from .._paging import Page, Pager
    from .contacts import Contact, Contacts

V = TypeVar("V")

COUNTED = 10
"""Addresses from which on one request, for how many contacts there are in all or at a domain, is well spent."""


class FoundByEmail(Mapping[str, V]):
    """The result of a look-up of many e-mail addresses: a mapping that ignores case and surrounding blanks of an
    address, and iterates over the addresses as they were first given.

    It holds those that were found; `missing` has the others. Its `repr` shows nobody's address.
    """

    __slots__ = ("_found", "_given", "missing")

    def __init__(self, given: Mapping[str, str], found: Mapping[str, V], missing: Iterable[str]) -> None:
        """`given` and `found` are by the addresses as they compare."""
        self._given, self._found = given, found
        self.missing = tuple(missing)
        """The addresses that no contact has, in the order given."""

    def __getitem__(self, email: str) -> V:
        if not isinstance(email, str):
            raise KeyError(email)
        return self._found[folded(email)]

    def __iter__(self) -> Iterator[str]:
        return (address for key, address in self._given.items() if key in self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"<FoundByEmail: {len(self)}, missing: {len(self.missing)}>"


async def find_many(contacts: Contacts, emails: Iterable[str], timeout: float | None) -> FoundByEmail[Contact]:
    """See `Contacts.find_many`."""
    if isinstance(emails, (str, bytes)) or not isinstance(emails, Iterable):
        raise TypeError(f"emails: several addresses were expected, not {type(emails).__name__}")
    given: dict[str, str] = {}
    search = _Search(contacts, timeout)

    def check(some: Iterable[tuple[int, str]]) -> None:
        for place, email in some:
            address = not_blank(email, f"emails[{place}]")
            if given.setdefault(key := folded(address), address) is address:
                search.add(key, address.strip())

    async def so_far() -> FoundByEmail[Contact]:
        missing = list[str]()

        def sort(some: Iterable[str]) -> None:
            missing.extend([given[key] for key in some if key not in search.found])

        await in_pieces(given, sort)
        return FoundByEmail(given, search.found, missing)

    await in_pieces(enumerate(emails), check)
    try:
        with within(timeout), priority("bulk" if len(given) > MANY else priority_now()):
            await search.run()
    except ActiveCampaignError as error:
        error.found = await so_far()
        raise
    return await so_far()


@define
class _Group:
    """Addresses of one domain, or all of them, and the list in which they must be."""

    contacts: Pager[Contact]
    domains: list[dict[str, str]]
    """What is left of each."""
    pages: float = inf
    """How many there are of it, less the first."""
    cursor: str | None = None

    def __len__(self) -> int:
        return sum(map(len, self.domains))

    def __bool__(self) -> bool:
        return any(self.domains)

    def drop(self) -> None:
        """Who is left is nowhere."""
        for addresses in self.domains:
            addresses.clear()


class _Search:
    """The addresses that are left to be found, and the contacts of the others."""

    def __init__(self, contacts: Contacts, timeout: float | None) -> None:
        self._contacts, self._timeout = contacts, timeout
        self._left: dict[str, dict[str, str]] = {}
        """By domain, and there as they compare: as they were given."""
        self.found: dict[str, Contact] = {}

    def add(self, key: str, address: str) -> None:
        self._left.setdefault(_domain(key), {})[key] = address

    async def run(self) -> None:
        """The cheapest of: one request an address; the pages of its domain, for all that share one; all contacts."""
        everyone = _Group(self._contacts.list(timeout=self._timeout), list(self._left.values()))
        if len(everyone) >= COUNTED:
            await self._begin(everyone)
            domains = await self._domains(everyone)
            if everyone.pages <= _cost(everyone, domains):
                domains = [everyone]
            for group in domains:
                if group.pages < len(group):
                    await self._go_on(group)
        left = (pair for addresses in everyone.domains for pair in list(addresses.items()))
        await map_bounded(self._one, left)

    async def _domains(self, everyone: _Group) -> list[_Group]:
        """The domains of many addresses, each with its first page read: as long as that may come to less than
        the pages of all."""
        many = sorted((some for some in everyone.domains if len(some) >= COUNTED), key=len, reverse=True)
        begun: list[_Group] = []
        for place, some in enumerate(many):
            if everyone.pages <= _cost(everyone, begun, many[place:]):
                break
            if not some:
                continue  # found meanwhile
            domain = f"@{_domain(next(iter(some)))}"
            group = _Group(self._contacts.list(email_like=domain, timeout=self._timeout), [some])
            if not await self._begin(group, domain):
                break
            begun.append(group)
        return begun

    async def _begin(self, group: _Group, within: str = "") -> bool:
        """Its first page. False where the list is of others, too."""
        page = await group.contacts
        self._take(page)
        group.cursor = page.cursor
        if not all(within in folded(contact.email or within) for contact in page.items):
            return False
        if not page.has_more:
            group.drop()
        elif page.total is not None:
            group.pages = ceil(page.total / MAX_LIMIT) - 1
        elif len(page.items) < MAX_LIMIT:
            group.pages = 1  # one more makes sure
        return True

    async def _go_on(self, group: _Group) -> None:
        if group.cursor is None:
            return
        async with group.contacts.resume(group.cursor).ahead_pages(ordered=False) as pages:
            async for page in pages:
                self._take(page)
                if not group:
                    return
        group.drop()

    async def _one(self, address: tuple[str, str]) -> None:
        key, given = address
        if (contact := await self._contacts.find(given, timeout=self._timeout)) is not None:
            self.found[key] = contact

    def _take(self, page: Page[Contact]) -> None:
        for contact in page.items:
            key = folded(contact.email or "")
            if self._left.get(_domain(key), {}).pop(key, None) is not None:
                self.found[key] = contact


def _domain(key: str) -> str:
    return key.rpartition("@")[2]


def _cost(everyone: _Group, domains: Sequence[_Group], unseen: Sequence[dict[str, str]] = ()) -> float:
    """Requests that are left, with these domains gone through where that is cheaper; those `unseen` at best."""
    counts = [len(group) for group in domains]
    pages = sum(min(group.pages, count) for group, count in zip(domains, counts, strict=True))
    saved = sum(len(some) - ceil(len(some) / MAX_LIMIT) for some in unseen)
    return pages + len(everyone) - sum(counts) - saved
