"""What many tests need: a client on a sandbox, and a way to look for secrets."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import anyio

from activecampaign_async import AsyncClient, LocalLimiter

if TYPE_CHECKING:
    from activecampaign_async.sandbox import Sandbox


def fast() -> LocalLimiter:
    """A limiter that never waits by itself, in the event loop's own time, real or virtual."""
    return LocalLimiter(1e6, clock=anyio.current_time)


def client_of(sandbox: Sandbox, **options: Any) -> AsyncClient:
    """A client on an in-process sandbox."""
    options.setdefault("rate_limiter", fast())
    return AsyncClient(sandbox.url, sandbox.key, transport=sandbox.transport(), **options)


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
