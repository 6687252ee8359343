"""An export to Parquet: typed, gone on with after any crash, and never half a file."""
# ruff: noqa: ASYNC240  # a test may wait for a small file

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

from activecampaign_async.errors import ConfigurationError
from activecampaign_async.jobs import (
    CSV,
    Column,
    FileOutput,
    ParquetOutput,
    ResumeError,
    columns_of,
    export_rows,
)
from activecampaign_async.jobs.joined import joined_columns
from activecampaign_async.jobs.parquet import write_parquet
from activecampaign_async.resources.contacts import Contact
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

pytestmark = pytest.mark.anyio

pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")


def column(name: str, hint: Any = str, **more: Any) -> Column:
    return Column(name, lambda item: item.get(name), hint, **more)


def through_parquet(folder: Path, columns: list[Column], rows: list[dict[str, Any]]) -> tuple[Any, dict[str, int]]:
    source, target = folder / "rows", folder / "x.parquet"
    source.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    with target.open("wb") as file:
        misfits = write_parquet([source], columns, file)
    return pq.read_table(target), dict(misfits)


def typed(name: str, wire: str) -> Column:
    (found,) = columns_of(Contact, [name])
    return found._replace(get=lambda item: item.get(wire))


def test_types_are_the_models_and_zones_what_the_values_say(tmp_path: Path) -> None:
    columns = [typed(name, name) for name in ("id", "deleted", "bounced_date", "cdate", "adate", "edate", "email")]
    rows: list[dict[str, Any]] = [
        {"id": "1", "deleted": "0", "bounced_date": "2020-01-02", "cdate": "2020-01-01T00:00:00-06:00",
         "adate": "2020-01-01 00:00:00", "edate": "2020-01-01 00:00:00", "email": "a"},
        {"id": 2, "deleted": None, "bounced_date": "0000-00-00", "cdate": "", "adate": None,
         "edate": "2020-01-01T00:00:00Z", "email": None},
    ]  # fmt: skip
    table, misfits = through_parquet(tmp_path, columns, rows)
    assert misfits == {}
    kinds = [str(table.schema.field(name).type) for name in table.column_names]
    assert kinds == ["int64", "bool", "date32[day]", "timestamp[us, tz=UTC]", "timestamp[us]", "string", "string"]
    first, second = table.to_pylist()
    assert first["cdate"] == datetime(2020, 1, 1, 6, tzinfo=UTC)
    assert first["adate"] == datetime(2020, 1, 1)  # noqa: DTZ001  # it came without a zone
    assert (first["bounced_date"], second["bounced_date"]) == (date(2020, 1, 2), None)
    assert second["edate"] == "2020-01-01T00:00:00Z", "with and without a zone: as it came"
    assert (first["id"], second["id"], second["deleted"]) == (1, 2, None)


def test_what_does_not_fit_is_null_and_counted(tmp_path: Path) -> None:
    columns = [typed(name, name) for name in ("id", "deleted", "cdate")]
    rows = [{"id": str(2**64), "deleted": "perhaps", "cdate": "soon"}, {"id": "7", "deleted": "1"}]
    table, misfits = through_parquet(tmp_path, columns, rows)
    assert misfits == {"id": 1, "deleted": 1, "cdate": 1}
    assert table.to_pylist() == [
        {"id": None, "deleted": None, "cdate": None},
        {"id": 7, "deleted": True, "cdate": None},
    ]


def test_decimals_are_exact_or_text(tmp_path: Path) -> None:
    from activecampaign_async._wire import read_decimal

    numbers = column("n", Decimal, read=read_decimal)
    table, misfits = through_parquet(
        tmp_path, [numbers], [{"n": "12.50"}, {"n": "-1234567"}, {"n": ""}, {"n": "0.001"}]
    )
    assert [row["n"] for row in table.to_pylist()] == [
        Decimal("12.500"),
        Decimal("-1234567.000"),
        None,
        Decimal("0.001"),
    ]
    assert misfits == {}
    table, _ = through_parquet(tmp_path, [numbers], [{"n": "1" * 30 + "." + "2" * 30}, {"n": "5"}])
    assert [row["n"] for row in table.to_pylist()] == ["1" * 30 + "." + "2" * 30, "5"]
    table, _ = through_parquet(tmp_path, [numbers], [{"n": ""}])
    assert table.to_pylist() == [{"n": None}]


def test_no_rows_are_a_file_of_none(tmp_path: Path) -> None:
    table, _ = through_parquet(tmp_path, columns_of(Contact), [])
    assert table.num_rows == 0
    assert table.column_names == [each.name for each in columns_of(Contact)]


async def exported(sandbox: Sandbox, path: Path, **options: Any) -> tuple[int, ParquetOutput]:
    columns = columns_of(Contact, options.pop("fields", None))
    to = ParquetOutput(path, columns, account=options.pop("account", "a"), **options)
    async with client_of(sandbox, read_only=True) as client:
        return await export_rows(client.contacts.list(), to, format=to.format, lanes=3), to


