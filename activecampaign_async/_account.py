"""What the clients of one account share within the process: its request budget, and whether it has to pay first."""

from __future__ import annotations

import copy
import os
import threading
import time
from weakref import WeakValueDictionary

from .errors import PaymentRequiredError
from .limits.local import LocalLimiter

UNPAID_FOR = 60.0  # seconds for which a 402 is taken as still true


class Account:
    """One account, by the first label of its host name."""

    def __init__(self) -> None:
        self.limiter = LocalLimiter()
        self._unpaid: tuple[float, PaymentRequiredError] | None = None

    def unpaid(self, error: PaymentRequiredError) -> None:
        """Remember a 402."""
        self._unpaid = (time.monotonic() + UNPAID_FOR, error)

    def refusal(self) -> PaymentRequiredError | None:
        """The remembered 402, for a minute: a call that is known to be refused is not worth a request."""
        if self._unpaid is None or time.monotonic() >= self._unpaid[0]:
            return None
        error = copy.copy(self._unpaid[1])
        error.attempts = 0
        return error


_accounts: WeakValueDictionary[str, Account] = WeakValueDictionary()
_lock = threading.Lock()


def account(name: str) -> Account:
    """The one `Account` of that name in this process."""
    with _lock:
        if (found := _accounts.get(name)) is None:
            found = _accounts[name] = Account()
        return found


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()  # another thread may have held it
    _accounts.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
