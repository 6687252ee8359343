"""Tables of a joined export: kept beside it, read once however often it is stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from activecampaign_async.jobs import FileOutput, Progress, ResumeError, TableFiles, export_rows
from tests.resources.test_bulk_reads_joined import account, truth
from tests.support import client_of

if TYPE_CHECKING:
    from activecampaign_async.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
TABLES = ("/fieldValues", "/contactTags", "/contactLists")


class Stopped(Exception):
    """As a crash: nothing is done about it."""


async def run(sandbox: Sandbox, path: Path, *, stop: bool = False, resume: bool = True) -> None:
    def tell(progress: Progress) -> None:
        if stop and progress.fresh >= 100:
            raise Stopped

    async with client_of(sandbox, retry=None) as ac:
        tables = TableFiles(path, account="acme", resume=resume)
        people = await ac.contacts.joined(fields_by="title").pager(tables)
        output = FileOutput(path, account="acme", resume=resume, overwrite=not resume)
        await export_rows(people, output, progress=tell)
        await tables.discard()


def spent(sandbox: Sandbox) -> int:
    count = sum(asked.path in TABLES for asked in sandbox.requests)
    sandbox.requests.clear()
    return count


def is_whole(sandbox: Sandbox, path: Path) -> bool:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    got = {int(row["id"]): (set(row["fields"]), row["tags"], [entry["name"] for entry in row["lists"]]) for row in rows}
    expected = truth(sandbox).items()
    return got == {id: (set(fields), tags, [entry.name for entry in lists]) for id, (fields, tags, lists) in expected}


def names(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.iterdir())


async def test_a_table_that_was_read_is_not_read_again(tmp_path: Path) -> None:
    sandbox, path = account(650), tmp_path / "people.ndjson"
    sandbox.ignores = {"include"}
    with pytest.raises(Stopped):
        await run(sandbox, path, stop=True)
    assert spent(sandbox) > 20
    with pytest.raises(Stopped):
        await run(sandbox, path, stop=True)
    assert spent(sandbox) == 3  # the first page of each, for the plan
    await run(sandbox, path)
    assert spent(sandbox) == 3
    assert is_whole(sandbox, path)
    assert names(tmp_path) == ["people.ndjson", "people.ndjson.checkpoint"]


@pytest.mark.parametrize("failing", TABLES)
@pytest.mark.parametrize("skip", [1, 5])
async def test_a_table_that_was_read_in_part_is_gone_on_with(failing: str, skip: int, tmp_path: Path) -> None:
    sandbox, path = account(650), tmp_path / "people.ndjson"
    sandbox.ignores = {"include"}
    whole = sum(len(sandbox.rows(table.removeprefix("/"))) for table in TABLES) / 99
    sandbox.fail("custom", path=failing, skip=skip, status=418, body="{}")
    with pytest.raises(Exception, match="418"):
        await run(sandbox, path)
    assert not path.exists()
    first = spent(sandbox)
    await run(sandbox, path)
    assert is_whole(sandbox, path)
    assert first + spent(sandbox) <= whole + 3 + 3 + 16  # last pages, the plan's, and what was under way


async def test_without_resume_they_are_read_anew(tmp_path: Path) -> None:
    sandbox, path = account(150), tmp_path / "people.ndjson"
    sandbox.ignores = {"include"}
    with pytest.raises(Stopped):
        await run(sandbox, path, stop=True)
    sandbox.tag_contact(sandbox.add_contact(), 1)
    await run(sandbox, path, resume=False)
    assert is_whole(sandbox, path)


async def test_tables_of_another_account(tmp_path: Path) -> None:
    sandbox, path = account(150), tmp_path / "people.ndjson"
    sandbox.ignores = {"include"}
    with pytest.raises(Stopped):
        await run(sandbox, path, stop=True)
    async with client_of(sandbox) as ac:
        tables: Any = TableFiles(path, account="other", resume=True)
        with pytest.raises(ResumeError, match="another account"):
            _ = await ac.contacts.joined().pager(tables)
