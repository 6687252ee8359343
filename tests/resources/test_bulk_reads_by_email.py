"""`find_many`: every address accounted for, at the fewest requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import pytest
from attrs import define, field
from hypothesis import given, settings, strategies as st

from activecampaign_async._answer import Answer
from activecampaign_async._call import Call
from activecampaign_async.errors import DeadlineError, PaginationError, ServerError
from activecampaign_async.resources._find_many import COUNTED, FoundByEmail
from activecampaign_async.resources.contacts import Contacts
from tests.resources.road import Timed
from tests.support import examples

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
T = TypeVar("T")


@define
class Account:
    """`GET /contacts` of people with these addresses. It is the road."""

    addresses: Sequence[str]
    ignores: Sequence[str] = ()
    total: bool = True
    latency: float = 0.0
    fails: int = 10**9
    """The request that fails."""
    calls: list[Call[Any]] = field(factory=list)
    home: str = "https://a.example"

    async def __call__(self, call: Call[T], /) -> T:
        self.calls.append(call)
        await anyio.sleep(self.latency)
        if len(self.calls) > self.fails:
            raise ServerError("503", status=503)
        query: Any = {name: value for name, value in call.query.items() if name not in self.ignores}
        rows = [(id, address) for id, address in enumerate(self.addresses, 1) if _fits(id, address.lower(), query)]
        given = [{"id": str(id), "email": address} for id, address in rows[:: 1 if "orders[id]" in query else -1][:100]]
        meta = {"meta": {"total": str(len(rows))}} if self.total else {}
        return call.read(Answer(200, {}, {"contacts": given, **meta}))


def _fits(id: int, address: str, query: Any) -> bool:
    return (
        _flat(query.get("email", address)) == _flat(address)
        and query.get("email_like", "").lower() in address
        and int(query.get("id_greater", 0)) < id < int(query.get("id_less", 10**9))
    )


def _flat(address: str) -> str:
    """As a database compares: without regard to accents, either."""
    return address.casefold()


def people(count: int, domain: str = "many.example") -> list[str]:
    return [f"p{number}@{domain}" for number in range(count)]


async def cost(account: Account, wanted: Sequence[str]) -> int:
    """Requests, with the result checked."""
    account.calls.clear()
    found = await Contacts(account).find_many(wanted)
    known = {address.lower(): id for id, address in enumerate(account.addresses, 1)}
    first: dict[str, str] = {}
    for address in wanted:
        first.setdefault(address.strip().lower(), address)
    there = {address: known[key] for key, address in first.items() if key in known}
    assert {address: contact.id for address, contact in found.items()} == there
    assert list(found) == list(there)
    assert len(found) == len(there)
    assert found.missing == tuple(address for address in first.values() if address not in there)
    return len(account.calls)


async def test_few_are_asked_for_one_by_one() -> None:
    account = Account(people(5000))
    assert await cost(account, ["P7@Many.Example", " p8@many.example ", "no@many.example", "p7@many.example"]) == 3
    assert await cost(account, []) == 0
    assert [call.query["email"] for call in account.calls] == []


async def test_many_of_few_are_found_by_going_through_all() -> None:
    account = Account(people(1000))
    assert await cost(account, people(1000)) <= 10 + 2
    assert await cost(account, [*people(500), *people(500, "else.example")]) <= 10 + 3


async def test_many_of_very_many_are_asked_for_one_by_one() -> None:
    account = Account(people(20_000, "free.example"))
    wanted = people(150, "free.example")
    assert await cost(account, wanted[100:]) <= 50 + 2  # how many there are in all, and at the domain


async def test_those_of_a_domain_are_found_together() -> None:
    account = Account([*people(20_000, "free.example"), *people(250, "acme.example"), *people(30, "tiny.example")])
    wanted = [*people(200, "acme.example"), *people(40, "tiny.example"), *people(20, "free.example")[15:]]
    assert await cost(account, wanted) <= 1 + 3 + 1 + 5 + 2
    assert {call.query.get("email_like") for call in account.calls} == {None, "@acme.example", "@tiny.example"}


async def test_it_stops_when_all_are_found() -> None:
    account = Account(people(3000))
    assert await cost(account, people(100)) == 1


async def test_a_domain_filter_that_is_ignored_costs_one_request() -> None:
    account = Account([*people(20_000, "free.example"), *people(250, "acme.example")], ignores=["email_like"])
    assert await cost(account, people(200, "acme.example")) <= 200 + 2


async def test_without_totals_one_by_one() -> None:
    account = Account(people(3000), total=False)
    assert await cost(account, people(3000)[-20:]) <= 22
    assert await cost(Account(people(99), total=False), people(120)) <= 3


async def test_a_filter_that_is_ignored() -> None:
    account = Account(people(20_000), ignores=["email", "email_like"])
    with pytest.raises(PaginationError, match="ignores email"):
        await Contacts(account).find_many(["no@many.example"])


async def test_an_error_has_what_was_found() -> None:
    account = Account(people(20_000), fails=40)
    with pytest.raises(ServerError) as caught:
        await Contacts(account).find_many(people(20_000)[-100:])
    found = caught.value.found
    assert isinstance(found, FoundByEmail)
    assert len(found) + len(found.missing) == 100
    assert 20 <= len(found) < 100
    account = Account(people(20_000), latency=1)
    with pytest.raises(DeadlineError) as late:
        await Contacts(Timed(account)).find_many(people(20_000)[-150:], timeout=6)
    assert isinstance(late.value.found, FoundByEmail)
    assert len(late.value.found) > 20


async def test_it_shows_no_address() -> None:
    found = await Contacts(Account(people(3))).find_many([*people(2), "x@y.example"])
    assert repr(found) == "<FoundByEmail: 2, missing: 1>"
    assert (len(found), "x@y.example" in found, list(found)) == (2, False, people(2))
    with pytest.raises(KeyError):
        found["x@y.example"]


async def test_it_is_looked_up_without_regard_to_case() -> None:
    found = await Contacts(Account(people(3))).find_many(["P1@Many.Example", " p1@many.example", "No@many.example"])
    assert list(found) == ["P1@Many.Example"]
    assert found["p1@many.example "].id == found["P1@MANY.EXAMPLE"].id == 2
    assert "p1@many.example" in found
    assert found.get("no@many.example") is None
    assert found.get(5) is None  # type: ignore[call-overload]
    assert found.missing == ("No@many.example",)


@pytest.mark.parametrize("others", [0, 40])
async def test_other_letters_are_another_address(others: int) -> None:
    account = Account(["straße@a.example", *people(others)])
    found = await Contacts(account).find_many(["strasse@a.example", *people(others)])
    assert found.missing == ("strasse@a.example",)
    assert (await Contacts(account).find("STRAßE@a.example")) is not None
    assert (await Contacts(account).find("strasse@a.example")) is None


async def test_others_run_while_many_addresses_are_checked_and_told() -> None:
    ticks, at = 0, list[int]()

    def addresses() -> Iterator[str]:
        for number in range(6000):
            at.append(ticks)
            yield f"p{number}@many.example"

    async def tick() -> None:
        nonlocal ticks
        while True:
            await anyio.lowlevel.checkpoint()
            ticks += 1

    account = Account(people(10))
    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        found = await Contacts(account).find_many(addresses())
        after = ticks - at[-1]
        group.cancel_scope.cancel()
    assert len(found.missing) == 5990
    assert max(Counter(at).values()) <= 1000
    assert after > 6000 / 1000


@pytest.mark.parametrize("given", ["a@b.example", 5, None, [5], [" "], [None]])
async def test_what_are_no_addresses(given: Any) -> None:
    account = Account(())
    with pytest.raises((TypeError, ValueError), match="emails"):
        await Contacts(account).find_many(given)
    assert account.calls == []


@pytest.mark.parametrize("wrong", ["", None, 5])
async def test_which_is_no_address(wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"emails\[2\]: "):
        await Contacts(Account(())).find_many(["a@b.example", "b@b.example", wrong])


somebody = st.builds(
    "{}{}@{}".format, st.sampled_from(["a", "B", "c"]), st.integers(0, 40), st.sampled_from(["x.org", "y.ORG"])
)


@settings(max_examples=examples(100), deadline=None)
@given(
    there=st.lists(somebody, unique_by=str.casefold, max_size=150),
    crowd=st.integers(0, 600),
    wanted=st.lists(somebody, max_size=60),
    ignored=st.sampled_from([(), ("email_like",)]),
    total=st.booleans(),
)
async def test_every_address_is_accounted_for(
    there: list[str], crowd: int, wanted: list[str], ignored: Sequence[str], total: bool
) -> None:
    account = Account([*there, *people(crowd)], ignores=ignored, total=total)
    distinct = len({address.casefold() for address in wanted})
    pages = ceil((len(there) + crowd) / 100)
    assert await cost(account, wanted) <= max(COUNTED, 1.5 * min(distinct, pages) + 6 if total else distinct + 3)
