"""Faults: which request they hit, and what they do over the in-process transport."""

from typing import Any

import httpx
import pytest

from activecampaign_async.sandbox import FAULTS, Sandbox

from .support import asking
from .weather import CASES, Case, check, outcome

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


def test_each_kind_has_a_case() -> None:
    assert [case.kind for case in CASES] == list(FAULTS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
async def test_in_process(case: Case) -> None:
    sandbox = Sandbox(rate=None, latency=20)
    fault = sandbox.fail(case.kind, edit=lambda data: data)
    async with asking(sandbox) as client:
        check(case, await outcome(client), len(sandbox.contact_ids()))
        assert fault.struck == 1
        if case.kind in ("refused", "no_connect", "no_write", "no_pool"):
            assert sandbox.requests == []
        else:
            assert sandbox.requests[0].fault == case.kind
            assert sandbox.requests[0].processed == case.processed
        assert (await client.get("/users/me")).status_code == 200


async def test_details() -> None:
    sandbox = Sandbox(contacts=3, rate=None)
    async with asking(sandbox) as client:
        sandbox.fail("429")
        assert (await client.get("/tags")).headers["retry-after"] == "1"
        sandbox.fail("429", retry_after=30)
        assert (await client.get("/tags")).headers.get_list("retry-after") == ["30"]
        sandbox.fail("429_bare")
        assert "retry-after" not in (await client.get("/tags")).headers
        sandbox.fail("503", retry_after="soon", body="")
        busy = await client.get("/tags")
        assert (busy.headers["retry-after"], busy.content) == ("soon", b"")
        sandbox.fail("error200")
        assert (await client.get("/tags")).headers["x-ac-error"] == "Code 9001"
        sandbox.fail("as_html")
        odd = await client.get("/tags")
        assert (odd.headers["content-type"], odd.json()["tags"]) == ("text/html; charset=UTF-8", [])
        sandbox.fail("redirect", location="https://stranger.example/", status=308)
        moved = await client.get("/tags")
        assert (moved.status_code, moved.headers["location"]) == (308, "https://stranger.example/")
        sandbox.fail("custom", status=418, body="short", headers={"Content-Type": "text/x", "X-Odd": "1"})
        custom = await client.get("/tags")
        assert (custom.status_code, custom.text, custom.headers["x-odd"]) == (418, "short", "1")
        assert custom.headers.get_list("content-type") == ["text/x"]
        sandbox.fail("edit", edit=lambda data: {**data, "meta": {"total": None}})
        assert (await client.get("/contacts")).json()["meta"] == {"total": None}


async def test_which_request_is_hit() -> None:
    sandbox = Sandbox(contacts=3, rate=None)

    async def statuses(*calls: tuple[str, str]) -> list[int]:
        async with asking(sandbox) as client:
            return [(await client.request(method, path)).status_code for method, path in calls]

    get, put = ("GET", "/contacts/1"), ("PUT", "/contacts/1")
    sandbox.fail("503", times=2, method="PUT")
    assert await statuses(get, put, put, put) == [200, 503, 503, 200]
    sandbox.fail("503", path="/contacts/*", skip=1)
    assert await statuses(("GET", "/tags"), get, get, get) == [200, 200, 503, 200]
    sandbox.fail("503")
    sandbox.fail("402")
    assert await statuses(get, get, get) == [503, 402, 200]
    sandbox.fail("503", always=True)
    assert await statuses(*[get] * 5) == [503] * 5
    sandbox.heal()
    assert await statuses(get) == [200]


async def test_a_share_of_the_requests() -> None:
    sandbox = Sandbox(rate=None, seed=5)
    fault = sandbox.fail("403", share=0.1)
    async with asking(sandbox) as client:
        statuses = [(await client.get("/tags")).status_code for _ in range(500)]
    assert 30 < statuses.count(403) < 70
    assert fault.struck == statuses.count(403)


@pytest.mark.parametrize("kind", ["html200", "503", "hang", "drop_before", "reset"])
async def test_processed_all_the_same(kind: str) -> None:
    sandbox = Sandbox(rate=None)
    sandbox.fail(kind, processed=True)
    async with asking(sandbox) as client:
        await outcome(client)
    assert len(sandbox.contact_ids()) == 1


async def test_what_is_not_processed_does_not_count_at_the_limiter() -> None:
    sandbox = Sandbox(rate=1)
    sandbox.fail("503", times=3)
    async with asking(sandbox) as client:
        assert [(await client.get("/tags")).status_code for _ in range(5)] == [503, 503, 503, 200, 429]
        # what is processed waits for its turn
        fault = sandbox.fail("drop_after")
        assert (await client.get("/tags")).status_code == 429
        assert fault.struck == 0


@pytest.mark.parametrize("wrong", [{"kind": "flood"}, {"kind": "503", "share": 2}])
def test_wrong_faults(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"kind|share"):
        Sandbox().fail(**wrong)


async def test_a_slow_body_meets_the_read_timeout() -> None:
    sandbox = Sandbox(contacts=100, rate=None)
    async with asking(sandbox, timeout=1.0) as client:
        sandbox.fail("slow", seconds=0.9)
        assert len((await client.get("/contacts")).json()["contacts"]) == 20
        sandbox.fail("slow", seconds=1.1)
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/contacts")


async def test_parameters_that_are_ignored_and_pages_that_take_too_long() -> None:
    sandbox = Sandbox(contacts=100, rate=None)
    sandbox.ignores = {"include", "ids[]"}
    sandbox.slow_above = 50
    async with asking(sandbox, timeout=1.0) as client:
        page = (await client.get("/contacts?ids[]=3&include=contactTags&limit=50")).json()
        assert len(page["contacts"]) == 50
        assert "contactTags" not in page
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/contacts?limit=51")
        assert (await client.get("/users/me")).status_code == 200
    assert sandbox.requests[0].query[0] == ("ids[]", "3")
