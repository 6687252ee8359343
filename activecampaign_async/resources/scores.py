"""Scores: rules that count points. https://developers.activecampaign.com/reference/scores"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

from attrs import frozen

from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._resource import Resource, RowOrder, rows


class ScoreRelType(Enum):
    """What a score counts points for."""

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

    _path, _model = "/scores", Score

    def list(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[Score]:
        """Scores: ``GET /scores``. `limit` is the page size (1 to 100), `order_by` the order.

        https://developers.activecampaign.com/reference/list-all-scores
        """
        return rows(self._send, self._path, Score, order_by=order_by, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> Score:
        """Read one: ``GET /scores/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/retrieve-a-score
        """
        return await self._get(id, timeout)
