"""`Sandbox`: one account, its weather, and a record of what was asked."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from math import ceil
from typing import TYPE_CHECKING, Any

from . import _examples, _query, _routes
from ._account import Account
from ._asgi import Application
from ._clock import Calendar, Clock, EventLoopClock, http_date
from ._faults import Fault, Faults, processed_by_default
from ._rates import Kind, limiter as _limiter
from ._state import State
from ._wire import Answer, Ask, Asked, Pause, message, pairs, parsed

if TYPE_CHECKING:
    import httpx

    from ._server import Server

_numbers = count(1)


class _Processed(Counter[str]):
    def __missing__(self, call: str) -> int:
        method, _, path = call.partition(" ")
        if not (method.isupper() and path.startswith("/")):
            raise KeyError(f"a call is a method and a path below /api/3, e.g. 'POST /contacts': got {call!r}")
        return 0


class Sandbox(State):
    """A local ActiveCampaign: the state of one account, for tests, demos and benchmarks.

    Args:
        contacts: how many contacts there are; each is made up from its id, so a million cost nothing.
        rate: requests a second; None for no limit.
        limiter: `sliding` (strict: never more in any second), `fixed` (per second of the clock) or `bucket`.
        latency: milliseconds from sending a request to its answer, there and back.
        jitter: up to so many milliseconds more on the way out, at random.
        holes: the share of ids that nobody has; the number of contacts stays the same, their ids lie wider.
        clock: an object with `now()` and `async sleep(seconds)`; the event loop's time if left out.
        seed: of everything random in here.
        rate_headers: send `RateLimit-Limit` and `RateLimit-Remaining`.
        count_refused: a request that is answered 429 counts at the limiter too.
        denied: the status that answers a wrong key: 403, as mostly, or 401.
        keep: how many of the latest requests `requests` remembers; all if left out.
    """

    def __init__(
        self,
        contacts: int = 0,
        rate: float | None = 5,
        limiter: Kind = "sliding",
        latency: float = 0,
        jitter: float = 0,
        holes: float = 0,
        clock: Clock | None = None,
        *,
        seed: int = 0,
        rate_headers: bool = False,
        count_refused: bool = False,
        denied: int = 403,
        keep: int | None = None,
    ) -> None:
        if contacts < 0:
            raise ValueError(f"contacts is a number of rows, 0 or more: got {contacts!r}")
        if not 0 <= holes < 1:
            raise ValueError(f"holes is a share, 0 or more and below 1: got {holes!r}")
        if latency < 0 or jitter < 0:
            raise ValueError("latency and jitter are in milliseconds, 0 or more")
        number = next(_numbers)
        self.url = f"https://sandbox-{number}.api.example"
        """Base URL for use in process. The name is reserved: without the transport it leads nowhere."""
        self.key = f"sandbox-key-{number:06d}-opens-nothing-real"
        """The key that opens it. Another one put here is a rotation: the one before is refused from then on."""
        self.other_keys: set[str] = set()
        """Keys that open it, too: those of other users, or the old one for a while."""
        self.requests: list[Asked] = []
        """What arrived, in that order."""
        self.clock: Clock = clock or EventLoopClock()
        self.ignores: set[str] = set()
        """Query parameters that no list looks at: `include`, `ids[]`, `filters[fieldid]`, …"""
        self.slow_above: int | None = None
        """A list that is asked for more rows than this never answers."""
        self.denied = denied
        self.keep = keep
        self._arrived = 0
        self.latency = latency
        self.jitter = jitter
        self._rate = rate
        self._limiter = _limiter(limiter, rate, count_refused=count_refused)
        self._rate_headers = rate_headers
        self._random = random.Random(seed)
        self._faults = Faults(seed)
        self._calendar = Calendar(self.clock)
        self._hooks: list[Callable[[Asked], None]] = []
        super().__init__(Account(contacts, holes, seed, self.url, self._calendar.now))
        self.imports.clock = self._calendar.elapsed
        self.app = Application(self)
        """The account as an ASGI application."""

    def __repr__(self) -> str:
        return f"<Sandbox {self.url} contacts={len(self._account.contacts)}>"

    # -- ways in -----------------------------------------------------------------------------------

    def transport(self) -> "httpx.AsyncBaseTransport":
        """An httpx transport around the application: no socket, but a wire that can break and time out."""
        from ._transport import SandboxTransport

        return SandboxTransport(self)

    @asynccontextmanager
    async def serve(
        self,
        *,
        port: int = 0,
        tls: bool = True,
        names: tuple[str, ...] = ("localhost", "127.0.0.1"),
        not_after: datetime | None = None,
        tls_1_1: bool = False,
    ) -> AsyncIterator["Server"]:
        """Serves the account over HTTPS on loopback, in a thread of its own (extra `sandbox`).

        Args:
            port: 0 lets the system choose.
            tls: False serves plain HTTP.
            names: what the certificate is good for.
            not_after: when the certificate expires.
            tls_1_1: speaks nothing newer than TLS 1.1.
        """
        from ._server import Server

        server = Server(self, port=port, tls=tls, names=names, not_after=not_after, tls_1_1=tls_1_1)
        async with server.running():
            yield server

    def add_examples(self) -> None:
        """Three tags, two lists and three custom fields, and ties of the first hundred contacts: to look around in."""
        _examples.add_examples(self)

    # -- weather -----------------------------------------------------------------------------------

    def fail(
        self,
        kind: str,
        *,
        times: int = 1,
        always: bool = False,
        share: float | None = None,
        method: str | None = None,
        path: str | None = None,
        skip: int = 0,
        processed: bool | None = None,
        status: int | None = None,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after: int | str | None = None,
        location: str | None = None,
        seconds: float | None = None,
        edit: Callable[[Any], object] | None = None,
    ) -> Fault:
        """Lets the next requests fail.

        Args:
            kind: one of `FAULTS`.
            times: how many requests it hits.
            always: hits every one, until `heal()`.
            share: hits this share of the requests, at random, until `heal()`.
            method: only requests of this method.
            path: only this path below `/api/3`; `*` stands for anything.
            skip: so many matching requests pass first.
            processed: whether the request is carried out all the same; the kind's own way if left out.
            status: answered instead of the kind's own.
            body: answered instead of the kind's own.
            headers: answered on top.
            retry_after: the `Retry-After` to send.
            location: where a `redirect` points.
            seconds: between two pieces of a `slow` body.
            edit: makes another JSON value of the one that would be answered (with the kind `edit`).
        """
        if path is not None and (not path.startswith(("/", "*")) or path.startswith("/api/3")):
            raise ValueError(f"path is what comes after /api/3, e.g. '/tags' or '/contacts/*': got {path!r}")
        if share is not None and not 0 <= share <= 1:
            raise ValueError(f"share is between 0 and 1: got {share!r}")
        if processed is None:
            processed = processed_by_default(kind)
        fault = Fault(kind, processed, None if always or share is not None else times)
        fault.share, fault.method, fault.path, fault.skip, fault.status = share, method, path, skip, status
        fault.body = body.encode() if isinstance(body, str) else body
        fault.headers, fault.retry_after = headers or {}, retry_after
        fault.edit = edit
        fault.location = location or fault.location
        fault.seconds = fault.seconds if seconds is None else seconds
        with self._lock:
            self._faults.add(fault)
        return fault

    def heal(self) -> None:
        """No more faults."""
        with self._lock:
            self._faults.clear()

    def after(self, hook: Callable[[Asked], None]) -> None:
        """Calls `hook` for each request, before its answer leaves: rows may come and go between pages."""
        self._hooks.append(hook)

    @property
    def processed(self) -> Counter[str]:
        """How often each call reached the application: `{"PUT /contacts/5": 1}`; KeyError for what can be none."""
        return _Processed(f"{asked.method} {asked.path}" for asked in list(self.requests) if asked.processed)

    # -- the road ----------------------------------------------------------------------------------

    async def handle(self, ask: Ask, pause: Pause) -> Answer:
        """The answer to a request just sent, when it is back. What was sent arrives, whoever gives up."""
        leg = self.latency / 2000
        out = leg + (self._random.random() * self.jitter / 1000 if self.jitter else 0.0)
        arrival = self.clock.now() + out
        try:
            await pause(out)
        except BaseException:
            self._arrive(ask, arrival)
            raise
        answer = self._arrive(ask, self.clock.now())
        if leg:
            await pause(leg)
        return answer

    def before_sending(self, ask: Ask) -> str | None:
        """The fault that keeps this request from being sent at all."""
        if not self._faults:
            return None
        with self._lock:
            fault = self._faults.meet(ask.method, _routes.inner(ask.path) or ask.path, sending=True)
            if fault is not None:
                fault.struck += 1
        return fault.kind if fault else None

    def _arrive(self, ask: Ask, at: float) -> Answer:
        with self._lock:
            self._calendar.elapsed()
            headers = dict(ask.headers)
            key = headers.pop("api-token", None)
            path = _routes.inner(ask.path)
            query, body = pairs(ask.query), parsed(ask.body)
            asked = Asked(ask.method, path or ask.path, query, body, headers, key, ask.origin, at)
            self._arrived += 1
            self.requests.append(asked)
            if self.keep is not None:
                del self.requests[: -self.keep or None]
            answer = self._answer(asked, within=path is not None)
            asked.status = answer.status if answer.ending in ("whole", "cut") else None
            self._dress(answer, at)
            for hook in self._hooks:
                hook(asked)
            return answer

    def _answer(self, asked: Asked, *, within: bool) -> Answer:
        fault = self._faults.meet(asked.method, asked.path) if self._faults else None
        if fault is not None and not fault.processed:
            asked.fault = fault.kind
            return fault.strike(None)
        if not within:
            return Answer(301, b"", "text/html", [("location", "https://www.activecampaign.example/")])
        if asked.key != self.key and asked.key not in self.other_keys:
            return message(self.denied, "You are not authorized: the API key is missing or wrong")
        wait = self._limiter.take(asked.time)
        if wait:
            refusal = message(429, "Too many requests")
            refusal.headers.append(("retry-after", str(max(1, ceil(wait)))))
            return refusal
        asked.processed = True
        if self.slow_above is not None and (_query.read(asked.query).number("limit") or 0) > self.slow_above:
            return Answer(ending="hang")
        query = [(name, value) for name, value in asked.query if name not in self.ignores]
        found = _routes.route(self._account, asked.method, asked.path, query, asked.body)
        if fault is None:
            return found
        asked.fault = fault.kind
        return fault.strike(found)

    def _dress(self, answer: Answer, at: float) -> None:
        """The headers that every answer has."""
        number = self._arrived
        length = len(answer.body) if answer.length is None else answer.length
        answer.headers[:0] = [
            ("date", http_date(self._calendar.now())),
            ("content-type", answer.content_type),
            ("content-length", str(length)),
            ("cache-control", "no-store, no-cache, must-revalidate"),
            ("set-cookie", f"PHPSESSID={number:032x}; path=/; secure; HttpOnly; SameSite=Lax"),
            ("set-cookie", f"em_acp_globalauth_cookie={number:032x}; path=/; secure; httponly; SameSite=Lax"),
            ("x-envoy-upstream-service-time", "42"),
            ("x-request-id", f"{number:08x}-5a4d-4b0e-8000-{number:012x}"),
            ("server", "cloudflare"),
            ("cf-ray", f"{number:016x}-ORD"),
        ]
        if self._rate_headers and self._rate is not None:
            answer.headers += [
                ("ratelimit-limit", str(ceil(self._rate))),
                ("ratelimit-remaining", str(self._limiter.remaining(at))),
            ]

    def move(self, url: str) -> None:
        """Links in rows point to this origin from now on."""
        with self._lock:
            self._account.move(url)
