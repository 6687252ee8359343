"""Every recorded exchange with the real API, through the real client: what leaves, and what is made of the answer.

The recordings are not part of this repository: `AC_RECORDINGS` names their folder, else it is looked for beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import httpx
import pytest

from activecampaign_async import AsyncClient, RetryPolicy, _model, errors
from activecampaign_async._model import Model, decode, plan
from tests.support import fast

from .calls import AREAS, CALLS, MISSING_IS_DONE, PAGING, Asked, Method, UnknownQuery, pattern_of
from .rows import BY_KEY, BY_KEYS, check, check_answer, sent

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("AC_RECORDINGS") or ROOT.parent / "shared" / "api" / "recordings")
PAGE = ROOT / "docs" / "fidelity.md"

ADDED = {
    "POST /lists": ("list", "send_last_broadcast", False),  # left out, an old mail may go out
    "POST /tags": ("tag", "tagType", "contact"),  # without a type the API makes a tag that no list shows
}
"""What the library sends on purpose where the caller said nothing: pattern -> envelope, key, value."""

BY_STATUS: dict[int, type[errors.APIError]] = {
    400: errors.APIError,
    401: errors.AuthenticationError,
    402: errors.PaymentRequiredError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    422: errors.ValidationError,
    429: errors.RateLimitError,
}


class Exchange(NamedTuple):
    """A recorded request with its answer."""

    name: str
    asked: Asked
    status: int
    headers: dict[str, Any]
    answer: Any

    @property
    def area(self) -> str:
        return self.asked.path.split("/")[1]

    @property
    def pattern(self) -> str | None:
        return pattern_of(self.asked)


def exchanges() -> Iterator[Exchange]:
    """All of them; what is none, such as a webhook, is passed over."""
    for file in sorted(FOLDER.glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            one = json.loads(line) if line.strip() else {}
            if {"method", "path", "status"} <= one.keys():
                yield exchange_of(f"{file.stem}-{number}", one)


def exchange_of(name: str, one: dict[str, Any]) -> Exchange:
    """A line of a recording."""
    path, _, in_path = one["path"].partition("?")
    path = re.sub(r"^(.*/api/3)?/?", "/", path)
    given = one.get("query") or ()
    query = as_query(
        [*httpx.QueryParams(in_path).multi_items(), *(given.items() if isinstance(given, dict) else given)]
    )
    answer, verb = one.get("response_body"), one["method"]
    asked = Asked(verb, path, query, one.get("request_body"), rises(answer))
    if verb == "PATCH" and pattern_of(asked) is None:  # a proxy's own verb: the API's, and ours, is PUT
        asked = asked._replace(verb="PUT")
    headers = {key.lower(): value for key, value in (one.get("headers") or {}).items()}
    return Exchange(f"{name}-{verb}-{path}", asked, one["status"], headers, answer)


def as_query(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Parameters by name; several values where PHP takes them."""
    query: dict[str, Any] = {}
    for key, value in pairs:
        query[key] = [*query.get(key, ()), value] if key.endswith("[]") else value
    return query


def rises(answer: Any) -> bool:
    """Whether the contacts in an answer come in the order of their ids."""
    rows = answer.get("contacts") if isinstance(answer, dict) else None
    ids = [int(row["id"]) for row in rows or () if isinstance(row, dict) and str(row.get("id")).isdigit()]
    return all(one < other for one, other in pairwise(ids))


EVERY = list(exchanges())
BUILT = [one for one in EVERY if one.area in AREAS]
DIGEST = hashlib.sha256(
    b"".join(f.read_bytes() for f in sorted(FOLDER.glob("*.jsonl")) if "webhooks" not in f.name)
).hexdigest()[:12]
needs_recordings = pytest.mark.skipif(not EVERY, reason=f"no recordings in {FOLDER.name}: set AC_RECORDINGS")


ACCOUNTS = count()


