"""The soak in a short form, and that it would notice. The long one is `nox -s soak`."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from activecampaign_async import ConnectFailedError, OutcomeUnknownError, PermissionDeniedError, TransportError
from activecampaign_async.sandbox import Sandbox
from benchmarks import _virtual

from . import soak
from .beds import wire

BACKENDS = ["asyncio", "trio"]


def after(calls: int) -> Any:
    return lambda begun: begun / calls


@pytest.mark.parametrize("backend", BACKENDS)
def test_on_a_wire(backend: Any) -> None:
    told = _virtual.run(backend, soak.on_a_wire, after(1200))
    assert told["wrong"] == []
    assert told["calls"] >= 1200
    assert len(told["outcomes"]) > 20, "there were faults"


@pytest.mark.parametrize("backend", BACKENDS)
def test_on_sockets(backend: str) -> None:
    told = anyio.run(soak.on_sockets, after(300), backend=backend)
    assert told["wrong"] == []
    assert len(told["outcomes"]) > 10, "there were faults"


@pytest.mark.parametrize(
    ("kind", "error", "processed"),
    [
        ("GET", None, 0),
        ("POST", None, 2),
        ("PUT", None, 5),
        ("POST", ConnectFailedError(), 1),
        ("PUT", TransportError(), 1),
        ("POST", OutcomeUnknownError(), 2),
        ("POST", PermissionDeniedError(), 1),
    ],
)
def test_it_notices_what_was_processed_and_must_not(kind: str, error: Any, processed: int) -> None:
    ledger = soak.Ledger(Sandbox())
    number, tag = ledger.begin(kind)
    ledger._processed[number] = processed
    ledger.end(kind, number, tag, "failed" if error else "done", error)
    assert len(ledger.wrong) == 1


def test_it_notices_what_is_not_counted_and_what_is_kept() -> None:
    kept = []

    async def leaky(begun: int) -> float:
        account = soak.sandbox(5)
        async with wire(account) as bed:
            run = soak.Soak(bed, 5)

            def is_over(begun: int) -> float:
                kept.append([[number] for number in range(soak.MOST_OBJECTS)])
                bed.ac.usage.requests += 1
                return begun / 40

            told = await run.run(is_over)
        assert "usage counts" in told["wrong"][0]
        assert "objects" in told["wrong"][1]
        return begun

    assert _virtual.run("asyncio", leaky, 1) == 1
