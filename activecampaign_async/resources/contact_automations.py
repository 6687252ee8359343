"""Contacts in automations. https://developers.activecampaign.com/reference/contact-automations"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen

from .._model import Row, Wire


@frozen(kw_only=True, repr=False)
class ContactAutomation(Row):
    """One way of a contact through an automation."""

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
    """Of its latest step."""
    last_block: Annotated[int | None, Wire("lastblock")] = None
    last_log_id: Annotated[int | None, Wire("lastlogid")] = None
    timespan: int | None = None
    in_als: Annotated[int | None, Wire("in_als")] = None
    completed: bool | None = None
    completed_elements: int | None = None
    total_elements: int | None = None
    complete_value: int | None = None
    """How far it is, in percent."""
