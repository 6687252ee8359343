"""What the shipped providers have in common: a blocking library, called in a worker thread."""

from __future__ import annotations

import ipaddress
import logging
import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from ..errors import ActiveCampaignError, ConfigurationError, KeyProviderError
from . import Credentials, Key, shown
from ._cache import Cache, Fetch
from ._content import credentials_in

MOST_HUNG = 2  # threads of one provider; a second one, since what hung may be the connection

_hushed: ContextVar[bool] = ContextVar("_hushed", default=False)


class Blocking(Cache):
    """Fetches in a thread that nobody's cancellation ends, so that what it brings is there for whoever waits.

    Libraries are given time limits below `timeout`, which end most threads that nobody waits for any more. But they
    bound the silence between two bytes, and a file has none: what drips, or a mount that hangs, keeps its thread. No
    other one is begun while `MOST_HUNG` are kept so.
    """

    _extra = _library = ""
    """Where the library is an extra: its name, and the module."""
    _talkative: tuple[str, ...] = ()
    """Loggers of the library that write down what was answered, at DEBUG: silent during our own fetches."""
    _path = ""  # error reporters show what is only half made, too

    def __init__(self, path: object, field: str, url_field: str, *, ttl: float, stale: float, timeout: float) -> None:
        super().__init__(ttl, stale, timeout, time.monotonic)
        self._path = text("path of the secret", path)
        self._field, self._url_field = text("field", field), text("url_field", url_field)
        if self._library and not _is_installed(self._library):
            said = f"{type(self).__name__} needs {self._library}: pip install 'activecampaign_async[{self._extra}]'"
            raise ConfigurationError(said)

    @property
    def name(self) -> str:
        """What errors and logs call it."""
        return f"{type(self).__name__}({shown(self._path)})"

    @abstractmethod
    def _read(self) -> object:
        """What is kept there; raises what the library raises."""

    def _is_final(self, exc: Exception) -> bool:
        """Whether asking again at once is no use."""
        return False

    def _kind(self, exc: Exception) -> str:
        """What went wrong, in words of the library that hold nothing of what was sent or answered."""
        return type(exc).__name__

    def _reset(self) -> None:
        super()._reset()
        self._at_work = 0  # threads; those of a fork's parent are not in this process

    async def _run(self, fetch: Fetch, refused: Key | None) -> None:
        if self._at_work >= MOST_HUNG:  # there is one fetch at a time: these were given up
            said = f"{self.name} still hangs: {self._at_work} threads that asked it before have not ended"
            self._settle(fetch, KeyProviderError(said, provider=self.name))
            return
        job = _Job(self, fetch)
        try:
            # A limiter of its own: threads that are busy with something else must not keep the key from coming.
            limiter = anyio.CapacityLimiter(1)
            await anyio.to_thread.run_sync(job.work, abandon_on_cancel=True, limiter=limiter)
        finally:
            job.leave()

    def _outcome(self) -> Credentials | ActiveCampaignError:
        try:
            with _hush(self._talkative):
                found = credentials_in(self._read(), self._field, self._url_field)
        except ConfigurationError as exc:
            return ConfigurationError(f"{self.name}: {exc}")
        except Exception as exc:  # noqa: BLE001 - the one place where whatever a library raises becomes ours
            said = f"{self.name}: {self._kind(exc)}"
            return KeyProviderError(said, provider=self.name, transient=not self._is_final(exc))
        return found if isinstance(found, Credentials) else ConfigurationError(f"{self.name}: {found}")


class _Job:
    """A fetch that a thread takes on, unless who asked for it is gone before."""

    __slots__ = ("_cache", "_fetch", "_open")

    def __init__(self, cache: Blocking, fetch: Fetch) -> None:
        self._cache, self._fetch, self._open = cache, fetch, True

    def _close(self) -> bool:
        with self._cache._lock:
            was_open, self._open = self._open, False
        return was_open

    def work(self) -> None:
        if not self._close():
            return
        outcome: Credentials | ActiveCampaignError | None = None
        self._count(1)
        try:
            outcome = self._cache._outcome()
        finally:
            self._count(-1)
            self._cache._settle(self._fetch, outcome)

    def _count(self, threads: int) -> None:
        with self._cache._lock:
            self._cache._at_work += threads

    def leave(self) -> None:
        if self._close():  # no thread had begun: somebody else takes over
            self._cache._settle(self._fetch, None)


def text(name: str, given: object) -> str:
    """A setting that must be there."""
    if not isinstance(given, str):
        raise ConfigurationError(f"{name}: a str was expected, not {type(given).__name__}")
    if not given:
        raise ConfigurationError(f"{name}: it is empty")
    return given


def encrypted(name: str, url: str) -> str:
    """An address to which secrets may go: https, or this very machine."""
    parts = urlsplit(text(name, url))
    if parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or "")):
        return url
    raise ConfigurationError(f"{name}: https:// was expected; plain http:// only to this machine (127.0.0.1)")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is missing
        return False


class _Hush(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not _hushed.get()


_filter = _Hush()


@contextmanager
def _hush(loggers: tuple[str, ...]) -> Iterator[None]:
    """Keep `loggers` silent in this context alone."""
    for name in loggers:
        logging.getLogger(name).addFilter(_filter)  # the same one again is not added
    token = _hushed.set(True)
    try:
        yield
    finally:
        _hushed.reset(token)
