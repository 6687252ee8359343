"""Notes: text about contacts, deals and accounts. https://developers.activecampaign.com/reference/notes"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, TypedDict, Unpack

from attrs import frozen

from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._inputs import given_id, not_blank
from ._reference import Reference
from ._resource import Resource, RowOrder, rows


class NoteRelType(Enum):
    """What a note can be about."""

    CONTACT = "Subscriber"
    DEAL = "Deal"
    DEAL_TASK = "DealTask"
    ACCOUNT = "CustomerAccount"
    ACTIVITY = "Activity"


@frozen(kw_only=True, repr=False)
class Note(Row):
    """A text about something."""

    KEY, KEYS = "note", "notes"

    note: str | None = None
    rel_type: Annotated[NoteRelType | str | None, Wire("reltype")] = None
    rel_id: Annotated[int | None, Wire("relid")] = None
    """Id of what it is about."""
    owner: Reference | None = None
    """What it is about, again."""
    user: int | None = None
    """Who wrote it."""
    user_id: Annotated[int | None, Wire("userid")] = None
    """The same, under its older name."""
    is_draft: Annotated[bool | None, Wire("is_draft")] = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("mdate")] = None


class NoteFields(TypedDict, total=False):
    """What can be changed of a note."""

    note: Annotated[str, Wire("note", not_blank)]
    rel_type: Annotated[NoteRelType | str, Wire("reltype")]
    rel_id: Annotated[int | str, Wire("relid", given_id)]


class Notes(Resource[Note]):
    """``ac.notes``"""

    _path, _model, _written = "/notes", Note, NoteFields

    def list(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[Note]:
        """Notes of all kinds: ``GET /notes``. `limit` is the page size (1 to 100), `order_by` the order.
        Those of one contact: `Contacts.notes`. https://developers.activecampaign.com/reference/retrieve-list-of-all-notes
        """
        return rows(self._send, self._path, Note, order_by=order_by, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> Note:
        """Read one: ``GET /notes/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/retrieve-a-note
        """
        return await self._get(id, timeout)

    async def create(
        self,
        *,
        note: str,
        rel_type: NoteRelType | str,
        rel_id: int | str,
        timeout: float | None = None,
    ) -> Note:
        """Write a note: ``POST /notes``. `rel_type` and `rel_id` say what it is about, e.g. NoteRelType.CONTACT and
        a contact's id: NotFoundError if there is none. Never repeated: a second request would add a second note.

        https://developers.activecampaign.com/reference/create-a-note
        """
        return await self._create({"note": note, "rel_type": rel_type, "rel_id": rel_id}, {}, timeout)

    async def update(self, id: int | str, *, timeout: float | None = None, **fields: Unpack[NoteFields]) -> Note:
        """Change only what is given: ``PUT /notes/{id}``.

        https://developers.activecampaign.com/reference/update-a-note
        """
        return await self._update(id, fields, timeout)

    async def delete(self, id: int | str, *, timeout: float | None = None) -> None:
        """Delete one: ``DELETE /notes/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/delete-note
        """
        await self._delete(id, timeout)
