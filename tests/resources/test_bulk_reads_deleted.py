"""`deleted` with a checkpoint: what was looked for before a crash is not looked for again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import TypeVar

import anyio
import pytest
from attrs import define
from hypothesis import given, settings, strategies as st

from activecampaign_async._call import Call
from activecampaign_async._walk import IdSet
from activecampaign_async.errors import DeadlineError, TransportError
from activecampaign_async.jobs import ResumeError, StateFile
from activecampaign_async.resources.contacts import Contacts
from tests.resources.road import Timed
from tests.resources.test_bulk_reads_by_ids import Account
from tests.support import Memory, examples

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
T = TypeVar("T")


class Killed(Exception):
    """Nothing is saved where this is raised."""


@define
class Slow(Account):
    """Five requests a second, until one of them fails."""

    fails: float = inf
    error: type[Exception] = Killed
    turn: float = 0.0

    async def __call__(self, call: Call[T], /) -> T:
        self.turn = max(self.turn, anyio.current_time()) + 0.2
        await anyio.sleep_until(self.turn)
        if len(self.calls) >= self.fails:
            raise self.error("so")
        return await super().__call__(call)


KNOWN, ROWS = range(1, 10_001), range(3, 10_001, 3)


@pytest.mark.parametrize("honours", [True, False])
@pytest.mark.parametrize("rows", [KNOWN, ROWS])
@pytest.mark.parametrize("killed_at", [0, 1, 2, 9, 31])
async def test_a_run_that_was_killed_is_taken_up(
    killed_at: int, rows: Sequence[int], honours: bool, tmp_path: Path
) -> None:
    whole, store = Slow(rows, honours=honours), StateFile(tmp_path / "gone.json")
    expected = await Contacts(whole).deleted(KNOWN)
    first, second = Slow(rows, honours=honours, fails=killed_at), Slow(rows, honours=honours)
    with pytest.raises(Killed):
        await Contacts(first).deleted(KNOWN, checkpoint=store)
    shuffled = random.Random(1).sample(KNOWN, len(KNOWN))
    assert await Contacts(second).deleted(shuffled, checkpoint=store) == expected == sorted(set(KNOWN) - set(rows))
    assert len(second.calls) <= len(whole.calls)


async def test_little_is_looked_for_twice() -> None:
    store, first, second = Memory(), Slow(KNOWN, fails=80), Slow(KNOWN)
    with pytest.raises(Killed):
        await Contacts(first).deleted(KNOWN, checkpoint=store)
    assert await Contacts(second).deleted(KNOWN, checkpoint=store) == []
    assert len(second.calls) <= 101 - 80 + 1 + 5 + 1  # of a second, and what looks for the cheaper way


async def test_an_error_has_what_is_gone_and_loses_nothing() -> None:
    store, first, second = Memory(), Slow(ROWS, fails=25, error=TransportError), Slow(ROWS)
    with pytest.raises(TransportError) as caught:
        await Contacts(first).deleted(KNOWN, checkpoint=store)
    found = list(caught.value.found or ())
    assert 2000 < len(found) < 6666
    assert found == sorted(set(found) - set(ROWS))
    assert store.state is not None
    assert len(IdSet.from_state(store.state["state"]["gone"])) == len(found)
    assert await Contacts(second).deleted(KNOWN, checkpoint=store) == sorted(set(KNOWN) - set(ROWS))
    with pytest.raises(DeadlineError) as late:
        await Contacts(Timed(Slow(ROWS))).deleted(KNOWN, timeout=4)
    assert late.value.found


async def test_one_that_is_over_is_begun_anew_with_any_ids() -> None:
    store = Memory()
    assert await Contacts(Slow(range(1, 500))).deleted([1, 600], checkpoint=store) == [600]
    assert await Contacts(Slow(range(2, 500))).deleted([1, 700], checkpoint=store) == [1, 700]


async def test_what_is_no_checkpoint_of_this_run() -> None:
    store = Memory()
    with pytest.raises(Killed):
        await Contacts(Slow(ROWS, fails=30)).deleted(KNOWN, checkpoint=store)
    account = Slow(ROWS)
    with pytest.raises(ResumeError, match="other known_ids"):
        await Contacts(account).deleted(range(2, 10_001), checkpoint=store)
    with pytest.raises(ResumeError, match="account"):
        await Contacts(Slow(ROWS, home="https://b.example")).deleted(KNOWN, checkpoint=store)
    assert store.state is not None
    for wrong in ({"left": {"x": "1"}}, {"left": 5}, {"gone": {"1": "z"}}, {"gone": None}, {"left": {"-1": "1"}}):
        damaged = Memory({**store.state, "state": {**store.state["state"], **wrong}})
        with pytest.raises(ResumeError, match="damaged"):
            await Contacts(account).deleted(KNOWN, checkpoint=damaged)
    with pytest.raises(TypeError, match="checkpoint: a StateFile"):
        await Contacts(account).deleted(KNOWN, checkpoint="gone.json")  # type: ignore[arg-type]
    assert account.calls == []


@settings(max_examples=examples(60), deadline=None)
@given(
    rows=st.sets(st.integers(1, 3000) | st.integers(1, 10**7), max_size=400),
    known=st.sets(st.integers(1, 3000) | st.integers(1, 10**7), max_size=400),
    dense=st.integers(0, 2000),
    crashes=st.lists(st.integers(0, 30), max_size=4),
    honours=st.booleans(),
    total=st.sampled_from(["right", "whole", "none"]),
)
async def test_every_id_is_accounted_for_whatever_crashes(
    rows: set[int], known: set[int], dense: int, crashes: list[int], honours: bool, total: str
) -> None:
    there, asked, store = sorted({*rows, *range(1, dense, 2)}), {*known, *range(1, dense)}, Memory()
    for fails in (*crashes, inf):
        account = Slow(there, honours=honours, total=total, fails=fails)
        try:
            found = await Contacts(account).deleted(asked, checkpoint=store)
        except Killed:
            continue
        assert found == sorted(asked - set(there))
