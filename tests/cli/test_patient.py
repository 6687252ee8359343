"""Waiting for a limit is told, and takes no turn away."""

from __future__ import annotations

import anyio
import pytest

from activecampaign_async.cli import _patient
from activecampaign_async.cli._patient import Patient

pytestmark = pytest.mark.anyio


class Slow:
    def __init__(self) -> None:
        self.open = anyio.Event()
        self.turns = 0
        self.seen: list[int] = []

    async def acquire(self) -> None:
        await self.open.wait()
        self.turns += 1

    def observe(self, status: int, headers: object) -> None:
        self.seen.append(status)


async def test_it_tells_while_it_waits_and_gives_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_patient, "LONG", 0.01)
    slow, told = Slow(), list[int]()

    def waits() -> None:
        told.append(1)
        if len(told) == 3:
            slow.open.set()

    patient = Patient(slow, waits)
    await patient.acquire()
    assert (len(told), slow.turns) == (3, 1)
    await patient.acquire()
    assert (len(told), slow.turns) == (3, 2)
    patient.observe(429, {})
    assert slow.seen == [429]


async def test_a_cancelled_wait_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_patient, "LONG", 0.01)
    slow = Slow()
    with anyio.move_on_after(0.05) as scope:
        await Patient(slow, lambda: None).acquire()
    assert (scope.cancelled_caught, slow.turns) == (True, 0)
