"""Which of many items are through: what a `bulk.map` finds when it is run again after a crash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import anyio

from .._journal import Journal
from .._model import Model
from ..resources._saved import ResumeError, Saved

if TYPE_CHECKING:
    from ..resources._saved import AsyncStore
    from .store import Store

_OTHER = "give the same as when this was begun, or begin anew"


class Entry(Journal):
    """An item that is not through."""

    def __init__(self, ledger: Ledger, mark: str, done: int = 0) -> None:
        super().__init__(done)
        self._ledger, self.mark = ledger, mark

    async def ahead(self, home: str, repeatable: bool) -> None:
        """Returns once it is on disk that a call is under way that may not be repeated."""
        await self._ledger.ahead(home, must=not repeatable)


class Ledger:
    """Keeps the items that are not through, up to the last one that was seen; all others before it are.

    Written ahead: before a call that may not be repeated is sent, its item is down as such. So what a crash leaves
    without such a call is done again, and the rest is told as unknown. What is through is written along with the next
    item that begins, or at the end.
    """

    def __init__(self, store: Store | AsyncStore, *, account: str | None, query: Mapping[str, Any]) -> None:
        self._saved = Saved(store, kind="bulk.map", account=account, query=query)
        self._account_is_known = account is not None
        self.entries = dict[int, Entry]()
        """By place. Those of the run before are there from the start."""
        self._seen, self._digest = 0, sha256()
        self._before: tuple[int, str] | None = None
        """How many items the run before had seen, and their digest: until as many are here, and the same."""
        self._writing, self._dirty = anyio.Lock(), False

    async def open(self) -> None:
        """Read what an earlier run left. ResumeError for what is no ledger, or another's."""
        if (found := await self._saved.load()) is None:
            return
        if not _fits(found):
            raise ResumeError("the checkpoint is none of a bulk.map")
        self.entries = {place: Entry(self, mark, done) for place, mark, done in found["open"]}
        self._before = (found["seen"], found["digest"]) if found["seen"] else None

    def see(self, place: int, item: object) -> Entry | None:
        """An item was given: None where it is through. ResumeError where it is not that of the run before."""
        text = _text(item)
        mark = sha256(text).hexdigest()[:16]
        self._digest.update(text)
        self._seen = place + 1
        known = 0 if self._before is None else self._before[0]
        if place >= known:
            self.entries[place] = Entry(self, mark)
        entry = self.entries.get(place)
        wrong = entry is not None and entry.mark != mark
        if self._before is not None and self._seen >= known:
            wrong |= self._before != (self._seen, self._digest.hexdigest())
            self._before = self._before if wrong else None
        if wrong:
            raise ResumeError(f"other items, or in another order: {_OTHER}")
        return entry

    def all_seen(self) -> None:
        """There are no more items. ResumeError where the run before had been given more."""
        if self._before is not None:
            raise ResumeError(f"fewer items: {_OTHER}")

    async def begin(self) -> None:
        """An item is about to be done: write down what is through by now."""
        if self._dirty:
            await self._write()

    async def ahead(self, home: str, must: bool) -> None:
        """A call is about to be made. Returns once that is on disk, where it `must`."""
        if not self._account_is_known:
            self._saved.of(home)
            self._account_is_known = True
        if must:
            await self._write()

    def through(self, place: int) -> None:
        """The item is, and need not be known any more."""
        del self.entries[place]
        self._dirty = True

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._seen:
            await self._write()

    async def _write(self) -> None:
        self._dirty = True
        async with self._writing:
            if not self._dirty:
                return  # somebody else's writing held ours
            self._dirty = False
            seen, digest = self._before or (self._seen, self._digest.hexdigest())
            still = [[place, entry.mark, entry.done] for place, entry in self.entries.items()]
            try:
                await self._saved.save({"seen": seen, "digest": digest, "open": still})
            except BaseException:
                self._dirty = True  # whoever waits for it must not take it for written
                raise


def _fits(found: Mapping[str, Any]) -> bool:
    kinds = {"seen": int, "digest": str, "open": list}
    if set(found) != set(kinds) or any(type(found[name]) is not kind for name, kind in kinds.items()):
        return False
    return all(isinstance(row, list) and [type(each) for each in row] == [int, str, int] for row in found["open"])


def _text(item: object) -> bytes:
    """What tells one item from another: its JSON, or a model's kind and id."""
    return json.dumps(item, sort_keys=True, default=_known).encode() + b"\n"


def _known(item: object) -> str:
    if isinstance(item, Model):
        return repr(item)
    raise TypeError(f"items of a run with a checkpoint are JSON or models of this library, not {type(item).__name__}")
