"""Ctrl-C and SIGTERM, orderly: the work is cancelled, cleans up, and the command says how to go on."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")


class Interrupted(Exception):
    """A signal ended the work."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


async def until_signal(work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work`, or its error as it is; Interrupted when a signal came first."""
    caught: list[int] = []
    results: list[T] = []
    failure: Exception | None = None

    async def watch() -> None:
        try:
            with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                async for number in signals:
                    caught.append(number)
                    group.cancel_scope.cancel()
        except NotImplementedError:  # Windows: there KeyboardInterrupt cancels what runs
            pass

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        try:
            results.append(await work())
        except Exception as error:  # noqa: BLE001  # raised below, bare: a task group would wrap it
            failure = error
        group.cancel_scope.cancel()
    if caught:
        raise Interrupted(caught[0])
    if failure is not None:
        raise failure
    return results[0]
