"""Scores: what points are counted for. https://developers.activecampaign.com/reference/scores"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

from attrs import frozen

from .._model import Row, Wire
from .._paging import Pager
from ._resource import Resource, rows


class ScoreRelType(Enum):
    """What has points."""

    CONTACT = "contact"
    DEAL = "deal"


@frozen(kw_only=True, repr=False)
class Score(Row):
    """A score. How many points a contact has in it: `Contacts.score_values`."""

    KEY, KEYS = "score", "scores"

    name: str | None = None
    description: Annotated[str | None, Wire("descript")] = None
    rel_type: Annotated[ScoreRelType | str | None, Wire("reltype")] = None
    status: int | None = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("mdate")] = None


class Scores(Resource[Score]):
    """``ac.scores``"""

    path, model = "/scores", Score

    def list(self, *, limit: int | None = None, timeout: float | None = None) -> Pager[Score]:
        """Scores: ``GET /scores``. `limit` rows a page, 1 to 100.

        https://developers.activecampaign.com/reference/list-all-scores
        """
        return rows(self._send, self.path, Score, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> Score:
        """Read one: ``GET /scores/{id}``. NotFoundError when there is none.

        https://developers.activecampaign.com/reference/retrieve-a-score
        """
        return await self._get(id, timeout)
