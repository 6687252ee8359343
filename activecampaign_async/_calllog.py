"""Tells what a client does: to its `usage`, to an observer of the caller's, and to the account's watch."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from inspect import iscoroutinefunction
from types import TracebackType
from typing import TYPE_CHECKING, Any

import anyio

from ._account import Account
from ._progress import Progress
from ._usage import CallInfo, Observer, RequestInfo, Usage, area_of
from .errors import ConfigurationError, path_without_addresses
from .limits import RateLimiter
from .limits.local import DOCUMENTED, LocalLimiter

if TYPE_CHECKING:
    from ._call import Call
    from ._http import Raw

OWN_LIMIT = "import"  # an area with a limit of its own, on top of the account's
_NOTHING = nullcontext()
log = logging.getLogger("activecampaign_async")


class CallLog:
    """Of one client."""

    def __init__(self, account: Account, limiter: RateLimiter, observer: Observer | None) -> None:
        for verb in (getattr(observer, "call", None), getattr(observer, "request", None)):
            if iscoroutinefunction(verb):
                raise ConfigurationError(f"observer: {verb.__qualname__} is async, and would never run; make it a def")
        self._account, self._watch, self._observer, self.usage = account.name, account.watch, observer, Usage()
        # Only who has the whole budget knows what is spent of it.
        if not (isinstance(limiter, LocalLimiter) and limiter.share == 1.0 and limiter.rate >= DOCUMENTED):
            self._watch.leave_room.add(self)
        self._told = False

    def call(self, call: Call[Any], progress: Progress) -> AbstractContextManager[object]:
        """Goes around a call."""
        return _NOTHING if self._observer is None else _Observed(self, self._observer, call, progress)

    def departed(self, progress: Progress) -> None:
        """A request leaves."""
        progress.departure = self._watch.departed()

    def answered(self, call: Call[Any], progress: Progress, raw: Raw) -> None:
        """An answer came."""
        if self._observer is not None:
            progress.took = anyio.current_time() - progress.departed_at
        if area_of(call.path) != OWN_LIMIT and self._watch.answered(
            self._account, progress.departure, raw.status, raw.headers
        ):
            self.usage.unexplained += 1

    def finished(self, call: Call[Any], progress: Progress, error: Exception | None, how: str | None = None) -> None:
        """A request is over, if one was made."""
        trip = progress.trip
        if trip is None or not progress.open or not trip.tried:
            return
        progress.open = False
        area, failed = area_of(call.path), how if error is None else type(error).__name__
        self.usage.count(area, failed, progress, trip.sent)
        if self._observer is not None:
            if not progress.status and trip.sent:
                progress.took = anyio.current_time() - progress.departed_at
            self._tell(self._observer, call, area, failed, progress)

    def _tell(self, observer: Observer, call: Call[Any], area: str, failed: str | None, progress: Progress) -> None:
        info = RequestInfo(
            call.method,
            area,
            path_without_addresses(call.path),
            progress.status,
            failed,
            progress.attempts,
            progress.took,
            progress.waited,
            progress.sent,
            progress.received,
            progress.told,
        )
        try:
            observer.request(info)
        except Exception:  # noqa: BLE001 - a hook must not break what it looks at
            self.observer_failed()

    def observer_failed(self) -> None:
        """To be called where its exception is caught."""
        if not self._told:
            self._told = True
            log.error("the observer failed; told once", exc_info=True)  # noqa: LOG014 - called from a handler


class _Observed:
    """What an observer puts around a call. It changes nothing about how that ends."""

    __slots__ = ("_around", "_info", "_log", "_observer", "_progress")

    def __init__(self, log: CallLog, observer: Observer, call: Call[Any], progress: Progress) -> None:
        self._log, self._observer, self._progress = log, observer, progress
        self._info = CallInfo(call.method, area_of(call.path), path_without_addresses(call.path), call.priority)
        self._around: AbstractContextManager[object] = _NOTHING

    def __enter__(self) -> None:
        try:
            around: object = self._observer.call(self._info)
            if not isinstance(around, AbstractContextManager):
                name = type(self._observer).__name__
                raise TypeError(f"{name}.call: a context manager was expected, not {type(around).__name__}")
            around.__enter__()
            self._around = around
        except Exception:  # noqa: BLE001 - a hook must not break what it looks at
            self._log.observer_failed()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._info.attempts, self._info.status = self._progress.attempts, self._progress.status
        try:
            self._around.__exit__(kind, error, traceback)
        except Exception as own:  # noqa: BLE001 - a hook must not break what it looks at
            if own is not error:
                self._log.observer_failed()
