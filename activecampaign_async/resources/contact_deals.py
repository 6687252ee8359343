"""Secondary contacts of deals. https://developers.activecampaign.com/reference/list-all-secondary-contacts"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypedDict, Unpack

from attrs import frozen

from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._inputs import given_id
from ._resource import Resource, RowOrder, rows


@frozen(kw_only=True, repr=False)
class ContactDeal(Row):
    """One contact's part in one deal."""

    KEY, KEYS = "contactDeal", "contactDeals"

    contact: int | None = None
    deal: int | None = None
    role: int | None = None
    """Deal role id."""
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    created_timestamp: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_timestamp: Annotated[datetime | None, Wire("updated_timestamp")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None


class ContactDealFields(TypedDict, total=False):
    """What can be changed."""

    contact: Annotated[int | str, Wire("contact", given_id)]
    deal: Annotated[int | str, Wire("deal", given_id)]
    role: Annotated[int | str, Wire("role", given_id)]
    """Deal role id."""


class ContactDeals(Resource[ContactDeal]):
    """``ac.contact_deals``"""

    _path, _model, _written = "/contactDeals", ContactDeal, ContactDealFields

    def list(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[ContactDeal]:
        """Secondary contacts of all deals: ``GET /contactDeals``. `limit` is the page size (1 to 100),
        `order_by` the order.

        https://developers.activecampaign.com/reference/list-all-secondary-contacts
        """
        return rows(self._send, self._path, ContactDeal, order_by=order_by, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> ContactDeal:
        """Read one: ``GET /contactDeals/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/retrieve-a-secondary-contact
        """
        return await self._get(id, timeout)

    async def create(self, *, contact: int | str, deal: int | str, timeout: float | None = None) -> ContactDeal:
        """Add a contact to a deal: ``POST /contactDeals``. ValidationError if it is already there, or if there is no
        such contact or deal. `update` sets its role.
        https://developers.activecampaign.com/reference/create-a-secondary-contact
        """
        return await self._create({"contact": contact, "deal": deal}, {}, timeout)

    async def update(
        self, id: int | str, *, timeout: float | None = None, **fields: Unpack[ContactDealFields]
    ) -> ContactDeal:
        """Change only what is given: ``PUT /contactDeals/{id}``.

        https://developers.activecampaign.com/reference/update-a-secondary-contact
        """
        return await self._update(id, fields, timeout)

    async def delete(self, id: int | str, *, timeout: float | None = None) -> None:
        """Take a contact out of a deal: ``DELETE /contactDeals/{id}``. Also succeeds if it is already gone.

        https://developers.activecampaign.com/reference/delete-a-secondary-contact
        """
        await self._delete(id, timeout, missing_is_done=True)
