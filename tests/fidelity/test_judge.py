"""The judge of the recordings, judged by exchanges of ours: it lets pass what is right, and finds what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from activecampaign_async.resources import tags

from .test_recordings import Exchange, exchange_of, judge

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

TAG = {
    "id": "7",
    "tag": "a",
    "tagType": "contact",
    "description": "",
    "cdate": "2024-01-02T03:04:05-06:00",
    "links": [],
}
ENTRY = {"title": "t", "detail": "d", "code": "field_missing", "source": {"pointer": "/data/attributes/x"}}


def made(request: str, answer: Any, status: int = 200, body: Any = None, headers: Any = None) -> Exchange:
    verb, _, rest = request.partition(" ")
    path, _, query = rest.partition("?")
    pairs = [part.split("=") for part in query.split("&")] if query else []
    line = {"method": verb, "path": path, "query": pairs, "request_body": body, "status": status}
    return exchange_of("own", line | {"headers": headers or {}, "response_body": answer})


@pytest.mark.parametrize(
    "exchange",
    [
        made("GET /api/3/tags?limit=50&offset=100", {"tags": [TAG], "meta": {"total": "101"}}),
        made("GET /proxied/api/3/tags?search=a&orders[search]=asc", {"tags": [], "meta": {"total": 0}}),
        made("GET /tags?filters[search][starts_with]=a", {"tags": [TAG | {"new_key": {"a": 1}}]}),
        made("GET /users/me", {"user": {"id": "1"}}),
        made("GET /users/email/a%40example.com", {"user": {"id": "1"}}),
        made("GET /contacts?limit=20&offset=20", {"contacts": [{"id": "9"}, {"id": "4"}], "meta": {"total": "99"}}),
        made("GET /contacts?ids[]=1&ids[]=2&include=contactTags", {"contacts": [{"id": "1"}], "contactTags": []}),
        made("GET /contacts?orders[cdate]=DESC&status=1&listid=3", {"contacts": [], "meta": {"total": "0"}}),
        made("GET /contacts/1/contactTags", {}),
        made("GET /contacts/1/organization", []),
        made("GET /contacts/1", {"contact": {"id": "1"}, "contactTags": {"0": {"id": "1", "tag": "2"}}, "deals": {}}),
        made("GET /tags", {"tags": {"1": TAG}, "meta": {"total": "1"}}),
        made("GET /activities?contact=1&orders[tstamp]=DESC&emails=true", {"activities": []}),
        made("POST /tags", {"tag": {"id": 8, "tag": "b"}}, 201, {"tag": {"tag": "b"}}),
        made("POST /fields", {"field": {"id": "1"}}, 201, {"field": {"title": "a", "type": "date", "visible": 1}}),
        made("POST /contactLists", {"contactList": {"id": "1", "status": 91}}, 200,
             {"contactList": {"contact": 1, "list": "2", "status": 1, "sourceid": 4}}),
        made("POST /contact/sync", {"contact": {"id": "1", "fieldValues": ["5"]}}, 201,
             {"contact": {"email": "a@example.com", "fieldValues": [{"field": 1, "value": "x"}]}}),
        made("PUT /contacts/1", {"contact": {"id": "1"}}, 200,
             {"contact": {"phone": "", "lastName": None, "fieldValues": [{"field": "2", "value": ""}]}}),
        made("POST /contacts", {"errors": [ENTRY | {"code": "duplicate"}]}, 422, {"contact": {"email": "a@b.c"}}),
        made("POST /contactTags", {"errors": [ENTRY]}, 400, {"contactTag": {"contact": "1", "tag": "2"}}),
        made("PUT /lists/1", None, 200, {"list": {"name": "a"}}, {"X-AC-Error": "Code 9001"}),
        made("PUT /lists/1", None, 200, {"list": {"name": "a"}}),
        made("PATCH /notes/1", {"note": {"id": "1"}}, 200, {"note": {"note": "a"}}),
        made("DELETE /contactTags/1", {"message": "No Result found"}, 404),
        made("DELETE /tags/1", {"message": "No Result found"}, 404, None, {"x-request-id": "a-b"}),
        made("GET /tags/1", {"message": "no"}, 403),
        made("GET /tags/1", {}, 401),
        made("GET /tags/1", {}, 402),
        made("GET /tags/1", None, 301, None, {"location": "https://example.com/"}),
        made("GET /tags?limit=1000", {"tags": [TAG]}),
        made("GET /tags/1", {"message": "slow down"}, 429, None, {"retry-after": "1"}),
        made("GET /tags/1", "<html>currently having some issues</html>", 503, None, {"content-type": "text/html"}),
        made("GET /tags/1", "<html>currently having some issues</html>"),
        made("GET /tags/1", None),
    ],
    ids=lambda exchange: f"{exchange.asked.verb}-{exchange.asked.path}-{exchange.status}",
)  # fmt: skip
async def test_what_is_right_passes(exchange: Exchange) -> None:
    outcome, _ = await judge(exchange)
    assert outcome == "passed"


@pytest.mark.parametrize(
    "exchange",
    [
        made("POST /contactTags", {"errors": [ENTRY]}, 400, {"contactTag": {"contact": "1"}}),
        made("POST /contactTags", {"errors": [ENTRY]}, 422, {"contactTag": {"contact": "1", "tag": "name"}}),
        made("POST /contacts", {"errors": [ENTRY]}, 422, {"contact": {"firstName": "a"}}),
        made("DELETE /tags/", {"message": "no such path"}, 404),
        made("GET /tags/", {"tags": [TAG]}),
        made("GET /contactLists/", {"contactLists": []}),
        made("GET /contacts//fieldValues", {"message": "no such path"}, 404),
    ],
    ids=lambda exchange: f"{exchange.asked.verb}-{exchange.asked.path}-{exchange.status}",
)
async def test_what_cannot_be_right_is_refused(exchange: Exchange) -> None:
    outcome, _ = await judge(exchange)
    assert outcome == "refused"


@pytest.mark.parametrize(
    "exchange",
    [
        made("GET /contactTags?limit=5", {"contactTags": []}),
        made("GET /tags?colour=red", {"tags": []}),
        made("GET /tags?orders[colour]=asc&search=a", {"tags": []}),
        made("GET /contacts?orders[colour]=ASC", {"contacts": []}),
        made("POST /contactTags/bulk", {"done": 1}, 201, [{"a": 1}]),
        made("GET /tags/1/contacts", {"message": "no such path"}, 404),
    ],
    ids=lambda exchange: f"{exchange.asked.verb}-{exchange.asked.path}-{exchange.status}",
)
async def test_what_has_no_method_goes_by_hand(exchange: Exchange) -> None:
    outcome, _ = await judge(exchange)
    assert outcome == "by hand"


@pytest.mark.parametrize(
    "exchange",
    [
        made("POST /tags", {"tag": {"id": "1"}}, 201, {"tag": {"tag": "a", "colour": "red"}}),
        made("POST /tags", {"tag": {"id": "1"}}, 201, {"tag": {"tag": "a"}, "colour": "red"}),
        made("POST /tags", {"tag": {"id": "1"}}, 201, {"tag": {"description": "a"}}),
        made("POST /tags", {"tag": {"id": "1"}}, 201, [{"tag": "a"}]),
        made("GET /tags?colour=red", {"tags": [TAG | {"subscriber_count": "many"}]}),
        made("GET /tags/1", {"tag": TAG | {"subscriber_count": "many"}}),
        made("GET /tags/1", {"tag": {"tag": "without its id"}}),
        made("GET /tags/1", {"label": TAG}),
        made("GET /contacts/1", {"contact": {"id": "1"}, "contactTags": [{"id": "1", "tag": "none"}]}),
        made("GET /contacts/1/organization", {"organisation": {"id": "1"}}),
        made("GET /contacts", {"contacts": [{"id": "1", "deleted": "2"}]}),
    ],
    ids=lambda exchange: f"{exchange.asked.verb}-{exchange.asked.path}-{exchange.status}",
)
async def test_what_is_wrong_is_found(exchange: Exchange) -> None:
    with pytest.raises(AssertionError):
        await judge(exchange)


async def test_a_field_that_loses_its_value_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = made("GET /tags/1", {"tag": TAG})
    await judge(exchange)
    read = tags.Tag.__getattribute__
    monkeypatch.setattr(tags.Tag, "__getattribute__", lambda tag, name: None if name == "tag" else read(tag, name))
    with pytest.raises(AssertionError, match=r"Tag\.tag is None"):
        await judge(exchange)
