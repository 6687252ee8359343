"""Contacts in automations. https://developers.activecampaign.com/reference/contact-automations"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen

from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._resource import Resource, RowOrder, rows


@frozen(kw_only=True, repr=False)
class ContactAutomation(Row):
    """One run of a contact through an automation."""

    KEY, KEYS = "contactAutomation", "contactAutomations"

    contact: int | None = None
    automation: int | None = None
    series_id: Annotated[int | None, Wire("seriesid")] = None
    """The automation again, under its older name."""
    start_id: Annotated[int | None, Wire("startid")] = None
    status: int | None = None
    batch_id: Annotated[str | None, Wire("batchid")] = None
    added_at: Annotated[datetime | None, Wire("adddate")] = None
    removed_at: Annotated[datetime | None, Wire("remdate")] = None
    last_at: Annotated[datetime | None, Wire("lastdate")] = None
    """When its latest step was."""
    last_block: Annotated[int | None, Wire("lastblock")] = None
    last_log_id: Annotated[int | None, Wire("lastlogid")] = None
    timespan: int | None = None
    in_als: Annotated[int | None, Wire("in_als")] = None
    completed: bool | None = None
    completed_elements: int | None = None
    total_elements: int | None = None
    complete_value: int | None = None
    """Progress, in percent."""


@frozen(kw_only=True, repr=False)
class AutomationEntryCount(Row):
    """How often one contact has entered one automation, whose id this has.

    https://developers.activecampaign.com/reference/retrieve-contact-automation-entry-counts
    """

    KEY, KEYS = "automationEntryCount", "automationEntryCounts"

    name: str | None = None
    status: int | None = None
    """Of the automation."""
    hidden: bool | None = None
    contact_entry_count: int | None = None


class ContactAutomations(Resource[ContactAutomation]):
    """``ac.contact_automations``. To start and stop one: `Contacts.add_to_automation`, `.remove_from_automation`."""

    _path, _model = "/contactAutomations", ContactAutomation

    def list(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[ContactAutomation]:
        """All contacts' runs through all automations: ``GET /contactAutomations``. `limit` is the page size (1 to 100),
        `order_by` the order. Those of one contact: `Contacts.contact_automations`.

        https://developers.activecampaign.com/reference/list-all-contact-automations
        """
        return rows(self._send, self._path, ContactAutomation, order_by=order_by, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> ContactAutomation:
        """Read one: ``GET /contactAutomations/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/retrieve-a-contactautomation
        """
        return await self._get(id, timeout)
