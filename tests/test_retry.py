from __future__ import annotations

from typing import Any

import pytest

from activecampaign_async import RetryPolicy, errors as e
from activecampaign_async._call import Call
from activecampaign_async._retry import leaves_doubt, may_repeat

READ, PUT, DELETE, POST = (Call(m, "/tags/1", lambda _: None) for m in ("GET", "PUT", "DELETE", "POST"))
UPSERT = Call("POST", "/contact/sync", lambda _: None, repeatable=True)
SEARCH = Call("POST", "/search", lambda _: None, repeatable=True, writes=False)
broken = e.TransportError("broke", may_have_been_processed=True)
busy, failed = e.ServerError(status=503), e.ServerError(status=500)
marked, html = e.ServerError(status=200), e.ServerError(status=200, body="<html>")
marked.marked = True


def most(_: float, high: float) -> float:
    return high


@pytest.mark.parametrize(
    ("call", "repeated"),
    [(READ, True), (PUT, True), (DELETE, True), (UPSERT, True), (SEARCH, True), (POST, False)],
    ids=["GET", "PUT", "DELETE", "upsert", "search", "POST"],
)
@pytest.mark.parametrize("error", [broken, busy, failed, html], ids=["broken", "503", "500", "html"])
def test_what_may_go_again_after_something_transient(
    call: Call[Any], repeated: bool, error: e.ActiveCampaignError
) -> None:
    assert may_repeat(call, error) is repeated
    assert leaves_doubt(call, error) is not repeated


@pytest.mark.parametrize("error", [e.RateLimitError(), e.ConnectFailedError()], ids=repr)
def test_what_was_surely_not_processed_goes_again(error: e.ActiveCampaignError) -> None:
    assert all(may_repeat(call, error) for call in (READ, PUT, DELETE, UPSERT, POST))
    assert not leaves_doubt(POST, error)


def test_a_limit_that_the_caller_keeps_is_the_callers() -> None:
    call = Call("POST", "/import/bulk_import", lambda _: None, own_limit=True)
    assert not may_repeat(call, e.RateLimitError(status=400))
    assert may_repeat(call, e.RateLimitError(status=429))
    assert may_repeat(POST, e.RateLimitError(status=400))


@pytest.mark.parametrize(
    "error",
    [
        e.TLSError(),
        e.OutcomeUnknownError(),
        e.AuthenticationError(status=401),
        e.PaymentRequiredError(status=402),
        e.NotFoundError(status=404),
        e.ValidationError(status=422),
        e.RedirectError(status=301),
        e.DecodeError("Contact.id", "is missing"),
    ],
    ids=repr,
)
def test_what_never_goes_again(error: e.ActiveCampaignError) -> None:
    assert not any(may_repeat(call, error) for call in (READ, PUT, DELETE, UPSERT, POST))
    assert not leaves_doubt(POST, error)


def test_a_200_that_says_it_failed_is_asked_again_by_reads_only() -> None:
    assert [may_repeat(call, marked) for call in (READ, SEARCH, PUT, DELETE, UPSERT, POST)] == [True, True] + [
        False
    ] * 4
    assert not leaves_doubt(POST, marked)


def test_a_refusal_is_asked_once_more_by_reads() -> None:
    policy, denied = RetryPolicy(), e.PermissionDeniedError(status=403)
    assert policy.after(READ, denied, 1, 100) == 1.0
    assert policy.after(READ, denied, 2, 100, 2) is None
    assert policy.after(PUT, denied, 1, 100) is None


def test_backoff_grows_to_the_cap_and_ends() -> None:
    policy = RetryPolicy(attempts=5, base=1, cap=5)
    assert [policy.after(READ, failed, n, 100, 1, most) for n in range(1, 6)] == [2, 4, 5, 5, None]
    assert policy.after(READ, failed, 1, 100, 1, lambda low, _: low) == 0


def test_nothing_begins_after_the_call_has_ended() -> None:
    assert RetryPolicy().after(READ, failed, 1, 0.5, 1, most) is None


def test_three_503_in_a_row_are_enough() -> None:
    assert [RetryPolicy(9).after(READ, busy, n, 99, n, most) is None for n in (1, 2, 3)] == [False, False, True]
    assert RetryPolicy(9).after(READ, busy, 5, 99, 1, most) is not None  # others came before


def test_many_attempts_overflow_nothing() -> None:
    assert RetryPolicy(attempts=5000, cap=7).after(READ, failed, 4000, 99, 1, most) == 7


def test_retry_after_of_a_503_is_waited() -> None:
    assert RetryPolicy().after(READ, e.ServerError(status=503, retry_after=33), 1, 99) == 33


def test_retry_after_is_waited_or_told() -> None:
    limited = e.RateLimitError(retry_after=30)
    assert RetryPolicy().after(POST, limited, 1, 100) == 30
    assert RetryPolicy().after(POST, limited, 1, 20) is None
    assert RetryPolicy(base=0).after(POST, e.RateLimitError(), 1, 20) == 1.0


def test_a_page_that_takes_too_long_is_left_to_its_caller() -> None:
    page = Call("GET", "/contacts", lambda _: None, shrinks=True)
    slow = e.TransportError("slow", may_have_been_processed=True, timed_out=True)
    assert not may_repeat(page, slow)
    assert may_repeat(page, broken)
    assert may_repeat(READ, slow)


@pytest.mark.parametrize(
    "given", [{"attempts": 0}, {"attempts": True}, {"attempts": 1.5}, {"base": -1}, {"cap": "x"}, {"total": None}]
)
def test_a_policy_that_is_none(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        RetryPolicy(**given)
