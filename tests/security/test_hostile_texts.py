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
    "entities": "a&#64;",
    "entities of entities": "&amp;",
    "nearly an entity": "&#x",
    "zeros": "0",
    "addresses, as entities": "a&#064;b ",
    "addresses, spelt out": "a&commat;b;",
}
BEGINNINGS = {"zeros": "a&#", "entities of entities": "a"}
ADDRESSES = [
    "{}@{}", "{}%40{}", "{}%2540{}", "{}&#64;{}", "{}&#0064;{}", "{}&#64{}", "{}&#x40;{}", "{}&#X0040;{}",
    "{}&commat;{}", "{}&amp;#64;{}", "{}&amp;amp;commat;{}", "{}\uff20{}", "{}\ufe6b{}", "{}%EF%BC%A0{}",
]  # fmt: skip
CONTROLS = {
    "a terminal": ("\x1b[2J", "\\x1b[2J"),
    "a bell": ("\x07", "\\x07"),
    "a line of a log": ("\nERROR root: forged", "\\nERROR root: forged"),
    "one line for another": ("\r", "\\r"),
    "of eight bits": ("\x9b31m", "\\x9b31m"),
    "line ends of Unicode": ("\u2028\u2029\x85", "\\u2028\\u2029\\x85"),
    "the other way round": ("\u202e", "\\u202e"),
    "half a pair": ("\ud800", "\\ud800"),
}
LONG = 90_000  # HTTPX's parser takes no more than 100 kB of a head


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
@pytest.mark.parametrize("words", WORDS)
async def test_a_long_head_in_the_log(words: str, level: int) -> None:
    """Masked in time that grows with its length: the square of it was minutes."""
    text = (BEGINNINGS.get(words, "") + WORDS[words] * LONG)[:LONG].encode()
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


@pytest.mark.parametrize("spelt", ADDRESSES)
async def test_an_address_in_any_spelling(spelt: str) -> None:
    """Masked in what is shown; what was said is kept."""
    said = f"there is no {spelt.format('ann.lee', 'example.org')}, or no more"
    refused = {"title": f"not {said}", "source": {"pointer": "/data/email"}}
    body = json.dumps({"message": said, "errors": [refused]}).encode()
    async with on(Network(lambda _: whole(b"422 No", body))) as ac:
        with pytest.raises(e.ValidationError) as caught:
            await ac.contacts.get(1)
    assert "ann.lee" not in str(caught.value) + repr(caught.value)
    assert str(caught.value).count("there is no [e-mail], or no more") == 2
    assert "/data/email" in str(caught.value)
    assert caught.value.message == said


@pytest.mark.parametrize("said", ["AT&T;T", "a&#640;b", "a&#x40b;c", "50% 40", "Tom &amp; Ann", "a;b&c.d"])
def test_what_is_no_address(said: str) -> None:
    assert str(e.NotFoundError(said)) == said


@pytest.mark.parametrize("name", CONTROLS)
async def test_what_cannot_be_printed_is_escaped(name: str) -> None:
    """It would clear a terminal, or write the next line of a log."""
    said, shown = CONTROLS[name]
    refused = {"title": f"none{said}x", "source": {"pointer": f"/{said}/x"}}
    body = json.dumps({"message": f"no{said}x", "errors": [refused]}).encode()
    async with on(Network(lambda _: whole(b"422 No", body))) as ac:
        with pytest.raises(e.ValidationError) as caught:
            await ac.contacts.get(1)
    assert str(caught.value).count(shown) == 3
    assert str(caught.value).isprintable()
    assert repr(caught.value).isprintable()
    assert caught.value.message == f"no{said}x"


def test_what_scripts_need_is_shown() -> None:
    hebrew, kana, blanks = "\u05e9\u05dc\u05d5\u05dd", "\u3053\u3093\u306b\u3061", "a\u3000b\u00a0!"
    said = f"{hebrew} {kana} {blanks} \u0645\u06cc\u200c\u0634 \U0001f469\u200d\U0001f4bb"
    for error in (e.NotFoundError(said), e.DecodeError("tag", said), e.ConfigurationError(said)):
        assert said in str(error)
    assert str(e.ConfigurationError("one line\nand\x1banother")) == "one line\nand\\x1banother"
    assert str(e.DecodeError("tag", "one line\nand another")) == "tag: one line\\nand another"


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
