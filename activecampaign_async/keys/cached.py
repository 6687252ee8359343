"""`CachedKey`: a provider of your own, asked rarely and by one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..errors import ActiveCampaignError, ConfigurationError
from . import Credentials, Key, KeyProvider
from ._ask import ask, misfit, name_of
from ._cache import Cache, Fetch


class CachedKey(Cache):
    """Keeps the key of another provider, which costs something to ask.

    Arguments:
        provider: the one to ask.
        ttl: seconds for which its answer is taken as true; 0 asks each time.
        stale: seconds beyond `ttl` for which the last key is given while the provider fails, with a warning a minute.
        timeout: seconds that a call waits for a fetch, repeated tries included; less where the call has less.

    One fetch at a time under any concurrency. It runs within the call that needs it first; if that is cancelled, the
    next one that waits takes over.
    """

    def __init__(
        self,
        provider: KeyProvider,
        *,
        ttl: float = 300.0,
        stale: float = 900.0,
        timeout: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider  # first: error reporters show what is half made, too
        del provider
        super().__init__(ttl, stale, timeout, clock)
        if (flaw := misfit(self._provider)) is not None:
            raise ConfigurationError(f"provider: {flaw}")

    @property
    def name(self) -> str:
        """What errors and logs call it."""
        return name_of(self._provider)

    async def _run(self, fetch: Fetch, refused: Key | None) -> None:
        outcome: Credentials | ActiveCampaignError | None = None
        try:
            outcome = await ask(self._provider, refused)
        finally:
            if outcome is None and self._clock() >= fetch.ends:
                outcome = self._no_key_within(self._timeout)
            self._settle(fetch, outcome)
