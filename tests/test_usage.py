"""What a client has spent, and who is told of it."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import anyio
import pytest

from activecampaign_async import (
    ActiveCampaignError,
    AsyncClient,
    AuthenticationError,
    CallInfo,
    ConfigurationError,
    ConnectFailedError,
    DeadlineError,
    NotFoundError,
    Observer,
    PermissionDeniedError,
    ReadOnlyError,
    RequestInfo,
    ServerError,
    Usage,
)
from activecampaign_async._account import Account
from activecampaign_async._call import Call
from activecampaign_async._calllog import CallLog
from activecampaign_async._http import Raw
from activecampaign_async._observer import Telling
from activecampaign_async._progress import Progress
from activecampaign_async._trip import Trip
from activecampaign_async._usage import AREAS, MINUTES
from activecampaign_async.limits.local import LocalLimiter
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of, everything_said

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
ADDRESS = "ann.canary@example.org"


def sandbox(**options: Any) -> Sandbox:
    made = Sandbox(contacts=50, rate=None, **options)
    made.add_tag("one")
    return made


CALL: Call[Any] = Call("GET", "/contacts/42", lambda answer: answer)


def on_its_way() -> Progress:
    """A request that HTTPX has."""
    progress = Progress(anyio.current_time(), anyio.CancelScope())
    progress.trip = Trip(NoRoad(), anyio.lowlevel.checkpoint, progress)
    progress.trip.begun = progress.open = True
    progress.attempts = 1
    return progress


class NoRoad:
    verified = public_only = False

    def learn(self, traced: bool) -> None:
        """Nothing."""


class Notes(Observer):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.requests: list[RequestInfo] = []
        self.calls: list[CallInfo] = []
        self.open = 0
        self.errors: list[str] = []

    @contextmanager
    def call(self, info: CallInfo) -> Iterator[None]:
        self.open += 1
        assert (info.attempts, info.status) == (0, 0)
        try:
            yield
        except ActiveCampaignError as error:
            self.errors.append(type(error).__name__)
            raise
        finally:
            self.open -= 1
            self.calls.append(info)

    def request(self, info: RequestInfo) -> None:
        assert self.open
        self.requests.append(info)


# -- what is counted


async def test_what_goes_well() -> None:
    account = sandbox(latency=200, rate_headers=True)
    account._rate = 7  # told, and not kept to
    async with client_of(account) as ac:
        assert (ac.usage.requests, ac.usage.minutes, ac.usage.remaining) == (0, (), None)
        await ac.tags.get(1)
        await ac.contacts.sync(email=ADDRESS)
        spent = ac.usage
    assert (spent.requests, spent.retries, spent.rate_limited, spent.unexplained) == (2, 0, 0, 0)
    assert spent.areas == {"tags": 1, "contact": 1}
    assert spent.errors == {}
    assert spent.sent == len(b'{"contact":{"email":"%s"}}' % ADDRESS.encode())
    assert spent.received > 500
    assert spent.remaining == account._limiter.remaining(0)
    (minute,) = spent.minutes
    assert minute == (minute.start, 2, 0, 0, 0)
    assert minute.start % 60 == 0


async def test_retries_refusals_and_waits() -> None:
    account = sandbox()
    account.fail("429", times=2, retry_after=3)
    account.fail("html500", times=1)
    async with client_of(account) as ac:
        await ac.tags.get(1)
        spent = ac.usage
    assert (spent.requests, spent.retries, spent.rate_limited) == (4, 3, 2)
    assert spent.errors == {"RateLimitError": 2, "ServerError": 1}
    assert 6 <= spent.waited <= anyio.current_time()
    assert [tuple(minute)[1:] for minute in spent.minutes] == [(4, 3, 2, 3)]
    assert repr(spent).startswith("Usage(requests=4, retries=3, rate_limited=2, waited=")


async def test_a_refusal_in_a_400_is_one_too() -> None:
    account = sandbox()
    body = b'{"success":0,"message":"Rate limit exceeded.","failureReasons":[]}'
    account.fail("custom", status=400, body=body)
    async with client_of(account) as ac:
        with suppress(ActiveCampaignError):  # of the second try
            await ac.request("POST", "/import/bulk_import", json={})
        assert ac.usage.rate_limited == 1
        assert ac.usage.areas == {"import": 2}


async def test_the_time_in_line_counts() -> None:
    limiter = LocalLimiter(1, clock=anyio.current_time)
    notes = Notes()
    async with client_of(sandbox(), rate_limiter=limiter, observer=notes) as ac, anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(ac.tags.get, 1)
    waits = sorted(info.waited for info in notes.requests)
    assert waits == pytest.approx([0, 1.005, 2.01, 3.015], abs=0.2)  # the first finds out about the transport
    assert ac.usage.waited == pytest.approx(sum(waits))


@pytest.mark.parametrize("left", [True, False])
async def test_what_never_left_is_an_error_and_no_request(left: bool) -> None:
    notes = Notes()
    log = CallLog(Account("some"), LocalLimiter(), Telling(notes))
    notes.open += 1
    progress = on_its_way()
    progress.trip.seen, progress.trip.departed = True, left  # type: ignore[union-attr]  # it has one
    log.finished(CALL, progress, ConnectFailedError("no connection"))
    assert log.usage.errors == {"ConnectFailedError": 1}
    assert log.usage.requests == sum(log.usage.areas.values()) == left
    assert [(info.error, info.status) for info in notes.requests] == [("ConnectFailedError", 0)]
    assert left or notes.requests[0].seconds == 0
    log.finished(CALL, progress, ConnectFailedError("no connection"))
    assert len(notes.requests) == 1, "told once"


async def test_what_was_refused_before_it_was_tried_is_nothing() -> None:
    notes = Notes()
    async with client_of(sandbox(), read_only=True, observer=notes) as ac:
        with pytest.raises(ReadOnlyError):
            await ac.tags.create(tag="two")
        assert ac.usage.requests == 0
    assert not notes.requests


async def test_given_up() -> None:
    account, notes = sandbox(), Notes()
    account.fail("hang", always=True)
    async with client_of(account, observer=notes) as ac:
        with pytest.raises(DeadlineError):
            await ac.tags.get(1, timeout=3)
        with anyio.move_on_after(2):
            await ac.tags.get(1)
        assert ac.usage.errors == {"TimedOut": 1, "Cancelled": 1}
        assert ac.usage.requests == 2
    assert [(info.error, info.status) for info in notes.requests] == [("TimedOut", 0), ("Cancelled", 0)]
    assert [info.seconds for info in notes.requests] == pytest.approx([3, 2], abs=0.2)
    assert notes.errors == ["DeadlineError"]
    assert not notes.open


async def test_the_question_who_is_refused_counts() -> None:
    account = sandbox()
    account.fail("403", always=True, path="/tags/*")
    async with client_of(account) as ac:
        with pytest.raises(PermissionDeniedError) as caught:
            await ac.tags.get(1)
        assert ac.usage.areas == {"tags": caught.value.attempts, "users": 1}
        assert ac.usage.requests == len(account.requests)


@pytest.mark.parametrize("denied", [401, 403])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_refused_key_counts_as_one(denied: int, method: str) -> None:
    """An alarm on it must ring. That a 403 stands for it is known once `/users/me` is refused, too."""
    account, notes = sandbox(denied=denied), Notes()
    async with client_of(account, observer=notes) as ac:
        account.key = "another-key"
        with pytest.raises(AuthenticationError) as caught:
            await ac.request(method, "/tags/1", json=None if method == "GET" else {"tag": {}})
        stray = denied == 403 and method == "GET"
        told = [info.error for info in notes.requests if info.path == "/tags/1"]
        assert told == ["PermissionDeniedError"] * stray + ["AuthenticationError"]
        probes = [info.error for info in notes.requests if info.path == "/users/me"]
        assert probes == ["AuthenticationError"] * (denied == 403)
        assert ac.usage.errors["AuthenticationError"] == 1 + len(probes)
        assert ac.usage.requests == len(account.requests) == caught.value.attempts + len(probes)


async def test_a_403_that_nobody_waits_to_understand_counts() -> None:
    account = sandbox()
    account.fail("403", path="/tags/*", always=True)
    account.fail("hang", path="/users/me", always=True)
    async with client_of(account) as ac:
        with pytest.raises(DeadlineError):
            await ac.tags.update(1, description="x", timeout=5)
        assert ac.usage.errors == {"PermissionDeniedError": 1, "TimedOut": 1}
        assert ac.usage.requests == 2


async def test_whatever_a_path_may_be_an_area_shows_nothing_of_it() -> None:
    notes = Notes()
    async with client_of(sandbox(), observer=notes) as ac:
        for path in (f"/{ADDRESS}", "/ann%40example.org/x", "/Ren%C3%A9", "/42"):
            with pytest.raises(NotFoundError):
                await ac.request("GET", path)
        assert ac.usage.areas == {"other": 4}
        assert ADDRESS not in f"{notes.requests} {notes.calls} {ac.usage!r} {vars(ac.usage)}"
        assert "ann%40example" not in f"{notes.requests} {notes.calls}"


class Done:
    """A request."""

    attempts, waited, sent, received = 1, 0.0, 0, 0
    told: int | None = None


def test_areas_are_few() -> None:
    usage = Usage()
    for number in range(AREAS + 10):
        usage.count(f"area{number}", None, Done(), left=True)
    assert len(usage.areas) == AREAS + 1
    assert usage.areas["other"] == 10


def test_an_hour_minute_by_minute() -> None:
    now = 1_700_000_040.0  # a whole minute
    usage = Usage(lambda: now)
    for _ in range(3 * MINUTES):
        for _ in range(3):
            usage.count("tags", "ServerError", Done(), left=True)
            now += 20
    minutes = usage.minutes
    assert MINUTES - 1 <= len(minutes) <= MINUTES
    assert all(minute.requests == minute.failed == 3 for minute in minutes)
    assert [minute.start for minute in minutes] == sorted({minute.start for minute in minutes})
    assert minutes[0].start > now - 3600
    now += 1800
    assert len(usage.minutes) == len(minutes) - 30
    now += 3600
    assert not usage.minutes
    now -= 7200  # the clock was set back
    usage.count("tags", None, Done(), left=True)
    assert usage.minutes[-1].start == now // 60 * 60


# -- who is told


async def test_an_observer_hears_of_every_request() -> None:
    account, notes = sandbox(latency=100), Notes()
    account.fail("html500", times=1)
    async with client_of(account, observer=notes) as ac:
        await ac.contacts.list(limit=20, search=ADDRESS)
    assert [(info.method, info.area, info.path, info.status, info.error, info.attempt) for info in notes.requests] == [
        ("GET", "contacts", "/contacts", 500, "ServerError", 1),
        ("GET", "contacts", "/contacts", 200, None, 2),
    ]
    assert [info.seconds for info in notes.requests] == pytest.approx([0.1, 0.1])
    assert all(info.received for info in notes.requests)
    (call,) = notes.calls
    assert (call.method, call.area, call.path, call.attempts, call.status) == ("GET", "contacts", "/contacts", 2, 200)
    assert call.priority in ("interactive", "bulk")
    assert repr(call) == "CallInfo(GET /contacts, attempts=2, status=200)"


async def test_errors_pass_through() -> None:
    account, notes = sandbox(), Notes()
    async with client_of(account, observer=notes) as ac:
        with pytest.raises(NotFoundError):
            await ac.tags.get(99)
    assert notes.errors == ["NotFoundError"]
    assert notes.calls[0].status == 404


class Broken(Observer):
    """Fails wherever it may."""

    def __init__(self, where: str) -> None:
        self.where = where

    def call(self, info: CallInfo) -> AbstractContextManager[object]:
        if self.where == "call":
            raise LookupError("of the observer")
        return self.around()

    @contextmanager
    def around(self) -> Iterator[None]:
        if self.where == "enter":
            raise LookupError("of the observer")
        try:
            yield
        except ActiveCampaignError:
            if self.where == "swallow":
                return
            raise
        finally:
            if self.where == "exit":
                raise LookupError("of the observer")

    def request(self, info: RequestInfo) -> None:
        if self.where == "request":
            raise LookupError("of the observer")


@pytest.mark.parametrize("where", ["call", "enter", "exit", "request", "swallow"])
async def test_an_observer_breaks_nothing(where: str, caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(sandbox(), observer=Broken(where)) as ac:
        assert (await ac.tags.get(1)).tag == "one"
        assert (await ac.tags.get(1)).tag == "one"
        with pytest.raises(NotFoundError) as caught:
            await ac.tags.get(99)
    assert "LookupError" not in everything_said(caught.value)
    told = [record for record in caplog.records if "observer" in record.getMessage()]
    assert len(told) == (where != "swallow"), "once"


async def test_cancellation_passes_an_observer() -> None:
    account, notes = sandbox(), Notes()
    account.fail("hang")
    async with client_of(account, observer=notes) as ac:
        with anyio.move_on_after(1) as scope:
            await ac.tags.get(1)
    assert scope.cancelled_caught
    assert not notes.open


async def test_calls_side_by_side() -> None:
    account, notes = sandbox(latency=100, jitter=500), Notes()
    async with client_of(account, observer=notes) as ac, anyio.create_task_group() as tasks:
        for number in range(1, 11):
            tasks.start_soon(ac.contacts.get, number)
    assert sorted(call.path for call in notes.calls) == sorted(f"/contacts/{number}" for number in range(1, 11))
    assert {(call.attempts, call.status) for call in notes.calls} == {(1, 200)}


class NoContext(Observer):
    def call(self, info: CallInfo) -> Any:
        return None


class AsyncRequest(Observer):
    async def request(self, info: RequestInfo) -> None:  # type: ignore[override]  # the mistake
        pass


async def test_a_mistake_in_an_observer_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(sandbox(), observer=NoContext()) as ac:
        await ac.tags.get(1)
    assert "NoContext.call: a context manager was expected, not NoneType" in caplog.text
    with pytest.raises(ConfigurationError, match=r"observer: AsyncRequest\.request is async"):
        client_of(sandbox(), observer=AsyncRequest())
    with pytest.raises(ConfigurationError, match="observer: an Observer was expected, not the class NoContext itself"):
        client_of(sandbox(), observer=NoContext)


def test_an_observer_of_another_kind_is_refused() -> None:
    with pytest.raises(ActiveCampaignError, match="observer: an Observer was expected, not"):
        AsyncClient("https://acme.api-us1.com", "some-key", observer=print)  # type: ignore[arg-type]  # as the test says


# -- what it costs


async def test_it_is_cheap() -> None:
    """Measured: 1.6 us. The bound is wide, since others use the machine, too."""
    log = CallLog(Account("some"), LocalLimiter(), None)
    progress, raw = on_its_way(), Raw(200, {"content-type": "application/json"}, b"{}", ())

    def one() -> None:
        progress.open = True
        with log.call(CALL, progress):
            log.departed(progress)
            log.answered(CALL, progress, raw)
            log.finished(CALL, progress, None)

    assert fastest(one) < 10e-6
    assert log.usage.requests > 1000


def fastest(work: Callable[[], None]) -> float:
    return min(timeit.repeat(work, number=1000, repeat=15)) / 1000


async def test_a_server_error_is_counted_where_it_is_the_end() -> None:
    account = sandbox()
    account.fail("html500", always=True)
    async with client_of(account) as ac:
        with pytest.raises(ServerError) as caught:
            await ac.tags.get(1)
        assert ac.usage.errors == {"ServerError": caught.value.attempts}
