"""The road, point by point, in virtual time."""

from __future__ import annotations

import gc
import logging
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import anyio
import httpx
import pytest

from activecampaign_async import AsyncClient, LocalLimiter, RetryPolicy, errors as e
from activecampaign_async._call import Call
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of, everything_said, fast

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


def sandbox(**options: Any) -> Sandbox:
    made = Sandbox(rate=None, **options)
    made.add_tag("one")
    return made


async def in_a_row(ac: AsyncClient, count: int, path: str = "/tags/1") -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(ac.request, "GET", path)


async def test_paced_and_in_order() -> None:
    account = sandbox()
    async with client_of(account, rate_limiter=LocalLimiter(clock=anyio.current_time)) as ac:
        await in_a_row(ac, 40)
    times = [asked.time for asked in account.requests]
    assert len(times) == 40
    assert all(b - a == pytest.approx(0.201) for a, b in pairwise(times))


async def test_at_most_16_in_flight() -> None:
    account = sandbox(latency=1000)
    begun = anyio.current_time()
    async with client_of(account) as ac:
        await in_a_row(ac, 32)
    assert anyio.current_time() - begun == pytest.approx(2.0, abs=0.01)


async def test_the_key_is_not_needed_to_write() -> None:
    async with client_of(sandbox(), read_only=True) as ac:
        await ac.tags.get(1)
        with pytest.raises(e.ReadOnlyError, match="nothing was sent"):
            await ac.tags.create(tag="two")
        with pytest.raises(e.ReadOnlyError):
            await ac.request("POST", "/import/bulk_import", json={})


async def test_after_close() -> None:
    account = sandbox()
    async with client_of(account) as ac:
        await ac.tags.get(1)
    with pytest.raises(RuntimeError, match="closed"):
        await ac.tags.get(1)
    with pytest.raises(RuntimeError, match="closed"):
        async with ac:
            pass
    await ac.aclose()


async def test_without_async_with() -> None:
    ac = client_of(sandbox())
    await ac.tags.get(1)
    await ac.aclose()


async def test_a_deadline_for_the_whole_call() -> None:
    account = sandbox()
    async with client_of(account) as ac:
        account.fail("hang", times=3)
        begun = anyio.current_time()
        with pytest.raises(e.DeadlineError, match=r"7\.5 s") as caught:
            await ac.tags.get(1, timeout=7.5)
        assert anyio.current_time() - begun == pytest.approx(7.5)
        assert not caught.value.may_have_been_processed
        with pytest.raises(e.DeadlineError) as caught:
            await ac.tags.update(1, description="x", timeout=1)
        assert caught.value.may_have_been_processed
        with pytest.raises(e.OutcomeUnknownError, match="look"):
            await ac.tags.create(tag="two", timeout=1)
        assert ac._sender.line.slots.value == 16


async def test_the_client_s_own_deadline() -> None:
    account = sandbox()
    async with client_of(account, timeout=2) as ac:
        account.fail("hang")
        with pytest.raises(e.DeadlineError):
            await ac.tags.get(1)


async def test_a_deadline_from_outside_stays_the_caller_s() -> None:
    account = sandbox()
    async with client_of(account, timeout=20) as ac:
        account.fail("hang")
        with anyio.move_on_after(1) as scope:
            await ac.tags.get(1)
    assert scope.cancelled_caught


@pytest.mark.parametrize("timeout", [0, -1, True, "3"])
async def test_a_timeout_that_is_none(timeout: Any) -> None:
    account = sandbox()
    async with client_of(account) as ac:
        with pytest.raises((TypeError, ValueError), match="timeout"):
            await ac.tags.get(1, timeout=timeout)
    assert not account.requests


