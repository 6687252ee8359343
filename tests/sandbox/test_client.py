"""What the client has, the sandbox serves: each list, and each request of the areas that are whole."""

from contextlib import nullcontext

import httpx
import pytest

from activecampaign_async import AsyncClient, NotFoundError, ValidationError
from activecampaign_async.sandbox import Sandbox
from tests.fidelity.calls import AREAS, CALLS, Asked, area_class, pattern_of
from tests.fidelity.made import EVERY_CALL
from tests.support import client_of, fast

from .support import asking

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

NO_ROUTE = "No route found"
ROWS = ("deals", "contactDeals", "exclusions", "fieldOptions", "fieldRels", "groupMembers", "listGroups", "scores")
OF_A_CONTACT = ("accountContacts", "activities", "bounceLogs", "contactData", "contactGoals", "contactLogs", "geoIps",
                "plusAppends", "scoreValues", "trackingLogs")  # fmt: skip


def full() -> Sandbox:
    """An account with a row of each kind that has the id 1: all that a call made of ones asks about."""
    sandbox = Sandbox(contacts=2, rate=None)
    sandbox.tag_contact(1, sandbox.add_tag("A"))
    sandbox.subscribe(1, sandbox.add_list("B"))
    sandbox.enrol(1, sandbox.add_automation("C"))
    sandbox.set_field_value(1, sandbox.add_field("D"), "x")
    sandbox.add_note(1, "E")
    sandbox.add_group("F", id=1)
    for plural in ROWS:
        sandbox.add_row(plural, {})
    for plural in OF_A_CONTACT:
        sandbox.add_row(plural, {"contact": "1", "subscriberid": "1"})
    sandbox.add_row("geoAddresses", {})
    sandbox.update_contact(1, orgid=sandbox.add_row("organizations", {"name": "G"}))
    return sandbox


LISTS = [area for area in AsyncClient.__annotations__ if hasattr(area_class(area), "list")]


@pytest.mark.parametrize("area", LISTS)
async def test_every_area_can_be_listed(area: str) -> None:
    async with client_of(full(), strict=True) as ac:
        rows = await getattr(ac, area).list().collect()
    assert rows
    assert not any(row.misfits for row in rows)


WITHOUT_A_LIST = {"imports"}
"""Areas whose rows are asked for one by one."""


def test_none_of_the_areas_that_are_whole_lacks_a_list() -> None:
    assert {attribute for area in AREAS.values() for attribute in area.attributes} == {*LISTS, *WITHOUT_A_LIST}


class Noting(httpx.AsyncBaseTransport):
    """A sandbox's transport, and what it answered."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.inner = sandbox.transport()
        self.answers: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        body = await response.aread()
        self.answers.append(body.decode())
        return httpx.Response(response.status_code, headers=response.headers, content=body)


REFUSED = {
    "GET /users/email/{}": NotFoundError,
    "GET /users/username/{}": NotFoundError,
    "POST /contactDeals": ValidationError,
}
"""What is refused for what it asks: nobody has "1" for an address or a name, and the contact is in the deal already."""


@pytest.mark.parametrize(("pattern", "asked"), EVERY_CALL, ids=lambda value: value if isinstance(value, str) else "")
async def test_every_request_is_answered(pattern: str, asked: Asked) -> None:
    sandbox = full()
    transport = Noting(sandbox)
    async with AsyncClient(sandbox.url, sandbox.key, transport=transport, rate_limiter=fast()) as ac:
        with pytest.raises(REFUSED[pattern]) if pattern in REFUSED else nullcontext():
            await CALLS[pattern](ac, asked)
    assert {pattern_of(Asked(one.method, one.path)) for one in sandbox.requests} == {pattern}
    (text,) = transport.answers
    assert NO_ROUTE not in text  # which a DELETE takes for done


async def test_what_has_no_route_says_so() -> None:
    async with asking(Sandbox(rate=None)) as client:
        for verb, path in (("GET", "/nonsense"), ("PUT", "/contactTags/1"), ("GET", "/tags/1/contacts")):
            assert NO_ROUTE in (await client.request(verb, path)).text
