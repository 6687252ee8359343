"""Asking a provider, whoever wrote it: what it gives is checked, what it raises is told without what it said."""

from __future__ import annotations

import copy
import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from ..errors import ActiveCampaignError, ConfigurationError, KeyProviderError
from . import Credentials, Key, KeyProvider, kind_of
from ._content import checked

_OURS, _STDLIB = (str(Path(file).parent) + os.sep for file in (Path(__file__).parent, os.__file__))


def in_time(left: float) -> float:
    """Of the seconds that a call has left, those to wait for a key: what is told in time is told as what it is."""
    return max(min(left * 0.95, left - 0.02), left / 2, 0.0)


def name_of(provider: object) -> str:
    """What errors call it: with the secret's path where it says so itself, else its class."""
    try:
        name = getattr(provider, "name", None)
    except Exception:  # noqa: BLE001 - what it says may hold the secret, and is not what went wrong
        name = None
    return name if isinstance(name, str) and name and name.isprintable() else type(provider).__name__


def misfit(provider: object, wanted: str = "a KeyProvider") -> str | None:
    """Why `provider` cannot be asked, as far as that is to be seen without asking; None where it can."""
    if isinstance(provider, (type, Credentials)) or not hasattr(provider, "key"):
        return f"{wanted} was expected, not {kind_of(provider)}"
    try:
        inspect.signature(provider.key).bind(None)
    except TypeError:  # no function, or not with one argument
        return _not_so(provider)
    except ValueError:  # one that does not tell what it takes
        pass
    return None


def _not_so(provider: object) -> str:
    return f"{type(provider).__name__}.key: `async def key(self, refused=None)` was expected"


async def ask(provider: KeyProvider, refused: Key | None) -> Credentials | ActiveCampaignError:
    """Credentials, or our error for why there are none: to be raised by somebody whose frames hold no secret."""
    try:
        answer: object = provider.key(refused)
        if not inspect.isawaitable(answer):
            return ConfigurationError(_not_so(provider))
        given = checked(await answer)
    except (ConfigurationError, KeyProviderError) as exc:
        return copy.copy(exc)  # without its traceback and what it was raised from
    except BaseException as exc:  # the one place where whatever a provider raises becomes ours
        if _is_not_its_own(exc):
            raise
        return KeyProviderError(f"{name_of(provider)} raised {told(exc)}", provider=name_of(provider))
    return given if isinstance(given, Credentials) else ConfigurationError(f"{name_of(provider)}: {given}")


def _is_not_its_own(exc: BaseException) -> bool:
    """Whether it ends more than the provider: a cancellation of this task, an interrupt, an exit."""
    if isinstance(exc, BaseExceptionGroup):
        return any(map(_is_not_its_own, exc.exceptions))
    if isinstance(exc, Exception):
        return False
    import asyncio  # few need it, and it takes a quarter as long to load as HTTPX

    if not isinstance(exc, asyncio.CancelledError):
        return True
    try:
        task = asyncio.current_task()
    except RuntimeError:  # trio has a cancellation of its own
        return False
    return task is not None and task.cancelling() > 0  # else it awaited something else that was cancelled


def told(exc: BaseException) -> str:
    """What and where, and not what it says: that may hold the secret (a JSONDecodeError holds the whole document)."""
    places = [place for place in _places(exc.__traceback__) if not place[0].startswith(_OURS)]
    # What its author wrote, rather than what that called. Of a provider that was installed: where it was entered.
    theirs = [place for place in places if not _is_a_librarys(place[0])][-1:] or places[:1]
    return type(exc).__name__ + "".join(f" ({Path(file).name}:{line})" for file, line in theirs)


def _places(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _is_a_librarys(file: str) -> bool:
    return file.startswith((_STDLIB, "<frozen ")) or "site-packages" in file
