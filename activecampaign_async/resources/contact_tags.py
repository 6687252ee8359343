"""Tags on contacts. https://developers.activecampaign.com/reference/contact-tags"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen

from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._resource import Resource, RowOrder, rows


@frozen(kw_only=True, repr=False)
class ContactTag(Row):
    """One tag on one contact."""

    KEY, KEYS = "contactTag", "contactTags"

    contact: int | None = None
    tag: int | None = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    created_timestamp: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_timestamp: Annotated[datetime | None, Wire("updated_timestamp")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None


class ContactTags(Resource[ContactTag]):
    """``ac.contact_tags``. To add and remove them: `Contacts.add_tag`, `Contacts.remove_tag`."""

    _path, _model = "/contactTags", ContactTag

    def list(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[ContactTag]:
        """All tags on all contacts: ``GET /contactTags``. `limit` is the page size (1 to 100), `order_by` the order.
        Undocumented by ActiveCampaign.

        Those of one contact: `Contacts.contact_tags`. The contacts with one tag: ``contacts.list(tag_id=…)``.
        """
        return rows(self._send, self._path, ContactTag, order_by=order_by, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> ContactTag:
        """Read one: ``GET /contactTags/{id}``. NotFoundError if there is none. Undocumented by ActiveCampaign."""
        return await self._get(id, timeout)
