"""Providers that misbehave, and a look for the key in whatever an error could show."""

from __future__ import annotations

import copy
import http.server
import pickle
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio

from activecampaign_async import Key
from activecampaign_async.errors import ActiveCampaignError
from tests.support import everything_said

KEY, NEXT = "canary-key-0123456789", "canary-next-9876543210"


class Given:
    """A provider that gives what it is told to, and counts."""

    name = "Given('a/path')"

    def __init__(self, *answers: Any, takes: float = 0.0) -> None:
        self.answers, self.takes = list(answers), takes
        self.asked: list[Key | None] = []
        self.at_once = self.most = 0

    async def key(self, refused: Key | None = None) -> Any:
        self.asked.append(refused)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await anyio.sleep(self.takes)
        finally:
            self.at_once -= 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def shows_nothing(error: ActiveCampaignError, *secrets: str) -> bool:
    """Whether neither the error, nor its chain, nor the locals of its frames, nor a copy has a secret.

    The frames of tests do not count: they hold the secret on purpose.
    """
    trace = error.__traceback__
    while trace is not None and "/tests/" in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    frames = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))
    said = "\n".join([everything_said(error), *frames.format(), everything_said(again), repr(copy.copy(error))])
    return not any(secret in said for secret in secrets or (KEY, NEXT))


@contextmanager
def http_server(answer: Callable[[str, bytes], tuple[int, bytes]], location: str = "") -> Iterator[str]:
    """A server on loopback that answers JSON: `answer` gets path and body, and gives status and body."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, said = answer(self.path, body)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            if location:
                self.send_header("location", location)
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET  # noqa: N815 - as http.server calls it

        def log_message(self, *args: object) -> None:
            """Not on stderr."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent_server() -> Iterator[str]:
    """An address where connections are taken and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
