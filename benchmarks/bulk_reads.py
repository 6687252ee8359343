"""Requests that bulk reads spend: contacts with what belongs to them, by id, by address, and those that are gone.

In virtual time, over the sandbox in process with the real client and limiter, 300 ms away, 5 requests a second against
the strict window. Beside each stands the usual client's number of requests, or the least there can be.
"""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from math import ceil
from typing import TYPE_CHECKING, TypeVar

import anyio
from attrs import frozen

from activecampaign_async import AsyncClient
from activecampaign_async.resources._ties import Ties
from activecampaign_async.sandbox import Sandbox
from benchmarks import _virtual
from benchmarks._figures import Figure, at_most

if TYPE_CHECKING:
    from activecampaign_async.resources._joined import JoinPlan

T = TypeVar("T")

RATE, LATENCY, LANES = 5, 300, 8
VALUES, TAGS, LISTS = 3, 2, 1  # a contact
JOINED, PLANNED, SWEPT = at_most(1.1), at_most(0.05), at_most(1.1)
BYTES = at_most(150)
IDS = 10_000


@frozen
class Run:
    """What a run came to."""

    requests: int
    seconds: float
    rows: int
    plan: JoinPlan | None = None


def main(small: bool) -> Iterator[Figure]:
    yield from joined(6000 if small else 100_000)
    yield from by_id()
    yield from by_address(1000 if small else 5000)
    yield from gone()
    yield memory(2000 if small else 20_000)


# With field values, tags and lists


def joined(count: int) -> Iterator[Figure]:
    plain = _virtual.run("asyncio", plainly, account(count))
    along = _virtual.run("asyncio", together, account(count))
    apart = _virtual.run("asyncio", together, account(count, "include"))
    each = _virtual.run("asyncio", one_by_one, account(count), 20)
    per_contact = ceil(count / 100) + count * each.requests // each.rows
    assert along.rows == apart.rows == plain.rows == count
    what = f"{count} contacts with values, tags, lists"
    yield Figure(
        what=f"requests, times the plain export: {what}",
        ours=f"{along.requests}",
        peer=f"plain {plain.requests}, a contact at a time {per_contact}",
        value=along.requests / plain.requests,
        bound=JOINED,
        steady=True,
    )
    for name, run in (("along", along), ("from tables", apart)):
        assert run.plan is not None
        assert run.plan.requests is not None
        assert run.plan.seconds is not None
        off = max(abs(run.plan.requests / run.requests - 1), abs(run.plan.seconds / run.seconds - 1))
        yield Figure(
            what=f"the plan is off by: {what}, {name}",
            ours=f"{run.plan.requests}, {run.plan.seconds:.0f} s",
            peer=f"spent {run.requests}, {run.seconds:.0f} s",
            value=off,
            bound=PLANNED,
            steady=True,
        )


def account(count: int, *ignored: str) -> Sandbox:
    """Each contact has values, tags and a subscription, in no order of contacts."""
    sandbox, dice = Sandbox(contacts=count, rate=RATE, latency=LATENCY), random.Random(1)
    fields = [sandbox.add_field(f"Field {number}") for number in range(VALUES)]
    tags = [sandbox.add_tag(f"tag {number}") for number in range(20)]
    lists = [sandbox.add_list(f"List {number}") for number in range(5)]
    ids = sandbox.contact_ids()
    for kind in ("fieldValues", "contactTags", "contactLists"):
        dice.shuffle(ids)
        for id in ids:
            contact = {"contact": str(id)}
            if kind == "fieldValues":
                for field in fields:
                    sandbox.add_row(kind, {**contact, "field": str(field), "value": f"value {id}"})
            elif kind == "contactTags":
                for tag in dice.sample(tags, TAGS):
                    sandbox.add_row(kind, {**contact, "tag": str(tag)})
            else:
                sandbox.add_row(kind, {**contact, "list": str(dice.choice(lists)), "status": "1"})
    sandbox.ignores = set(ignored)
    return sandbox


async def plainly(sandbox: Sandbox) -> Run:
    begun = anyio.current_time()
    async with _virtual.client(sandbox, RATE) as ac, ac.contacts.list().ahead(LANES, ordered=False) as contacts:
        rows = len([contact.id async for contact in contacts])
    return Run(len(sandbox.requests), anyio.current_time() - begun, rows)