async def test_a_queue_that_is_known_to_take_too_long() -> None:
    account = sandbox()
    async with client_of(account, rate_limiter=LocalLimiter(clock=anyio.current_time)) as ac:
        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(ac.request, "GET", "/tags/1")
            await anyio.sleep(0.01)
            begun = anyio.current_time()
            with pytest.raises(e.RateLimitError, match="nothing was sent") as caught:
                await ac.tags.get(1, timeout=5)
            assert anyio.current_time() == begun
            assert caught.value.retry_after == pytest.approx(49 * 0.201, abs=0.3)
            assert caught.value.attempts == 0
    assert len(account.requests) == 50


async def test_retry_after_is_waited() -> None:
    account = sandbox()
    account.fail("429", retry_after=7)
    begun = anyio.current_time()
    async with client_of(account) as ac:
        await ac.tags.get(1)
    assert anyio.current_time() - begun == pytest.approx(7, abs=0.01)
    assert len(account.requests) == 2


class Unlimited:
    """A limiter that knows nothing."""

    async def acquire(self) -> None:
        pass

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        pass


async def test_retry_after_is_waited_whatever_the_limiter() -> None:
    account = sandbox()
    account.fail("429", retry_after=7)
    begun = anyio.current_time()
    async with client_of(account, rate_limiter=Unlimited()) as ac:
        await ac.tags.get(1)
    assert anyio.current_time() - begun == pytest.approx(7, abs=0.01)


async def test_retry_after_beyond_the_call_is_told_and_holds_for_the_account() -> None:
    account = sandbox()
    account.fail("429", retry_after=600)
    async with client_of(account) as ac:
        begun = anyio.current_time()
        for _ in range(2):
            with pytest.raises(e.RateLimitError) as caught:
                await ac.tags.get(1)
            assert caught.value.retry_after == pytest.approx(600, abs=1)
        assert anyio.current_time() == begun
        assert len(account.requests) == 1
        await anyio.sleep(600)
        await ac.tags.get(1)


async def test_the_rate_limit_of_bulk_import_comes_as_400() -> None:
    account = sandbox()
    body = '{"success":0,"message":"Rate limit exceeded.","failureReasons":[]}'
    account.fail("custom", status=400, body=body, processed=False)
    async with client_of(account) as ac:
        reply = await ac.request("POST", "/tags", json={"tag": {"tag": "two", "tagType": "contact"}})
    assert reply.status == 201
    assert len(account.requests) == 2


async def test_a_503_holds_the_account_back() -> None:
    account = sandbox()
    async with client_of(account) as ac:
        account.fail("503")
        with pytest.raises(e.OutcomeUnknownError):
            await ac.tags.create(tag="two")
        begun = anyio.current_time()
        await ac.tags.get(1)
    assert anyio.current_time() - begun == pytest.approx(2, abs=0.01)


async def test_an_unpaid_account_is_not_asked_again_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("activecampaign_async._account.time.monotonic", lambda: now)
    account = sandbox()
    async with client_of(account) as ac, client_of(account) as other:
        account.fail("402")
        with pytest.raises(e.PaymentRequiredError) as first:
            await ac.tags.get(1)
        assert (first.value.attempts, first.value.status) == (1, 402)
        for each in (ac, other):
            with pytest.raises(e.PaymentRequiredError) as again:
                await each.tags.get(1)
            assert (again.value.attempts, again.value.status) == (0, 402)
        assert len(account.requests) == 1
        now += 61
        await ac.tags.get(1)


async def test_a_403_of_a_good_key_is_a_matter_of_permission() -> None:
    account = sandbox()
    async with client_of(account) as ac:
        account.fail("403", path="/tags/*", always=True)
        with pytest.raises(e.PermissionDeniedError):
            await in_a_row_one_by_one(ac, 1)
        assert asked(account) == ["/tags/1", "/tags/1", "/users/me"]
        with pytest.raises(e.PermissionDeniedError):
            await ac.tags.get(1)
        assert asked(account)[3:] == ["/tags/1", "/tags/1"]  # the verdict holds for a minute
        await anyio.sleep(61)
        with pytest.raises(e.PermissionDeniedError):
            await ac.tags.update(1, description="x")
        assert asked(account)[5:] == ["/tags/1", "/users/me"]  # a write is not asked twice


