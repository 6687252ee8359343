"""Bytes on a socket, and what the whole road makes of them: a typed result, or an error of ours; nothing else."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import anyio
from hypothesis import strategies as st

from activecampaign_async import (
    ActiveCampaignError,
    APIError,
    AsyncClient,
    Contact,
    Found,
    List,
    Page,
    Reply,
    RetryPolicy,
    Tag,
    User,
)
from activecampaign_async._model import Model, plan

from .driving import drive, verbs
from .wire import KEY, Network, is_free, on

Check = Callable[[object], bool]


class Verb(NamedTuple):
    """A call, and what it may give."""

    call: Callable[[AsyncClient], Awaitable[object]]
    gives: Check


def _is(*kinds: type) -> Check:
    return lambda found: isinstance(found, kinds)


def _are(kind: type) -> Check:
    return lambda found: isinstance(found, list) and all(isinstance(item, kind) for item in found)


async def _drive(area: str, name: str, ac: AsyncClient) -> object:
    return await drive(ac, area, name, "ann@example.org")


CHECKED: dict[str, Verb] = {
    "contacts.get": Verb(lambda ac: ac.contacts.get(1), _is(Contact)),
    "contacts.list": Verb(lambda ac: ac.contacts.list(), _is(Page)),
    "contacts.collect": Verb(lambda ac: ac.contacts.list().collect(max_items=300), _are(Contact)),
    "contacts.find": Verb(lambda ac: ac.contacts.find("ann@example.org"), _is(Contact, type(None))),
    "contacts.sync": Verb(lambda ac: ac.contacts.sync(email="ann@example.org"), _is(Contact)),
    "contacts.get_many": Verb(lambda ac: ac.contacts.get_many([1, 2]), _is(Found)),
    "lists.collect": Verb(lambda ac: ac.lists.list().collect(max_items=300), _are(List)),
    "tags.create": Verb(lambda ac: ac.tags.create(tag="new"), _is(Tag)),
    "tags.delete": Verb(lambda ac: ac.tags.delete(1), _is(type(None))),
    "users.me": Verb(lambda ac: ac.users.me(), _is(User)),
    "request": Verb(lambda ac: ac.request("PUT", "/tags/1", json={}), _is(Reply)),
    "rows": Verb(lambda ac: ac.rows("/x", "contacts").collect(max_items=300), _are(dict)),
}
"""What these give is looked at."""
DRIVEN = {f"{area}.{name}, driven": Verb(partial(_drive, area, name), lambda _: True) for area, name in verbs()}
"""Every public verb, and each list in every way that it can be read."""
VERBS = CHECKED | DRIVEN

ROW = {
    "id": "7",
    "email": "ann@example.org",
    "tag": "x",
    "name": "x",
    "cdate": "2026-01-02T03:04:05-06:00",
    "links": {},
}
WHOLE = {
    "contact": ROW,
    "contacts": [ROW, {**ROW, "id": "8"}],
    "list": ROW,
    "lists": [ROW],
    "tag": ROW,
    "user": ROW,
    "fieldValues": [{"id": "1", "contact": "7", "field": "1", "value": "||a||"}],
    "meta": {"total": "2"},
}


def _models(kind: type[Model] = Model) -> Iterator[type[Model]]:
    for below in kind.__subclasses__():
        yield below
        yield from _models(below)


WIDE: dict[str, object] = {"meta": {"total": "1"}}
"""A row of every model, whole, under the keys of one and of several."""
for _model in _models():
    _row = {field.wire: "1" for field in plan(_model)}
    WIDE |= {key: of for name, of in (("KEY", _row), ("KEYS", [_row])) if (key := getattr(_model, name, ""))}

SEEDS = [
    json.dumps(WHOLE).encode(),
    b'{"message": "no", "errors": [{"title": "x", "detail": "y", "code": "", "source": {"pointer": "/data/x/email"}}]}',
    b'{"errors": {"a": "b"}, "error": "Duplicate entry", "failureReasons": [{"contact": "1"}]}',
    b"<html><body>We are currently having some issues</body></html>",
    b"",
    b"[]",
    b"null",
    b'"text"',
    b"\xef\xbb\xbf{}",
    b'{"contact": {"id": 1e400, "email": "\\ud800"}}',
    b'{"contact": {"id": ' + b"9" * 5000 + b"}}",
    b'{"contact": {"id": "%b", "cdate": "%b"}, "meta": {"total": "%b"}}' % ((b"9" * 5000,) * 3),
    b'{"failureReasons": [{"contact": "%b", "failureReason": "x"}, {"contact": "12"}]}' % (b"9" * 5000),
    b'{"contact": ' + b"[" * 3000,
    b"NaN",
]
STATUS = [
    b"200 OK", b"201 Created", b"204 No Content", b"205 Reset", b"206 Partial", b"301 Moved", b"302 Found",
    b"304 Not Modified", b"307 Found", b"308 Moved",
    b"400 Bad", b"401 No", b"402 Pay", b"403 Forbidden", b"404 Not Found", b"408 Timeout", b"409 Conflict", b"418 ",
    b"422 No", b"429 Slow", b"500 Oops", b"502 Bad", b"503 Busy", b"599 x", b"600 x", b"099 x", b"100 Continue",
    b"200", b"2000 OK", b"-1 x", b"xyz", b"200 \xff\xfe", b"200 " + KEY.encode(),
]  # fmt: skip
HEADERS = [
    b"Retry-After: 0", b"Retry-After: 1", b"Retry-After: 99999999999", b"Retry-After: -1", b"Retry-After: soon",
    b"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", b"Date: nonsense", b"Date: Wed, 21 Oct 2099 07:28:00 +9999",
    b"X-Ac-Error: 1", b"X-Ac-Error: ", b"X-Request-Id: abc", b"X-Request-Id: ann@example.org", b"RateLimit-Limit: 0",
    b"RateLimit-Limit: 99999999999999999999", b"RateLimit-Remaining: x", b"Location: https://elsewhere.example/",
    b"Location: https://[", b"Location: \xff", b"Set-Cookie: a=" + KEY.encode(), b"Set-Cookie: ;;;=",
    b"Connection: close", b"Connection: upgrade", b"Upgrade: x", b"Content-Encoding: gzip", b"Content-Encoding: br",
    b"Content-Encoding: \xe9", b"Content-Type: text/html; charset=nonsense",
    b"Content-Type: application/json; charset=utf-16", b"Content-Length: 0", b"Content-Length: 5",
    b"Content-Length: 99999999999999", b"Content-Length: -1", b"Content-Length: 1, 2", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity", b"X: " + b"y" * 3000, b"X:", b": y",
    b"no colon", b" folded", b"X-Nul: \x00", b"\xff: \xff", b"X-Echo: " + KEY.encode(),
]  # fmt: skip
BITS = [
    b"", b"\r\n", b"\n", b"\x00", b"\xff", b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"-0",
    b"1e999", b"0x", b'"id"', b'"0"', b'"-1"', b"[[[[", b"{}", b'{"id":', b"HTTP/1.1 200 OK\r\n\r\n", b"0\r\n\r\n",
    b"\x1f\x8b\x08\x00", b'"0000-00-00"', b'"2026-02-30T25:61:00Z"', b'"meta"', b'"total"', b"\\ud800", b"\\u0000",
]  # fmt: skip
FRAMES = [*["length"] * 5, "chunked", "chunked", "close", "short", "long", "none"]

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["", "1", "0", "x"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ROW, *WHOLE, "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)
shapes = st.dictionaries(st.sampled_from([*WHOLE, "message", "errors", "error", "failureReasons"]), values, max_size=4)
entries = st.dictionaries(
    st.sampled_from(["title", "detail", "code", "error", "status", "source", "contact", "failureReason"]),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("pointer", "parameter", "type", "value"), scalars)) | values,
    max_size=5,
)
refusals = st.fixed_dictionaries(
    {},
    optional={
        "errors": st.lists(entries | values, max_size=4) | st.dictionaries(st.text(max_size=3), entries, max_size=3),
        "failureReasons": st.lists(entries | values, max_size=4) | values,
        **dict.fromkeys(("message", "error", "title", "code", "success"), scalars),
    },
)


def changes(within: int = 600) -> st.SearchStrategy[list[tuple[int, int, bytes]]]:
    bits = st.sampled_from(BITS) | st.binary(max_size=4)
    return st.lists(st.tuples(st.integers(0, within), st.integers(0, 20), bits), max_size=4)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A body as it should be, changed here and there; or any JSON; or any bytes."""
    how = draw(st.integers(0, 7))
    if how == 0:
        return draw(st.binary(max_size=60))
    if how <= 2:
        return json.dumps(draw(shapes if how == 1 else refusals)).encode()
    if how == 3:
        wide = json.dumps(WIDE).encode()
        return _changed(wide, draw(changes(len(wide))))
    return _changed(draw(st.sampled_from(SEEDS)) if how < 6 else SEEDS[0], draw(changes()))


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """What is read from a socket: an answer, right or wrong at any level."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=200))
    # Most of it is right, or else nothing would ever get far.
    body, usual = draw(bodies()), draw(st.integers(0, 9))
    status = STATUS[0] if usual < 5 else draw(st.sampled_from(STATUS))
    headers = [] if usual < 4 else draw(st.lists(st.sampled_from(HEADERS), max_size=3))
    packed = draw(st.integers(0, 9))
    if packed < 2:
        body = gzip.compress(body, 1)
        headers.append(b"Content-Encoding: gzip")
        if packed == 1:
            body = _changed(body, draw(changes()))
    whole = _framed(status, headers, body, draw(st.sampled_from(FRAMES)))
    return _changed(whole, draw(changes())) if draw(st.integers(0, 9)) == 0 else whole


def _framed(status: bytes, headers: list[bytes], body: bytes, frame: str) -> bytes:
    if frame == "chunked":
        half = len(body) // 2
        parts = [part for part in (body[:half], body[half:]) if part]
        body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        headers = [*headers, b"Transfer-Encoding: chunked"]
    elif frame == "close":
        headers = [*headers, b"Connection: close"]
    elif frame != "none":
        wrong = {"short": -3, "long": 3}.get(frame, 0)
        headers = [*headers, b"Content-Length: %d" % max(len(body) + wrong, 0)]
    return b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"", b""]) + body


def _changed(text: bytes, how: list[tuple[int, int, bytes]]) -> bytes:
    for at, cut, instead in how:
        text = text[:at] + instead + text[at + cut :]
    return text


class Case(NamedTuple):
    """What is read, in how large pieces, by which verb."""

    verb: str
    said: tuple[bytes, ...]
    """Answers, one for each request; the last one for all that follow."""
    piece: int
    strict: bool = False
    attempts: int = 1


cases = st.builds(
    Case,
    st.sampled_from(sorted(CHECKED)) | st.sampled_from(sorted(DRIVEN)),
    st.tuples(answers()) | st.tuples(answers(), answers()),
    st.sampled_from([1_000_000] * 6 + [100, 7]),
    st.booleans(),
    st.sampled_from([1, 1, 3]),
)


async def holds(case: Case) -> str:
    """Run it; AssertionError where anything but a typed result or error comes of it, or is left behind. What came."""
    said = list(case.said)

    def reply(_: bytes) -> Iterable[bytes]:
        whole = said.pop(0) if len(said) > 1 else said[0]
        return [whole[at : at + case.piece] for at in range(0, len(whole), case.piece)]

    network = Network(reply)
    retry = RetryPolicy(case.attempts, base=0.1)
    begun = anyio.current_time()
    async with on(network, retry=retry, strict=case.strict, trust_env=False) as ac:
        verb = VERBS[case.verb]
        try:
            found = await verb.call(ac)
        except ActiveCampaignError as error:
            came = type(error).__name__
            _is_whole(error)
        else:
            came = "a result"
            assert verb.gives(found), found
            _is_usable(found)
        assert is_free(ac)
        assert len(network.written) < (60 if case.verb in CHECKED else 300)
    assert network.open == 0
    assert anyio.current_time() - begun < 200
    return came


def _is_whole(error: ActiveCampaignError) -> None:
    """It prints, pickles, and shows no key."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    said = f"{error} {error!r} {vars(error)} {error.args}"
    assert f"{again} {again!r} {vars(again)} {again.args}" == said
    assert KEY not in said
    assert "ann@example.org" not in f"{error} {error!r}"
    assert len(str(error)) < 20_000
    assert error.__context__ is None
    if isinstance(error, APIError):
        assert all(isinstance(pointer, str) for pointer in error.pointers)
        assert error.retry_after is None or error.retry_after >= 0


def _is_usable(found: object) -> None:
    """It prints, and gives back what came."""
    assert repr(found) is not None
    for item in found if isinstance(found, list) else [found]:
        if isinstance(item, Model):
            assert isinstance(item.to_dict(), dict)
            assert isinstance(item.extra, dict)
            assert isinstance(item.misfits, frozenset)
