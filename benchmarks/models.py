"""A page of 100 contacts with the full set of fields: to models, beside `json.loads` of that page.

Two readings of that: every key that a live account lists, many of them empty, as in a fresh account; and none empty.
"""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from statistics import median

from activecampaign_async import _json
from activecampaign_async._answer import Answer
from activecampaign_async._call import many
from activecampaign_async._model import plan
from activecampaign_async._wire import only
from activecampaign_async.resources.contacts import Contact
from activecampaign_async.sandbox import Sandbox
from benchmarks._figures import Figure, at_most


def main(small: bool) -> Iterator[Figure]:
    body = page()
    yield from figures(body, "as listed", small)
    yield from figures(filled(body), "none empty", small)


def figures(body: bytes, which: str, small: bool) -> Iterator[Figure]:
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
            what=f"100 contacts of {len(data['contacts'][0])} keys, {which}, {what}",
            ours=f"{median(a for a, _ in pairs) * 1000:.2f} ms",
            peer=f"json.loads {median(b for _, b in pairs) * 1000:.2f} ms",
            value=median(a / b for a, b in pairs),
            bound=None if bound is None else at_most(bound),
        )


def seconds(work: Callable[[], object], times: int = 10) -> float:
    gc.collect()
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times


FULL: dict[type, str] = {
    bool: "1",
    int: "17",
    str: "abcdef",
    date: "2024-05-06",
    datetime: "2024-05-06T07:08:09-05:00",
}
"""What stands where a page has nothing, by the type of its field."""


def filled(body: bytes) -> bytes:
    """The same page with something under every key, and with no misfit."""
    data = json.loads(body)
    kinds = {f.wire: only(f.hint) for f in plan(Contact)}
    for row in data["contacts"]:
        row |= {key: FULL.get(kinds[key], ["17", "18"]) for key, value in row.items() if value in (None, "", "0", [])}
    full = json.dumps(data, separators=(",", ":")).encode()
    assert not any(contact.misfits or contact.extra for contact in many(Contact)(Answer(200, {}, json.loads(full))))
    return full


def page() -> bytes:
    """As the local account lists it, with the keys that only some accounts have."""

    async def ask() -> bytes:
        import httpx

        account = Sandbox(contacts=100, rate=None)
        async with httpx.AsyncClient(transport=account.transport(), headers={"Api-Token": account.key}) as http:
            return (await http.get(f"{account.url}/api/3/contacts?limit=100")).content

    return asyncio.run(ask())
