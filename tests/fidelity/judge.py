"""Judges one recorded exchange: what leaves for it, through the real client, and what is made of its answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import unquote

import httpx

from activecampaign_async import AsyncClient, RetryPolicy, errors
from activecampaign_async._hinting import _arguments
from activecampaign_async._model import Model, decode
from activecampaign_async._paging import Page, Pager
from activecampaign_async._walk import ByOffset
from activecampaign_async._wire import php_list
from activecampaign_async.resources.field_groups import FieldGroup
from tests.support import fast

from .by_hand import why_no_key, why_no_method, why_refused
from .calls import (
    CALLS,
    MISSING_IS_DONE,
    PAGING,
    PATHS,
    Asked,
    Method,
    NoArgument,
    NoKey,
    Unknown,
    Watched,
    area_class,
    in_utc,
    returned,
)
from .recorded import Exchange, as_query
from .rows import BY_KEY, BY_KEYS, check, check_answer, check_type, same, sent

ADDED: dict[str, tuple[str, Any, str]] = {
    "POST /lists": ("list.send_last_broadcast", False, "else an old mail may go out"),
    "POST /tags": ("tag.tagType", "contact", "without a type the API makes a tag that no list shows"),
}
"""What the library sends on purpose where the caller said nothing: pattern -> key, value, why."""

_BOOL = "the argument is a bool: leaves as true or false, which the API takes for 1 and 0"
_INT = "the argument is an int: digits leave as a number"
_ID = "inside it, ids leave as text"
_TEXT = "the argument is a text, as the API keeps it: a number leaves as its digits"
_VALUE = "the API keeps texts: a number leaves as its digits, several as one text with bars"
_OPEN = "one that is not known goes as a text"

LOOSE: dict[tuple[str, str], str] = {
    ("/contacts", "contact.allowNullEmail"): _BOOL,
    ("/contacts", "contact.deleted"): _BOOL,
    ("/contacts", "contact.orgid"): _INT,
    ("/contacts", "contact.phone"): _TEXT,
    ("/contacts", "contact.fieldValues.field"): _ID,
    ("/contacts", "contact.fieldValues.value"): _VALUE,
    ("/contact/sync", "contact.deleted"): _BOOL,
    ("/contact/sync", "contact.orgid"): _INT,
    ("/contact/sync", "contact.phone"): _TEXT,
    ("/contact/sync", "contact.fieldValues.field"): _ID,
    ("/contact/sync", "contact.fieldValues.value"): _VALUE,
    ("/contactLists", "contactList.sourceid"): _OPEN,
    ("/contactLists", "contactList.status"): _OPEN,
    ("/lists", "list.send_last_broadcast"): _BOOL,
    ("/lists/exclusions", "lists"): _ID,
    ("/fields", "field.isrequired"): _BOOL,
    ("/fields", "field.visible"): _BOOL,
    ("/fields", "field.show_in_list"): _BOOL,
    ("/fields", "field.ordernum"): _INT,
    ("/fields", "field.rows"): _INT,
    ("/fields", "field.cols"): _INT,
    ("/fieldOption/bulk", "fieldOptions.isdefault"): _BOOL,
    ("/fieldOption/bulk", "fieldOptions.orderid"): _INT,
    ("/fieldOptions", "fieldOption.isdefault"): _BOOL,
    ("/fieldOptions", "fieldOption.orderid"): _INT,
    ("/fieldValues", "fieldValue.value"): _VALUE,
    ("/fieldValues", "useDefaults"): _BOOL,
    ("/groupDefinitions", "groupDefinition.ordernum"): _INT,
    ("/groupMembers", "groupMember.ordernum"): _INT,
    ("/groups", "group.pg*"): _BOOL,
    ("/groups", "group.optinconfirm"): _BOOL,
    ("/groups", "group.p_admin"): _BOOL,
    ("/groups", "group.reqApproval"): _BOOL,
    ("/groups", "group.reqApproval1st"): _BOOL,
    ("/groups", "group.socialdata"): _BOOL,
    ("/groups", "group.unsubscribelink"): _BOOL,
    ("/users", "user.phone"): _TEXT,
    ("/import/bulk_import", "contacts.exclude_automations"): _BOOL,
    ("/import/bulk_import", "contacts.fields.id"): "inside it, ids leave as numbers",
    ("/import/bulk_import", "contacts.fields.value"): _VALUE,
    ("/import/bulk_import", "contacts.phone"): _TEXT,
}
"""Where the same may leave in another JSON type than the recorded one: (path, key) -> why. Everything else leaves
exactly as it was recorded."""

_ZONE = "a time says its zone: one without leaves with UTC's"
_TRUTH = "the argument is a bool: 1 leaves as true, or true as 1"

LOOSE_QUERY: dict[tuple[str, str], str] = {
    ("/contacts", "filters[created_after]"): _ZONE,
    ("/contacts", "filters[created_before]"): _ZONE,
    ("/contacts", "filters[updated_after]"): _ZONE,
    ("/contacts", "filters[updated_before]"): _ZONE,
    ("/activities", "after"): _ZONE,
    ("/contacts", "forceQuery"): _TRUTH,
    ("/contacts", "in_group_lists"): _TRUTH,
    ("/activities", "emails"): _TRUTH,
}
"""The same of queries."""

WITHOUT_ARGUMENT: dict[str, str] = {
    "filters[…]": "in no document, and a filter that an endpoint does not know is ignored in silence",
    "orders[…]": "in no document, and an order that an endpoint does not know is ignored in silence",
    "ids": "as the document spells it; the API takes `ids[]`",
    "ids[]": "of a list that no document gives it to",
    "include": "in no document; may be ignored",
    "page": "in no document; pages go by `limit` and `offset`",
    "api_output": "of the API before this one",
    "search": "in no document; ignored in silence where it is not known",
}
"""Query parameters of lists that a method may lack, and why. `client.rows`, which takes any, asks for them then."""

ON_PURPOSE: dict[str, str] = {
    "nothing to change was given": "a change of nothing",
}
"""What the library refuses though the API takes it: what it says, and what it is."""

NEEDED: dict[str, tuple[str, ...]] = {
    "GET /activities": ("id",),
    "GET /import/info": ("batch_id",),
    "POST /import/bulk_import": ("contacts", "email"),
    "POST /contacts": ("email",),
    "POST /contact/sync": ("email",),
    "POST /contactAutomations": ("contact", "automation"),
    "POST /contactDeals": ("contact", "deal"),
    "POST /contactLists": ("contact", "list", "status"),
    "POST /contactTags": ("contact", "tag"),
    "POST /fieldOption/bulk": ("field", "value"),
    "POST /fieldRels": ("field", "list"),
    "POST /fieldValues": ("contact", "field", "value"),
    "PUT /fieldValues/{}": ("contact", "field", "value"),
    "POST /fields": ("title", "type"),
    "POST /groupDefinitions": ("label",),
    "POST /groupMembers": ("group", "field"),
    "PUT /groupMembers/{}": ("field",),
    "POST /groups": ("title",),
    "POST /listGroups": ("list", "group"),
    "POST /lists": ("name", "string_id", "sender_url", "sender_reminder"),
    "POST /notes": ("note", "rel_type", "rel_id"),
    "POST /tags": ("tag",),
    "POST /users": ("username", "email"),
}
"""Arguments without which a method sends nothing."""

REPEATABLE = {"POST /contact/sync", "POST /contactLists", "POST /contactTags", "POST /fieldValues"}
"""Writes that go again after a failure; of any other POST that failed the outcome is unknown."""

BY_STATUS: dict[int, type[errors.ActiveCampaignError]] = {
    401: errors.AuthenticationError,
    402: errors.PaymentRequiredError,
    403: errors.PermissionDeniedError,
    422: errors.ValidationError,
    429: errors.RateLimitError,
}

_ACCOUNTS = count()


class Replay(httpx.AsyncBaseTransport):
    """Answers as recorded, whatever is asked; notes what leaves."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.requests:  # whether the key is good, which a 403 leaves open
            assert request.url.path == "/api/3/users/me", "asked twice"
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


