"""Whatever JSON comes with an error status: an error of ours, of the class that the status stands for, whose field
errors are those that the body lists, in whichever shape; that soon."""

from __future__ import annotations

import copy
import pickle
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from activecampaign_async.errors import ActiveCampaignError, APIError
from tests.support import examples

from .calls import CALLS, MISSING_IS_DONE, Asked
from .judge import error_for, replayed, right_error
from .made import EVERY_CALL
from .recorded import Exchange

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

EXAMPLES = examples(60)
"""Of bodies, for each status, on each backend."""
STATUSES = (400, 402, 403, 404, 422, 429, 500, 503)
TEXT = st.sampled_from(["", "No Result found for Tag with id 1", "Rate limit exceeded.", "Duplicate entry 'a'", "a"])
SCALAR = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
)
ANY = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
SOURCE = st.dictionaries(st.sampled_from(["pointer", "parameter", "type", "value"]), TEXT | ANY, max_size=2)
PARTS = st.sampled_from(["title", "detail", "code", "error", "status"])
ENTRY = st.builds(
    dict.__or__,
    st.dictionaries(PARTS, st.just("duplicate") | TEXT | SCALAR, max_size=4),
    st.fixed_dictionaries({}, optional={"source": SOURCE | ANY}),
)
ENTRIES = st.lists(ENTRY | ANY, max_size=3)
LISTED = ENTRIES | ENTRIES.map(lambda entries: {str(n): entry for n, entry in enumerate(entries)}) | ANY
BODY = st.fixed_dictionaries(
    {},
    optional={
        "errors": LISTED,
        "message": TEXT | ANY,
        "error": TEXT | ANY,
        "title": TEXT | ANY,
        "failureReasons": LISTED,
    },
)


async def answered(pattern: str, asked: Asked, status: int, body: Any) -> tuple[Exchange, Any]:
    exchange = Exchange("any", asked, status, {"x-request-id": "a-b"}, body)
    return exchange, (await replayed(exchange, CALLS[pattern])).result


@pytest.mark.parametrize("status", STATUSES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(call=st.sampled_from(EVERY_CALL), body=BODY | BODY | ANY)
async def test_any_body_is_an_error_of_ours(status: int, call: tuple[str, Asked], body: Any) -> None:
    exchange, result = await answered(*call, status, body)
    if error_for(exchange) is None:
        assert call[0] in MISSING_IS_DONE
        assert status in (403, 404)
        assert result is None
        return
    assert isinstance(result, ActiveCampaignError)
    right_error(exchange, result)
    pickled = pickle.loads(pickle.dumps(result))  # noqa: S301  # our own
    for error in (pickled, copy.copy(result)):
        assert (str(error), repr(error)) == (str(result), repr(result))
        assert vars(error) == vars(result)


@pytest.mark.parametrize("status", [400, 500])
async def test_it_takes_no_time(status: int) -> None:
    """Deep, long or large."""
    deep = 50_000
    many = [{"title": "a" * 20, "source": {"pointer": f"/{n}"}} for n in range(5_000)]
    bodies = [
        "[" * deep + "]" * deep,
        '{"errors":' + "[" * deep + "]" * deep + "}",
        {"errors": many},
        {"message": "@" * deep},
    ]
    for body in bodies:
        began = time.process_time()
        _, result = await answered("GET /tags/{}", Asked("GET", "/tags/1"), status, body)
        assert isinstance(result, APIError)
        assert result.status == status
        assert len(str(result)) < 2 * deep
        assert time.process_time() - began < 1
