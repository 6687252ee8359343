"""The account as an ASGI application."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from ._wire import Answer, Ask

if TYPE_CHECKING:
    from ._sandbox import Sandbox

Scope = MutableMapping[str, Any]  # ASGI's own shape
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

WIRE = "activecampaign_async.wire"
"""The scope extension by which our own server lends the application its connection."""


class Wire(Protocol):
    """A connection that can be broken."""

    def close(self) -> None: ...

    def abort(self) -> None: ...


class Application:
    """ASGI in, the sandbox's answer out, broken where a fault says so."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the sandbox speaks HTTP, not {scope['type']}")
        ask = await _ask(scope, receive)
        if ask is None:
            return
        wire = cast("Wire | None", (scope.get("extensions") or {}).get(WIRE))
        if self._sandbox.before_sending(ask) is not None:
            await _break(Answer(ending="drop"), wire, receive)
            return
        answer = await self._sandbox.handle(ask, self._sandbox.clock.sleep)
        if answer.ending not in ("whole", "cut"):
            await _break(answer, wire, receive)
            return
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        parts = answer.parts()
        for number, (wait, piece) in enumerate(parts, 1):
            if wait:
                await self._sandbox.clock.sleep(wait)
            more = number < len(parts) or answer.ending == "cut"
            await send({"type": "http.response.body", "body": piece, "more_body": more})
        if answer.ending == "cut":
            await _break(answer, wire, receive)


async def _ask(scope: Scope, receive: Receive) -> Ask | None:
    body = b""
    while True:
        part = await receive()
        if part["type"] == "http.disconnect":
            return None
        body += part.get("body", b"")
        if not part.get("more_body", False):
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    origin = f"{scope.get('scheme', 'http')}://{headers.get('host', '')}"
    path = scope.get("raw_path") or scope["path"].encode()
    return Ask(
        scope["method"],
        path.decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        headers,
        body,
        origin,
    )


async def _break(answer: Answer, wire: Wire | None, receive: Receive) -> None:
    """Ends the connection as told, then waits for it to be gone: a return before would be answered for us."""
    if answer.ending != "hang":
        if wire is None:
            raise ConnectionAbortedError(f"this server lends no connection to {answer.ending}")
        if answer.ending == "reset":
            wire.abort()
        else:
            wire.close()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        asked = (await receive())["type"]
        await send({"type": f"{asked}.complete"})
        if asked == "lifespan.shutdown":
            return
