"""Blocks of ``async with`` that say so where they are taken for what they give."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Generic, NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def block(write: str) -> Callable[[Callable[P, AsyncIterator[T]]], Callable[P, AbstractAsyncContextManager[T]]]:
    """`asynccontextmanager`, with what to write where the block itself is gone through."""

    def decorate(made: Callable[P, AsyncIterator[T]]) -> Callable[P, AbstractAsyncContextManager[T]]:
        opened = asynccontextmanager(made)

        @wraps(made)
        def begun(*args: P.args, **given: P.kwargs) -> AbstractAsyncContextManager[T]:
            return _Block(opened(*args, **given), write)

        return begun

    return decorate


class _Block(AbstractAsyncContextManager[T], Generic[T]):
    def __init__(self, opened: AbstractAsyncContextManager[T], write: str) -> None:
        self._opened, self._write = opened, write

    async def __aenter__(self) -> T:
        return await self._opened.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._opened.__aexit__(kind, error, trace)

    if not TYPE_CHECKING:  # hidden, so that it is a type error

        def __aiter__(self) -> NoReturn:
            raise TypeError(f"write: async with {self._write}")