async def in_a_row_one_by_one(ac: AsyncClient, count: int) -> None:
    for _ in range(count):
        await ac.request("GET", "/tags/1")


def asked(account: Sandbox) -> list[str]:
    return [each.path for each in account.requests]


@pytest.mark.parametrize("denied", [401, 403])
async def test_a_refused_key_is_found_out_once_for_all(denied: int) -> None:
    account = sandbox(denied=denied)
    seen = []
    async with AsyncClient(account.url, "a-wrong-key", transport=account.transport(), rate_limiter=fast()) as ac:

        async def one() -> None:
            with pytest.raises(e.AuthenticationError) as caught:
                await ac.tags.get(1)
            seen.append(caught.value.status)

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(one)
        with pytest.raises(e.AuthenticationError):
            await ac.users.me()
    assert seen == [denied] * 10
    assert asked(account).count("/users/me") == 1  # for the verdict; after so many 403s the last one is not sent


async def test_a_403_that_cannot_be_judged_stays_one() -> None:
    account = sandbox()
    account.fail("403", path="/tags/*", always=True)
    account.fail("html500", path="/users/me", always=True)
    async with client_of(account) as ac:
        with pytest.raises(e.PermissionDeniedError):
            await ac.tags.get(1)


async def test_a_key_that_the_server_echoes_is_scrubbed() -> None:
    account = sandbox()
    async with client_of(account) as ac:
        for body, status in (
            (f'{{"message": "{"x" * 995}{account.key}"}}', 422),
            (f'{{"message": "bad key {account.key}"}}', 401),
            (f'{{"errors": [{{"title": "{account.key}", "source": {{"pointer": "{account.key}"}}}}]}}', 422),
            (f"<html>{account.key}</html>", 500),
            (f"<html>{account.key}</html>", 200),
        ):
            account.fail("custom", status=status, body=body, processed=False, headers={"X-Request-Id": account.key})
            with pytest.raises(e.ActiveCampaignError) as caught:
                await ac.tags.create(tag="two")
            assert account.key not in everything_said(caught.value)


async def test_what_is_kept_of_a_body_that_is_no_json() -> None:
    account = sandbox()
    account.fail("custom", status=200, body="<p>" + "x" * 500, processed=False, always=True)
    async with client_of(account) as ac:
        with pytest.raises(e.ServerError, match="HTML instead") as caught:
            await ac.tags.get(1)
    assert caught.value.body == "<p>" + "x" * 197


async def test_cookies_that_a_body_repeats_are_scrubbed() -> None:
    account = sandbox()
    cookie = {"Set-Cookie": "PHPSESSID=abcdef0123456789; path=/"}
    account.fail("custom", status=500, body="<p>abcdef0123456789", headers=cookie, processed=False, always=True)
    async with client_of(account) as ac:
        with pytest.raises(e.ServerError) as caught:
            await ac.tags.get(1)
    assert caught.value.body == "<p>[removed]"


async def test_no_cookie_is_sent_back() -> None:
    account = sandbox()
    async with client_of(account) as ac:
        await in_a_row_one_by_one(ac, 2)
    assert all("cookie" not in each.headers for each in account.requests)


async def test_what_every_request_carries() -> None:
    account = sandbox()
    async with client_of(account) as ac:
        await ac.tags.create(tag="two")
    headers = account.requests[0].headers
    assert headers["accept"] == "application/json"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("activecampaign_async/")
    assert account.requests[0].key == account.key


@pytest.mark.parametrize(("status", "kind"), [(200, e.DecodeError), (404, e.NotFoundError), (500, e.ServerError)])
async def test_deep_json_is_an_answer_like_any_other(status: int, kind: type[Exception]) -> None:
    account = sandbox()
    account.fail("custom", status=status, body="[" * 200_000, processed=False, always=True)
    async with client_of(account) as ac:
        with pytest.raises(kind):
            await ac.tags.get(1)