class Outcome(NamedTuple):
    """What the library made of an exchange."""

    result: Any
    """Or the error."""
    request: httpx.Request | None
    called: list[tuple[str, str]]


async def replayed(exchange: Exchange, method: Method) -> Outcome:
    transport = Replay(exchange)
    client = AsyncClient(
        "https://example.api-us1.com",
        "k" * 40,
        transport=transport,
        rate_limiter=fast(),
        retry=RetryPolicy(attempts=1),
        account=f"{exchange.name}-{next(_ACCOUNTS)}",  # one that refuses is left alone for a while
    )
    async with client:
        watched: Any = Watched(client)
        try:
            awaitable = method(watched, exchange.asked)
            if isinstance(awaitable, Pager) and exchange.asked.offset:
                awaitable = _from(awaitable, exchange.asked.offset)
            result = await awaitable
        except (errors.ActiveCampaignError, TypeError, ValueError) as error:
            result = error
    return Outcome(result, transport.requests[0] if transport.requests else None, watched.called)


def _from(pager: Pager[Any], offset: int) -> Pager[Any]:
    """The list from a row on, as a cursor of it has it."""
    source = pager._source
    cursor = source.cursor(ByOffset([(offset, None)]))
    assert cursor is not None
    return pager.resume(cursor)


async def judge(exchange: Exchange) -> str:
    """ "passed"; "refused": the API refused it, and the library refuses to send it; "no argument": it can be asked for
    by `client.rows` alone; "by hand": by `client.request` alone. AssertionError for all else.
    """
    if exchange.is_nowhere:
        await _cannot_be_sent(exchange)
        return "refused"
    if exchange.pattern is None:
        line = f"{exchange.asked.verb} {exchange.asked.path}"
        assert why_no_method(exchange.asked), f"left over: {line} has no method"
        return await _by_hand(exchange)
    try:
        result, request, called = await replayed(exchange, CALLS[exchange.pattern])
    except NoArgument as error:
        await _by_rows(exchange, error)
        return "no argument"
    except Unknown as error:  # no method says it: right if the API refuses it, too, or where that has a reason
        if exchange.status >= 400:
            await right_error_by_hand(exchange)
            return "refused"
        if not (isinstance(error, NoKey) and all(why_no_key(exchange.asked, name) for name in error.names)):
            raise
        return await _by_hand(exchange)
    if request is None:
        if is_on_purpose(exchange, result):
            return "refused"
        if exchange.status < 400:
            assert why_refused(result), f"refused, where the API takes it: {result!r}"
            return await _by_hand(exchange)
        assert says_what_is_missing(exchange, result) or names_an_argument(result, called), repr(result)
        await right_error_by_hand(exchange)
        return "refused"
    assert len(called) == 1, f"several methods: {called}"
    if beside := exchange.asked.query.keys() - query_of(request).keys() - set(PAGING):
        assert beside == {"include"}, f"no argument for {sorted(beside)}"  # of a single row
        return await _by_hand(exchange)
    same_request(exchange, request)
    right_outcome(exchange, result, called[0])
    return "passed"


