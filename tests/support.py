"""What many tests need: a client on a sandbox, and a way to look for secrets."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from attrs import define

from activecampaign_async import AsyncClient, LocalLimiter

if TYPE_CHECKING:
    from activecampaign_async.sandbox import Sandbox


MUST = os.environ.get("AC_REAL") == "must"
"""Whether real parts (a vault, the clients of secret stores, error reporters) have to be here, as `.ci/run` says."""


THOROUGH = "AC_THOROUGH" in os.environ
"""What takes long is done in full: by CI, on one of its Pythons."""


def examples(number: int) -> int:
    """So many of Hypothesis's, or a third of them."""
    return number if THOROUGH else max(number // 3, 10)


def real(module: str) -> Any:
    """A part that tests are skipped without, unless it has to be here."""
    return import_module(module) if MUST else pytest.importorskip(module, reason=f"{module} is not installed")


def fast() -> LocalLimiter:
    """A limiter that never waits by itself, in the event loop's own time, real or virtual."""
    return LocalLimiter(1e6, clock=anyio.current_time)


def client_of(sandbox: Sandbox, **options: Any) -> AsyncClient:
    """A client on an in-process sandbox."""
    options.setdefault("rate_limiter", fast())
    options.setdefault("transport", sandbox.transport())
    return AsyncClient(sandbox.url, sandbox.key, **options)


@define
class Memory:
    """A store."""

    state: Mapping[str, Any] | None = None

    async def load(self) -> Mapping[str, Any] | None:
        return self.state

    async def save(self, state: Mapping[str, Any]) -> None:
        self.state = state


def everything_said(error: BaseException) -> str:
    """All that an error and those behind it could show to a log."""
    said, todo, seen = [], [error], set[int]()
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        said += [str(each), repr(each), repr(each.args), repr(vars(each))]
        said += traceback.format_exception(each)
        todo += [e for e in (each.__cause__, each.__context__) if e is not None]
    return "\n".join(said)
