"""Subscriptions: contacts on lists. https://developers.activecampaign.com/reference/update-list-status-for-contact"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Annotated, TypedDict

from attrs import frozen

from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._resource import Resource, RowOrder, rows
from .lists import ListChannel


class ListStatus(IntEnum):
    """A contact's status on a list. Others (91: removed by an old API) stay numbers."""

    UNCONFIRMED = 0
    SUBSCRIBED = 1
    UNSUBSCRIBED = 2
    BOUNCED = 3


class ListSource(IntEnum):
    """How a subscription came about. ActiveCampaign documents this one; others stay numbers."""

    RESUBSCRIBED = 4
    """Through the API. Lets somebody who had left the list be subscribed again."""


@frozen(kw_only=True, repr=False)
class ContactList(Row):
    """One contact's subscription to one list."""

    KEY, KEYS = "contactList", "contactLists"

    contact: int | None = None
    list: int | None = None
    status: ListStatus | int | None = None
    channel: ListChannel | str | None = None
    first_name: Annotated[str | None, Wire("first_name")] = None
    last_name: Annotated[str | None, Wire("last_name")] = None
    subscribed_at: Annotated[datetime | None, Wire("sdate")] = None
    unsubscribed_at: Annotated[datetime | None, Wire("udate")] = None
    unsubscribe_reason: Annotated[str | None, Wire("unsubreason")] = None
    unsubscribe_automation: int | None = None
    source_id: Annotated[ListSource | int | None, Wire("sourceid")] = None
    form: int | None = None
    automation: int | None = None
    series_id: Annotated[int | None, Wire("seriesid")] = None
    campaign: int | None = None
    message: int | None = None
    responder: bool | None = None
    """Whether autoresponders are sent."""
    sync: int | None = None
    autosync_log: int | None = None
    ip4_sub: Annotated[str | None, Wire("ip4Sub")] = None
    ip4_unsub: Annotated[str | None, Wire("ip4Unsub")] = None
    ip4_last: Annotated[str | None, Wire("ip4_last")] = None
    created_timestamp: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_timestamp: Annotated[datetime | None, Wire("updated_timestamp")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None


class ListStatusFields(TypedDict, total=False):
    """What can be given besides the status."""

    source_id: Annotated[ListSource | int | str, Wire("sourceid")]
    """One that is not known here goes as a str, as everywhere."""


class ContactLists(Resource[ContactList]):
    """``ac.contact_lists``. To subscribe and unsubscribe: `Contacts.set_list_status`."""

    _path, _model = "/contactLists", ContactList

    def list(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[ContactList]:
        """All subscriptions of all contacts, past ones too: ``GET /contactLists``. `limit` is the page size (1 to 100),
        `order_by` the order. Undocumented by ActiveCampaign.

        Those of one contact: `Contacts.contact_lists`. The contacts on one list: ``contacts.list(list_id=…)``.
        """
        return rows(self._send, self._path, ContactList, order_by=order_by, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> ContactList:
        """Read one: ``GET /contactLists/{id}``. NotFoundError if there is none. Undocumented by ActiveCampaign."""
        return await self._get(id, timeout)
