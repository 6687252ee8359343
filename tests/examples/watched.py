"""The FastAPI example as it is, and beside it what a test needs to know of each worker."""

from __future__ import annotations

import json
import os

import anyio
from starlette.types import Message, Receive, Scope, Send

from examples.fastapi_service import app as service

PID = str(os.getpid()).encode()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    async def tell_who(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-worker", PID)]
        await send(message)

    if scope["type"] == "http" and scope["path"] == "/-/tasks":
        body = json.dumps(len(anyio.get_running_tasks())).encode()
        await tell_who({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
    else:
        await service(scope, receive, tell_who)
