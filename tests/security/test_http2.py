"""A transport that speaks HTTP/2: its libraries log headers as they are sent, plain and packed. Real TLS."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import h2.config
import h2.connection
import h2.events
import httpx
import pytest

from activecampaign_async import AsyncClient, LocalLimiter

from .canary import Canary, Log, nothing_shows
from .hostile import authority, trusting

pytestmark = pytest.mark.anyio
BODY = b'{"contacts": [], "meta": {"total": "0"}}'


@contextmanager
def http2() -> Iterator[tuple[str, list[bytes]]]:
    """A server's URL, and the keys that it was sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("localhost").configure_cert(context)
    context.set_alpn_protocols(["h2"])
    keys: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(listener.accept()[0], server_side=True) as stream:
            talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            talk.initiate_connection()
            stream.sendall(talk.data_to_send())
            while said := stream.recv(65536):
                for event in talk.receive_data(said):
                    if isinstance(event, h2.events.RequestReceived):
                        keys.append(dict(event.headers)[b"api-token"])
                        talk.send_headers(event.stream_id, [(":status", "200")])
                        talk.send_data(event.stream_id, BODY, end_stream=True)
                stream.sendall(talk.data_to_send())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        yield f"https://localhost:{listener.getsockname()[1]}", keys


async def test_its_headers_are_in_no_log() -> None:
    canary, address, log, root = Canary(), Canary(), Log(), logging.getLogger()
    before = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    here = threading.get_ident()
    log.addFilter(lambda record: record.thread == here)  # the server unpacks what it is sent, and says so
    try:
        with http2() as (url, keys):
            transport = httpx.AsyncHTTPTransport(verify=trusting(), http2=True)
            async with AsyncClient(url, canary.key, transport=transport, rate_limiter=LocalLimiter(1e6)) as ac:
                for _ in range(2):  # the second time, the header is one of a table
                    assert (await ac.contacts.find(f"{address.text()}@example.org")) is None
    finally:
        root.setLevel(before)
        root.removeHandler(log)
    assert keys == [canary.text().encode()] * 2
    assert any(".http2 DEBUG" in line for line in log.lines)
    nothing_shows(canary, "log", *log.lines)
    nothing_shows(address, "log", *log.lines)
    assert not any(line.startswith("hpack") for line in log.lines), "packed, it can be unpacked again"
