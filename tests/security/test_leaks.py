"""The key is in one header to the account's own origin, over TLS, and nowhere else; addresses are in no log or error.

Everything is on at once: DEBUG for every logger, asyncio's debug mode, warnings, tracebacks with locals.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import pytest

from activecampaign_async import ActiveCampaignError, AsyncClient, Key, LocalLimiter, RetryPolicy, _retry, errors as e
from activecampaign_async.sandbox import FAULTS, Sandbox

from .canary import Canary, Log, failing, is_clean, nothing_shows, shown_by_a_value
from .driving import drive, of_the_client, verbs
from .hostile import Script, answer, hostile, taped, trusting

Call = Callable[[], Awaitable[object]]
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param, {"debug": True} if request.param == "asyncio" else {}


@asynccontextmanager
async def account(key: Canary, **options: Any) -> AsyncIterator[tuple[Sandbox, str, ssl.SSLContext]]:
    """Over real TLS."""
    made = Sandbox(contacts=3, rate=None, **options)
    made.key = key.text()
    for name in ("one", "two"):
        made.add_tag(name)
        made.add_list(name)
        made.add_field(name)
    made.add_automation("one")
    made.add_group("one", id=1)
    made.add_note(1, "one")
    async with made.serve() as server:
        yield made, server.url, server.ssl_context()


def client(url: str, key: Any, context: ssl.SSLContext | None, **options: Any) -> AsyncClient:
    options.setdefault("retry", RetryPolicy(2, base=0.0))
    options.setdefault("rate_limiter", LocalLimiter(1e6))
    options.setdefault("account", url)
    return AsyncClient(url, key.key if isinstance(key, Canary) else key, ssl_context=context, **options)


# -- every verb

NONE_THERE = {
    "contact_deals.get", "contact_deals.update", "contact_lists.get", "contacts.by_event", "contacts.geo_address",
    "lists.get_exclusion", "lists.update_exclusion", "scores.get",
    "field_values.delete", "fields.delete_option", "notes.delete",
}  # fmt: skip
FAILING: dict[str, type[ActiveCampaignError]] = {
    **dict.fromkeys(NONE_THERE, e.NotFoundError),
    "field_groups.members": e.DecodeError,  # without a group it is groups that come, as documented
    "contact_deals.create": e.ValidationError,  # there is no such deal
    "contacts.update": e.DuplicateError,  # another has that address by then
}
"""What fails there, and how: all others do something."""


async def test_every_verb(
    canary: Canary,
    address: Canary,
    log: Log,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever it answers; on the way, each list is gone through in every way."""
    monkeypatch.setattr(_retry, "STRAY_403", 0.01)
    email = f"{address.text()}@example.org"
    async with account(canary) as (sandbox, url, context):
        with taped(int(url.rpartition(":")[2])) as (port, tape):
            async with client(f"https://localhost:{port}", canary, context) as ac:
                calls: dict[str, Call] = {
                    f"{area}.{name}": partial(drive, ac, area, name, email) for area, name in verbs()
                }
                calls |= {name: partial(call, ac) for name, call in of_the_client(email).items()}
                failed: dict[str, type[ActiveCampaignError]] = {}
                for name, call in calls.items():
                    try:
                        nothing_shows(canary, name, *shown_by_a_value(await call()))
                    except ActiveCampaignError as error:
                        is_clean(error, canary, address, name)
                        failed[name] = type(error)
                nothing_shows(canary, "the client", *shown_by_a_value(ac), *shown_by_a_value(ac.usage))
    assert failed == FAILING
    assert len(sandbox.requests) > len(calls)
    assert {asked.key for asked in sandbox.requests} == {canary.text()}  # it went where it belongs
    nothing_shows(canary, "log", *log.lines)
    nothing_shows(address, "log", *log.lines)
    assert any(line.startswith("httpcore") for line in log.lines)
    assert any("HTTP Request: GET" in line for line in log.lines)
    assert len(b"".join(tape)) > 10_000
    nothing_shows(canary, "unencrypted", *tape)
    out = capfd.readouterr()
    nothing_shows(canary, "stderr", out.err, out.out)


async def test_the_header_and_nothing_else_of_the_request(canary: Canary, address: Canary) -> None:
    """Each request has the key once: at the end of its own line."""
    email = f"{address.text()}@example.org"
    with hostile(lambda _: [answer(b'{"contacts": [], "contact": {"id": "1"}, "user": {"id": "1"}}')]) as server:
        async with client(server.url, canary, trusting()) as ac:
            for area, name in verbs():
                try:
                    await drive(ac, area, name, email)
                except ActiveCampaignError:
                    continue
    header = f"\r\nApi-Token: {canary.text()}\r\n".encode()
    assert len(server.heard) > 50
    for request in server.heard:
        assert request.count(header) == 1
        nothing_shows(canary, request[:40], request.replace(header, b""))


# -- every error


NO_FAILURES = {"as_html", "custom", "slow"}


