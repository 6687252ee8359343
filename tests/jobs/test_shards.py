"""An export in shards: together they are all of it, however ids lie, and each can be taken up by anybody."""
# ruff: noqa: ASYNC240  # a test may wait for a small file

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import anyio
import pytest

from activecampaign_async.jobs import (
    CSV,
    NDJSON,
    Checkpoint,
    FileOutput,
    ResumeError,
    Shard,
    columns_of,
    export_rows,
    export_shard,
    merge,
    shards,
)
from activecampaign_async.jobs.parquet import merge_parquet
from activecampaign_async.resources.contacts import Contact
from activecampaign_async.sandbox import Sandbox
from tests.cli.support import NEEDS_PYARROW
from tests.support import client_of

pytestmark = pytest.mark.anyio


def inside(shard: Shard, id: int) -> bool:
    return (shard.after or 0) < id and (shard.before is None or id < shard.before)


@pytest.mark.parametrize(("contacts", "holes"), [(0, 0), (1, 0), (3, 0), (1_000, 0), (1_000, 0.2), (1_000, 0.95)])
async def test_every_id_is_in_one_shard(contacts: int, holes: float) -> None:
    sandbox = Sandbox(contacts=contacts, rate=None, holes=holes)
    async with client_of(sandbox) as client:
        parts = await shards(client, 8)
    assert len(sandbox.requests) <= 8 + 3
    assert 1 <= len(parts) <= 8
    for id in (1, 10**9, *sandbox.contact_ids()):
        assert sum(inside(part, id) for part in parts) == 1, "also of those that are made later"
    found = [sum(inside(part, id) for id in sandbox.contact_ids()) for part in parts]
    assert found == [part.rows for part in parts] or contacts == 0
    if contacts == 1_000:
        assert len(parts) == 8
        assert max(found) < 2 * contacts / 8
    assert len({part.name for part in parts}) == len(parts)


async def test_rows_that_lie_close_together_are_cut_up_as_well() -> None:
    sandbox = Sandbox(contacts=10, rate=None)
    for number in range(300):
        sandbox.add_contact(id=5_000_000 + number)
    async with client_of(sandbox) as client:
        parts = await shards(client, 8)
    found = [sum(inside(part, id) for id in sandbox.contact_ids()) for part in parts]
    assert sum(found) == 310
    assert max(found) < 310 / 2, "equal widths would have put 300 into one"


async def test_a_total_that_heeds_no_bounds_is_not_believed() -> None:
    sandbox = Sandbox(contacts=1_000, rate=None)

    def spoil(answer: dict[str, dict[str, str]]) -> object:
        answer["meta"]["total"] = "1000"
        return answer

    sandbox.fail("edit", path="/contacts", always=True, edit=spoil)
    async with client_of(sandbox) as client:
        parts = await shards(client, 4)
    assert [sum(inside(part, id) for id in sandbox.contact_ids()) for part in parts] == [250] * 4


async def test_filters_hold_for_the_shards() -> None:
    sandbox = Sandbox(contacts=1_000, rate=None)
    sandbox.add_tag("vip")
    for contact in range(901, 1_001):
        sandbox.tag_contact(contact, 1)
    async with client_of(sandbox) as client:
        parts = await shards(client, 4, tag_id=1)
    assert sum(part.rows for part in parts) == 100
    assert max(part.rows for part in parts) < 50


