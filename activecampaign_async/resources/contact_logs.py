"""What was logged about contacts: bounces, events, and the rest of the log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen

from .._model import Row, Wire


@frozen(kw_only=True, repr=False)
class BounceLog(Row):
    """A mail that bounced. https://developers.activecampaign.com/reference/retrieve-contact-bounce-logs"""

    KEY, KEYS = "bounceLog", "bounceLogs"

    contact: int | None = None
    subscriber_id: Annotated[int | None, Wire("subscriberid")] = None
    """The contact again, under its older name; so are the ids below."""
    bounce: int | None = None
    bounce_id: Annotated[int | None, Wire("bounceid")] = None
    campaign: int | None = None
    campaign_id: Annotated[int | None, Wire("campaignid")] = None
    message: int | None = None
    message_id: Annotated[int | None, Wire("messageid")] = None
    code: str | None = None
    """Id of the bounce code, or the code itself."""
    code_id: Annotated[int | None, Wire("codeid")] = None
    email: str | None = None
    error: str | None = None
    source: str | None = None
    """The bounce mail, as text."""
    created_at: Annotated[datetime | None, Wire("tstamp")] = None
    created_timestamp: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_timestamp: Annotated[datetime | None, Wire("updated_timestamp")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None


@frozen(kw_only=True, repr=False)
class ContactLog(Row):
    """An entry of a contact's log. ActiveCampaign documents none of its fields: they are in `extra`.

    https://developers.activecampaign.com/reference/retrieve-contact-logs
    """

    KEY, KEYS = "contactLog", "contactLogs"


@frozen(kw_only=True, repr=False)
class TrackingLog(Row):
    """An event that was tracked. https://developers.activecampaign.com/reference/get-contacts-tracking-logsevents"""

    KEY, KEYS = "trackingLog", "trackingLogs"

    contact: int | None = None
    subscriber_id: Annotated[int | None, Wire("subscriberid")] = None
    """The contact again, under its older name."""
    type: str | None = None
    """The event's name."""
    value: str | None = None
    hash: str | None = None
    created_at: Annotated[datetime | None, Wire("tstamp")] = None