@pytest.mark.parametrize("verb", ["read", "write"])
async def test_every_fault(verb: str, canary: Canary, address: Canary, log: Log) -> None:
    email = f"{address.text()}@example.org"
    async with account(canary) as (sandbox, url, context):
        for kind in sorted(set(FAULTS) - NO_FAILURES):
            sandbox.heal()
            sandbox.fail(kind, always=True, edit=lambda _: {"contacts": 5})
            async with client(url, canary, context, account=f"{url}{kind}", timeout=0.15) as ac:
                reads: list[Call] = [partial(ac.contacts.find, email), partial(ac.users.by_email, email)]
                writes: list[Call] = [partial(ac.contacts.create, email=email), partial(ac.contacts.sync, email=email)]
                for call in reads if verb == "read" else writes:
                    is_clean(await failing(call), canary, address, kind)
    nothing_shows(canary, "log", *log.lines)
    nothing_shows(address, "log", *log.lines)


REFUSED = (
    '{"message": "MARK", "errors": '
    '[{"title": "MARK", "detail": "MARK", "code": "MARK", "source": {"pointer": "MARK"}}]}'
)
DEEP = '{"x": "MARK", "contact": ' + 100_000 * "["
ECHOES: dict[str, tuple[str, ...]] = {
    # status, body, and headers; MARK is the key and an address
    "message": ("422 Unprocessable Entity", REFUSED),
    "message of a 400": ("400 Bad Request", REFUSED),
    "message of a 401": ("401 Unauthorized", '{"message": "the key MARK is wrong"}'),
    "message of a 403": ("403 Forbidden", '{"message": "the key MARK may not"}'),
    "message of a 404": ("404 Not Found", '{"message": "No Result found for MARK"}'),
    "message of a 500": ("500 Oops", '{"message": "the key MARK"}'),
    "message of a 402": ("402 Pay", '{"message": "the key MARK"}'),
    "failure reasons": (
        "400 Bad Request",
        '{"message": "x", "failureReasons": [{"contact": "MARK", "failureReason": "MARK"}]}',
    ),
    "html": ("502 Bad Gateway", "<html>MARK</html>"),
    "html of a 200": ("200 OK", "<html>MARK</html>"),
    "text cut in the middle": ("500 Oops", f"<{'x' * 180}>MARK"),
    "no shape": ("200 OK", '{"contact": "MARK", "contacts": "MARK", "user": "MARK"}'),
    "no id": ("200 OK", '{"contact": {"id": "MARK"}, "contacts": [{"id": "MARK"}], "user": {"id": "MARK"}}'),
    "key of an object": ("200 OK", '{"MARK": {"id": "MARK"}, "errors": {"MARK": "MARK"}}'),
    "errors by name": ("422 No", '{"errors": {"MARK": "MARK"}, "error": "Duplicate entry MARK"}'),
    "nested too deep": ("200 OK", DEEP),
    "nested too deep, refused": ("422 No", DEEP),
    "reason": ("418 MARK", "{}"),
    "reason of a 200": ("200 MARK", "{}"),
    "header": ("500 Oops", "{}", "X-Echo: MARK"),
    "request id": ("500 Oops", "{}", "X-Request-Id: MARK"),
    "marked as failed": ("200 OK", "", "X-Ac-Error: MARK"),
    "retry after": ("429 Slow", "{}", "Retry-After: MARK"),
    "cookie": ("500 Oops", "<html>MARK</html>", "Set-Cookie: a=MARK; path=/"),
    "encoding": ("200 OK", "{}", "Content-Encoding: MARK"),
    "length": ("200 OK", "{}", "Content-Length: MARK"),
    "redirect": ("302 Found", "", "Location: https://elsewhere.example/MARK?key=MARK"),
    "redirect to a host": ("307 Found", "", "Location: https://MARK.example/"),
    "redirect to itself": ("308 Found", "", "Location: /api/3/contacts?key=MARK"),
    "redirect, malformed": ("301 Found", "", "Location: https://[MARK"),
    "status that is none": ("MARK OK", "{}"),
    "header that is none": ("200 OK", "{}", "MARK\x00: MARK"),
}


@pytest.mark.parametrize("name", ECHOES)
async def test_a_server_that_echoes_it(name: str, canary: Canary, address: Canary, log: Log) -> None:
    """In whatever part of an answer, and in every spelling."""
    status, body, *headers = ECHOES[name]
    email = f"{address.text()}@example.org"
    echo = " ".join([*sorted(canary.spellings()), email])

    def script(_: bytes) -> list[bytes]:
        text = body.replace("MARK", echo if body.startswith("<") else json.dumps(echo)[1:-1])
        told = [each.replace("MARK", echo) for each in (status, *headers)]
        return [answer(text.encode("latin-1"), *told[1:], status=told[0])]

    with hostile(script) as server:
        async with client(server.url, canary, trusting(), retry=RetryPolicy(1), timeout=5.0) as ac:
            for call in (
                lambda: ac.contacts.get(1),
                lambda: ac.contacts.create(email=email),
                lambda: ac.contacts.list().collect(),
                lambda: ac.users.by_email(email),
            ):
                is_clean(await failing(call), canary, address, name)
    assert server.heard
    nothing_shows(canary, "log", *log.lines)
    nothing_shows(address, "log", *log.lines)


