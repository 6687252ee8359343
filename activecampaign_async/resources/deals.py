"""Deals. https://developers.activecampaign.com/reference/deal"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Annotated

from attrs import frozen

from .._model import Model, Row, Wire


class DealStatus(IntEnum):
    """The status of a deal."""

    OPEN = 0
    WON = 1
    LOST = 2


@frozen(kw_only=True, repr=False)
class DealFieldInput(Model):
    """What was written to a custom field, as the answer to a write reports it."""

    custom_field_id: int | None = None
    field_value: str | None = None
    field_currency: str | None = None
    deal_id: int | None = None


@frozen(kw_only=True, repr=False)
class CustomFieldSaveStatus(Model):
    """How the writing of custom fields went."""

    status: str | None = None


@frozen(kw_only=True, repr=False)
class Deal(Row):
    """A deal. One that the key's user may not see in full has only a title, a status and `is_disabled`."""

    KEY, KEYS = "deal", "deals"

    title: str | None = None
    description: str | None = None
    status: DealStatus | int | None = None
    value: Decimal | None = None
    """In minor units of `currency` (cents)."""
    currency: str | None = None
    """ISO 4217, mostly in lower case."""
    percent: int | None = None
    contact: int | None = None
    account: int | None = None
    customer_account: int | None = None
    organization: int | None = None
    owner: int | None = None
    """User id."""
    group: int | None = None
    """Pipeline id."""
    stage: int | None = None
    hash: str | None = None
    is_disabled: bool | None = None
    activity_count: Annotated[int | None, Wire("activitycount")] = None
    next_at: Annotated[datetime | None, Wire("nextdate")] = None
    next_deal_id: Annotated[int | None, Wire("nextdealid")] = None
    next_task: int | None = None
    next_task_id: Annotated[int | None, Wire("nexttaskid")] = None
    win_probability: int | None = None
    win_probability_updated_at: Annotated[datetime | None, Wire("winProbabilityMdate")] = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("mdate")] = None
    edate: datetime | None = None
    fields: tuple[DealFieldInput, ...] | None = None
    """Only in the answer to a write."""
    custom_field_save_status: CustomFieldSaveStatus | None = None
    """Only in the answer to a write."""
