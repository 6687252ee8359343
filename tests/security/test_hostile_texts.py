"""How much a server may say where it says what went wrong: no text and no list holds the event loop for long."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable

import pytest

from activecampaign_async import errors as e
from activecampaign_async._answer import MOST

from .canary import Log
from .wire import KEY, Network, on

pytestmark = pytest.mark.anyio

WORDS = {
    "one word": "a",
    "quotes": '"a',
    "quoted words": '"a"b',
    "nearly addresses": "a@,",
    "escaped per cents": "%25",
    "addresses": "ann@example.org;",
    "addresses, escaped": "a%40b ",
    "slashes": "//a",
}
LONG = 90_000  # HTTPX's parser takes no more than 100 kB of a head


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
@pytest.mark.parametrize("words", WORDS)
async def test_a_long_head_in_the_log(words: str, level: int) -> None:
    """Masked in time that grows with its length: the square of it was minutes."""
    text = (WORDS[words] * LONG)[:LONG].encode()
    handler, root = Log(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        for head in (b"200 " + text, b"200 OK\r\nX: " + text):
            async with on(Network(lambda _, head=head: whole(head))) as ac:  # type: ignore[misc]
                begun = time.process_time()
                assert (await ac.contacts.get(1)).id == 1
                assert time.process_time() - begun < 2
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
    line = next(line for line in handler.lines if "HTTP Request" in line)
    assert len(line) < 10_000
    assert not any("ann@example.org" in line or KEY in line for line in handler.lines)


def whole(head: bytes, body: bytes = b'{"contact": {"id": "1"}}') -> Iterable[bytes]:
    return [b"HTTP/1.1 " + head + b"\r\nContent-Length: %d\r\n\r\n" % len(body), body]


ROW = {"contact": "9" * 5000, "failureReason": "x"}
LISTED = {
    # the list, and how many it has
    "zeros": (b'{"errors": [' + b"0," * 1_000_000 + b"0]}", 1_000_001),
    "words": (b'{"message": "no", "errors": [' + b'{"title": "bad"},' * 200_000 + b"0]}", 200_001),
    "by name": (json.dumps({"errors": {f"n{n}": "bad" for n in range(200_000)}}).encode(), 200_000),
    "rows of an import": (b'{"failureReasons": [' + b'{"contact": 1},' * 200_000 + b"0]}", 200_001),
    "rows with long numbers": (json.dumps({"failureReasons": [ROW] * 3000}).encode(), 3000),
    "texts of 30 MB": (json.dumps({"errors": [KEY + "\u00e9" * 10_000] * 1500}, ensure_ascii=False).encode(), 1500),
}


@pytest.mark.parametrize("name", LISTED)
async def test_more_errors_than_anybody_reads(name: str) -> None:
    """The first are kept, and the message tells how many there were."""
    body, count = LISTED[name]
    async with on(Network(lambda _: whole(b"422 No", body))) as ac:
        begun = time.process_time()
        with pytest.raises(e.ValidationError) as caught:
            await ac.contacts.create(email="ann@example.org")
        assert time.process_time() - begun < 8
    assert len(caught.value.errors) == MOST
    assert caught.value.message.startswith(f"{count} errors, of which the first {MOST} are kept")
    assert len(str(caught.value)) < 10_000
    assert KEY not in repr(vars(caught.value))


async def test_one_text_of_30_mb() -> None:
    body = json.dumps({"message": "\u00e9" * 15_000_000 + KEY}, ensure_ascii=False).encode()
    async with on(Network(lambda _: whole(b"400 No", body))) as ac:
        begun = time.process_time()
        with pytest.raises(e.APIError) as caught:
            await ac.contacts.get(1)
        assert time.process_time() - begun < 8
    assert len(caught.value.message) == 1000