async def _by_rows(exchange: Exchange, error: NoArgument) -> None:
    """What has no argument for a reason is asked for as any list is, and its rows are held to the same."""
    assert without_reason(error.names) == set(), str(error)
    key, model = list_of(exchange)

    def listed(ac: Any, asked: Asked) -> Any:
        params = {name: value for name, value in asked.query.items() if name not in PAGING}
        return ac.rows(asked.path, key, params, **asked.paged)

    result, request, _ = await replayed(exchange, listed)
    assert request is not None, repr(result)
    same_request(exchange, request)
    if error_for(exchange) is not None:
        right_error(exchange, result)
        return
    assert type(result) is Page, repr(result)
    assert same(list(result.items), php_list(exchange.answer.get(key) or []))
    for row in result.items:
        check(decode(model, row, strict=True), row)


async def _by_hand(exchange: Exchange) -> str:
    """What no method makes leaves as it stands, and its answer comes as it is: its rows are held to the same."""
    result, request, _ = await replayed(exchange, by_hand)
    assert request is not None, repr(result)
    same_line(exchange, request)
    body: Any = json.loads(request.content) if request.content else None
    assert same(body, exchange.asked.body)
    asked = {
        key: [str(one) for one in value] if key.endswith("[]") else str(value)
        for key, value in exchange.asked.query.items()
    }
    assert query_of(request) == asked
    if error_for(exchange, by_hand=True) is not None:
        right_error(exchange, result, by_hand=True)
    else:
        assert same(result, exchange.answer)
        check_known_rows(exchange)
    return "by hand"


