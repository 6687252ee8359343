"""Scores of contacts and deals. https://developers.activecampaign.com/reference/retrieve-a-contacts-score-value"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen

from .._model import Row, Wire


@frozen(kw_only=True, repr=False)
class ScoreValue(Row):
    """How many points one contact or deal has in one score."""

    KEY, KEYS = "scoreValue", "scoreValues"

    score: int | None = None
    """Score id."""
    score_value: int | None = None
    contact: int | None = None
    deal: int | None = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("mdate")] = None
