"""Faults by verb: what the caller sees, and how often the account processed the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from activecampaign_async import AsyncClient, RetryPolicy, errors as e
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of, everything_said

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

Verb = Callable[[AsyncClient], Awaitable[Any]]
VERBS: dict[str, Verb] = {
    "GET": lambda ac: ac.request("GET", "/tags/1"),
    "PUT": lambda ac: ac.request("PUT", "/tags/1", json={"tag": {"description": "new"}}),
    "DELETE": lambda ac: ac.request("DELETE", "/tags/1"),
    "upsert": lambda ac: ac.contacts.sync(email="ann@example.org"),
    "POST": lambda ac: ac.contacts.create(email="ann@example.org"),
}
ASKED = {
    "GET": "GET /tags/1",
    "PUT": "PUT /tags/1",
    "DELETE": "DELETE /tags/1",
    "upsert": "POST /contact/sync",
    "POST": "POST /contacts",
}
UNKNOWN = e.OutcomeUnknownError
Outcome = tuple[type[e.ActiveCampaignError] | None, int]  # what is raised, how often it was processed

# fault: the outcome for GET, PUT, DELETE, upsert POST, plain POST when it strikes once
ONCE: dict[str, tuple[Outcome, ...]] = {
    "429": ((None, 1),) * 5,
    "429_bare": ((None, 1),) * 5,
    "503": (*((None, 1),) * 4, (UNKNOWN, 0)),
    "402": ((e.PaymentRequiredError, 0),) * 5,
    "401": ((e.AuthenticationError, 0),) * 5,
    "403": ((None, 1), *((e.PermissionDeniedError, 0),) * 4),
    "html500": (*((None, 1),) * 4, (UNKNOWN, 0)),
    "html200": (*((None, 1),) * 4, (UNKNOWN, 0)),
    "text200": (*((None, 1),) * 4, (UNKNOWN, 0)),
    "empty200": ((None, 2), (None, 1), (None, 1), (UNKNOWN, 1), (UNKNOWN, 1)),
    "error200": ((None, 1), *((e.ServerError, 0),) * 4),
    "as_html": ((None, 1),) * 5,
    "drop_before": (*((None, 1),) * 4, (UNKNOWN, 0)),
    "drop_after": (*((None, 2),) * 4, (UNKNOWN, 1)),
    "reset": (*((None, 1),) * 4, (UNKNOWN, 0)),
    "reset_after": (*((None, 2),) * 4, (UNKNOWN, 1)),
    "truncated": (*((None, 2),) * 4, (UNKNOWN, 1)),
    "slow": ((None, 1),) * 5,
    "hang": (*((None, 1),) * 4, (UNKNOWN, 0)),
    "hang_after": (*((None, 2),) * 4, (UNKNOWN, 1)),
    "redirect": ((e.RedirectError, 0),) * 5,
    "bad_gzip": (*((None, 2),) * 4, (UNKNOWN, 1)),
    "refused": ((None, 1),) * 5,
    "no_connect": ((None, 1),) * 5,
    "no_write": (*((None, 1),) * 4, (UNKNOWN, 0)),
    "no_pool": ((None, 1),) * 5,
}
# fault: what is raised in the end when it strikes every time, by a read and by a plain POST
ALWAYS: dict[str, tuple[type[e.ActiveCampaignError], type[e.ActiveCampaignError]]] = {
    "429": (e.RateLimitError, e.RateLimitError),
    "503": (e.ServerError, UNKNOWN),
    "401": (e.AuthenticationError, e.AuthenticationError),
    "html500": (e.ServerError, UNKNOWN),
    "html200": (e.ServerError, UNKNOWN),
    "empty200": (e.ServerError, UNKNOWN),
    "error200": (e.ServerError, e.ServerError),
    "drop_before": (e.TransportError, UNKNOWN),
    "truncated": (e.TransportError, UNKNOWN),
    "hang": (e.TransportError, UNKNOWN),
    "bad_gzip": (e.TransportError, UNKNOWN),
    "refused": (e.ConnectFailedError, e.ConnectFailedError),
    "no_connect": (e.ConnectFailedError, e.ConnectFailedError),
}


# fault: as ONCE, where the account carried the call out and then failed
DONE_ALL_THE_SAME: dict[str, tuple[Outcome, ...]] = dict.fromkeys(
    ["503", "html500", "html200"], (*((None, 2),) * 4, (UNKNOWN, 1))
)


def sandbox() -> Sandbox:
    made = Sandbox(rate=None)
    made.add_tag("one")
    return made


def cases() -> list[Any]:
    return [
        pytest.param(kind, done, verb, *outcome, id=f"{kind}{'-done' if done else ''}-{verb}")
        for table, done in ((ONCE, None), (DONE_ALL_THE_SAME, True))
        for kind, outcomes in table.items()
        for verb, outcome in zip(VERBS, outcomes, strict=True)
    ]


@pytest.mark.parametrize(("kind", "done", "verb", "raised", "processed"), cases())
async def test_a_fault_that_strikes_once(
    kind: str, done: bool | None, verb: str, raised: type[e.ActiveCampaignError] | None, processed: int
) -> None:
    account = sandbox()
    async with client_of(account) as ac:
        await ac.users.me()  # the road is open
        account.fail(kind, path=ASKED[verb].split()[1], processed=done)
        if raised is None:
            await VERBS[verb](ac)
        else:
            with pytest.raises(raised) as caught:
                await VERBS[verb](ac)
            assert type(caught.value) is raised
            assert caught.value.method == ASKED[verb].split()[0]
            assert caught.value.attempts == 1
            assert account.key not in everything_said(caught.value)
        assert account.processed[ASKED[verb]] == processed
        assert ac._sender._slots.value == 16
        assert ac._sender._door.value == 16


@pytest.mark.parametrize("kind", ALWAYS)
@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_a_fault_that_does_not_go_away(kind: str, verb: str) -> None:
    account = sandbox()
    async with client_of(account) as ac:
        account.fail(kind, always=True)
        with pytest.raises(e.ActiveCampaignError) as caught:
            await VERBS[verb](ac)
        assert type(caught.value) is ALWAYS[kind][verb == "POST"]
        assert caught.value.attempts <= 4
        assert account.key not in everything_said(caught.value)
        account.heal()
        await ac.users.me()


async def test_a_delete_that_was_sent_and_then_finds_nothing_is_done() -> None:
    account = sandbox()
    async with client_of(account) as ac:
        with pytest.raises(e.NotFoundError):
            await ac.tags.delete(7)
        account.fail("drop_after", method="DELETE")
        await ac.tags.delete(1)
    assert account.rows("tags") == []


async def test_a_hanging_call_heals() -> None:
    account = sandbox()
    account.fail("hang")
    begun = anyio.current_time()
    async with client_of(account) as ac:
        await ac.tags.get(1)
    assert 45 <= anyio.current_time() - begun < 50


async def test_what_an_earlier_try_did_is_not_forgotten() -> None:
    """Processed, then no connection any more: the last try says nothing of the call."""
    account = sandbox()
    account.fail("drop_after")
    account.fail("refused", times=9, skip=1)
    async with client_of(account) as ac:
        with pytest.raises(e.TransportError) as caught:
            await ac.tags.update(1, description="new")
    assert type(caught.value) is e.TransportError
    assert caught.value.may_have_been_processed
    assert account.processed["PUT /tags/1"] == 1


async def test_different_faults_do_not_add_up() -> None:
    """Three 503 in a row are an answer, and so is a second 403: not one after other trouble."""
    account = sandbox()
    for kind in ("429", "429", "503", "drop_before", "403"):
        account.fail(kind, path="/tags/1")
    async with client_of(account, retry=RetryPolicy(attempts=8)) as ac:
        assert (await ac.tags.get(1)).id == 1


@pytest.mark.parametrize("verb", VERBS)
async def test_marked_as_failed_with_a_body(verb: str) -> None:
    account = sandbox()
    async with client_of(account) as ac:
        account.fail("custom", body="<html>", headers={"X-Ac-Error": ""}, processed=False, path=ASKED[verb].split()[1])
        if verb == "GET":
            await VERBS[verb](ac)
        else:
            with pytest.raises(e.ServerError, match="marked as failed"):
                await VERBS[verb](ac)
            assert account.processed[ASKED[verb]] == 0