async def test_json_is_read_whatever_it_says_it_is() -> None:
    account = sandbox()
    account.fail("as_html")
    async with client_of(account) as ac:
        assert (await ac.tags.get(1)).tag == "one"


async def test_a_redirect_is_not_followed() -> None:
    account = sandbox()
    account.fail("redirect", location="https://elsewhere.example/login?next=/")
    async with client_of(account) as ac:
        with pytest.raises(e.RedirectError, match=r"elsewhere\.example") as caught:
            await ac.tags.get(1)
    assert caught.value.location_host == "elsewhere.example"
    assert len(account.requests) == 1


async def test_a_write_cut_off_in_flight_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    account = sandbox(latency=1000)
    async with client_of(account) as ac:
        with caplog.at_level(logging.DEBUG, "activecampaign_async"):
            with anyio.move_on_after(0.5):
                await ac.request("PUT", "/users/email/ann@example.org", json={})
            with anyio.move_on_after(0.5):
                await ac.tags.get(1)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "activecampaign_async"]
    assert "PUT /users/email/[e-mail]" in line


async def test_attempts_and_backoff_are_the_policy_s() -> None:
    account = sandbox()
    account.fail("html500", always=True)
    async with client_of(account, retry=RetryPolicy(attempts=2, base=0)) as ac:
        with pytest.raises(e.ServerError) as caught:
            await ac.tags.get(1)
    assert caught.value.attempts == 2
    assert len(account.requests) == 2


async def test_strict_makes_a_misfit_raise() -> None:
    account = sandbox()
    body = '{"tag": {"id": "1", "cdate": "the day before yesterday"}}'
    account.fail("custom", body=body, always=True, processed=False)
    async with client_of(account) as ac, client_of(account, strict=True) as strict:
        assert (await ac.tags.get(1)).misfits == {"created_at"}
        with pytest.raises(e.DecodeError, match=r"Tag\.created_at"):
            await strict.tags.get(1)


class Mocked(httpx.AsyncBaseTransport):
    """A transport that fires no trace events."""

    def __init__(self, fault: type[Exception] | None = None) -> None:
        self.fault, self.requests = fault, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.fault is not None:
            raise self.fault
        return httpx.Response(200, json={})


async def test_a_transport_that_tells_nothing_is_paced_all_the_same() -> None:
    mocked, begun = Mocked(), anyio.current_time()
    line = LocalLimiter(clock=anyio.current_time)
    async with AsyncClient("https://a.example", "some-key", transport=mocked, rate_limiter=line) as ac:
        await in_a_row(ac, 5)
    assert anyio.current_time() - begun == pytest.approx(4 * 0.201)


@pytest.mark.parametrize("fault", [httpx.ReadError, ValueError, RecursionError, KeyError])
async def test_whatever_a_transport_raises_is_ours(fault: type[Exception]) -> None:
    mocked = Mocked(fault)
    async with AsyncClient("https://a.example", "some-key", transport=mocked, rate_limiter=fast()) as ac:
        with pytest.raises(e.OutcomeUnknownError) as caught:
            await ac.tags.create(tag="x")
        assert mocked.requests == 1
        with pytest.raises(e.TransportError):
            await ac.tags.get(1)
    assert "some-key" not in everything_said(caught.value)


async def test_a_page_whose_time_is_up_is_not_asked_for_again() -> None:
    """Smaller pages are for what takes too long, not for a caller who has no time left."""
    account = sandbox(contacts=300)
    account.fail("hang", always=True)
    async with client_of(account) as ac:
        begun = anyio.current_time()
        with pytest.raises(e.DeadlineError):
            await ac.contacts.list(timeout=10)
    assert anyio.current_time() - begun == pytest.approx(10)
    assert len(account.requests) == 1


async def test_a_page_that_takes_too_long_is_asked_for_by_halves() -> None:
    account = sandbox(contacts=300)
    account.fail("hang", times=2)
    async with client_of(account) as ac:
        page = await ac.contacts.list()
    assert [asked.params["limit"] for asked in account.requests] == ["100", "50", "25"]
    assert len(page.items) == 25


