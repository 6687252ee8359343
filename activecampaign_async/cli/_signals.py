"""Ctrl-C and SIGTERM, orderly: the work is cancelled, cleans up, and the command says how to go on.

A second one ends the process on the spot: cleaning up may take long, or for ever.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from anyio.abc import TaskStatus

from ._streams import end_at_next_signal

T = TypeVar("T")


class Interrupted(Exception):
    """A signal ended the work."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


async def until_signal(
    work: Callable[[], Awaitable[T]],
    last_words: Callable[[], str] | None = None,
    stop: Callable[[], float] | None = None,
) -> T:
    """The result of `work`, or its error as it is; Interrupted when a signal came first.

    The work is cancelled then; with `stop` it is asked to come to an end by itself, within the seconds that this gives.
    After that, and when the work is over, the next signal ends the process: with `last_words` on stderr if it is
    the second.
    """
    caught: list[int] = []
    results: list[T] = []
    failure: Exception | None = None
    working = anyio.CancelScope()

    async def watch(*, task_status: TaskStatus[None]) -> None:
        try:
            with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                task_status.started()
                async for number in signals:
                    caught.append(number)
                    end_at_next_signal(last_words)  # also where the event loop hangs, and within this block:
                    if stop is not None and (seconds := stop()):  # its end brings KeyboardInterrupt back for a moment,
                        working.deadline = anyio.current_time() + seconds  # which nobody survives whole
                    else:
                        working.cancel()
        except NotImplementedError:  # Windows: there KeyboardInterrupt cancels what runs
            task_status.started()
            return
        except KeyboardInterrupt:
            caught.append(signal.SIGINT)  # in that moment; the work is over
        finally:
            end_at_next_signal(last_words if caught else None)

    async with anyio.create_task_group() as group:
        await group.start(watch)
        with working:
            try:
                results.append(await work())
            except Exception as error:  # noqa: BLE001  # raised below, bare: a task group would wrap it
                failure = error
        group.cancel_scope.cancel()
    if results:
        return results[0]
    if caught:
        raise Interrupted(caught[0])
    assert failure is not None  # noqa: S101  # else there were a result
    raise failure