def without_reason(names: Iterable[str]) -> set[str]:
    return {name for name in names if re.sub(r"\[.+\]", "[…]", name) not in WITHOUT_ARGUMENT}


def list_of(exchange: Exchange) -> tuple[str, type[Model]]:
    """The key under which an answer of that path has its rows, and their model."""
    key = exchange.asked.path.rsplit("/", 1)[-1]
    if key == "groupMembers" and not ("group_id" in exchange.asked.query or key in exchange.asked.holds):
        key = FieldGroup.KEYS  # which it answers with in spite of its name
    model = BY_KEYS.get(key)
    assert model is not None
    assert exchange.asked.verb == "GET", "only lists have filters"
    return key, model


def is_on_purpose(exchange: Exchange, error: Any) -> bool:
    """Whether it is refused for a reason of the library's own: there is nothing in the envelope."""
    body = exchange.asked.body
    empty = isinstance(body, dict) and not any(body.values())
    return empty and isinstance(error, ValueError) and str(error) in ON_PURPOSE


async def _cannot_be_sent(exchange: Exchange) -> None:
    """Neither by a method nor by hand: the path would lead elsewhere. Read, it may well answer there."""
    assert exchange.status >= 400 or exchange.asked.verb == "GET", "the API takes it"
    methods = [by_hand] if exchange.pattern is None else [CALLS[exchange.pattern], by_hand]
    for method in methods:
        result, request, _ = await replayed(exchange, method)
        assert isinstance(result, ValueError), repr(result)
        assert request is None


def says_what_is_missing(exchange: Exchange, error: Any) -> bool:
    """Whether it is the library's refusal of what was given: an argument missing, empty or no id."""
    if not isinstance(error, (TypeError, ValueError)):
        return False
    if not all(id.isdigit() and int(id) for id in exchange.asked.ids):
        return True
    return any(re.search(rf"\b{name}\b", str(error)) for name in NEEDED.get(exchange.pattern or "", ()))


def names_an_argument(error: Any, called: list[tuple[str, str]]) -> bool:
    """Whether it is the library's refusal of a value, and says of which argument."""
    if not isinstance(error, (TypeError, ValueError)) or not called:
        return False
    area, verb = called[0]
    said = re.match(r"(\w+)(\[\w+\])?: ", str(error))
    return said is not None and said[1] in _arguments(getattr(area_class(area), verb))


async def right_error_by_hand(exchange: Exchange) -> None:
    """What `client.request` makes of it: what the library does not send on its own is the same error."""
    result, request, _ = await replayed(exchange, by_hand)
    assert request is not None
    right_error(exchange, result, by_hand=True)


async def by_hand(ac: Any, asked: Asked) -> Any:
    return (await ac.request(asked.verb, asked.path, params=asked.query, json=asked.body)).data


# -- what leaves


def same_request(exchange: Exchange, request: httpx.Request) -> None:
    asked = exchange.asked
    same_line(exchange, request)
    same_query(exchange, query_of(request))
    body: Any = json.loads(request.content) if request.content else None
    assert exchange.pattern is not None
    differing = list(differences(exchange.pattern, body, asked.body))
    assert not differing, f"the body differs: {differing}"


def same_line(exchange: Exchange, request: httpx.Request) -> None:
    path = request.url.raw_path.decode().partition("?")[0]
    assert request.method == exchange.asked.verb
    assert path.startswith("/api/3/")
    assert unquote(path.removeprefix("/api/3")) == unquote(exchange.asked.path)


def query_of(request: httpx.Request) -> dict[str, Any]:
    return as_query(httpx.QueryParams(request.url.query).multi_items())


def same_query(exchange: Exchange, query: dict[str, Any]) -> None:
    """All that was recorded leaves, and nothing else but how the pager goes through a list."""
    asked = exchange.asked
    limit = str(asked.query.get("limit", ""))
    if limit.isdigit() and 1 <= int(limit) <= 100:
        assert query["limit"] == limit
    if asked.offset:
        assert query["offset"] == str(asked.offset)
    else:
        assert query.get("offset", "0") == "0"
    ours = {"orders[id]"} - asked.query.keys() if exchange.pattern == "GET /contacts" else set()
    left, given = _plain(query, asked.path, *PAGING, *ours), _plain(asked.query, asked.path, *PAGING)
    assert left == given, f"the query differs: {left.items() ^ given.items()}"