@pytest.mark.parametrize("count", [0, -1, True, 1.5])
async def test_a_count_that_is_none_is_refused(count: int) -> None:
    async with client_of(Sandbox()) as client:
        with pytest.raises(ValueError, match="count"):
            await shards(client, count)


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
async def test_shards_make_what_one_export_makes(kind: str, tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=1_234, rate=None, holes=0.3), tmp_path / "contacts"
    form = CSV(columns_of(Contact, ["id", "email"])) if kind == "csv" else NDJSON()
    async with client_of(sandbox) as client:
        whole = client.contacts.list()
        await export_rows(whole, FileOutput(tmp_path / "one", account="a"), format=form)
        parts = await shards(client, 5)
        for shard in reversed(parts):
            for _ in range(2):  # handed out twice, as a queue may
                await export_shard(client, shard, tmp_path, account="a", format=form)
        files = [shard.part(tmp_path) for shard in parts]
        assert await merge(files, out, whole, account="a", format=form) == 1_234
        asked = len(sandbox.requests)
        again = FileOutput(out, account="a", resume=True)
        assert await export_rows(whole, again, format=form) == 1_234, "as an export leaves it"
        assert len(sandbox.requests) == asked
    one, other = (path.read_bytes().splitlines() for path in (tmp_path / "one", out))
    assert Counter(one) == Counter(other)
    assert one[0] == other[0] or kind == "ndjson"
    assert not list(tmp_path.glob("*.part*"))


async def test_what_is_not_whole_is_not_put_together(tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=1_000, rate=None), tmp_path / "contacts"
    async with client_of(sandbox) as client:
        first, second = await shards(client, 2)
        await export_shard(client, first, tmp_path)
        files = [shard.part(tmp_path) for shard in (first, second)]
        with pytest.raises(ResumeError, match="is not whole"):
            await merge(files, out, client.contacts.list(), account="a")
        with anyio.CancelScope() as scope:
            await export_shard(client, second, tmp_path, progress=lambda _: scope.cancel())
        with pytest.raises(ResumeError, match="is not whole"):
            await merge(files, out, client.contacts.list(), account="a")
        await export_shard(client, second, tmp_path)
        with files[0].open("ab") as file:
            file.write(b"mine\n")
        with pytest.raises(ResumeError, match="is not whole"):
            await merge(files, out, client.contacts.list(), account="a")
        assert not out.exists()


async def test_one_process_at_a_shard(tmp_path: Path) -> None:
    sandbox = Sandbox(contacts=100, rate=None)
    async with client_of(sandbox) as client:
        (shard,) = await shards(client, 1)
        async with FileOutput(shard.part(tmp_path), account="x"):
            with pytest.raises(BlockingIOError):
                await export_shard(client, shard, tmp_path)
        assert await export_shard(client, shard, tmp_path) == 100
        with pytest.raises(ResumeError, match="another account"):
            await export_shard(client, shard, tmp_path, account="y")
    found = Checkpoint.load(shard.part(tmp_path).with_name("after-0.part.checkpoint"))
    assert found is not None
    assert found.done
    rows = [json.loads(line) for line in shard.part(tmp_path).read_bytes().splitlines()]
    assert len(rows) == 100


@pytest.mark.parametrize("kind", ["ndjson", pytest.param("parquet", marks=NEEDS_PYARROW)])
async def test_a_crash_while_parts_are_removed_shows_that_the_file_is_whole(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox, out, plan = Sandbox(contacts=300, rate=None), tmp_path / "contacts", tmp_path / "plan"
    columns, unlink = columns_of(Contact, ["id"]), Path.unlink
    plan.write_text("{}")

    def crash(path: Path, missing_ok: bool = False) -> None:
        if path == files[1]:
            raise OSError("killed")
        unlink(path, missing_ok)

    async with client_of(sandbox) as client:
        todo, whole = await shards(client, 3), client.contacts.list()
        files = [shard.part(tmp_path) for shard in todo]
        for shard in todo:
            await export_shard(client, shard, tmp_path, account="a", format=NDJSON(columns))
        monkeypatch.setattr(Path, "unlink", crash)
        made = merge(files, out, whole, account="a", format=NDJSON(columns), plan=plan)
        if kind == "parquet":
            made.close()
            made = merge_parquet(files, out, whole, columns, account="a", plan=plan)
        with pytest.raises(OSError, match="killed"):
            await made
    assert not files[0].exists()
    assert files[2].exists()
    assert not plan.exists(), "else those that are gone would be exported again"
    found = Checkpoint.load(out.with_name("contacts.checkpoint"))
    assert found is not None
    assert (found.done, found.rows, found.size) == (True, 300, out.stat().st_size)
