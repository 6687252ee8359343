"""The fault matrix: what goes wrong, by verb; what the caller sees, and how often the account processed the call.

docs/reliability.md is made of it (`python -m tests.reliability.page`), and every cell of it is a test.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from activecampaign_async import errors as e


class Verb(NamedTuple):
    """A call that may be made any number of times: each `number` is one of its own."""

    call: Callable[..., Coroutine[Any, Any, Any]]
    """Of a client and the number; `timeout=` as every call takes it."""
    asked: str
    """What arrives, with the number left open."""

    @property
    def method(self) -> str:
        return self.asked.partition(" ")[0]

    def path(self, number: int) -> str:
        return self.asked.partition(" ")[2].format(number)


NEW = {"tag": {"description": "new"}}
VERBS: dict[str, Verb] = {
    "GET": Verb(lambda ac, n, **o: ac.request("GET", f"/tags/{n}", **o), "GET /tags/{}"),
    "PUT": Verb(lambda ac, n, **o: ac.request("PUT", f"/tags/{n}", json=NEW, **o), "PUT /tags/{}"),
    "DELETE": Verb(lambda ac, n, **o: ac.request("DELETE", f"/tags/{n}", **o), "DELETE /tags/{}"),
    "upsert POST": Verb(lambda ac, n, **o: ac.contacts.sync(email=f"ann{n}@example.org", **o), "POST /contact/sync"),
    "plain POST": Verb(lambda ac, n, **o: ac.contacts.create(email=f"ann{n}@example.org", **o), "POST /contacts"),
}

Sees = type[e.ActiveCampaignError] | str | None
"""An error, a word of ours, or None for a result."""
Outcome = tuple[Sees, int]
"""What the caller sees, and how often the account processed the call."""
Outcomes = tuple[Outcome, ...]
"""By verb."""

UNKNOWN = e.OutcomeUnknownError
DONE: Outcome = (None, 1)


def each(outcome: Outcome) -> Outcomes:
    """The same for every verb."""
    return (outcome,) * len(VERBS)


def but_post(outcome: Outcome, post: Outcome) -> Outcomes:
    """The same for all that may be repeated."""
    return (*(outcome,) * 4, post)


def read_or_write(read: Outcome, write: Outcome) -> Outcomes:
    return (read, *(write,) * 4)


@dataclass(frozen=True)
class Fault:
    """One fault: who is told to break, and what comes of it when it strikes once, and when it does not go away."""

    said: str
    kind: str
    once: Outcomes
    always: Outcomes
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of `Sandbox.fail`, or of the network where it is the network's."""
    on: str = "account"
    """`account`: a fault of the sandbox's; `network`: below HTTPX's own connections; `proxy`: on the way there."""

    @property
    def name(self) -> str:
        return self.said.replace(" ", "-").replace("`", "")


def _network(said: str, kind: str, once: Outcomes, always: Outcomes, on: str = "network") -> Fault:
    return Fault(said, kind, once, always, on=on)


def _account(said: str, kind: str, once: Outcomes, always: Outcomes, **options: Any) -> Fault:
    return Fault(said, kind, once, always, options)


# What has left and may not have been processed
_LOST = but_post(DONE, (UNKNOWN, 0)), but_post((e.TransportError, 0), (UNKNOWN, 0))
# What was processed, and no answer came
_MUTE = but_post((None, 2), (UNKNOWN, 1)), but_post((e.TransportError, 4), (UNKNOWN, 1))
_NEVER_LEFT = each(DONE), each((e.ConnectFailedError, 0))
_DOWN = but_post(DONE, (UNKNOWN, 0)), but_post((e.ServerError, 0), (UNKNOWN, 0))
_DONE_AND_DOWN = but_post((None, 2), (UNKNOWN, 1)), but_post((e.ServerError, 4), (UNKNOWN, 1))


def _both(outcomes: Outcomes) -> tuple[Outcomes, Outcomes]:
    return outcomes, outcomes


