"""The hook for every call and every finished request, and how it is told. Imported where a client has one."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from inspect import iscoroutinefunction
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from ._usage import area_of
from .errors import ConfigurationError, path_without_addresses

if TYPE_CHECKING:
    from ._call import Call
    from ._progress import Progress

log = logging.getLogger("activecampaign_async")


class RequestInfo(NamedTuple):
    """One finished request. No query, no body, and no e-mail address."""

    method: str
    area: str
    """The first segment of its path: ``contacts``, ``import``."""
    path: str
    """Below ``/api/3``; segments with an e-mail address are masked. Ids stay, and so does the name of a user in
    ``/users/username/NAME``."""
    status: int
    """0 where no answer came."""
    error: str | None
    """The class of the error of this request, whether or not it was tried again; as in `Usage.errors`."""
    attempt: int
    """1 for the first of its call."""
    seconds: float
    """From its departure to the end of its answer; 0 where it never left."""
    waited: float
    """Seconds before it left: in line for a slot, for the key, the connection and the rate limit."""
    sent: int
    """Bytes of its body."""
    received: int
    """Bytes of the answer's body, unpacked."""
    remaining: int | None
    """``RateLimit-Remaining``, where the answer told it."""


class CallInfo:
    """One call of a resource method: one request or several tries."""

    __slots__ = ("area", "attempts", "method", "path", "priority", "status")

    method: str
    area: str
    path: str
    """As in `RequestInfo`."""
    priority: str
    """``interactive``: somebody waits for the answer; ``bulk``: a list, a job."""
    attempts: int
    """Requests that were made for it; 0 until it has ended."""
    status: int
    """Of the last answer; 0 until it has ended, and where none came."""

    def __init__(self, method: str, area: str, path: str, priority: str) -> None:
        self.method, self.area, self.path, self.priority = method, area, path, priority
        self.attempts = self.status = 0

    def __repr__(self) -> str:
        return f"CallInfo({self.method} {self.path}, attempts={self.attempts}, status={self.status})"


class Observer:
    """Told of everything a client does. Override what you need, and be quick: the call waits for you.

    Nothing that you raise reaches the call: the first time it is logged.
    """

    def call(self, info: CallInfo) -> AbstractContextManager[object]:
        """Surrounds a whole call, its waits and retries included. `info` is complete at the end."""
        return nullcontext()

    def request(self, info: RequestInfo) -> None:
        """A request has finished, well or badly, or could not be made. A call has one or more, in the same task."""


class Telling:
    """Tells an observer. Whatever that raises, the calls go on."""

    def __init__(self, observer: Observer) -> None:
        for verb in (observer.call, observer.request):
            if iscoroutinefunction(verb):
                raise ConfigurationError(f"observer: {verb.__qualname__} is async, and would never run; make it a def")
        self.observer = observer
        self._told = False

    def call(self, call: Call[Any], progress: Progress) -> AbstractContextManager[object]:
        """Goes around a call."""
        return _Around(self, call, progress)

    def request(self, call: Call[Any], area: str, failed: str | None, progress: Progress) -> None:
        """A request is over."""
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
            self.observer.request(info)
        except Exception:  # noqa: BLE001 - a hook must not break what it looks at
            self.failed()

    def failed(self) -> None:
        """To be called where its exception is caught."""
        if not self._told:
            self._told = True
            log.error("the observer failed; told once", exc_info=True)  # noqa: LOG014 - called from a handler


class _Around:
    """What an observer puts around a call. It changes nothing about how that ends."""

    __slots__ = ("_info", "_its", "_progress", "_telling")

    def __init__(self, telling: Telling, call: Call[Any], progress: Progress) -> None:
        self._telling, self._progress = telling, progress
        self._info = CallInfo(call.method, area_of(call.path), path_without_addresses(call.path), call.priority)
        self._its: AbstractContextManager[object] = nullcontext()

    def __enter__(self) -> None:
        try:
            its: object = self._telling.observer.call(self._info)
            if not isinstance(its, AbstractContextManager):
                name = type(self._telling.observer).__name__
                raise TypeError(f"{name}.call: a context manager was expected, not {type(its).__name__}")
            its.__enter__()
            self._its = its
        except Exception:  # noqa: BLE001 - a hook must not break what it looks at
            self._telling.failed()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._info.attempts, self._info.status = self._progress.attempts, self._progress.status
        try:
            self._its.__exit__(kind, error, traceback)
        except Exception as own:  # noqa: BLE001 - a hook must not break what it looks at
            if own is not error:
                self._telling.failed()
