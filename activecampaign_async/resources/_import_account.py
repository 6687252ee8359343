"""What the account has of what rows name: tags, custom fields, lists; and how a contact is tied to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import ceil
from typing import Any

import anyio

from .._call import Send
from .._paging import MAX_LIMIT
from ._contact_associations import ContactAssociations
from ._contact_collections import ContactCollections
from ._import_rows import Refused, Row, named, size_of
from .contact_lists import ListStatus
from .fields import Field, Fields
from .lists import Lists
from .tags import Tag, Tags, TagType

CATALOGUES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "tags": ("there is no tag", ("tags",)),
    "fields": ("there is no custom field", ("fields",)),
    "lists": ("there is no list", ("subscribe", "unsubscribe")),
}
"""What the account has -> what is said of others, and the keys of a row that name it."""

_SEVERAL = 0
"""In place of an id, where several fields have that name."""

_STAYS = frozenset({ListStatus.SUBSCRIBED, ListStatus.UNSUBSCRIBED, ListStatus.BOUNCED})
"""A contact's status on a list that `subscribe` does not change."""


class Names:
    """Asked for once each, and only if a row names any."""

    def __init__(self, send: Send, *, create_tags: bool) -> None:
        self._send, self._create_tags = send, create_tags
        self._known: dict[str, dict[str, int]] = {}
        self._tags = _ContactTags(Tags(send))
        self._contacts, self._of_contact = ContactAssociations(), ContactCollections()
        self._contacts._send = self._of_contact._send = send

    async def check(self, row: Row) -> None:
        """Refused where a row names what is not there: ActiveCampaign drops that in silence, or makes it. Custom fields
        that are named get their ids.
        """
        for what in CATALOGUES:
            await self._check(what, row)
        if any(isinstance(pair["id"], str) for pair in row.wire.get("fields", ())):
            self._tell_ids(row.wire["fields"], await self.known("fields"))
            row.size = size_of(row.wire)

    async def _check(self, what: str, row: Row) -> None:
        said, keys = CATALOGUES[what]
        for key in keys:
            names = named(row.wire, key)
            if not names or (what == "tags" and self._create_tags):
                continue
            for name in names:
                if await self.find(what, name) is None:
                    way_out = " (create_tags=True or --create-tags makes it)" if what == "tags" else ""
                    raise Refused(f"{key}: {said} {name!r}{way_out}")

    def _tell_ids(self, fields: list[dict[str, Any]], known: Mapping[str, int]) -> None:
        for pair in fields:
            name = str(pair["id"])
            pair["id"] = known[name.casefold()]
            if pair["id"] == _SEVERAL:
                raise Refused(f"fields: several custom fields are called {name!r}: give the id")
        if len({pair["id"] for pair in fields}) < len(fields):
            raise Refused("fields: the same custom field twice")

    async def find(self, what: str, name: str) -> int | None:
        """The id of what the account calls so, if anything."""
        return await self._tags.find(name) if what == "tags" else (await self.known(what)).get(name.casefold())

    async def known(self, what: str) -> dict[str, int]:
        """The fields or lists of the account, read once: names in small letters, and ids as text -> id."""
        if what not in self._known:
            if what == "fields":
                names = _names_of([field async for field in Fields(self._send).list(limit=MAX_LIMIT)])
            else:
                names = [(str(each.id), each.id) async for each in Lists(self._send).list(limit=MAX_LIMIT)]
            self._known[what] = dict(names)
        return self._known[what]

    # -- what `contact/sync` does not take along

    async def tie(self, contact: int, wire: Mapping[str, Any]) -> None:
        for name in named(wire, "tags"):
            await self._contacts.add_tag(contact, await self._tags.find_or_make(name))
        for list_id in await self._to_join(contact, named(wire, "subscribe")):
            await self._contacts.set_list_status(contact, list_id, ListStatus.SUBSCRIBED)
        for list_id in named(wire, "unsubscribe"):
            await self._contacts.set_list_status(contact, list_id, ListStatus.UNSUBSCRIBED)

    async def _to_join(self, contact: int, lists: Collection[str]) -> list[str]:
        """Those that the contact neither is on nor has left: a status that is set would take it back, and a batch
        would not.
        """
        if not lists:
            return []
        rows = self._of_contact.contact_lists(contact)
        stay = {str(row.list) async for row in rows if row.status in _STAYS}
        return [list_id for list_id in lists if list_id not in stay]


class _ContactTags:
    """Ids of contacts' tags, by name. A template's tag of that name is another one.

    Names are searched for one by one until that took as many requests as the rest of the table has pages; then that is
    read. So it takes twice the least at most, whatever names come.
    """

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self._ids: dict[str, int] = {}
        self._missing = set[str]()
        self._rest = tags.list(limit=MAX_LIMIT)
        """What was not read of the table."""
        self._begun = self._whole = False
        self._searches = 0  # that may be made before the rest is cheaper
        self._lock = anyio.Lock()

    async def find(self, name: str) -> int | None:
        key = name.casefold()
        if key not in self._ids:
            async with self._lock:
                await self._look_for(name, key)
        return self._ids.get(key)

    async def find_or_make(self, name: str) -> int:
        key = name.casefold()
        if key not in self._ids:
            async with self._lock:
                await self._look_for(name, key)
                if key not in self._ids:
                    self._ids[key] = (await self._tags.create(tag=name)).id
        return self._ids[key]

    async def _look_for(self, name: str, key: str) -> None:
        if not self._begun:
            await self._begin()
        if self._whole or key in self._ids or key in self._missing:
            return
        if await self._search(name, key):
            return
        self._keep([tag async for tag in self._rest])
        self._whole = True

    async def _begin(self) -> None:
        page = await self._rest
        self._keep(page.items)
        if page.cursor is None:
            self._whole = True
        else:
            self._rest = self._rest.resume(page.cursor)
            self._searches = ceil(max((page.total or 0) - len(page.items), 0) / MAX_LIMIT)
        self._begun = True

    async def _search(self, name: str, key: str) -> bool:
        """Whether that told if there is one: many pages may contain a short name."""
        pages = self._tags.list(search=name, order_by="weight", limit=MAX_LIMIT).pages()
        while self._searches:
            self._searches -= 1
            page = await anext(pages, None)
            if page is not None:
                self._keep(page.items)
            if key in self._ids:
                return True
            if page is None or not page.has_more:
                self._missing.add(key)
                return True
        return False

    def _keep(self, tags: Iterable[Tag]) -> None:
        for tag in tags:
            if tag.tag and tag.tag_type is TagType.CONTACT:
                self._ids.setdefault(tag.tag.strip().casefold(), tag.id)


def _names_of(fields: Sequence[Field]) -> list[tuple[str, int]]:
    """Titles and personalization tags, and ids, which a title of digits does not hide."""
    ids: dict[str, int] = {}
    for field in fields:
        for name in {text.strip().casefold() for text in (field.title, field.perstag) if text}:
            ids[name] = _SEVERAL if name in ids else field.id
    return [*ids.items(), *((str(field.id), field.id) for field in fields)]