@pytest.mark.parametrize("name", ECHOES)
async def test_a_server_that_echoes_the_key_of_before(name: str, canary: Canary, log: Log) -> None:
    """Where both are good for a while, it opens the account still."""
    status, body, *headers = ECHOES[name]
    echo = " ".join(sorted(canary.spellings()))

    def script(request: bytes) -> list[bytes]:
        if canary.text().encode() in request:
            return [answer(b'{"contact": {"id": "1"}}')]
        text = body.replace("MARK", echo if body.startswith("<") else json.dumps(echo)[1:-1])
        told = [each.replace("MARK", echo) for each in (status, *headers)]
        return [answer(text.encode("latin-1"), *told[1:], status=told[0])]

    with hostile(script) as server:
        async with client(server.url, canary, trusting(), retry=RetryPolicy(1), timeout=5.0) as ac:
            await ac.contacts.get(1)
            ac.rotate("the-key-of-today")
            with suppress(ActiveCampaignError):
                await ac.contacts.get(1)
            ac.rotate("the-key-of-tomorrow")
            is_clean(await failing(lambda: ac.contacts.get(1)), canary, None, name)
    nothing_shows(canary, "log", *log.lines)


# -- one of each kind


def said(body: str, status: str) -> Script:
    return lambda _: [answer(body.encode(), status=status)]


def forbidden(request: bytes) -> list[bytes]:
    """The key is good, and yet may not."""
    if b"/users/me " in request:
        return [answer(b'{"user": {"id": "1"}}')]
    return [answer(b"{}", status="403 No")]


DUPLICATE = '{"errors": [{"title": "exists", "code": "duplicate"}]}'
SAME = json.dumps({"contacts": [{"id": str(id)} for id in range(1, 101)], "meta": {"total": "500"}})


class Nothing:
    """A provider without a key."""

    async def key(self, refused: Key | None = None) -> Any:
        return None


class Broken:
    """A provider that is away."""

    async def key(self, refused: Key | None = None) -> Any:
        raise OSError("away")


ONE_OF_EACH: dict[type[ActiveCampaignError], tuple[Script, dict[str, Any]]] = {
    e.APIError: (said("{}", "418 Tea"), {}),
    e.AuthenticationError: (said("{}", "401 No"), {}),
    e.ConfigurationError: (said("{}", "200 OK"), {"key": Nothing()}),
    e.ConnectFailedError: (said("{}", "200 OK"), {"url": "https://localhost:1"}),
    e.DeadlineError: (lambda _: [2.0], {"timeout": 0.1}),
    e.DecodeError: (said("{}", "200 OK"), {}),
    e.DuplicateError: (said(DUPLICATE, "422 No"), {}),
    e.KeyProviderError: (said("{}", "200 OK"), {"key": Broken()}),
    e.NotFoundError: (said("{}", "404 None"), {}),
    e.OutcomeUnknownError: (said("{}", "500 Oops"), {"writes": True}),
    e.PaginationError: (said(SAME, "200 OK"), {}),
    e.PaymentRequiredError: (said("{}", "402 Pay"), {}),
    e.PermissionDeniedError: (forbidden, {}),
    e.RateLimitError: (said("{}", "429 Slow"), {}),
    e.ReadOnlyError: (said("{}", "200 OK"), {"writes": True, "read_only": True}),
    e.RedirectError: (said("{}", "302 There"), {}),
    e.ResponseTooLargeError: (lambda _: [answer(length=10**12)], {}),
    e.ServerError: (said("{}", "500 Oops"), {}),
    e.TLSError: (said("{}", "200 OK"), {"trusted": False}),
    e.TransportError: (lambda _: [answer(length=99), -1.0], {}),
    e.ValidationError: (said("{}", "422 No"), {}),
}


def kinds(kind: type[ActiveCampaignError] = ActiveCampaignError) -> set[type[ActiveCampaignError]]:
    """All that there are, by looking."""
    return {kind}.union(*(kinds(below) for below in kind.__subclasses__() if below.__module__ == e.__name__))


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.__name__) for kind in sorted(kinds(), key=repr)])
async def test_every_kind_of_error(kind: type[ActiveCampaignError], canary: Canary, address: Canary, log: Log) -> None:
    if kind is ActiveCampaignError:
        return  # the base of all, which nothing raises
    script, options = ONE_OF_EACH[kind]
    email = f"{address.text()}@example.org"
    with hostile(script) as server:
        given = {"url": server.url, "key": canary, "trusted": True, "writes": False, **options}
        url, key, trusted, writes = (given.pop(name) for name in ("url", "key", "trusted", "writes"))
        async with client(url, key, trusting() if trusted else None, retry=RetryPolicy(1), **given) as ac:
            if writes:
                error = await failing(partial(ac.contacts.create, email=email))
            else:
                error = await failing(ac.contacts.list(search=email).collect)
    assert type(error) is kind
    is_clean(error, canary, address, kind)
    nothing_shows(canary, "log", *log.lines)
    nothing_shows(address, "log", *log.lines)
