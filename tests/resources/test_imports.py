"""The bare calls of bulk imports: what leaves, and what is made of the answers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from activecampaign_async.errors import DecodeError, OutcomeUnknownError, RateLimitError, ValidationError
from activecampaign_async.resources.imports import Batch, BatchState, BatchStatus, Imports
from activecampaign_async.sandbox import Sandbox
from tests.resources.road import Road
from tests.support import client_of

pytestmark = pytest.mark.anyio
QUEUED = {"success": 1, "queued_contacts": 1, "batchId": "3840817e", "message": "Contact import queued"}


async def test_a_batch_leaves_as_the_document_has_it() -> None:
    road = Road(QUEUED)
    batch = await Imports(road).start(
        [
            {
                "email": "ann@example.org",
                "first_name": "Ann",
                "last_name": "Lee",
                "phone": "123",
                "customer_acct_name": "Acme",
                "exclude_automations": False,
                "tags": ["one", "two words"],
                "fields": {1: "foo", 2: ["foo", "bar"]},
                "subscribe": [1, "2"],
                "unsubscribe": (3,),
            },
        ],
        callback={"url": "https://example.org", "request_type": "POST", "params": [{"key": "a", "value": "b"}]},
    )
    assert batch == Batch(batch_id="3840817e", success=1, queued_contacts=1, message="Contact import queued")
    assert road.sent == (
        "POST",
        "/import/bulk_import",
        {
            "contacts": [
                {
                    "email": "ann@example.org",
                    "first_name": "Ann",
                    "last_name": "Lee",
                    "phone": "123",
                    "customer_acct_name": "Acme",
                    "exclude_automations": False,
                    "tags": ["one", "two words"],
                    "fields": [{"id": 1, "value": "foo"}, {"id": 2, "value": "||foo||bar||"}],
                    "subscribe": [{"listid": 1}, {"listid": "2"}],
                    "unsubscribe": [{"listid": 3}],
                }
            ],
            "callback": {
                "url": "https://example.org",
                "requestType": "POST",
                "params": [{"key": "a", "value": "b"}],
            },
        },
    )
    assert not road.calls[-1].repeatable


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "1 to 250"),
        ([{"email": "a@b.example"}] * 251, "1 to 250"),
        ("ann@example.org", "a list of rows"),
        ([{"first_name": "Ann"}], "email"),
        ([{"email": "a@b.example", "firstName": "Ann"}], "did you mean first_name"),
        ([{"email": "a@b.example", "tags": "vip"}], "tags: several names"),
        ([{"email": "a@b.example", "tags": [""]}], "tags: is empty"),
        ([{"email": "a@b.example", "subscribe": 1}], "subscribe: several list ids"),
        ([{"email": "a@b.example", "subscribe": [0]}], "subscribe: an int of 1"),
        ([{"email": "a@b.example", "fields": {0: 1}}], "fields: field id"),
        (
            [{"email": "a@b.example", "fields": {"x": 1}}],
            r"fields: 'x' is no id; .*ac\.fields\.find\('x'\).*import_many",
        ),
    ],
)
async def test_half_a_batch_never_leaves(given: Any, said: str) -> None:
    road = Road(QUEUED)
    with pytest.raises((TypeError, ValueError), match=said):
        await Imports(road).start(given)
    assert road.calls == []


async def test_a_capital_letter_is_the_same() -> None:
    batch = await Imports(Road({"Success": 1, "queued_contacts": 2, "batchId": "x"})).start([{"email": "a@b.example"}])
    assert (batch.batch_id, batch.accepted, batch.misfits) == ("x", 1, frozenset())
    with pytest.raises(DecodeError, match="batch_id"):
        await Imports(Road({"success": 0})).start([{"email": "a@b.example"}])


@pytest.mark.parametrize(
    ("wire", "status", "finished"),
    [
        (False, BatchState.NEW, False),
        ("waiting", BatchState.WAITING, False),
        ("claimed", BatchState.CLAIMED, False),
        ("active", BatchState.ACTIVE, False),
        ("completed", BatchState.COMPLETED, True),
        ("failed", BatchState.FAILED, True),
        ("interrupted", BatchState.INTERRUPTED, True),
        ("tomorrow", "tomorrow", False),
        (None, None, False),
    ],
)
async def test_states(wire: Any, status: Any, finished: bool) -> None:
    road = Road({"status": wire, "success": ["123", "124"], "failure": ["x@y"]}, strict=True)
    found = await Imports(road).status("0641-fb")
    assert found == BatchStatus(status=status, success=(123, 124), failure=("x@y",))
    assert found.finished is finished
    assert found.to_dict()["status"] == wire
    assert (road.calls[-1].path, road.calls[-1].query) == ("/import/info", {"batchId": "0641-fb"})
    with pytest.raises(ValueError, match="batch_id"):
        await Imports(road).status(" ")


async def test_the_overview() -> None:
    answer = {
        "outstanding": [{"forDate": "2021-06-01", "batches": "333", "contacts": "83250"}],
        "recentlyCompleted": [],
    }
    found = await Imports(Road(answer)).overview()
    assert found.outstanding is not None
    assert [(day.for_date, day.batches, day.contacts) for day in found.outstanding] == [(date(2021, 6, 1), 333, 83250)]
    assert found.recently_completed == ()


async def test_against_the_sandbox() -> None:
    account = Sandbox(rate=None)
    account.imports.seconds = 0
    async with client_of(account, strict=True) as ac:
        batch = await ac.imports.start([{"email": "ann@example.org"}, {"email": "bob@example.org"}])
        status = await ac.imports.status(batch.batch_id)
        assert (status.status, status.success) == (BatchState.COMPLETED, (1, 2))
        with pytest.raises(ValidationError) as caught:
            await ac.imports.start([{"email": "nobody"}, {"email": "ann@example.org"}])
    assert caught.value.pointers == ("/contacts/0",)
    assert caught.value.errors[0].title == "Field 'email' incorrect format"
    assert account.processed["POST /import/bulk_import"] == 2


async def test_a_lost_answer_is_an_unknown_outcome() -> None:
    account = Sandbox(rate=None)
    account.fail("drop_after", path="/import/bulk_import")
    async with client_of(account) as ac:
        with pytest.raises(OutcomeUnknownError):
            await ac.imports.start([{"email": "ann@example.org"}, {"email": "bob@example.org"}])
    assert account.processed["POST /import/bulk_import"] == 1


async def test_the_limit_of_a_minute_is_a_rate_limit_error() -> None:
    account = Sandbox(rate=None)
    account.imports.per_minute = 0
    async with client_of(account) as ac:
        with pytest.raises(RateLimitError, match="Up to 0 imports"):
            await ac.imports.start([{"email": "ann@example.org"}, {"email": "bob@example.org"}], timeout=0.5)
