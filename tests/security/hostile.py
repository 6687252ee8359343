"""A server on loopback, over real TLS, that answers byte by byte as a test wants it to."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache

import trustme

Script = Callable[[bytes], Iterable[bytes | float]]
"""From a whole request to what is sent, and for how many seconds nothing is; the connection is closed at its end."""


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def trusting() -> ssl.SSLContext:
    """A client's context for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    return context


@cache
def _context(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(name).configure_cert(context)
    return context


def answer(body: bytes = b"{}", *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A whole answer."""
    told = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {told}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Hostile:
    """Serves `script`. `heard` is what came, decrypted; `taken` counts the TCP connections."""

    def __init__(self, script: Script, context: ssl.SSLContext, port: int) -> None:
        self.script, self.context, self.port = script, context, port
        self.heard: list[bytes] = []
        self.taken = 0
        self.greeted: list[bytes] = []
        """The first bytes of each connection, before they are decrypted."""
        self.url = f"https://localhost:{port}"
        self._open: list[socket.socket] = []

    def run(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed: the end
            while True:
                connection, _ = listener.accept()
                self.taken += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def close(self) -> None:
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), connection:
            self.greeted.append(connection.recv(16, socket.MSG_PEEK))
            with self.context.wrap_socket(connection, server_side=True) as stream:
                while request := self._request(stream):
                    self.heard.append(request)
                    for step in self.script(request):
                        if isinstance(step, bytes):
                            stream.sendall(step)
                        elif step < 0:
                            return
                        else:
                            time.sleep(step)

    def _request(self, stream: ssl.SSLSocket) -> bytes:
        taken = b""
        while b"\r\n\r\n" not in taken:
            if not (chunk := stream.recv(65536)):
                return b""
            taken += chunk
        head, _, body = taken.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                missing = int(line.partition(b":")[2]) - len(body)
                while missing > 0:
                    chunk = stream.recv(65536)
                    taken, missing = taken + chunk, missing - len(chunk)
        return taken


@contextmanager
def hostile(script: Script, *, host: str = "127.0.0.1", port: int = 0, name: str = "localhost") -> Iterator[Hostile]:
    """Served while the block runs, with a certificate for `name`."""
    with socket.create_server((host, port)) as listener:
        server = Hostile(script, _context(name), listener.getsockname()[1])
        threading.Thread(target=server.run, args=[listener], daemon=True).start()
        try:
            yield server
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            server.close()


@contextmanager
def taped(port: int) -> Iterator[tuple[int, list[bytes]]]:
    """A TCP relay in front of a port of this machine: its own port, and every byte that passed."""
    tape: list[bytes] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                tape.append(chunk)
                sink.sendall(chunk)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def run(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                here, _ = listener.accept()
                there = socket.create_connection(("127.0.0.1", port))
                for end in (here, there):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else 40 ms a request
                    ends.append(end)
                threading.Thread(target=pump, args=[here, there], daemon=True).start()
                threading.Thread(target=pump, args=[there, here], daemon=True).start()

    ends: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=run, args=[listener], daemon=True).start()
        try:
            yield listener.getsockname()[1], tape
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for end in ends:
                end.close()
