"""A worker: contacts from a file of JSON lines, upserted by several lanes; stopped at any moment, it loses none.

AC_API_URL=… AC_API_TOKEN=… python examples/worker.py people.ndjson

A line is {"email": "ann@example.org", "first_name": "Ann", "field_values": {"1": "blue"}}. What became of it is noted
in people.ndjson.done, and the same command goes on from there: after SIGTERM, Ctrl-C, a crash, or with new lines at
the end. Exit code: 0 all is done; 1 some lines were refused, or are left; 130, 143 stopped, and lines are left.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from activecampaign_async import ActiveCampaignError, AsyncClient, LocalLimiter, ValidationError
from activecampaign_async.errors import without_addresses

PATIENCE = 5  # failures in a row after which it is not the item's fault: network, key, payment


# -- what is to do, and what is done -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    number: int
    line: bytes

    @property
    def key(self) -> str:
        """A line that is changed is a new item."""
        return f"{self.number}:{hashlib.sha256(self.line).hexdigest()[:16]}"

    def fields(self) -> dict[str, Any]:
        """ValueError or TypeError where it is no JSON object."""
        try:
            fields = json.loads(self.line)
        except RecursionError:
            raise ValueError("nested too deep") from None
        except ValueError:  # which counts lines and columns of its own
            raise ValueError("it is not JSON") from None
        if not isinstance(fields, dict):
            raise TypeError("a JSON object was expected")
        return fields

    def person(self) -> str:
        """Whom it is about; nobody else's for a line that will be refused."""
        try:
            return str(self.fields()["email"]).strip().casefold()
        except (ValueError, TypeError, KeyError):
            return self.key


class Journal:
    """One line for each item that is done or refused, written when that is certain.

    No fsync: a line that a power cut takes along costs one more upsert, and that is safe to repeat.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("a+b", buffering=0)
        try:
            self._lock(path)
            self._file.seek(0)
            whole, _, _ = self._file.read().rpartition(b"\n")
            self._file.truncate(len(whole) + 1 if whole else 0)  # without a line that a crash cut off
            self._settled = {json.loads(entry)["item"] for entry in whole.splitlines()}
        except BaseException:
            self._file.close()
            raise

    def _lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OSError(f"another worker is at {path}: they would do everything twice") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def __contains__(self, item: Item) -> bool:
        return item.key in self._settled

    def settle(self, item: Item, **what: object) -> None:
        self._file.write(json.dumps({"item": item.key, **what}).encode() + b"\n")
        self._settled.add(item.key)


def items(path: Path) -> Iterator[Item]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield Item(number, line.strip())


# -- the lanes ---------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    ac: AsyncClient
    journal: Journal
    done: int = 0
    refused: int = 0
    in_a_row: int = 0
    busy: dict[str, anyio.Event] = field(default_factory=dict)
    """Persons in a lane now: two lines about one person are done one after the other, as they stand in the file."""
    held: set[str] = field(default_factory=set)
    """Persons with a line that is left: their later lines wait for it, or it would undo them next time."""
    taking: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    working: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    stopped_by: signal.Signals | None = None

    async def feed(self, path: Path, queue: MemoryObjectSendStream[Item]) -> None:
        with queue, self.taking:
            for item in items(path):
                if item in self.journal:
                    continue
                person = item.person()
                if (before := self.busy.get(person)) is not None:
                    await before.wait()
                if person in self.held:
                    continue
                self.busy[person] = anyio.Event()
                await queue.send(item)

    async def lane(self, queue: MemoryObjectReceiveStream[Item]) -> None:
        with queue:
            async for item in queue:
                await self.settle(item)
                self.busy.pop(item.person()).set()

    async def settle(self, item: Item) -> None:
        try:
            contact = await self.ac.contacts.sync(**item.fields(), timeout=None)  # the retry policy ends it
        except (ValidationError, ValueError, TypeError) as error:  # whoever sends this again gets the same answer
            why = without_addresses(str(error))
            self.refused += 1
            self.in_a_row = 0
            self.journal.settle(item, refused=why)
            print(f"line {item.number} is refused: {why}", file=sys.stderr)
        except ActiveCampaignError as error:  # after all the tries that the client makes
            self.in_a_row += 1
            self.held.add(item.person())
            print(f"line {item.number} is left: {error}", file=sys.stderr)
            if self.in_a_row >= PATIENCE:
                self.taking.cancel()
        else:
            self.done += 1
            self.in_a_row = 0
            self.journal.settle(item, id=contact.id)

    async def obey(self, signals: AsyncIterator[signal.Signals], grace: float) -> None:
        """The first signal ends the taking, and gives the lanes `grace` seconds to finish; the second ends them."""
        async for number in signals:
            if self.stopped_by is not None:
                self.working.cancel()
            self.stopped_by = number
            self.taking.cancel()
            self.working.deadline = min(self.working.deadline, anyio.current_time() + grace)


async def work(path: Path, lanes: int, share: float, grace: float) -> int:
    # No buffer: what no lane holds is still in the file, and a stop has nothing to give back.
    send, receive = anyio.create_memory_object_stream[Item]()
    with (
        receive,
        Journal(path.with_name(path.name + ".done")) as journal,
        anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals,
    ):
        async with AsyncClient(rate_limiter=LocalLimiter(share=share)) as ac, anyio.create_task_group() as tasks:
            run = Run(ac, journal)
            tasks.start_soon(run.obey, signals, grace)
            with run.working:
                async with anyio.create_task_group() as group:
                    for _ in range(lanes):
                        group.start_soon(run.lane, receive.clone())
                    await run.feed(path, send)
            tasks.cancel_scope.cancel()
        return report(run, sum(item not in journal for item in items(path)))


def report(run: Run, left: int) -> int:
    print(f"{run.done} done, {run.refused} refused, {left} left")
    if left and run.stopped_by is not None:
        return 128 + run.stopped_by
    return 1 if left or run.refused else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Upserts contacts from a file of JSON lines.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--lanes", type=int, default=8, help="requests side by side")
    parser.add_argument("--share", type=float, default=1.0, help="this process' part of the account's rate")
    parser.add_argument("--grace", type=float, default=8.0, help="seconds to finish in, when stopped")
    asked = parser.parse_args()
    if not asked.file.is_file():
        parser.error(f"{asked.file} is no file")
    code = 1
    try:
        code = anyio.run(work, asked.file, asked.lanes, asked.share, asked.grace)
    except* (ActiveCampaignError, OSError, ValueError) as errors:
        for error in errors.exceptions:
            print(f"worker: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
