"""Goals reached in automations. https://developers.activecampaign.com/reference/retrieve-contact-goals"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen

from .._model import Row, Wire


@frozen(kw_only=True, repr=False)
class ContactGoal(Row):
    """A goal that one contact has reached."""

    KEY, KEYS = "contactGoal", "contactGoals"

    contact: int | None = None
    goal: int | None = None
    automation: int | None = None
    contact_automation: int | None = None
    # The same four, under their older names.
    subscriber_id: Annotated[int | None, Wire("subscriberid")] = None
    goal_id: Annotated[int | None, Wire("goalid")] = None
    series_id: Annotated[int | None, Wire("seriesid")] = None
    subscriber_series_id: Annotated[int | None, Wire("subscriberseriesid")] = None
    timespan: int | None = None
    created_at: Annotated[datetime | None, Wire("tstamp")] = None
    """When it was reached."""