def _plain(query: Any, path: str, *but: str) -> dict[str, Any]:
    """Values as text, orders in capitals, times in one form; and what is meant: LOOSE_QUERY."""
    return {key: _plain_value(key, value, path) for key, value in query.items() if key not in but}


def _plain_value(key: str, value: Any, path: str) -> Any:
    if isinstance(value, list):
        return tuple(sorted(map(str, value)))
    if key.startswith("orders["):
        return str(value).upper()
    plain, why = sent(value), LOOSE_QUERY.get((path, key))
    if why is _TRUTH:
        return {"true": "1", "false": "0"}.get(plain, plain)
    if why is _ZONE and re.fullmatch(r"\d{4}-\d\d-\d\d[T ].*", str(value)):  # `sent` takes midnight for a date
        return in_utc(datetime.fromisoformat(str(value))).isoformat()
    return plain


def differences(pattern: str, ours: Any, recorded: Any) -> Iterator[str]:
    """Where two bodies are not the same, but for what is meant: ADDED, and LOOSE."""
    key, value, _ = ADDED.get(pattern, ("", None, ""))
    yield from _differences(_path_of(pattern), ours, recorded, "", {key: value})


def _path_of(pattern: str) -> str:
    return pattern.split(" ")[1].removesuffix("/{}")


def _differences(path: str, ours: Any, recorded: Any, where: str, added: dict[str, Any]) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(recorded, dict):
        for key in ours.keys() | recorded.keys():
            at = f"{where}.{key}".removeprefix(".")
            if key not in recorded:
                if not (at in added and same(ours[key], added[at])):
                    yield f"{at} is sent and was not"
            elif key not in ours:
                yield f"{at} is not sent"
            else:
                yield from _differences(path, ours[key], recorded[key], at, added)
    elif isinstance(ours, list) and isinstance(recorded, list) and len(ours) == len(recorded):
        for one, other in zip(ours, recorded, strict=True):
            yield from _differences(path, one, other, where, added)
    elif not same(ours, recorded) and not (is_loose(path, where) and same(sent(ours), sent(_with_bars(recorded)))):
        yield f"{where} is {type(ours).__name__} and was another {type(recorded).__name__}"


def _with_bars(value: Any) -> Any:
    """Several choices of a custom field as the API keeps them."""
    return f"||{'||'.join(value)}||" if value and is_list_of(str, value) else value


def is_list_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is kind for item in value)


def is_loose(path: str, key: str) -> bool:
    return any(path == where and fnmatchcase(key, name) for where, name in LOOSE)


# -- what is made of the answer


def right_outcome(exchange: Exchange, result: Any, called: tuple[str, str]) -> None:
    if error_for(exchange) is not None:
        right_error(exchange, result)
        return
    assert not isinstance(result, Exception), repr(result)
    check_type(result, returned(*called))
    if exchange.asked.verb != "DELETE":
        check_answer(result, exchange.answer)


def right_error(exchange: Exchange, result: Any, *, by_hand: bool = False) -> None:
    wanted = error_for(exchange, by_hand=by_hand)
    assert wanted is not None
    assert type(result) is wanted, f"{result!r}, not {wanted.__name__}"
    said = result if isinstance(result, errors.APIError) else result.__cause__
    if not isinstance(said, errors.APIError):
        assert exchange.status < 300, "what the API said is lost"
        return
    assert said.status == exchange.status
    assert said.request_id == exchange.headers.get("x-request-id")
    body = exchange.answer if isinstance(exchange.answer, dict) else {}
    assert message_of(body).strip() in said.message
    right_field_errors(said, body)


