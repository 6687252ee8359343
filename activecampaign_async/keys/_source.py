"""`KeySource`: what a client asks for its key. Holds the provider to the account that the client is for."""

from __future__ import annotations

import math
from collections.abc import Callable

import anyio

from ..errors import ActiveCampaignError, ConfigurationError, KeyProviderError
from . import Key, KeyProvider
from .static import StaticKey

LONGEST = 60.0  # seconds for a provider that sets itself no limit, in a call without one


class KeySource:
    """The key of one client, and the origin that it goes to.

    `origin` is fixed from the first moment on that it is known: as given, or else by the first URL that the provider
    gives beside a key. A provider that later gives another one is refused: no rotation sends a key elsewhere.
    """

    def __init__(self, provider: KeyProvider, origin_of: Callable[[str], str], origin: str | None = None) -> None:
        self.provider, self.origin = provider, origin
        self._origin_of = origin_of
        self._url: str | None = None  # the last one that was found to be right

    @property
    def name(self) -> str:
        """What errors call the provider."""
        from ._ask import name_of  # here and below: who gives a good str never loads it

        return name_of(self.provider)

    def of(self, provider: KeyProvider) -> KeySource:
        """The same account's, with its key from another provider."""
        return KeySource(provider, self._origin_of, self.origin)

    async def ask(self, refused: Key | None = None) -> Key:
        """The key as it is now: to be asked for before the pace. `refused` is one that ActiveCampaign refused.

        KeyProviderError, ConfigurationError: within the time that the enclosing cancel scopes leave.
        """
        if type(self.provider) is StaticKey and self.origin is not None:
            return self.provider.current  # the usual case, without the cost of a cancel scope
        from ._ask import ask, in_time

        given = None
        ends = anyio.current_effective_deadline()
        patience = min(LONGEST, in_time(ends - anyio.current_time()))
        try:
            with anyio.move_on_after(patience):
                given = await ask(self.provider, refused)
        except anyio.get_cancelled_exc_class():
            # Both ends came at once, since something held up the event loop: what took too long is still the provider.
            if not -math.inf < ends <= anyio.current_time():
                raise
        name = self.name
        if given is None:
            raise KeyProviderError(f"{name} gave no key within {patience:.3g} s", provider=name)
        if isinstance(given, ActiveCampaignError):
            raise given
        if ends < anyio.current_time():  # it held up the event loop, or a thread of its own held it up
            said = f"{name} took longer than this call has, and could not be interrupted: what blocks belongs in a"
            said += " thread that may be left behind, anyio.to_thread.run_sync(..., abandon_on_cancel=True)"
            raise KeyProviderError(said, provider=name)
        if (misfit := self._misfit(given.base_url)) is not None:
            raise ConfigurationError(f"{name}: {misfit}")
        if self.origin is None:
            raise ConfigurationError(f"{name} gives a key without its URL: pass base_url=")
        return given.key

    def kept(self) -> Key | None:
        """The key that the provider gave last, refused or not, where it keeps one and that may still be in use."""
        from ._cache import Cache

        return self.provider.kept() if isinstance(self.provider, Cache) else None

    def proved(self, key: Key) -> None:
        """A key that was called refused is not: whoever keeps it may give it again."""
        from ._cache import Cache

        if isinstance(self.provider, Cache):
            self.provider.proved(key)

    def _misfit(self, url: str | None) -> str | None:
        """Why `url` does not go with this client, without showing it: what stands in the wrong field may be the key."""
        if url is None or url == self._url:
            return None
        try:
            origin = self._origin_of(url)
        except ConfigurationError:
            return "the URL beside the key is no base URL; https://ACCOUNT.api-us1.com was expected"
        if self.origin is None:
            self.origin = origin
        if self.origin != origin:
            return f"its key belongs to another URL than this client's, {self.origin}; make a client for that one"
        self._url = url
        return None

    def __repr__(self) -> str:
        return f"KeySource({self.name})"
