"""Which of many items are through: what a `bulk.map` finds when it is run again after a crash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import anyio

from .._journal import Journal
from .._model import Model
from .._walk import IdSet
from ..resources._saved import ResumeError, Saved, undamaged

if TYPE_CHECKING:
    from ..resources._saved import AsyncStore
    from .store import Store

_OTHER = "give the same as when this was begun, or begin anew"
_STRETCH = 512  # items: what one mask of an `IdSet` holds
_SHARE = 4  # masks saved for each item that is through: what is written in all stays in proportion to the items


class Entry(Journal):
    """An item that is under way, or was when the run before ended."""

    def __init__(self, ledger: Ledger, done: int = 0) -> None:
        super().__init__(done)
        self._ledger = ledger
        self.down = done > 0
        """On disk as one for which something was sent that may not be repeated."""

    async def ahead(self, home: str, repeatable: bool) -> None:
        """Returns once it is on disk that a call is under way that may not be repeated."""
        self.down |= not repeatable
        await self._ledger.ahead(home, must=not repeatable)


class Ledger:
    """Keeps which items are not through, up to the last one that was seen: a bit each. All others before it are.

    Written ahead: before a call that may not be repeated is sent, its item is down as such. So what a crash leaves
    without such a call is done again, and the rest is told as unknown. What is through is written before the next
    call where one that may not be repeated was sent for it, and else before the next item, or for some items at once
    where the state is large.

    Which items these are is told by the digest of all up to the end of a stretch: none of a stretch is done again
    before that was compared.
    """

    def __init__(self, store: Store | AsyncStore, *, account: str | None, query: Mapping[str, Any]) -> None:
        self._saved = Saved(store, kind="bulk.map", account=account, query=query)
        self._account_is_known = account is not None
        self.left = IdSet()
        """The places of those that are not through."""
        self._entries = dict[int, Entry]()
        self._seen, self._digest = 0, sha256()
        self._marks = dict[str, str]()
        """The digest at the end of each stretch that has items left."""
        self._before: tuple[int, str] | None = None
        """How many items the run before had seen, and their digest: until as many are here, and the same."""
        self._writing, self._dirty = anyio.Lock(), False
        self._news = self._masks = 0
        """Items that are through since the last save, and how many masks that had."""

    async def open(self) -> None:
        """Read what an earlier run left. ResumeError for what is no ledger, or another's."""
        if (found := await self._saved.load()) is None:
            return
        if not _fits(found):
            raise ResumeError("the checkpoint is none of a bulk.map")
        self.left = undamaged(IdSet.from_state, found["left"])
        self._entries = {place: Entry(self, done=1) for place in found["sent"]}
        self._marks = dict(found["marks"])
        self._before = (found["seen"], found["digest"]) if found["seen"] else None

    def see(self, place: int, item: object) -> bool:
        """An item was given. Whether those up to it are known to be the same as before. ResumeError where not."""
        self._digest.update(_text(item))
        self._seen = place + 1
        if is_new := self._before is None:
            self.left.add(place)
        return self._is_at_an_end() or is_new

    def _is_at_an_end(self) -> bool:
        wrong = False
        if ends_stretch := self._seen % _STRETCH == 0:
            mark = self._digest.hexdigest()[:16]
            wrong = mark != self._marks.setdefault(str(self._seen // _STRETCH - 1), mark)
        if ends_before := self._before is not None and self._seen >= self._before[0]:
            wrong |= self._before != (self._seen, self._digest.hexdigest())
            self._before = self._before if wrong else None
        if wrong:
            raise ResumeError(f"other items, or in another order: {_OTHER}")
        return ends_stretch or ends_before

    def all_seen(self) -> None:
        """There are no more items. ResumeError where the run before had been given more."""
        if self._before is not None:
            raise ResumeError(f"fewer items: {_OTHER}")

    async def begin(self, place: int) -> Entry:
        """An item is about to be done: write down what is through by now, unless that is little beside the rest."""
        entry = self._entries.setdefault(place, Entry(self))
        if self._news * _SHARE > self._masks:
            await self._write()
        return entry

    async def ahead(self, home: str, must: bool) -> None:
        """A call is about to be made. Returns once that is on disk, where it `must`."""
        if not self._account_is_known:
            self._saved.of(home)
            self._account_is_known = True
        if must or self._dirty:
            await self._write()

    def taken(self, place: int, passing: bool) -> None:
        """Its outcome was: the item is through, unless its error passes and all that was done may be repeated."""
        entry = self._entries.pop(place)
        self._dirty |= entry.down  # a crash would leave it as unknown
        if entry.done or not passing:
            self.left.discard(place)
            self._news += 1

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._seen:
            await self._write()

    async def _write(self) -> None:
        self._dirty = True
        async with self._writing:
            if not self._dirty:
                return  # somebody else's writing held ours
            state = self._state()
            self._dirty, self._news, self._masks = False, 0, len(state["left"])
            try:
                await self._saved.save(state)
            except BaseException:
                self._dirty = True  # whoever waits for it must not take it for written
                raise

    def _state(self) -> dict[str, Any]:
        seen, digest = self._before or (self._seen, self._digest.hexdigest())
        left = self.left.state()
        self._marks = {stretch: self._marks[stretch] for stretch in left if stretch in self._marks}
        sent = [place for place, entry in self._entries.items() if entry.done]
        return {"seen": seen, "digest": digest, "left": left, "sent": sent, "marks": dict(self._marks)}


def _fits(found: Mapping[str, Any]) -> bool:
    kinds = {"seen": int, "digest": str, "left": dict, "sent": list, "marks": dict}
    if set(found) != set(kinds) or any(type(found[name]) is not kind for name, kind in kinds.items()):
        return False
    return all(type(place) is int for place in found["sent"])


def _text(item: object) -> bytes:
    """What tells one item from another: its JSON, or a model's kind and id."""
    return json.dumps(item, sort_keys=True, default=_known).encode() + b"\n"


def _known(item: object) -> str:
    if isinstance(item, Model):
        return repr(item)
    raise TypeError(f"items of a run with a checkpoint are JSON or models of this library, not {type(item).__name__}")
