"""Tags on contacts. https://developers.activecampaign.com/reference/contact-tags"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen

from .._model import Row, Wire
from ._resource import Resource


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
    """``ac.contact_tags``. To make and break these ties: `Contacts.add_tag`, `Contacts.remove_tag`."""

    path, model = "/contactTags", ContactTag

    async def get(self, id: int | str, *, timeout: float | None = None) -> ContactTag:
        """Read one: ``GET /contactTags/{id}``. NotFoundError when there is none. Undocumented.

        https://developers.activecampaign.com/reference/contact-tags
        """
        return await self._get(id, timeout)
