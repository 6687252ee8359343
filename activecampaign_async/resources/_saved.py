"""What a long run keeps in a store to go on from: whose it is, what it was asked to do, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from anyio.to_thread import run_sync

if TYPE_CHECKING:
    from ..jobs.store import Store

T = TypeVar("T")

VERSION = 1


class ResumeError(ValueError):
    """The run cannot resume from that checkpoint. The text says why, and what to do."""


def undamaged(read: Callable[[Mapping[str, Any]], T], state: Mapping[str, Any]) -> T:
    """What `read` makes of a state. ResumeError where it is none that was saved."""
    try:
        return read(state)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise ResumeError("the checkpoint is damaged: begin anew")


class AsyncStore(Protocol):
    """A `Store` whose methods are coroutine functions: a database, for instance."""

    async def load(self) -> Mapping[str, Any] | None:
        """What was saved last; None where nothing was."""

    async def save(self, state: Mapping[str, Any]) -> None:
        """Keep `state` instead of what was there: all of it or nothing, also in a crash."""


class Saved:
    """The state of one run in a `Store`: ``{"version", "kind", "account", "query", "state"}``.

    `query` holds what the run was asked to do, by the names of the arguments: another run must not go on from it. Where
    `account` is None it is that of the run before, or else of who comes first with `of`.
    A store's `load` and `save` run in a worker thread, unless they are coroutine functions.
    """

    def __init__(self, store: Store | AsyncStore, *, kind: str, account: str | None, query: Mapping[str, Any]) -> None:
        if not all(callable(getattr(store, name, None)) for name in ("load", "save")):
            raise TypeError(f"checkpoint: a StateFile(path) was expected, not {type(store).__name__}")
        self._store, self._query, self._thread = store, dict(query), Lock()
        self._head = {"version": VERSION, "kind": kind, "account": account, "query": self._query}

    async def load(self) -> dict[str, Any] | None:
        """The state that was saved last, None where none was. ResumeError for one that is of another run."""
        found = await self._done(self._store.load)
        if found is None:
            return None
        if not isinstance(found, Mapping) or not isinstance(found.get("state"), Mapping):
            raise ResumeError(f"the checkpoint is none of this {self._head['kind']}")
        for part in ("kind", "version"):
            self._compare(part, found.get(part), self._head[part])
        if self._head["account"] is None:
            self._head["account"] = found.get("account")
        self._compare("account", found.get("account"), self._head["account"])
        was, now = found.get("query"), self._query
        if was != now:
            other = [name for name in now if not isinstance(was, Mapping) or was.get(name) != now[name]]
            said = f"it was begun with other arguments ({', '.join(other) or 'query'})"
            raise ResumeError(f"{said}: give the same, or begin anew")
        return dict(found["state"])

    def of(self, account: str) -> None:
        """It turns out whose it is. ResumeError where it was begun with another account."""
        if self._head["account"] is None:
            self._head["account"] = account
        self._compare("account", self._head["account"], account)

    async def save(self, state: Mapping[str, Any]) -> None:
        """Keep it instead of the one before."""
        await self._done(self._store.save, {**self._head, "state": state})

    def _compare(self, part: str, was: object, now: object) -> None:
        if was != now:
            raise ResumeError(f"the checkpoint is of {part} {was}, and this run is of {part} {now}")

    async def _done(self, work: Any, *given: Any) -> Any:
        if iscoroutinefunction(work):
            return await work(*given)
        return await run_sync(self._alone, work, *given)

    def _alone(self, work: Any, *given: Any) -> Any:
        """In a thread, and never two: asyncio's own cancellation leaves one behind that is still writing."""
        with self._thread:
            return work(*given)
