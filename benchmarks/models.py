"""A page of 100 contacts with every field: to models, beside `json.loads` of that page; and many of them held."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from activecampaign_async import _json
from activecampaign_async._answer import Answer
from activecampaign_async._call import many
from activecampaign_async.resources.contacts import Contact
from activecampaign_async.sandbox import Sandbox
from benchmarks._figures import Figure, at_most
from benchmarks.memory import rss


def main(small: bool) -> Iterator[Figure]:
    body = page()
    data = json.loads(body)
    read = many(Contact)

    def models() -> object:
        return read(Answer(200, {}, data))

    def whole() -> object:
        return read(Answer(200, {}, _json.loads(body)))

    def plain() -> object:
        return json.loads(body)

    rounds = 15 if small else 60
    speed = "with orjson" if _json._fast else "without orjson"
    for what, ours, bound in (("to models", models, 1.25), (f"whole, {speed}", whole, 1.7 if _json._fast else None)):
        pairs = [(seconds(ours), seconds(plain)) for _ in range(rounds)]
        yield Figure(
            what=f"100 contacts of {len(data['contacts'][0])} keys, {what}",
            ours=f"{median(a for a, _ in pairs) * 1000:.2f} ms",
            peer=f"json.loads {median(b for _, b in pairs) * 1000:.2f} ms",
            value=median(a / b for a, b in pairs),
            bound=None if bound is None else at_most(bound),
        )
    yield held(body, 200 if small else 1000)


def seconds(work: Callable[[], object], times: int = 10) -> float:
    gc.collect()
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times


def page() -> bytes:
    """As the local account gives it, with the keys that only some accounts have."""

    async def ask() -> bytes:
        import httpx

        account = Sandbox(contacts=100, rate=None)
        async with httpx.AsyncClient(transport=account.transport(), headers={"Api-Token": account.key}) as http:
            return (await http.get(f"{account.url}/api/3/contacts?limit=100")).content

    return asyncio.run(ask())


def held(body: bytes, pages: int) -> Figure:
    """What `collect()` of so many pages keeps in memory: models, and the wire objects that they keep."""
    read, kept = many(Contact), list[Any]()
    before = rss()
    for _ in range(pages):
        kept += read(Answer(200, {}, _json.loads(body)))
    grown = rss() - before
    return Figure(
        what=f"memory of collect(), {len(kept):,} contacts",
        ours=f"{grown:.0f} MB",
        peer=f"{len(body) / 1e5:.1f} kB of JSON a contact",
        value=grown * 1000 / len(kept),
    )