FAULTS: dict[str, tuple[Fault, ...]] = {
    "No connection": (
        _network("connection refused", "refused", *_NEVER_LEFT),
        _network("the host's name is not found", "dns", *_NEVER_LEFT),
        _network("no connection in time", "no_connect", *_NEVER_LEFT),
        _network("the certificate does not verify", "certificate", *_both(each((e.TLSError, 0)))),
        _network("the TLS handshake breaks off", "tls_eof", *_NEVER_LEFT),
        _network("the TLS handshake hangs", "tls_hang", *_NEVER_LEFT),
        _network("the pool has no place left", "no_pool", *_NEVER_LEFT),
        _network("proxy: connection refused", "refused", *_NEVER_LEFT, on="proxy"),
        _network("proxy: answers 502", "proxy_502", *_NEVER_LEFT, on="proxy"),
        _network("proxy: answers 407", "proxy_407", *_NEVER_LEFT, on="proxy"),
        _network("proxy: hangs", "proxy_hang", *_NEVER_LEFT, on="proxy"),
        _network("proxy: hangs up", "proxy_eof", *_NEVER_LEFT, on="proxy"),
    ),
    "No answer": (
        _network("reset while the request is written", "write_reset", *_LOST),
        _network("the request cannot be written in time", "no_write", *_LOST),
        _account("closed before the request was processed", "drop_before", *_LOST),
        _account("reset before the request was processed", "reset", *_LOST),
        _account("no answer in time, not processed", "hang", *_LOST),
        _account("closed after the request was processed", "drop_after", *_MUTE),
        _account("reset after the request was processed", "reset_after", *_MUTE),
        _account("no answer in time, but processed", "hang_after", *_MUTE),
        _account("half a body", "truncated", *_MUTE),
        _account("a body that does not unpack", "bad_gzip", *_MUTE),
        _account("a body that drips", "slow", *_both(each(DONE)), seconds=4),
        _account(
            "a body that takes longer than 90 s",
            "slow",
            *_both(but_post((e.TransportError, 1), (UNKNOWN, 1))),
            body="{}" + 30 * " ",
            seconds=40,
        ),
    ),
    "An answer that is none": (
        _account("500 as HTML", "html500", *_DOWN),
        _account("502 as HTML", "html500", *_DOWN, status=502),
        _account("502 as HTML, but processed", "html500", *_DONE_AND_DOWN, status=502, processed=True),
        _account("200 as HTML", "html200", *_DOWN),
        _account("200 as HTML, but processed", "html200", *_DONE_AND_DOWN, processed=True),
        _account("200 as text", "text200", *_DOWN),
        _account(
            "200 without a body",
            "empty200",
            ((None, 2), DONE, DONE, (UNKNOWN, 1), (UNKNOWN, 1)),
            ((e.ServerError, 4), DONE, DONE, (UNKNOWN, 1), (UNKNOWN, 1)),
        ),
        _account(
            "200, marked as failed (`X-Ac-Error`)",
            "error200",
            read_or_write(DONE, (e.ServerError, 0)),
            each((e.ServerError, 0)),
        ),
        _account("the right answer, called HTML", "as_html", *_both(each(DONE))),
    ),
    "A refusal": (
        _account("429 with `Retry-After`", "429", each(DONE), each((e.RateLimitError, 0))),
        _account("429 without", "429_bare", each(DONE), each((e.RateLimitError, 0))),
        _account(
            "429 with a `Retry-After` of a year", "429", *_both(each((e.RateLimitError, 0))), retry_after=31_536_000
        ),
        _account("503", "503", *_DOWN),
        _account(
            "503, but processed",
            "503",
            but_post((None, 2), (UNKNOWN, 1)),
            but_post((e.ServerError, 3), (UNKNOWN, 1)),
            processed=True,
        ),
        _account("402", "402", *_both(each((e.PaymentRequiredError, 0)))),
        _account("401", "401", *_both(each((e.AuthenticationError, 0)))),
        _account(
            "403 astray",
            "403",
            read_or_write(DONE, (e.PermissionDeniedError, 0)),
            each((e.PermissionDeniedError, 0)),
        ),
        _account("a redirect", "redirect", *_both(each((e.RedirectError, 0)))),
    ),
}
EVERY = [fault for group in FAULTS.values() for fault in group]

MANY = 40  # calls at once

Each = tuple[frozenset[Outcome], ...]
"""By verb, all that was seen."""


def _all_of(*outcomes: Outcome) -> Each:
    return (frozenset(outcomes),) * len(VERBS)


def _and_post(others: set[Outcome], post: set[Outcome]) -> Each:
    return (*(frozenset(others),) * 4, frozenset(post))


CANCELLED = "the cancellation"
SCENARIOS: dict[str, Each] = {
    "a 429 storm: to 40 calls at once, nothing else for 2 s": _all_of(DONE),
    "a 503 storm: to 40 calls at once, nothing else for 2 s": _and_post({DONE}, {DONE, (UNKNOWN, 0)}),
    "403 astray, one in ten, to 40 calls at once": (
        frozenset({DONE}),
        *(frozenset({DONE, (e.PermissionDeniedError, 0)}),) * 4,
    ),
    "402, to 40 calls at once": _all_of((e.PaymentRequiredError, 0)),
    "cancelled at its k-th checkpoint, for every k": _all_of((CANCELLED, 0), (CANCELLED, 1)),
    "cancelled while it waits in line, behind others": _all_of((CANCELLED, 0)),
    "its `timeout=` passes, at any moment": _and_post(
        {DONE, (e.DeadlineError, 0), (e.DeadlineError, 1)}, {DONE, (e.DeadlineError, 0), (UNKNOWN, 0), (UNKNOWN, 1)}
    ),
    "the server closes connections that are kept": _all_of(DONE),
    "the server closes the connection of a call that waits for its turn": _all_of(DONE),
    "the wall clock jumps a day, ahead or back, during a pause until a date": _all_of(DONE),
    "the machine sleeps for an hour while the call waits for its turn": _all_of(DONE),
    "the machine sleeps for a minute, and its connections with it": _and_post({(None, 2)}, {(UNKNOWN, 1)}),
    "the machine sleeps for an hour, and its connections with it": _and_post({(e.TransportError, 1)}, {(UNKNOWN, 1)}),
}
