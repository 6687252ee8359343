"""What the plan of an import says it takes, beside what it does take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from activecampaign_async import LocalLimiter
from activecampaign_async.cli._import_plan import missing, planned
from activecampaign_async.jobs import RowFile
from activecampaign_async.resources.imports import ImportPace
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

TIED, PLAIN = 'p{}@example.org,"a,b",1\n', "p{}@example.org,,\n"


async def taken(rows: RowFile, run_automations: bool) -> tuple[int, int, float]:
    """Requests that sent something, those that asked, and seconds."""
    sandbox = Sandbox(rate=5, latency=50)
    sandbox.imports.seconds = 0.5
    sandbox.add_tag("a")
    sandbox.add_tag("b")
    sandbox.add_list("News", id=1)
    began = anyio.current_time()
    async with client_of(sandbox, rate_limiter=LocalLimiter(5, clock=anyio.current_time)) as ac:
        given: Any = list(rows)
        pace = ImportPace(clock=anyio.current_time)
        report = await ac.contacts.import_many(given, run_automations=run_automations, pace=pace)
    assert report.imported == len(given)
    sent = sum(one.method != "GET" for one in sandbox.requests)
    return sent, len(sandbox.requests) - sent, anyio.current_time() - began


@pytest.mark.parametrize(
    ("line", "count", "run_automations"),
    [(TIED, 9, True), (TIED, 9, False), (TIED, 1, False), (PLAIN, 9, True), (PLAIN, 12_500, False)],
)
async def test_a_plan_counts_what_it_takes(tmp_path: Path, line: str, count: int, run_automations: bool) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email,tags,subscribe\n" + "".join(map(line.format, range(count))))
    rows = RowFile(path)
    plan = planned(rows, None, run_automations=run_automations, per_minute=100)
    sent, asked, seconds = await taken(rows, run_automations)
    assert plan.requests == sent
    assert plan.questions <= asked <= plan.questions * 1.2 + 1
    assert plan.seconds - 0.5 <= seconds <= plan.seconds * 1.2 + 8, "a batch is asked for after five seconds"


@pytest.mark.parametrize(("batches", "seconds"), [(1, 5), (100, 41), (101, 65), (250, 135)])
async def test_the_first_hundred_go_at_once(batches: int, seconds: float) -> None:
    from activecampaign_async.cli._import_plan import Plan

    assert Plan(batches=batches).seconds == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize(("rate", "seconds"), [(1, 111), (5, 61), (1_000, 60)])
async def test_the_account_s_rate_counts(rate: float, seconds: float) -> None:
    from activecampaign_async.cli._import_plan import Plan

    assert Plan(batches=102, per_second=rate).seconds >= seconds - 1


async def test_fields_are_known_by_name_as_the_import_knows_them(tmp_path: Path) -> None:
    path = tmp_path / "people.ndjson"
    path.write_text('{"email": "a@example.org", "fields": {"colour": "red", "SIZE": "1", "1": "x", "Hat": "y"}}\n')
    sandbox = Sandbox(rate=None)
    sandbox.add_field("Colour", id=1)
    sandbox.add_field("Size")
    plan = planned(RowFile(path), None, run_automations=True, per_minute=100)
    async with client_of(sandbox) as ac:
        assert await missing(plan, ac, create_tags=False) == {("fields", "Hat"): 1}
