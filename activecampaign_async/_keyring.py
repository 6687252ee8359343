"""Which key is sent now, and what follows when it is refused: one call finds out whether there is another one, and
whether that is good; the others wait for it, and fail with it."""

from __future__ import annotations

import copy
import logging
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio

from .errors import AuthenticationError, ConfigurationError, KeyProviderError
from .keys import Key, KeyProvider
from .keys._source import KeySource
from .keys.static import StaticKey

log = logging.getLogger("activecampaign_async")

VERDICT_KEPT, DOUBT_KEPT = 60.0, 5.0  # seconds for which a probe says whether a key is refused, or cannot tell
ASTRAY = 3  # so many refusals in a row, whoever met them, are no longer taken for stray ones
FEW = 16  # refused keys that are remembered; a store may make one for each question
GIVEN_UP_FOR = 1.0  # seconds for which a refused key that nothing replaced is not sent; then one call tries it
FIRST_WAIT, LONGEST_WAIT = 0.25, 2.0  # seconds between two questions to a provider that has no other key yet
PATIENCE = 5.0  # seconds that others wait for an answer which one call waits for; it may hang for minutes
FORMER = 8  # keys of before that are still kept out of what is shown; in an overlap they open the account, too


class Keyring:
    """Of one client."""

    def __init__(self, source: KeySource, grace: float) -> None:
        self._source, self._grace = source, grace
        self.current: Key | None = None
        self.former = deque[Key](maxlen=FORMER)
        self._accepted: Key | None = None  # ActiveCampaign took it
        self._accepted_since = -math.inf
        self._denied = 0
        self._refused = deque[Key](maxlen=FEW)  # since the last one that was accepted
        self._ends = -math.inf  # the grace, which began with the first of these
        self._failure: KeyProviderError | ConfigurationError | None = None  # the provider's, asked for another one
        self._given_up: AuthenticationError | None = None  # what the call that found out ended with
        self._in_vain = 0  # calls in a row that found out no better
        self._again = -math.inf  # when the next one may
        self._prober: object = None
        self._settled = Doubt()
        self._found: Key | None = None  # what the prober goes with
        self._replaced: Key | None = None  # what it was refused with
        self._has_gone, self._wait = False, FIRST_WAIT
        self.verdict = Verdict()

    async def key(self, who: object) -> Key:
        """The one to send now, from its provider. To a call that has asked for another one, that one."""
        if self._prober is who and self._found is not None:
            key, self._found = self._found, None
            return key
        try:
            key = await self._source.ask()
        except (KeyProviderError, ConfigurationError):
            if (kept := self._last_resort(who)) is None:
                raise
            key = kept
        self._take(key)
        return key

    def _last_resort(self, who: object) -> Key | None:
        """The key that was given up, for the call that tries it: a stray refusal must not last as long as a vault's
        outage.
        """
        if self._prober is not who or self._given_up is None or self.current not in self._refused:
            return None
        kept = self._source.kept()
        return kept if kept == self.current else None

    def _take(self, key: Key) -> None:
        if key == self.current:
            return
        if self.current is not None:
            name = self._source.name
            log.info("the key changed: %s gives %s, was %s", name, key.fingerprint, self.current.fingerprint)
            self.former.append(self.current)
        self.current, self.verdict = key, Verdict()

    def rotate(self, provider: KeyProvider) -> None:
        """Ask another provider from now on."""
        self._source, self.verdict = self._source.of(provider), Verdict()
        self._forget()
        self._found, self._has_gone, self._wait = None, False, FIRST_WAIT  # who is finding out may ask this one, too

    @property
    def hint(self) -> str:
        """What to do about a key that is refused: of one that was not given by hand, who gave it."""
        if isinstance(self._source.provider, StaticKey):
            return AuthenticationError.hint
        return f"check the key that {self._source.name} gives, and that it belongs to this base URL"

    def secrets(self, sent: Key | None) -> list[str]:
        """What must not be shown: the key that was sent, the one that is, and those that were."""
        return [key.reveal() for key in {sent, self.current, self._accepted, *self.former} if key is not None]

    # -- a key in doubt

    def in_doubt(self, who: object) -> bool:
        """Whether another call is finding out which key is good, or, after many 403s, what they mean."""
        return self._found_out(who) is not None

    async def settled(self, who: object) -> None:
        """Wait as long as that lasts. Who waits for an answer that does not come finds out no more than anybody."""
        while (doubt := self._found_out(who)) is not None:
            with anyio.move_on_after(doubt.ends - anyio.current_time()):
                await doubt.over.wait()
            if anyio.current_time() < doubt.ends:
                continue
            if doubt is self._settled:
                self.leave(self._prober)
            elif doubt is self.verdict.found_out:
                self.verdict.found_out = None

    def _found_out(self, who: object) -> Doubt | None:
        if self._prober is not None and self._prober is not who:
            return self._settled
        return self.verdict.found_out if self.is_suspect else None

    def has_come_into_doubt(self, key: Key, who: object) -> bool:
        """Whether a call that has waited with `key` had better look again: another one is finding out, or has."""
        return self._prober not in (None, who) or (key == self._replaced != self.current)

    @property
    def may_change(self) -> bool:
        """Whether a refused key may have another one follow it."""
        return self._grace > 0 or type(self._source.provider) is not StaticKey

    async def judged(
        self, find_out: Callable[[], Awaitable[bool | None]], key: Key | None, departed: float
    ) -> bool | None:
        """What the refusal of a request that left with `key` at `departed` means: True or False, None where it remains
        unknown, and neither a grace is running nor the provider has another key.
        """
        if not self.may_change:
            return await self.verdict.reached(find_out, -math.inf)

        async def find_out_somehow() -> bool | None:
            refused = await find_out()
            return True if refused is None and key is not None and await self._has_changed(key) else refused

        refused = await self.verdict.reached(find_out_somehow, departed)
        return True if refused is None and self._refused and anyio.current_time() < self._ends else refused

    async def _has_changed(self, key: Key) -> bool:
        """Whether the provider, asked to look again, gives another key than that one, which may be refused."""
        with suppress(KeyProviderError, ConfigurationError):
            self._take(await self._source.ask(key))
            return self.current != key
        self._source.proved(key)  # nothing is known against it: it must not be lost to a vault that is away
        return False

    @property
    def is_suspect(self) -> bool:
        """Whether 403s come in a row: rather a refused key than stray ones, or permissions."""
        return self._denied >= ASTRAY

    def denied(self) -> None:
        """A 403 came."""
        self._denied += 1

    def accepted(self, key: Key, who: object, departed: float) -> None:
        """ActiveCampaign took it, of a request that left at `departed`: whoever waits may go."""
        self._denied = 0
        if key is self.current or key == self.current:
            self.verdict.good_at(departed)
        if key is not self._accepted and key != self._accepted:
            self._accepted_since = -math.inf if self._accepted is None else anyio.current_time()
            self._accepted = key
        if self._prober is who:
            self._source.proved(key)
        if self._refused and self._prober in (None, who):  # else it left before the doubt
            self._forget()
            self.verdict = Verdict()
        self.leave(who)

    def is_good_by_now(self, refused: Key, departed: float) -> bool:
        """Whether that key replaced another one so lately that a request which left at `departed` came too early."""
        return self._accepted == refused and self._accepted_since > departed

    def leave(self, who: object) -> None:
        """That call has found out, or has ended."""
        if self._prober is who:
            self._prober = self._found = None
            self._settled.over.set()

    def refusal(self, who: object) -> AuthenticationError | None:
        """Of a key that was given up, told again with nothing sent; nobody is finding out. First some calls try it, one
        by one, then one every `GIVEN_UP_FOR` seconds.
        """
        if self._given_up is None or self.current not in self._refused or self._prober is who:
            return None
        now = anyio.current_time()
        if self._in_vain < ASTRAY or now >= self._again:
            self._again = now + GIVEN_UP_FOR
            self._find_out(who)
            return None
        error = copy.copy(self._given_up)
        error.hint = f"remembered, nothing was sent; {error.hint}"
        return error

    async def replaced(self, refused: Key, who: object, departed: float, error: AuthenticationError) -> bool:
        """Whether the call may go again after `refused`, sent at `departed`, was: with another key, or once more with a
        new one that may not be known everywhere yet. For `rotation_grace` seconds since the first refusal the provider
        is asked for one, by one call at a time. Beyond it, one other key is worth a try. If not, `error` tells why.
        """
        await self.settled(who)
        now, found_out = anyio.current_time(), self._prober is not who
        if found_out and (self._accepted == self.current != refused or self.is_good_by_now(refused, departed)):
            return True
        if not self._refused:
            self._ends = now + self._grace
        if refused not in self._refused:
            self._refused.append(refused)
        if found_out:
            has_another = self.current is not None and self.current not in self._refused
            if now < self._again and not has_another:
                return self._explained(error)
            self._find_out(who)
            if has_another:
                return self._goes(self.current, refused)
        return await self._finds_another(refused, who, departed) or self._gives_up(who, error)

    async def may_come(self, who: object) -> bool:
        """Whether a call that the provider failed may go again: while a refused key may have another one follow it, a
        failure is "no other key yet", whoever asks.
        """
        if not self._in_grace():
            return False
        await self.settled(who)
        if (refused := self.current) is None or refused not in self._refused:
            return True
        if not self._in_grace():
            return False
        self._find_out(who)
        if await self._finds_another(refused, who, anyio.current_time()):
            return True
        self.leave(who)
        return False

    def _in_grace(self) -> bool:
        """Whether the key is refused, and may be replaced yet."""
        return self.current in self._refused and anyio.current_time() < self._ends

    async def _finds_another(self, refused: Key, who: object, departed: float) -> bool:
        """Ask the provider until there is a key to go with, or the grace is over."""
        self._settled.ends = math.inf  # others wait for no answer
        while True:
            key = await self._asked(refused)
            is_another = key is not None and key != refused and key not in self._refused
            if is_another and not self._has_gone:
                return self._goes(key, refused)
            left = self._ends - anyio.current_time()
            if left <= 0 or (isinstance(self._failure, KeyProviderError) and not self._failure.transient):
                return False
            await anyio.sleep(min(self._wait * random.uniform(0.5, 1.0), left))  # noqa: S311 - spreads load, guards nothing
            self._wait = min(2 * self._wait, LONGEST_WAIT)
            if is_another:
                return self._goes(key, refused)
            given = refused if key is None else key
            if self._accepted is not None and self._accepted != given:
                return self._goes(given, refused)  # never accepted yet, where another was: it may be too new
            if self.is_good_by_now(refused, departed):
                return True  # it was too new

    def _find_out(self, who: object) -> None:
        self._prober, self._settled, self._found = who, Doubt(), None
        self._has_gone, self._wait = False, FIRST_WAIT

    async def _asked(self, refused: Key) -> Key | None:
        """What the provider gives now. One that fails may have another key in a while."""
        self._failure = None
        try:
            return await self._source.ask(refused)
        except (KeyProviderError, ConfigurationError) as exc:
            self._failure = copy.copy(exc)  # without its frames
            return None

    def _goes(self, key: Key | None, refused: Key) -> bool:
        if key is not None:
            self._take(key)
        self._found, self._has_gone, self._replaced, self.verdict = key, True, refused, Verdict()
        asking, self._settled = self._settled, Doubt(anyio.current_time() + PATIENCE)
        asking.over.set()  # who waited for a key waits for an answer now
        return True

    def _gives_up(self, who: object, error: AuthenticationError) -> bool:
        self._explained(error)
        self._given_up = copy.copy(error)
        self._given_up.attempts = 0
        self._in_vain += 1
        self._again = anyio.current_time() + GIVEN_UP_FOR
        self.leave(who)
        return False

    def _explained(self, error: AuthenticationError) -> bool:
        """That there is no other key may be the provider's failure."""
        if self._failure is not None and (said := f"another one could not be had: {self._failure}") not in error.hint:
            error.hint = f"{said}; {error.hint}"
        return False

    def _forget(self) -> None:
        """No key is in doubt any more."""
        self._refused.clear()
        self._failure = self._given_up = None
        self._in_vain = 0
        self._again = -math.inf


class Doubt:
    """What others wait for: that it is over, or until `ends`."""

    __slots__ = ("ends", "over")

    def __init__(self, ends: float = math.inf) -> None:
        self.over, self.ends = anyio.Event(), ends


class Verdict:
    """Whether a key is refused: found out once a minute, for all who wait, and for what was sent before."""

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._until = self._as_of = -math.inf
        self._refused: bool | None = None
        self.found_out: Doubt | None = None
        """While somebody finds out."""

    def good_at(self, departed: float) -> None:
        """A request that left then was not refused."""
        self._as_of = max(self._as_of, departed)

    async def reached(self, find_out: Callable[[], Awaitable[bool | None]], departed: float) -> bool | None:
        """True or False, or None where it remains unknown. That a key is good says nothing of what left later."""
        async with self._lock:
            now = anyio.current_time()
            if now >= self._until or (self._refused is False and departed > self._as_of):
                self.found_out = doubt = Doubt(now + 2 * PATIENCE)  # one try may hang
                try:
                    self._refused = await find_out()
                finally:
                    doubt.over.set()
                    self.found_out = None
                self._as_of, kept = now, DOUBT_KEPT if self._refused is None else VERDICT_KEPT
                self._until = anyio.current_time() + kept
            return self._refused
