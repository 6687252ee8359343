"""Whatever bytes answer, whatever is given as a base URL: a typed result or one of our errors. `nox -s fuzz`: 100,000.

What broke once is kept here as a case of its own.
"""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, event, example, given, settings

from activecampaign_async._answer import retry_after
from activecampaign_async.limits.local import LONGEST_PAUSE, told_limit, told_pause
from tests.support import examples

from .fuzzing import CHECKED, HEADERS, VERBS, WIDE, Case, bodies, cases, holds
from .test_strangers import URLS, same_host_or_refused
from .wire import KEY

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

EXAMPLES = int(os.environ.get("AC_FUZZ", examples(700)))
"""Cases of the whole road, on each backend; a tenth of it of base URLs and headers."""
LONG = EXAMPLES > 10_000
PHASES = (Phase.explicit, Phase.generate, Phase.shrink) if LONG else tuple(Phase)
came: Counter[str] = Counter()


def fuzzed(examples: int) -> settings:
    return settings(
        max_examples=max(examples, 10),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
        derandomize=not LONG,  # the short form is the same each time; the long one finds what is new
        database=None,
    )


@fuzzed(EXAMPLES)
@given(cases)
async def test_whatever_is_read_becomes_a_typed_result_or_error(case: Case) -> None:
    outcome = await holds(case)
    came[outcome] += 1
    event(outcome)


def test_cases_reach_all_kinds_of_ends() -> None:
    """Or else they would prove little. After the one above."""
    cases = sum(came.values())
    if cases < EXAMPLES:
        pytest.skip("the cases were not run, or by another process")
    print(f"\n{cases} cases: {dict(came.most_common())}")
    assert came["a result"] > cases / 40
    assert came.keys() >= {"DecodeError", "OutcomeUnknownError", "RedirectError", "ServerError", "TransportError"}
    assert len(came) > 14 or not LONG


@fuzzed(EXAMPLES // 10)
@given(URLS)
def test_whatever_base_url_is_refused_or_means_one_host(url: str) -> None:
    same_host_or_refused(url)


@fuzzed(EXAMPLES // 10)
@given(bodies())
@example(b"9" * 400)
@example(b"0000010000000")
@example(b"000000001" + b"0" * 400)
@example("\u0663".encode())
def test_whatever_header_is_a_number_of_seconds_or_nothing(value: bytes) -> None:
    text = value.decode("latin-1")
    for name in ("retry-after", "ratelimit-limit", "date"):
        headers = {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", name: text}
        found = retry_after(headers)
        assert found is None or 0 <= found < float("inf")
        pause = told_pause(429, headers)
        assert pause is not None
        assert 0 <= pause <= LONGEST_PAUSE
        limit = told_limit(headers)
        assert limit is None or 0 < limit < 10_000


LONG_NUMBER = b'{"failureReasons": [{"contact": "%b", "failureReason": "x"}]}' % (b"9" * 5000)
DEEP = b'HTTP/1.1 200 OK\r\n\r\n{"contact": ' + b"[" * 100_000
BROKE = {
    "an address in the request id": Case(
        "users.me", (b"HTTP/1.1 500 x\r\nX-Request-Id: ann@example.org\r\n\r\n{}",), 99
    ),
    "nested too deep: what was read hung on the error": Case("contacts.get", (DEEP,), 1_000_000),
    "the key in capitals, in a host's name": Case(
        "users.me", (b"HTTP/1.1 302 x\r\nLocation: https://%b/\r\n\r\n" % KEY.upper().encode(),), 1_000_000
    ),
    "a misfit's own error hung on ours": Case(
        "contacts.get", (b'HTTP/1.1 200 OK\r\n\r\n{"contact": {"id": "x"}}',), 1_000_000, strict=True
    ),
    "more digits than Python reads: a bare ValueError": Case(
        "users.me", (b"HTTP/1.1 400 x\r\n\r\n" + LONG_NUMBER,), 1_000_000
    ),
}
"""What once ended in anything else, or showed too much; each named after what it was."""


@pytest.mark.parametrize("name", BROKE)
async def test_what_broke_once(name: str) -> None:
    await holds(BROKE[name])


async def test_every_verb_and_header_alone() -> None:
    """Each known header with a good answer, for each verb whose result is looked at; all others without one."""
    for verb in VERBS:
        await holds(Case(verb, (b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(WIDE).encode(),), 1_000_000))
    for verb in CHECKED:
        for header in HEADERS:
            await holds(Case(verb, (b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n{}",), 1_000_000))
