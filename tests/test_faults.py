"""Faults that add up over the tries of one call. Each fault by itself, by verb: tests/reliability."""

from __future__ import annotations

import anyio
import pytest

from activecampaign_async import RetryPolicy, errors as e
from activecampaign_async.sandbox import Sandbox
from tests.reliability.matrix import VERBS
from tests.support import client_of

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


def sandbox() -> Sandbox:
    made = Sandbox(rate=None)
    made.add_tag("one")
    return made


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


@pytest.mark.parametrize("name", VERBS)
async def test_marked_as_failed_with_a_body(name: str) -> None:
    account, verb = sandbox(), VERBS[name]
    async with client_of(account) as ac:
        account.fail("custom", body="<html>", headers={"X-Ac-Error": ""}, processed=False, path=verb.path(1))
        if name == "GET":
            await verb.call(ac, 1)
        else:
            with pytest.raises(e.ServerError, match="marked as failed"):
                await verb.call(ac, 1)
            assert account.processed[f"{verb.method} {verb.path(1)}"] == 0
