"""An export against the sandbox, in virtual time: whatever the wire does, each row comes once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from attrs import define, evolve, field

from activecampaign_async._account import accounts
from activecampaign_async.errors import PaymentRequiredError, RateLimitError, ServerError
from activecampaign_async.jobs import Checkpoint, Progress, ResumeError, export_rows
from activecampaign_async.jobs.export import PATIENCE
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

if TYPE_CHECKING:
    from typing import Self

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

COUNT = 2_345


@define
class Memory:
    """An output without files, and so without threads: virtual time does not wait for those."""

    state: Checkpoint = field(factory=lambda: Checkpoint(account="test"))
    text: bytes = b""
    saves: int = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.save()

    async def write(self, lines: bytes, state: Checkpoint) -> None:
        self.text += lines
        self.state = state

    async def save(self) -> None:
        self.saves += 1

    async def finish(self) -> None:
        self.state = evolve(self.state, cursor=None, done=True)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def ids(self) -> list[int]:
        return sorted(int(row["id"]) for row in self.rows)


def _with_novelty(page: Any) -> Any:
    for row in page["contacts"]:
        row["novelty"] = {"deep": [1, None, 1.5]}
    return page


async def test_rows_are_written_as_they_came() -> None:
    sandbox = Sandbox(contacts=250, rate=None)
    sandbox.update_contact(7, firstName="Zoë \u2028 \U0001f98a")
    sandbox.fail("edit", always=True, edit=_with_novelty)
    output = Memory()
    async with client_of(sandbox, read_only=True) as client:
        assert await export_rows(client.contacts.list(), output) == 250
        wire = {row["id"]: row async for row in client.rows("/contacts", "contacts", {"orders[id]": "ASC"})}
    assert {row["id"]: row for row in output.rows} == wire
    assert output.rows[0]["novelty"] == {"deep": [1, None, 1.5]}
    assert list(output.rows[0]) == list(wire[output.rows[0]["id"]]), "in the order of the wire"
    assert output.text.endswith(b"\n")


@pytest.mark.parametrize("kind", ["html200", "empty200", "403", "503", "truncated", "429", "drop_after", "bad_gzip"])
async def test_a_fault_in_the_middle_costs_nothing(kind: str) -> None:
    sandbox = Sandbox(contacts=COUNT, rate=None, latency=200)
    struck = sandbox.fail(kind, path="/contacts", skip=8)
    output = Memory()
    async with client_of(sandbox) as client:
        assert await export_rows(client.contacts.list(), output) == COUNT
    assert output.ids == sandbox.contact_ids()
    assert struck.struck == 1


async def test_all_faults_in_one_run_cost_nothing() -> None:
    sandbox = Sandbox(contacts=COUNT, rate=None, latency=200)
    kinds = ["html200", "empty200", "403", "503", "truncated"]
    faults = [sandbox.fail(kind, path="/contacts", skip=4 * place) for place, kind in enumerate(kinds, 1)]
    output = Memory()
    async with client_of(sandbox) as client:
        assert await export_rows(client.contacts.list(), output) == COUNT
    assert output.ids == sandbox.contact_ids()
    assert [fault.struck for fault in faults] == [1] * len(kinds)


async def test_rows_that_come_and_go_do_not_disturb_those_that_stay() -> None:
    sandbox = Sandbox(contacts=COUNT, rate=None, latency=200)
    gone = iter(range(3, COUNT, 7))

    def shuffle(_: object) -> None:
        for _ in range(5):
            sandbox.delete_contact(next(gone))
            sandbox.add_contact()

    sandbox.after(shuffle)
    stay = set(sandbox.contact_ids())
    output = Memory()
    async with client_of(sandbox) as client:
        await export_rows(client.contacts.list(), output)
    assert len(output.ids) == len(set(output.ids))
    assert stay & set(sandbox.contact_ids()) <= set(output.ids)


async def test_progress_is_told_after_every_page() -> None:
    sandbox = Sandbox(contacts=COUNT, rate=None)
    told: list[Progress] = []
    async with client_of(sandbox) as client:
        await export_rows(client.contacts.list(), Memory(), progress=told.append)
    assert [p.rows for p in told] == sorted(p.rows for p in told)
    assert told[-1] == Progress(rows=COUNT, fresh=COUNT, total=COUNT)
    assert len(told) >= COUNT / 100


async def test_an_empty_account_ends_at_once() -> None:
    output = Memory()
    async with client_of(Sandbox()) as client:
        assert await export_rows(client.contacts.list(), output) == 0
    assert output.text == b""
    assert output.state.done


async def test_a_long_retry_after_is_waited_out() -> None:
    sandbox = Sandbox(contacts=COUNT, rate=None, latency=200)
    sandbox.fail("429", path="/contacts", skip=6, retry_after=600)
    output, told = Memory(), list[Progress]()
    began = anyio.current_time()
    async with client_of(sandbox) as client:
        assert await export_rows(client.contacts.list(), output, progress=told.append) == COUNT
    assert 600 <= anyio.current_time() - began < 700
    assert [p.waiting for p in told if p.waiting] == [pytest.approx(600, abs=2)]
    assert output.saves == 2, "before the wait, and at the end"
    assert output.ids == sandbox.contact_ids()


async def test_a_retry_after_of_years_is_looked_at_again_within_the_hour() -> None:
    sandbox = Sandbox(contacts=COUNT, rate=None)
    sandbox.fail("429", path="/contacts", skip=2, retry_after="Fri, 31 Dec 2099 23:59:59 GMT")
    output, told = Memory(), list[Progress]()
    began = anyio.current_time()
    async with client_of(sandbox) as client:
        assert await export_rows(client.contacts.list(), output, progress=told.append) == COUNT
    assert 3_500 < anyio.current_time() - began < 3_700
    assert [p.waiting for p in told if p.waiting] == [pytest.approx(3_600, abs=2)]


async def test_a_limit_that_never_opens_ends_the_run() -> None:
    sandbox = Sandbox(contacts=COUNT, rate=None)
    sandbox.fail("429", path="/contacts", always=True, retry_after=600)
    told: list[Progress] = []
    async with client_of(sandbox) as client:
        with pytest.raises(RateLimitError):
            await export_rows(client.contacts.list(), Memory(), progress=told.append)
    assert len(told) == PATIENCE


@pytest.mark.parametrize(("kind", "error"), [("402", PaymentRequiredError), ("html500", ServerError)])
async def test_after_an_error_a_run_goes_on_where_it_stood(kind: str, error: type[Exception]) -> None:
    sandbox = Sandbox(contacts=COUNT, rate=None, latency=200)
    sandbox.fail(kind, path="/contacts", skip=9, always=True)
    output, name = Memory(), f"{sandbox.url} unlucky"
    async with client_of(sandbox, account=name) as client:
        with pytest.raises(error):
            await export_rows(client.contacts.list(), output)
    assert 0 < len(output.ids) < COUNT
    assert output.state.cursor
    sandbox.heal()
    accounts.of(name)._unpaid = None  # the minute is over for which a 402 is remembered
    asked = len(sandbox.requests)
    told: list[Progress] = []
    async with client_of(sandbox, account=name) as client:
        before = output.state.rows
        assert await export_rows(client.contacts.list(), output, progress=told.append) == COUNT
    assert told[-1] == Progress(rows=COUNT, fresh=COUNT - before, total=COUNT)
    assert output.ids == sandbox.contact_ids()
    assert len(sandbox.requests) - asked < COUNT / 100, "what was there is not fetched again"


async def test_cancelled_at_any_page_a_run_goes_on_where_it_stood() -> None:
    sandbox = Sandbox(contacts=1_000, rate=None, latency=200)
    output = Memory()
    async with client_of(sandbox) as client:
        for _ in range(1_000):
            with anyio.CancelScope() as scope:
                await export_rows(client.contacts.list(), output, lanes=3, progress=lambda _: scope.cancel())
            if output.state.done:
                break
    assert output.ids == sandbox.contact_ids()


async def test_a_finished_run_does_not_pass_for_one_of_other_filters() -> None:
    sandbox = Sandbox(contacts=5)
    output = Memory()
    async with client_of(sandbox) as client:
        await export_rows(client.contacts.list(), output)
        asked = len(sandbox.requests)
        assert await export_rows(client.contacts.list(), output) == 5
        with pytest.raises(ResumeError, match="other filters"):
            await export_rows(client.contacts.list(status=1), output)
    assert len(sandbox.requests) == asked


async def test_the_cursor_of_other_filters_is_refused() -> None:
    sandbox = Sandbox(contacts=COUNT, rate=None)
    output = Memory()
    async with client_of(sandbox) as client:
        with anyio.CancelScope() as scope:
            await export_rows(client.contacts.list(), output, progress=lambda _: scope.cancel())
        with pytest.raises(ResumeError, match="other filters"):
            await export_rows(client.contacts.list(status=1), output)
