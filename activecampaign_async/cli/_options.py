"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cyclopts import CoercionError, Token, convert

from . import USAGE, Failure


def expecting(what: str) -> Callable[[Any, Sequence[Token]], Any]:
    """A converter that says `what` was expected, where Cyclopts names a Python type."""

    def converter(kind: Any, tokens: Sequence[Token]) -> Any:
        try:
            return convert(kind, tokens)
        except CoercionError:
            given = tokens[0].value
        raise ValueError(f'"{given}" is not {what}')

    return converter


def refuse_two_accounts(profile: str | None, sandbox: int | None, account: str | None, redis: str | None) -> None:
    """Failure where it is not clear which account is meant, or by which name in Redis."""
    if profile is not None and sandbox is not None:
        raise Failure("--profile is an account, --sandbox is another: give one of them", USAGE)
    if account is not None and redis is None:
        raise Failure("--account is a name in Redis: give --redis URL too", USAGE)
