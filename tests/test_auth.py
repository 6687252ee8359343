"""The key goes to the account's own origin, and nowhere else."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from typing import Any

import httpx
import pytest

from activecampaign_async import ApiTokenAuth, AsyncClient, Key

pytestmark = pytest.mark.anyio
HOME, KEY = "https://acme.api-us1.com", "canary-key-0123456789"


class Recorder(httpx.AsyncBaseTransport):
    """Answers from a table, and keeps what was written to the wire."""

    def __init__(self, answers: dict[str, httpx.Response] | None = None) -> None:
        self.answers = answers or {}
        self.wire: list[tuple[str, list[tuple[bytes, bytes]]]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.wire.append((str(request.url), request.headers.raw))
        return self.answers.get(str(request.url), httpx.Response(200, json={}))

    def keys(self) -> dict[str, bytes | None]:
        return {url: {k.lower(): v for k, v in raw}.get(b"api-token") for url, raw in self.wire}


@pytest.mark.parametrize(
    ("url", "carried"),
    [
        (f"{HOME}/api/3/tags", True),
        (f"{HOME}:443/api/3/tags", True),
        ("https://ACME.api-us1.com/api/3/tags", True),
        ("http://acme.api-us1.com/api/3/tags", False),
        ("https://acme.api-us1.com:8443/api/3/tags", False),
        ("https://evil.example/api/3/tags", False),
        ("https://acme.api-us1.com.evil.example/", False),
    ],
)
async def test_one_origin(url: str, carried: bool) -> None:
    recorder = Recorder()
    async with httpx.AsyncClient(transport=recorder, auth=ApiTokenAuth(HOME, KEY)) as http:
        await http.get(url)
    assert list(recorder.keys().values()) == [KEY.encode() if carried else None]


async def test_a_redirect_to_strangers_does_not_carry_it() -> None:
    """HTTPX by itself takes headers of its own along to another host (all but `Authorization`)."""
    away = {f"{HOME}/api/3/tags": httpx.Response(302, headers={"location": "https://evil.example/"})}
    plain, ours = Recorder(dict(away)), Recorder(dict(away))
    async with httpx.AsyncClient(transport=plain, follow_redirects=True) as http:
        await http.get(f"{HOME}/api/3/tags", headers={"Api-Token": KEY})
    async with httpx.AsyncClient(transport=ours, follow_redirects=True, auth=ApiTokenAuth(HOME, KEY)) as http:
        await http.get(f"{HOME}/api/3/tags")
    assert plain.keys()["https://evil.example/"] == KEY.encode()  # what the mend is for
    assert ours.keys() == {f"{HOME}/api/3/tags": KEY.encode(), "https://evil.example/": None}


async def test_no_redirected_request_holds_it() -> None:
    """HTTPX follows redirects below the auth, so that even one within the account goes without: safe, and told."""
    within = {f"{HOME}/api/3/a": httpx.Response(302, headers={"location": f"{HOME}/api/3/b"})}
    recorder = Recorder(within)
    async with httpx.AsyncClient(transport=recorder, follow_redirects=True, auth=ApiTokenAuth(HOME, KEY)) as http:
        await http.get(f"{HOME}/api/3/a")
    assert recorder.keys() == {f"{HOME}/api/3/a": KEY.encode(), f"{HOME}/api/3/b": None}


async def test_guard_takes_a_hand_made_header_off() -> None:
    auth, recorder = ApiTokenAuth(HOME, KEY), Recorder()
    async with httpx.AsyncClient(transport=recorder, event_hooks={"request": [auth.guard]}) as http:
        await http.get("https://evil.example/", headers={"Api-Token": KEY})
        await http.get(f"{HOME}/", headers={"Api-Token": KEY})
    assert recorder.keys() == {"https://evil.example/": None, f"{HOME}/": KEY.encode()}


async def test_the_header_exists_on_the_wire_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    recorder = Recorder()
    async with httpx.AsyncClient(transport=recorder, auth=ApiTokenAuth(HOME, KEY)) as http:
        response = await http.get(f"{HOME}/api/3/tags")
    headers = response.request.headers
    shown = [repr(headers), repr(list(headers.items())), repr(headers.multi_items()), repr(dict(headers))]
    shown += [repr(headers.copy().raw), repr(httpx.Headers(headers).raw), repr(response.request), caplog.text]
    shown += [repr(vars(headers)), str(headers.get("api-token"))]
    assert not any(KEY in text for text in shown)
    assert recorder.keys()[f"{HOME}/api/3/tags"] == KEY.encode()


class Instrumented(Recorder):
    """Puts a copy in place of a request's headers, with one more: OpenTelemetry's instrumentation of HTTPX does so."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers = httpx.Headers(request.headers)
        request.headers["traceparent"] = "00-1-2-01"
        return await super().handle_async_request(request)


async def test_a_transport_that_copies_the_headers_sends_the_key_all_the_same() -> None:
    away = {f"{HOME}/api/3/tags": httpx.Response(302, headers={"location": "https://evil.example/"})}
    recorder = Instrumented(away)
    async with httpx.AsyncClient(transport=recorder, follow_redirects=True, auth=ApiTokenAuth(HOME, KEY)) as http:
        response = await http.get(f"{HOME}/api/3/tags")
    assert recorder.keys() == {f"{HOME}/api/3/tags": KEY.encode(), "https://evil.example/": None}
    assert all((b"traceparent", b"00-1-2-01") in raw for _, raw in recorder.wire)
    (first,) = response.history
    assert KEY not in repr([first.request, first.request.headers, vars(first.request.headers)])
    copied = pickle.loads(pickle.dumps(first.request))  # noqa: S301 - our own
    assert b"api-token" not in dict(copied.headers.raw)


def hides(value: Any) -> bool:
    shown = [repr(value), str(value), f"{value}", f"{value!s:>9}"]
    shown.append(repr(getattr(value, "__dict__", "")))
    return not any(KEY in text for text in shown)


@pytest.mark.parametrize("value", [Key(KEY), ApiTokenAuth(HOME, KEY), AsyncClient(HOME, KEY)], ids=repr)
def test_what_holds_the_key_neither_shows_nor_copies_it(value: Any) -> None:
    assert hides(value)
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            copied(value)
    with pytest.raises(TypeError):
        json.dumps(value)


def test_missing_arguments_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AC_API_URL", HOME)
    monkeypatch.setenv("AC_API_TOKEN", KEY)
    assert repr(ApiTokenAuth()) == "ApiTokenAuth('https://acme.api-us1.com:443')"


async def test_headers_that_are_not_ascii_stay_as_they_are() -> None:
    recorder = Recorder()
    async with httpx.AsyncClient(transport=recorder, auth=ApiTokenAuth(HOME, KEY)) as http:
        response = await http.get(f"{HOME}/", headers={b"X-Name": "M\u00fcller".encode()})
    assert response.request.headers["x-name"] == "M\u00fcller"
    assert recorder.keys() == {f"{HOME}/": KEY.encode()}


async def test_a_copied_or_pickled_response_is_without_it() -> None:
    async with httpx.AsyncClient(transport=Recorder(), auth=ApiTokenAuth(HOME, KEY)) as http:
        response = await http.get(f"{HOME}/")
    for again in (pickle.loads(pickle.dumps(response)), copy.deepcopy(response)):  # noqa: S301 - our own bytes
        assert KEY.encode() not in dict(again.request.headers.raw).values()
        assert again.request.headers == response.request.headers
