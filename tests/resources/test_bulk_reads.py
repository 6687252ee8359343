"""Bulk reads of a sandbox, down the whole road."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from activecampaign_async.jobs import FileOutput, StateFile, export_rows
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("holes", [0, 0.95])
async def test_rows_that_are_there_throughout_an_export_come_exactly_once(tmp_path: Path, holes: float) -> None:
    sandbox = Sandbox(contacts=2000, rate=None, holes=holes)
    throughout, ids, dice = set(sandbox.contact_ids()), sandbox.contact_ids(), random.Random(6)

    def churn(_: Any) -> None:
        for _ in range(5):
            throughout.discard(leaving := ids.pop(dice.randrange(len(ids))))
            sandbox.delete_contact(leaving)
            sandbox.add_contact()

    sandbox.after(churn)
    async with client_of(sandbox) as ac:
        await export_rows(ac.contacts.list(), FileOutput(tmp_path / "out.ndjson", account=ac.base_url))
    lines = (tmp_path / "out.ndjson").read_text().splitlines()
    got = [int(line.rpartition('"id":"')[2].partition('"')[0]) for line in lines]
    assert len(set(got)) == len(got)
    assert throughout <= set(got)


async def test_by_id_and_what_is_gone() -> None:
    sandbox = Sandbox(contacts=3000, rate=None, holes=0.3)
    there = sandbox.contact_ids()
    known = random.Random(1).sample(range(1, there[-1] + 1), 2000)
    for ignored in (set[str](), {"ids[]"}):
        sandbox.ignores, sandbox.requests = ignored, []
        async with client_of(sandbox) as ac:
            found = await ac.contacts.get_many(known)
            assert [contact.id for contact in found] == [id for id in known if id in set(there)]
            assert set(found.missing) == set(known) - set(there)
            assert found.swept == bool(ignored)
            assert len(sandbox.requests) <= (60 if ignored else 21)
            assert await ac.contacts.deleted(known) == sorted(set(known) - set(there))


async def test_by_address() -> None:
    sandbox = Sandbox(contacts=3000, rate=None)
    sandbox.add_contact("Ada+tag@Example.org")
    async with client_of(sandbox) as ac:
        found = await ac.contacts.find_many(["ada+tag@example.org", "nobody@example.org", "contact7@example.com"])
        assert (list(found), found.missing) == (
            ["ada+tag@example.org", "contact7@example.com"],
            ("nobody@example.org",),
        )
        sandbox.requests.clear()
        many = [f"contact{number}@example.com" for number in range(2900, 3100)]
        found = await ac.contacts.find_many(many)
        assert [contact.id for contact in found.values()] == list(range(2900, 3001))
        assert found.missing == tuple(many[101:])
        assert len(sandbox.requests) <= 31 + 3


async def test_what_was_changed_with_a_file(tmp_path: Path) -> None:
    sandbox = Sandbox(contacts=500, rate=None)
    since = datetime(2026, 1, 5, 9, tzinfo=UTC)  # an hour before the sandbox's clock begins
    file = tmp_path / "changes.json"
    for id in range(1, 151):
        sandbox.update_contact(id, phone="1")

    async def run() -> list[int]:
        async with client_of(sandbox) as ac:
            return [contact.id async for contact in ac.contacts.changed(since, checkpoint=StateFile(file))]

    async with client_of(sandbox) as ac:
        async for contact in ac.contacts.changed(since, checkpoint=StateFile(file)):
            if contact.id == 120:
                break
    assert await run() == list(range(101, 151))
    sandbox.update_contact(7, phone="2")
    assert 7 in await run()
