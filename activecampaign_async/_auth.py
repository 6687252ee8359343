"""`ApiTokenAuth`: one header, for one origin."""

from __future__ import annotations

from collections.abc import Generator
from typing import NoReturn

import httpx

from ._settings import key_from, origin_of
from .keys import Key


class _KeyedHeaders(httpx.Headers):
    """Headers that hold the key only while they are written to the wire.

    HTTPX carries headers on to wherever a redirect leads, and prints them. What it copies, prints or redirects is the
    list inside; what it hands to the connection is `raw`.
    """

    def __init__(self, headers: httpx.Headers, key: Key) -> None:
        super().__init__(headers)
        self._key = key

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        plain = [pair for pair in super().raw if pair[0].lower() != b"api-token"]
        return [*plain, (b"Api-Token", self._key.reveal().encode("ascii"))]

    def __reduce__(self) -> tuple[type[httpx.Headers], tuple[list[tuple[bytes, bytes]]]]:
        return httpx.Headers, (super().raw,)  # a copy is plain headers, without the key


class _KeyedRequest(httpx.Request):
    """Keeps the key where its headers are replaced by a copy of them, as OpenTelemetry's instrumentation does."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "headers" and isinstance(value, httpx.Headers):
            mine = getattr(self, "headers", None)
            value = _KeyedHeaders(value, mine._key) if isinstance(mine, _KeyedHeaders) else value
        super().__setattr__(name, value)


class ApiTokenAuth(httpx.Auth):
    """Adds ``Api-Token`` to requests whose scheme, host and port are the account's own, and to no other.

    For an `httpx.AsyncClient` of your own: ``httpx.AsyncClient(auth=ApiTokenAuth(base_url, api_key))``. The header
    exists only on the wire: copies, `repr`, logs and redirected requests do not hold it. Missing arguments come from
    ``AC_API_URL`` and ``AC_API_TOKEN``. ConfigurationError for a base URL or key that cannot be one.
    """

    __slots__ = ("_key", "_origin")

    def __init__(self, base_url: str | None = None, api_key: str | Key | None = None) -> None:
        try:
            self._origin, self._key = _origin(httpx.URL(origin_of(base_url))), key_from(api_key)
        finally:
            del api_key, base_url  # error reporters show the locals of this frame

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if _origin(request.url) == self._origin:
            request.headers = _KeyedHeaders(request.headers, self._key)
            request.__class__ = _KeyedRequest  # the caller's own object goes on, with its stream
        yield request

    async def guard(self, request: httpx.Request) -> None:
        """A request event hook that takes a key of this account off requests for any other origin.

        Needed only where your own code puts the header there itself: ``event_hooks={"request": [auth.guard]}``.
        """
        if _origin(request.url) != self._origin and "api-token" in request.headers:
            del request.headers["api-token"]

    def __repr__(self) -> str:
        scheme, host, port = getattr(self, "_origin", (None, None, None))  # error reporters show what is half made, too
        return f"ApiTokenAuth('{scheme}://{host}:{port}')"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an auth with a key cannot be pickled or copied")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme)
