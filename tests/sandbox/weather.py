"""Every fault, and what a bare HTTPX client makes of it: the same in process and over HTTPS."""

from dataclasses import dataclass

import httpx

LOST = (httpx.RemoteProtocolError, httpx.ReadError)


@dataclass(frozen=True)
class Case:
    """What a fault leads to."""

    kind: str
    meets: int | type[Exception] | tuple[type[Exception], ...]
    """The status that is answered, or what HTTPX raises."""
    processed: bool
    body: bytes | None = None
    """What the body starts with."""


CASES = (
    Case("429", 429, processed=False, body=b"{"),
    Case("429_bare", 429, processed=False, body=b""),
    Case("503", 503, processed=False, body=b"<!DOCTYPE"),
    Case("402", 402, processed=False, body=b"{"),
    Case("401", 401, processed=False, body=b"{"),
    Case("403", 403, processed=False, body=b"{"),
    Case("html500", 500, processed=False, body=b"<!DOCTYPE"),
    Case("html200", 200, processed=False, body=b"<!DOCTYPE"),
    Case("text200", 200, processed=False, body=b"OK"),
    Case("empty200", 200, processed=True, body=b""),
    Case("error200", 200, processed=False, body=b""),
    Case("as_html", 201, processed=True, body=b"{"),
    Case("drop_before", LOST, processed=False),
    Case("drop_after", LOST, processed=True),
    Case("reset", LOST, processed=False),
    Case("reset_after", LOST, processed=True),
    Case("truncated", httpx.RemoteProtocolError, processed=True),
    Case("slow", 201, processed=True, body=b"{"),
    Case("hang", httpx.ReadTimeout, processed=False),
    Case("hang_after", httpx.ReadTimeout, processed=True),
    Case("redirect", 301, processed=False, body=b"<!DOCTYPE"),
    Case("bad_gzip", httpx.DecodingError, processed=True),
    Case("edit", 201, processed=True, body=b"{"),
    Case("custom", 200, processed=False, body=b"{}"),
    Case("refused", (httpx.ConnectError, *LOST), processed=False),
    Case("no_connect", (httpx.ConnectTimeout, *LOST), processed=False),
    Case("no_write", (httpx.WriteTimeout, *LOST), processed=False),
    Case("no_pool", (httpx.PoolTimeout, *LOST), processed=False),
)


async def outcome(client: httpx.AsyncClient) -> httpx.Response | Exception:
    """What one create meets."""
    try:
        return await client.post("/contacts", json={"contact": {"email": "ann@example.org"}})
    except httpx.HTTPError as error:
        return error


def check(case: Case, met: httpx.Response | Exception, contacts: int) -> None:
    if isinstance(case.meets, int):
        assert isinstance(met, httpx.Response), met
        assert met.status_code == case.meets
        assert case.body is not None
        assert met.content.startswith(case.body)
        assert bool(met.content) == bool(case.body)
    else:
        assert isinstance(met, case.meets), repr(met)
    assert contacts == int(case.processed)
