"""What the clients of one account share: a 402 that is remembered says so."""

from __future__ import annotations

import pickle

import pytest

from activecampaign_async import _account
from activecampaign_async.errors import PaymentRequiredError


def test_a_remembered_402_says_that_nothing_was_sent_and_when_it_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("activecampaign_async._account.time.monotonic", lambda: now)
    account, first = _account.Account("unpaid"), PaymentRequiredError("Payment required", status=402)
    account.unpaid(first)
    now += 17.5
    error = account.refusal()
    assert error is not None
    assert "payment problem; remembered, nothing was sent; asked again in 43 s)" in str(error)
    assert str(error) == str(pickle.loads(pickle.dumps(error)))  # noqa: S301  # our own
    assert PaymentRequiredError.hint in str(first)
    assert "remembered" not in str(first)
    now += 42
    assert "asked again in 1 s" in str(account.refusal())
    now += 0.5
    assert account.refusal() is None