def held(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


async def test_rows_are_gathered_and_then_made_one_file(tmp_path: Path) -> None:
    path, sandbox = tmp_path / "x.parquet", Sandbox(contacts=1_234, rate=None)
    with anyio.CancelScope() as scope:
        to = ParquetOutput(path, columns_of(Contact), account="a")
        async with client_of(sandbox) as client:
            seen = 0

            def look(progress: Any) -> None:
                nonlocal seen
                seen = progress.rows
                if seen >= 400:
                    scope.cancel()

            await export_rows(client.contacts.list(), to, format=to.format, progress=look)
    assert held(path) == ["x.parquet.rows", "x.parquet.rows.checkpoint"]
    with pytest.raises(FileExistsError):
        await exported(sandbox, path)
    asked = len(sandbox.requests)
    count, to = await exported(sandbox, path, resume=True)
    assert (count, to.state.done) == (1_234, True)
    assert len(sandbox.requests) - asked < 1_234 / 100
    assert held(path) == ["x.parquet", "x.parquet.checkpoint"]
    assert sorted(pq.read_table(path)["id"].to_pylist()) == sandbox.contact_ids()

    asked = len(sandbox.requests)
    count, _ = await exported(sandbox, path, resume=True)
    assert (count, len(sandbox.requests)) == (1_234, asked)
    for options, said in (
        ({"account": "b"}, "another account"),
        ({"fields": ["id"]}, "another format or with other fields"),
    ):
        with pytest.raises(ResumeError, match=said):
            await exported(sandbox, path, resume=True, **options)
    with pytest.raises(FileExistsError):
        await exported(sandbox, path)
    (path.parent / "x.parquet.checkpoint").unlink()
    with pytest.raises(ResumeError, match="no checkpoint"):
        await exported(sandbox, path, resume=True)
    count, _ = await exported(sandbox, path, overwrite=True)
    assert count == 1_234


async def test_the_old_file_stays_until_the_new_one_is_there(tmp_path: Path) -> None:
    path, sandbox = tmp_path / "x.parquet", Sandbox(contacts=400, rate=None)
    await exported(Sandbox(contacts=5, rate=None), path)
    before = path.read_bytes()
    sandbox.fail("402", path="/contacts", skip=2, always=True)
    with pytest.raises(Exception, match="402"):
        await exported(sandbox, path, overwrite=True, account="a")
    assert path.read_bytes() == before
    sandbox.heal()
    from activecampaign_async._account import accounts

    accounts.of(sandbox.url.removeprefix("https://"))._unpaid = None
    count, _ = await exported(sandbox, path, resume=True)
    assert count == 400, "it goes on with what was begun, and does not take the old one for it"
    assert pq.read_table(path).num_rows == 400


async def test_it_takes_rows_in_its_own_form_alone(tmp_path: Path) -> None:
    sandbox = Sandbox(contacts=5, rate=None)
    to = ParquetOutput(tmp_path / "x.parquet", columns_of(Contact), account="a")
    async with client_of(sandbox) as client:
        with pytest.raises(ValueError, match=r"format=output\.format"):
            await export_rows(client.contacts.list(), to)
    assert list(tmp_path.iterdir()) == []


async def test_without_pyarrow_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activecampaign_async.jobs.parquet.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"activecampaign_async\[parquet\]"):
        ParquetOutput(tmp_path / "x.parquet", [], account="a")


# -- with what belongs to a contact


async def test_columns_of_joined_contacts(tmp_path: Path) -> None:
    sandbox = Sandbox(contacts=3, rate=None)
    sandbox.add_tag("vip")
    sandbox.add_tag("a, b")
    for tag in (1, 2):
        sandbox.tag_contact(2, tag)
    sandbox.add_field("Size", "number")
    sandbox.add_field("Likes", "listbox")
    sandbox.set_field_value(2, 1, "12.5")
    sandbox.set_field_value(2, 2, "||x||y||")
    sandbox.set_field_value(3, 1, "no number")
    sandbox.set_field_value(3, 2, "no list")
    async with client_of(sandbox) as client:
        joined = client.contacts.joined(lists=False, fields_by="title")
        pager = await joined.pager()
        fields = {field.title or "": field async for field in client.fields.list()}
        columns = joined_columns(["id"], fields=fields, tags=True)
        to = ParquetOutput(tmp_path / "x.parquet", columns, account="a")
        await export_rows(pager, to, format=to.format)
        file = FileOutput(tmp_path / "x.csv", account="a")
        await export_rows(pager, file, format=CSV(columns))
    rows = {row["id"]: row for row in pq.read_table(tmp_path / "x.parquet").to_pylist()}
    assert rows[2]["field:Size"] == Decimal("12.5")
    assert rows[2]["field:Likes"] == ["x", "y"]
    assert sorted(rows[2]["tags"]) == ["a, b", "vip"]
    assert rows[1]["field:Size"] is None
    assert rows[3]["field:Size"] is None
    assert to.misfits["field:Size"] == 1
    with (tmp_path / "x.csv").open(newline="") as text:
        cells = {row["id"]: row for row in csv.DictReader(text)}
    assert cells["2"]["field:Likes"] == "||x||y||"
    assert cells["3"]["field:Size"] == "no number", "as it came"
