"""Waits between tries are short where time is real."""

from __future__ import annotations

import pytest

from activecampaign_async.keys import _cache


@pytest.fixture(autouse=True)
def _short_waits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("virtual_time") is None:
        monkeypatch.setattr(_cache, "FIRST_WAIT", 0.02)
