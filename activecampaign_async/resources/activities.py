"""What happened to contacts. https://developers.activecampaign.com/reference/list-contact-activities"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, TypedDict

from attrs import frozen

from .._model import Model, Row, Wire
from ._inputs import include_text, true_or_false
from ._reference import Reference


@frozen(kw_only=True, repr=False)
class Activity(Row):
    """Something that happened."""

    KEY, KEYS = "activity", "activities"

    reference: Reference | None = None
    """What it is about."""
    reference_type: Annotated[str | None, Wire("reference_type")] = None
    reference_id: Annotated[int | None, Wire("reference_id")] = None
    reference_action: Annotated[str | None, Wire("reference_action")] = None
    reference_model_name: str | None = None
    subscriber_id: Annotated[int | None, Wire("subscriberid")] = None
    """Contact id."""
    user: int | None = None
    user_id: Annotated[int | None, Wire("userid")] = None
    """The same, under its older name."""
    permission: str | None = None
    json_data: str | None = None
    created_at: Annotated[datetime | None, Wire("tstamp")] = None
    # Ids only: the rows themselves stand in `included`, where they were asked for.
    notes: tuple[int, ...] | None = None
    recipients: tuple[int, ...] | None = None


@frozen(kw_only=True, repr=False)
class ActivityRecipient(Model):
    """Who something happened to."""

    KEY, KEYS = "activityRecipient", "activityRecipients"

    id: int | None = None
    recipient: Reference | None = None
    activity_id: Annotated[int | None, Wire("activityid")] = None
    rel_type: Annotated[str | None, Wire("reltype")] = None
    rel_id: Annotated[int | None, Wire("relid")] = None


class ActivityFilters(TypedDict, total=False):
    """Which activities of a contact, and what comes with them."""

    after: datetime | date
    emails: Annotated[bool, Wire("emails", true_or_false)]
    """Whether the fields about e-mails come too."""
    include: Annotated[str | Sequence[str], Wire("include", include_text)]
    """Rows to bring along, e.g. ``("notes", "notes.user", "reference.campaign", "user")``."""


ActivityOrder = Literal["created_at", "-created_at"]
ORDERS = {"created_at": "tstamp"}
