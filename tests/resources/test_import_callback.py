"""What goes along with an import's callback."""

from __future__ import annotations

from typing import Any

import pytest

from activecampaign_async.resources.imports import Imports
from tests.resources.road import Road

pytestmark = pytest.mark.anyio
QUEUED = {"success": 1, "queued_contacts": 1, "batchId": "3840817e", "message": "Contact import queued"}


@pytest.mark.parametrize(("given", "sent"), [(True, "true"), (False, "false"), ("true", "true"), ("", "")])
async def test_whether_results_are_detailed_is_sent_as_text(given: bool | str, sent: str) -> None:
    road = Road(QUEUED)
    await Imports(road).start(
        [{"email": "ann@example.org"}], callback={"url": "https://example.org", "detailed_results": given}
    )
    assert road.sent[2]["callback"] == {"url": "https://example.org", "detailed_results": sent}


@pytest.mark.parametrize("given", [1, None, ["true"]])
async def test_whether_results_are_detailed_is_a_bool_or_text(given: Any) -> None:
    road = Road(QUEUED)
    with pytest.raises(TypeError, match=r"^detailed_results: bool or str was expected, not "):
        await Imports(road).start([{"email": "ann@example.org"}], callback={"detailed_results": given})
    assert road.calls == []
