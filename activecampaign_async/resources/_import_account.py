"""What the account has of what rows name: tags, custom fields, lists; and how a contact is tied to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._call import Send
from ._contact_associations import ContactAssociations
from ._import_rows import Refused, Row, named, size_of
from .contact_lists import ListStatus
from .fields import Field, Fields
from .lists import Lists
from .tags import Tags

CATALOGUES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "tags": ("there is no tag", ("tags",)),
    "fields": ("there is no custom field", ("fields",)),
    "lists": ("there is no list", ("subscribe", "unsubscribe")),
}
"""What the account has -> what is said of others, and the keys of a row that name it."""

_SEVERAL = 0
"""In place of an id, where several fields have that name."""


class Names:
    """Read once each, and only if a row names any."""

    def __init__(self, send: Send, *, create_tags: bool) -> None:
        self._send, self._create_tags = send, create_tags
        self._known: dict[str, dict[str, int]] = {}
        self._contacts = ContactAssociations()
        self._contacts._send = send

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
            known = await self.known(what)
            for name in names:
                if name.casefold() not in known:
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

    async def known(self, what: str) -> dict[str, int]:
        """What the account has, read once: names in small letters, and ids as text -> id."""
        if what not in self._known:
            if what == "tags":
                tags = Tags(self._send).list(limit=100)
                names = [(tag.tag.strip().casefold(), tag.id) async for tag in tags if tag.tag]
            elif what == "fields":
                names = _names_of([field async for field in Fields(self._send).list(limit=100)])
            else:
                names = [(str(each.id), each.id) async for each in Lists(self._send).list(limit=100)]
            self._known[what] = dict(names)
        return self._known[what]

    # -- what `contact/sync` does not take along

    async def tie(self, contact: int, wire: Mapping[str, Any]) -> None:
        for name in named(wire, "tags"):
            await self._contacts.add_tag(contact, await self._tag(name))
        for key, status in (("subscribe", ListStatus.SUBSCRIBED), ("unsubscribe", ListStatus.UNSUBSCRIBED)):
            for list_id in named(wire, key):
                await self._contacts.set_list_status(contact, list_id, status)

    async def _tag(self, name: str) -> int:
        ids = await self.known("tags")
        if name.casefold() not in ids:
            ids[name.casefold()] = (await Tags(self._send).create(tag=name)).id
        return ids[name.casefold()]


def _names_of(fields: Sequence[Field]) -> list[tuple[str, int]]:
    """Titles and personalization tags, and ids, which a title of digits does not hide."""
    ids: dict[str, int] = {}
    for field in fields:
        for name in {text.strip().casefold() for text in (field.title, field.perstag) if text}:
            ids[name] = _SEVERAL if name in ids else field.id
    return [*ids.items(), *((str(field.id), field.id) for field in fields)]