async def test_an_association_that_is_gone_is_removed() -> None:
    """`missing_is_done`: a first 404 is no error where nothing is left to do."""
    account = sandbox()
    async with client_of(account) as ac:
        gone: Call[str] = Call("DELETE", "/contactTags/9", lambda _: "done", result_due=False, missing_is_done=True)
        assert await ac._sender.send(gone) == "done"
    assert len(account.requests) == 1


async def test_a_search_by_post_is_a_read() -> None:
    account = sandbox()
    account.fail("custom", status=200, body="{}", path="/search", processed=False)
    async with client_of(account, read_only=True) as ac:
        search: Call[str] = Call("POST", "/search", lambda _: "found", body={}, writes=False, repeatable=True)
        assert await ac._sender.send(search) == "found"


async def test_a_402_stops_those_in_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    account = sandbox(latency=100)
    account.fail("402", always=True)
    refused = 0
    async with client_of(account, rate_limiter=LocalLimiter(clock=anyio.current_time)) as ac:

        async def one() -> None:
            nonlocal refused
            with pytest.raises(e.PaymentRequiredError):
                await ac.tags.get(1)
            refused += 1

        async with anyio.create_task_group() as tasks:
            for _ in range(60):
                tasks.start_soon(one)
    assert refused == 60
    assert len(account.requests) == 1


async def test_a_pause_beyond_their_time_sends_those_in_line_away() -> None:
    account = sandbox()
    account.fail("429", retry_after=8)
    ended = list[float]()
    async with client_of(account, rate_limiter=LocalLimiter(clock=anyio.current_time)) as ac:
        begun = anyio.current_time()

        async def one() -> None:
            with pytest.raises(e.RateLimitError):
                await ac.tags.get(1, timeout=3)
            ended.append(anyio.current_time() - begun)

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(one)
    assert ended == pytest.approx([0] * 10, abs=0.3)
    assert len(account.requests) == 1


async def test_closing_sends_those_in_line_away() -> None:
    account = sandbox()
    ac = client_of(account, rate_limiter=LocalLimiter(clock=anyio.current_time))
    refused = 0

    async def one() -> None:
        nonlocal refused
        try:
            await ac.tags.create(tag="x")
        except RuntimeError:
            refused += 1

    async with anyio.create_task_group() as tasks:
        for _ in range(40):
            tasks.start_soon(one)
        await anyio.sleep(0.3)
        await ac.aclose()
    assert refused == 38
    assert len(account.requests) == 2


async def test_many_clients_in_a_row_share_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """One client a request, as a service may make them: the account outlives them."""
    monkeypatch.setattr("activecampaign_async.limits.local.LocalLimiter.__init__.__kwdefaults__", {
        "clock": anyio.current_time, "sleep": anyio.sleep,
    })  # fmt: skip
    account = sandbox()
    for _ in range(5):
        async with AsyncClient(account.url, account.key, transport=account.transport()) as ac:
            await ac.tags.get(1)
    times = [asked.time for asked in account.requests]
    assert all(b - a == pytest.approx(0.201) for a, b in pairwise(times))


async def test_idle_accounts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("activecampaign_async._account.time.monotonic", lambda: now)
    monkeypatch.setattr("activecampaign_async.limits.local.LocalLimiter.__init__.__kwdefaults__", {
        "clock": lambda: now, "sleep": anyio.sleep,
    })  # fmt: skip
    from activecampaign_async._account import accounts

    held = accounts.of("held")
    await accounts.of("first").limiter.acquire()
    accounts.of("unpaid").unpaid(e.PaymentRequiredError("pay"))
    now += 700
    accounts.of("unpaid").unpaid(e.PaymentRequiredError("pay"))
    accounts.of("second")
    gc.collect()
    assert accounts._kept.keys() == {"held", "unpaid", "second"}
    assert set(accounts._alive) == set(accounts._kept)
    assert accounts.of("held") is held