def right_field_errors(error: errors.APIError, body: dict[str, Any]) -> None:
    """Each entry that was recorded is one, with what it says."""
    entries = entries_of(body)
    rows = body.get("errors") is None  # of a bulk import
    assert len(error.errors) == len(entries)
    for found, entry in zip(error.errors, entries, strict=True):
        assert {type(part) for part in found} == {str}
        if isinstance(entry, dict) and rows:
            said = entry.get("failureReason")
            assert found.title == said or not isinstance(said, str)
            number = str(entry.get("contact"))
            if re.fullmatch("[1-9][0-9]*", number):
                assert found.pointer == f"/contacts/{int(number) - 1}"  # which are counted from 1
        elif isinstance(entry, dict):
            source = entry.get("source")
            source = source if isinstance(source, dict) else {}
            places = [source.get(key) for key in ("pointer", "parameter")]  # what is nested names no place
            pointer = next((str(place) for place in places if place and not isinstance(place, (list, dict))), "")
            said = {key: entry.get(key) for key in ("title", "detail", "code")}
            assert all(getattr(found, key) == value for key, value in said.items() if value and isinstance(value, str))
            assert found.pointer == pointer
        elif isinstance(entry, str):
            assert found.title == entry
    assert error.pointers == tuple(found.pointer for found in error.errors if found.pointer)


def entries_of(body: dict[str, Any]) -> list[Any]:
    """What stands under ``errors``, in whichever shape; or a bulk import's reasons."""
    listed = body.get("errors")
    if listed is None:
        reasons = body.get("failureReasons")
        return reasons if isinstance(reasons, list) else []
    return list(listed.values()) if isinstance(listed, dict) else listed if isinstance(listed, list) else []


def error_for(exchange: Exchange, *, by_hand: bool = False) -> type[errors.ActiveCampaignError] | None:
    """The error that the recorded answer stands for; None for a result."""
    status, answer, verb = exchange.status, exchange.answer, exchange.asked.verb
    goes_again = verb in ("GET", "PUT", "DELETE") or (exchange.pattern in REPEATABLE and not by_hand)
    failed = errors.ServerError if goes_again else errors.OutcomeUnknownError
    if status >= 500 or status == 408:
        return failed
    if status >= 400:
        return _refusal(exchange, by_hand=by_hand)
    if status >= 300:
        return errors.RedirectError
    if "x-ac-error" in exchange.headers:
        return errors.ServerError
    if isinstance(answer, str) and answer:
        return failed
    if answer in (None, "") and verb != "DELETE" and not (by_hand and verb != "GET"):
        return errors.ServerError if verb == "GET" else errors.OutcomeUnknownError
    return None


def _refusal(exchange: Exchange, *, by_hand: bool) -> type[errors.ActiveCampaignError] | None:
    status, body = exchange.status, exchange.answer if isinstance(exchange.answer, dict) else {}
    entries, said = entries_of(body), message_of(body)
    rows = entries if body.get("errors") is not None else ()  # the reasons of an import have no codes
    codes = {str(entry.get("code") or entry.get("error")).lower() for entry in rows if isinstance(entry, dict)}
    if status == 400 and said.lower().startswith("rate limit"):
        return errors.RateLimitError
    if status in (400, 409, 422) and ("duplicate" in codes or str(body.get("error")).startswith("Duplicate entry")):
        return errors.DuplicateError
    if status == 404 or (status == 403 and said.startswith("No Result found for ")):
        return None if exchange.pattern in MISSING_IS_DONE and not by_hand else errors.NotFoundError
    if status == 400 and entries:
        return errors.ValidationError
    if status == 403 and exchange.pattern == "GET /users/me":
        return errors.AuthenticationError  # what tells a refused key from a refused permission
    return BY_STATUS.get(status, errors.APIError)


def message_of(body: dict[str, Any]) -> str:
    """What a refusal says as a whole."""
    said = (body.get(key) for key in ("message", "error", "title"))
    return next((text for text in said if isinstance(text, str) and text), "")


# -- rows, whatever was asked


def known_rows(answer: Any) -> Iterator[tuple[type[Model], dict[str, Any]]]:
    """The rows in an answer that there are models for."""
    for key, value in answer.items() if isinstance(answer, dict) else ():
        model, rows = BY_KEYS.get(key) or BY_KEY.get(key), value if isinstance(value, list) else [value]
        if model is not None:
            yield from ((model, row) for row in rows if isinstance(row, dict) and row)


def check_known_rows(exchange: Exchange) -> None:
    for model, row in known_rows(exchange.answer):
        check(decode(model, row, strict=True), row)


def is_built(exchange: Exchange) -> bool:
    """Whether it is of the areas that are whole."""
    return exchange.path in PATHS