async def together(sandbox: Sandbox) -> Run:
    async with _virtual.client(sandbox, RATE) as ac:
        join = ac.contacts.joined()
        plan = await join.plan()
        begun, rows = anyio.current_time(), 0
        async with join.ahead(LANES, ordered=False) as people:
            async for person in people:
                assert (len(person.fields), len(person.tags), len(person.lists)) == (VALUES, TAGS, LISTS)
                rows += 1
    return Run(len(sandbox.requests), anyio.current_time() - begun, rows, plan)


async def one_by_one(sandbox: Sandbox, sample: int) -> Run:
    """What a client does that asks for each contact: here for some, to count."""
    async with _virtual.client(sandbox, RATE) as ac:
        for id in range(1, sample + 1):
            await ac.contacts.field_values(id)
            await ac.contacts.contact_tags(id)
            await ac.contacts.contact_lists(id)
    return Run(len(sandbox.requests), 0, sample)


# By id


def by_id() -> Iterator[Figure]:
    dense, third = range(1, IDS + 1), random.Random(2).sample(range(1, IDS + 1), IDS * 2 // 3)
    for what, there, ignored in (
        ("all there", dense, ()),
        ("a third missing", third, ()),
        ("ids[] ignored", dense, ("ids[]",)),
        ("a third missing, ids[] ignored", third, ("ids[]",)),
    ):
        sandbox = Sandbox(contacts=IDS, rate=RATE, latency=LATENCY)
        for id in set(dense) - set(there):
            sandbox.delete_contact(id)
        sandbox.ignores = set(ignored)
        found, requests = _virtual.run("asyncio", spent, sandbox, lambda ac: ac.contacts.get_many(dense))
        assert [contact.id for contact in found] == sorted(there)
        assert set(found.missing) == set(dense) - set(there)
        assert found.swept == bool(ignored)
        yield Figure(
            what=f"requests, times the least: {IDS} contacts by id, {what}",
            ours=f"{requests}",
            peer=f"least {IDS // 100}, a contact at a time {IDS}",
            value=requests / (IDS // 100),
            bound=SWEPT if ignored else at_most(1.0),
            steady=True,
        )


async def spent(sandbox: Sandbox, work: Callable[[AsyncClient], Awaitable[T]]) -> tuple[T, int]:
    async with _virtual.client(sandbox, RATE) as ac:
        result = await work(ac)
    return result, len(sandbox.requests)


# By address, and what is gone


def by_address(count: int) -> Iterator[Figure]:
    """Half of them at one company among a hundred thousand people, half anywhere."""
    sandbox = Sandbox(contacts=100_000, rate=RATE, latency=LATENCY)
    company = [f"p{number}@acme.example" for number in range(count // 2)]
    for address in company:
        sandbox.add_contact(address)
    wanted = [*company, *(f"contact{number * 7}@example.com" for number in range(1, count // 2 + 1))]
    found, requests = _virtual.run("asyncio", spent, sandbox, lambda ac: ac.contacts.find_many(wanted))
    assert list(found) == wanted
    pages, together = 1000 + count // 200, ceil(count / 200) + count // 2
    yield Figure(
        what=f"requests, times the cheapest way: {count} addresses",
        ours=f"{requests}",
        peer=f"one each {count}, all contacts {pages}",
        value=requests / min(pages, together),
        bound=at_most(1.05),
        steady=True,
    )


def gone() -> Iterator[Figure]:
    known = range(1, IDS + 1)
    for left in (0.9, 0.3):
        sandbox = Sandbox(contacts=IDS, rate=RATE, latency=LATENCY)
        leaving = random.Random(3).sample(known, round(IDS * (1 - left)))
        for id in leaving:
            sandbox.delete_contact(id)
        said, requests = _virtual.run("asyncio", spent, sandbox, lambda ac: ac.contacts.deleted(known))
        assert said == sorted(leaving)
        least = ceil(IDS * left / 100)
        yield Figure(
            what=f"requests, times the pages of who is left: {IDS} known, {1 - left:.0%} gone",
            ours=f"{requests}",
            peer=f"pages {least}, ids[] {IDS // 100}",
            value=requests / least,
            bound=at_most(1.2),
            steady=True,
        )


def memory(count: int) -> Figure:
    """Of what is held for tables that are joined, as Python sees it."""
    tracemalloc.start()
    ties = Ties()
    for id in range(1, count + 1):
        for other in range(VALUES):
            ties.add(id, other, f"value {id}")
        for other in range(TAGS):
            ties.add(id, other, None)
        ties.add(id, 1, "1")
    held = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    return Figure(
        what=f"bytes a contact held for a join: {VALUES} values of 10 letters, {TAGS} tags, {LISTS} list",
        ours=f"{ties.size / count:.0f} of them data",
        value=held,
        bound=BYTES,
        steady=True,
    )