@pytest.mark.parametrize("location", ["https://[::1/x", "javascript:alert(1)", "https://exa mple.com:port/", ""])
@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_a_redirect_to_nonsense(verb: str, location: str) -> None:
    account = sandbox()
    account.fail("custom", status=302, headers={"Location": location}, processed=False)
    async with client_of(account) as ac:
        with pytest.raises(e.RedirectError):
            await ac.request(verb, "/tags/1")
    assert len(account.requests) == 1


async def test_what_a_limiter_raises_is_its_own() -> None:
    class Broken(Unlimited):
        async def acquire(self) -> None:
            raise KeyError("a bug of mine")

    account = sandbox()
    async with client_of(account, rate_limiter=Broken()) as ac:
        with pytest.raises(KeyError, match="a bug of mine"):
            await ac.tags.create(tag="x")
    assert account.requests == []


async def test_a_limiter_with_attributes_of_its_own() -> None:
    class Odd(Unlimited):
        rate, delay = "5/s", 0.2

    async with client_of(sandbox(), rate_limiter=Odd()) as ac:
        assert (await ac.tags.get(1, timeout=3)).id == 1


@pytest.mark.parametrize("probe", ["html500", "html200"])
async def test_a_probe_that_tells_nothing_is_tried_for_all_as_a_read_is(probe: str) -> None:
    account = sandbox()
    account.fail("403", path="/tags/*", always=True)
    account.fail(probe, path="/users/me", always=True)
    said = set()
    async with client_of(account) as ac:

        async def one() -> None:
            with pytest.raises(e.PermissionDeniedError) as caught:
                await ac.tags.get(1)
            said.add(str(caught.value).partition("(")[2])

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(one)
    assert asked(account).count("/users/me") == RetryPolicy().attempts
    assert all("could not be found out" in text for text in said)


@pytest.mark.parametrize("status", [204, 205])
async def test_no_content_is_an_answer(status: int) -> None:
    account = sandbox()
    account.fail("custom", status=status, body="", processed=False)
    async with client_of(account) as ac:
        assert (await ac.request("GET", "/goals")).status == status
    assert len(account.requests) == 1


async def test_a_head_has_no_body() -> None:
    account = sandbox()
    account.fail("custom", status=200, body="", processed=False)
    async with client_of(account) as ac:
        assert (await ac.request("HEAD", "/goals")).data is None


async def test_half_a_surrogate_is_refused_before_anything_is_sent() -> None:
    account = sandbox()
    async with client_of(account) as ac:
        with pytest.raises(ValueError, match="surrogates"):
            await ac.request("POST", "/goals", params={"q": "\ud800"})
    assert account.requests == []


async def test_what_happened_says_more_than_that_there_is_no_time_left() -> None:
    account = sandbox()
    account.fail("503", always=True)
    async with client_of(account) as ac:
        for _ in range(5):
            with pytest.raises(e.ServerError) as caught:
                await ac.contacts.sync(email="ann@example.org", timeout=3)
            assert caught.value.status == 503
            await anyio.sleep(5)


@pytest.mark.parametrize("warm", [False, True])
async def test_who_cannot_get_a_turn_is_told_at_once(warm: bool) -> None:
    account = sandbox()
    ended = Counter[str]()
    async with client_of(account, rate_limiter=LocalLimiter(clock=anyio.current_time)) as ac:
        if warm:
            await ac.tags.get(1)
            await anyio.sleep(1)
        begun = anyio.current_time()

        async def one() -> None:
            try:
                await ac.tags.get(1, timeout=2)
                ended["answered"] += 1
            except e.RateLimitError as error:
                ended[f"{error.status}, {error.attempts} sent, {anyio.current_time() - begun} s"] += 1

        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(one)
        assert ac._sender.line.unpaced == 0
    assert ended == {"answered": 10, "0, 0 sent, 0.0 s": 20}
