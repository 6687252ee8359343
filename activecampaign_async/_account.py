"""What the clients of one account share within the process: its request budget, and whether it has to pay first."""

from __future__ import annotations

import copy
import time
from math import ceil

from ._kept import Kept
from ._watch import Watch
from .errors import PaymentRequiredError
from .limits.local import LocalLimiter

UNPAID_FOR = 60.0  # seconds for which a 402 is taken as still true
IDLE_FOR = 600.0  # seconds without a request after which an account that no client uses is forgotten


class Account:
    """One account, by the first label of its host name."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.limiter = LocalLimiter()
        self.watch = Watch()
        self._unpaid: tuple[float, PaymentRequiredError] | None = None

    def unpaid(self, error: PaymentRequiredError) -> None:
        """Remember a 402."""
        kept = copy.copy(error)  # without the traceback, whose frames would live on
        kept.attempts = 0
        self._unpaid = (time.monotonic() + UNPAID_FOR, kept)

    def refusal(self) -> PaymentRequiredError | None:
        """The remembered 402, for a minute: a call that is known to be refused is not worth a request."""
        if self._unpaid is None or (left := self._unpaid[0] - time.monotonic()) <= 0:
            return None
        error = copy.copy(self._unpaid[1])
        error.hint = f"the account has a payment problem; remembered, nothing was sent; asked again in {ceil(left)} s"
        return error

    @property
    def is_idle(self) -> bool:
        """Whether nothing would be forgotten with it."""
        return self.refusal() is None and self.limiter.idle > IDLE_FOR


accounts = Kept(Account, lambda account: account.is_idle)
"""Of this process. After a fork the limiters make themselves anew."""
