"""Every cell of the matrix, on asyncio and trio: what the caller sees, what was processed, and that nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from activecampaign_async import errors as e
from activecampaign_async.sandbox import Sandbox
from tests.support import everything_said

from .beds import PROXY, Bed, transport, wire
from .matrix import EVERY, VERBS, Fault, Outcome, Sees

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

IN_THE_TRANSPORT = {"refused", "no_connect", "no_write", "no_pool"}  # the sandbox's transport has these, too


def sandbox() -> Sandbox:
    made = Sandbox(rate=None)
    made.add_tag("one")
    return made


def cases(has: Callable[[Fault], bool]) -> list[Any]:
    return [
        pytest.param(fault, always, verb, outcome, id=f"{fault.name}-{'always' if always else 'once'}-{verb}")
        for fault in EVERY
        if has(fault)
        for always, outcomes in ((False, fault.once), (True, fault.always))
        for verb, outcome in zip(VERBS, outcomes, strict=True)
    ]


async def seen(bed: Bed, verb: str) -> Sees:
    """What the caller sees of one call, held to what any error promises."""
    asked, processed = VERBS[verb], bed.account.processed
    try:
        await asked.call(bed.ac, 1)
    except e.ActiveCampaignError as exc:
        error = exc
    else:
        return None
    done = (bed.account.processed - processed)[f"{asked.method} {asked.path(1)}"]
    assert (error.method, error.path) == (asked.method, asked.path(1))
    assert error.attempts <= 4
    assert bed.account.key not in everything_said(error)
    if isinstance(error, e.TransportError) and asked.method != "GET":
        assert error.may_have_been_processed or not done, "it says that nothing was processed"
    return type(error)


@pytest.mark.parametrize(("fault", "always", "verb", "outcome"), cases(lambda fault: True))
async def test_over_connections(fault: Fault, always: bool, verb: str, outcome: Outcome) -> None:
    async with wire(sandbox(), proxy=PROXY if fault.on == "proxy" else None) as bed:
        await struck(bed, fault, always, verb, outcome)


@pytest.mark.parametrize(
    ("fault", "always", "verb", "outcome"),
    cases(lambda fault: fault.on == "account" or (fault.on == "network" and fault.kind in IN_THE_TRANSPORT)),
)
async def test_in_process(fault: Fault, always: bool, verb: str, outcome: Outcome) -> None:
    async with transport(sandbox()) as bed:
        await struck(bed, fault, always, verb, outcome)


async def struck(bed: Bed, fault: Fault, always: bool, verb: str, outcome: Outcome) -> None:
    await bed.ac.users.me()  # the road is open
    assert not await bed.left_behind()
    asked, before = VERBS[verb], bed.account.processed
    bed.fail(fault, always=always, path=asked.path(1))
    assert await seen(bed, verb) is outcome[0]
    assert (bed.account.processed - before)[f"{asked.method} {asked.path(1)}"] == outcome[1]
    assert not await bed.left_behind()
    bed.heal()
    if fault.kind not in ("402", "429"):  # those hold back the account
        await bed.ac.users.me()
        assert not await bed.left_behind()