class Replay(httpx.AsyncBaseTransport):
    """Answers as recorded, whatever is asked; notes what leaves."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.requests:  # whether the key is good, which a 403 leaves open
            return httpx.Response(200, json={"user": {"id": "1"}})
        self.requests.append(request)
        one = self.exchange
        headers = [
            (key, str(item))
            for key, value in one.headers.items()
            for item in (value if isinstance(value, list) else [value])
            if key not in ("content-length", "content-encoding", "transfer-encoding")
        ]
        plain = isinstance(one.answer, str)
        body = one.answer if plain else "" if one.answer is None else json.dumps(one.answer)
        return httpx.Response(one.status, headers=headers, content=body.encode())


async def replayed(exchange: Exchange, method: Method) -> tuple[Any, httpx.Request | None]:
    """What the library makes of an exchange, result or error, and what it sent."""
    transport = Replay(exchange)
    client = AsyncClient(
        "https://example.api-us1.com",
        "k" * 40,
        transport=transport,
        rate_limiter=fast(),
        retry=RetryPolicy(attempts=1),
        account=f"{exchange.name}-{next(ACCOUNTS)}",  # one that refuses is left alone for a while
    )
    async with client as ac:
        try:
            result = await method(ac, exchange.asked)
        except (errors.ActiveCampaignError, TypeError, ValueError, KeyError) as error:
            result = error
    return result, transport.requests[0] if transport.requests else None


async def judge(exchange: Exchange) -> tuple[str, list[tuple[str, set[str]]]]:
    """How it went: "passed", "refused" (bad input, which never leaves) or "by hand"; and keys without a field."""
    if exchange.pattern is None:
        return await judge_by_hand(exchange)
    try:
        result, request = await replayed(exchange, CALLS[exchange.pattern])
    except UnknownQuery:
        return await judge_by_hand(exchange)
    if request is None:
        assert isinstance(result, (TypeError, ValueError, KeyError)), repr(result)
        if "" in exchange.asked.path[1:].split("/"):  # it would lead elsewhere
            return "refused", []
        assert exchange.status >= 400, f"refused, where the API takes it: {result!r}"
        await judge_by_hand(exchange)
        return "refused", []
    same_request(exchange, request)
    return "passed", right_outcome(exchange, result)


async def judge_by_hand(exchange: Exchange) -> tuple[str, list[tuple[str, set[str]]]]:
    """What `client.request` makes of it. Rows of known kinds fit their models all the same."""
    result, request = await replayed(exchange, by_hand)
    if request is None:
        assert isinstance(result, ValueError)
        assert "" in exchange.asked.path[1:].split("/")
        return "refused", []
    same_request(exchange, request)
    right_outcome(exchange, result, by_hand=True)
    for model, row in known_rows(result):
        check(decode(model, row), row)
    return "by hand", []


def known_rows(answer: Any) -> Iterator[tuple[type[Model], dict[str, Any]]]:
    """The rows in an answer that there are models for, whatever was asked."""
    for key, value in answer.items() if isinstance(answer, dict) else ():
        model, rows = BY_KEYS.get(key) or BY_KEY.get(key), value if isinstance(value, list) else [value]
        if model is not None:
            yield from ((model, row) for row in rows if isinstance(row, dict) and row)


async def by_hand(ac: AsyncClient, asked: Asked) -> Any:
    return (await ac.request(asked.verb, asked.path, params=asked.query, json=asked.body)).data


def same_request(exchange: Exchange, request: httpx.Request) -> None:
    asked = exchange.asked
    path, _, raw_query = request.url.raw_path.decode().partition("?")
    assert request.method == asked.verb
    assert path.startswith("/api/3/")
    assert unquote(path.removeprefix("/api/3")) == unquote(asked.path)
    query = as_query(httpx.QueryParams(raw_query).multi_items())
    limit = str(asked.query.get("limit", ""))
    if limit.isdigit() and 1 <= int(limit) <= 100:
        assert query["limit"] == limit
    ours = {"orders[id]"} - asked.query.keys() if exchange.pattern == "GET /contacts" else set()
    assert _plain(query, *PAGING, *ours) == _plain(asked.query, *PAGING)
    body: Any = json.loads(request.content) if request.content else None
    if exchange.pattern in ADDED:
        envelope, key, added = ADDED[exchange.pattern]
        if key not in asked.body[envelope]:
            assert body[envelope].pop(key) == added
    assert sent(body) == sent(asked.body)


def _plain(query: Any, *but: str) -> dict[str, Any]:
    """Values as text, orders in capitals."""
    rest = {key: value for key, value in query.items() if key not in but}
    return {
        key: sorted(map(str, value)) if isinstance(value, list) else
        str(value).upper() if key.startswith("orders[") else sent(value)
        for key, value in rest.items()
    }  # fmt: skip


def right_outcome(exchange: Exchange, result: Any, *, by_hand: bool = False) -> list[tuple[str, set[str]]]:
    wanted = error_for(exchange, by_hand=by_hand)
    if wanted is None:
        assert not isinstance(result, Exception), repr(result)
        if by_hand:
            assert result == exchange.answer
            return []
        if exchange.asked.verb == "DELETE":
            assert result is None
            return []
        return check_answer(result, exchange.answer)
    assert isinstance(result, wanted), f"{result!r}, not {wanted.__name__}"
    if isinstance(result, errors.APIError):
        body = exchange.answer if isinstance(exchange.answer, dict) else {}
        assert result.status == exchange.status
        assert result.request_id == exchange.headers.get("x-request-id")
        listed = body.get("errors")
        assert len(result.errors) == (len(listed) if isinstance(listed, (list, dict)) else 0)
    return []


def error_for(exchange: Exchange, *, by_hand: bool) -> type[errors.ActiveCampaignError] | None:
    """The error that the recorded answer stands for; None for a result."""
    status, answer = exchange.status, exchange.answer
    if status >= 500 or (status < 300 and "x-ac-error" in exchange.headers) or isinstance(answer, str):
        return errors.ServerError if status >= 500 or status < 300 else BY_STATUS.get(status, errors.APIError)
    if status == 404 and exchange.pattern in MISSING_IS_DONE and not by_hand:
        return None
    if 300 <= status < 400:
        return errors.RedirectError
    if status >= 400:
        listed = isinstance(answer, dict) and answer.get("errors")
        return errors.ValidationError if status == 400 and listed else BY_STATUS.get(status, errors.APIError)
    if answer is None and exchange.asked.verb != "DELETE" and not (by_hand and exchange.asked.verb != "GET"):
        return errors.ServerError if exchange.asked.verb == "GET" else errors.OutcomeUnknownError
    return None


@needs_recordings
@pytest.mark.parametrize("exchange", [pytest.param(one, id=one.name) for one in BUILT])
async def test_as_recorded(exchange: Exchange) -> None:
    await judge(exchange)


@needs_recordings
def test_known_rows_of_other_areas() -> None:
    for exchange in EVERY:
        if exchange.area not in AREAS and exchange.status < 300:
            for model, row in known_rows(exchange.answer):
                check(decode(model, row, strict=True), row)


@needs_recordings
def test_recorded_rows_go_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(model: type[Model], *_: Any) -> Any:
        pytest.fail(f"{model.__name__} goes field by field")

    monkeypatch.setattr(_model, "_patiently", slow)
    for exchange in EVERY:
        for model, row in known_rows(exchange.answer) if exchange.status < 300 else ():
            decode(model, row)


def the_documented_ones() -> bool:
    """Whether these are the recordings of which docs/fidelity.md tells."""
    return PAGE.exists() and f"`{DIGEST}`" in PAGE.read_text(encoding="utf-8")


@needs_recordings
async def test_counts(capsys: pytest.CaptureFixture[str]) -> None:
    counts: dict[str, Counter[str]] = {}
    unknown: Counter[str] = Counter()
    for exchange in EVERY:
        area = counts.setdefault(exchange.area, Counter())
        if exchange.area not in AREAS:
            area["not built yet"] += 1
            continue
        outcome, keys = await judge(exchange)
        area[outcome] += 1
        unknown.update(f"{model}.{key}" for model, more in keys for key in more)
    block = table(counts)
    with capsys.disabled():
        print(f"\n{block}\nkeys without a field: {dict(unknown) or 'none'}")
    if not the_documented_ones():
        pytest.skip(f"other recordings than those of {PAGE.name}: {DIGEST}")
    assert block in PAGE.read_text(encoding="utf-8"), f"{PAGE.name} tells another story than:\n{block}"
    assert not unknown
    assert not any(area["by hand"] or area["refused"] for area in counts.values())


COLUMNS = ("passed", "refused", "by hand", "not built yet")


def table(counts: dict[str, Counter[str]]) -> str:
    """The counts as they stand in the docs."""
    total: Counter[str] = Counter()
    for area_counts in counts.values():
        total += area_counts
    built = sorted(area for area in counts if area in AREAS)
    others = sorted(area for area in counts if area not in AREAS)
    rows = [[f"`{area}`", *(str(counts[area][column] or "") for column in COLUMNS)] for area in (*built, *others)]
    rows.append(["**all**", *(str(total[column]) for column in COLUMNS)])
    head = f"| area | {' | '.join(COLUMNS)} |\n|---|{'---:|' * len(COLUMNS)}"
    return "\n".join([head, *(re.sub(" +", " ", f"| {' | '.join(row)} |") for row in rows)])


KEY_SETS = FOLDER / "key-sets-2026-08.json"
SETS = json.loads(KEY_SETS.read_text(encoding="utf-8"))["key_sets"] if KEY_SETS.exists() else {}


@pytest.mark.skipif(not SETS, reason="no key sets here: set AC_RECORDINGS")
@pytest.mark.parametrize("kind", [kind for kind in SETS if kind in BY_KEY])
def test_every_key_of_a_live_account_is_a_field(kind: str) -> None:
    model: type[Model] = BY_KEY[kind]
    assert set(SETS[kind]) <= {f.wire for f in plan(model)}
