"""The judge of the recordings, judged by exchanges of ours: it lets pass what is right, and finds what is wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest

from activecampaign_async import _answer, errors
from activecampaign_async.resources import tags
from activecampaign_async.resources._reference import Reference

from .calls import CALLS
from .judge import is_loose, judge
from .recorded import Exchange, exchange_of

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


def in_short(exchange: Exchange) -> str:
    return f"{exchange.asked.verb}-{exchange.asked.path}-{exchange.status}"


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
        made("GET /tags?filters[search][starts_with]=a", {"tags": [TAG]}),
        made("GET /users/me", {"user": {"id": "1"}}),
        made("GET /users/email/a%40example.com", {"user": {"id": "1"}}),
        made("GET /contacts?limit=20&offset=20", {"contacts": [{"id": "4"}, {"id": "9"}], "meta": {"total": "99"}}),
        made("GET /contacts?limit=20&offset=0", {"contacts": [{"id": "4"}, {"id": "9"}], "meta": {"total": "99"}}),
        made("GET /contacts?limit=20&offset=20", {"contacts": [{"id": "9"}, {"id": "4"}], "meta": {"total": "99"}}),
        made("GET /contacts?ids[]=1&ids[]=2&include=contactTags", {"contacts": [{"id": "1"}], "contactTags": []}),
        made("GET /contacts?orders[cdate]=DESC&status=1&listid=3", {"contacts": [], "meta": {"total": "0"}}),
        made("GET /contacts/1/contactTags", {}),
        made("GET /contacts/1/contactAutomations?limit=100&orders[lastdate]=DESC", {"contactAutomations": []}),
        made("GET /notes?orders[mdate]=asc&orders[id]=DESC", {"notes": []}),
        made("GET /tags/", {"tags": [TAG]}),
        made("POST /contacts/", {"contact": {"id": "1"}}, 201, {"contact": {"email": "a@example.com"}}),
        made("POST /users", {"user": {"id": "1"}}, 201,
             {"user": {"username": "a", "email": "a@example.com", "group": None, "phone": 5}}),
        made("PUT /lists/1", {"list": {"id": "1"}}, 200, {"list": {"userid": "1", "user": None, "sender_city": "Ulm"}}),
        made("GET /contacts/1/organization", []),
        made("GET /contacts/1", {"contact": {"id": "1"}, "contactTags": {"0": {"id": "1", "tag": "2"}}, "deals": {}}),
        made("GET /tags", {"tags": {"1": TAG}, "meta": {"total": "1"}}),
        made("GET /activities?contact=1&orders[tstamp]=DESC&emails=true", {"activities": []}),
        made("POST /tags", {"tag": {"id": 8, "tag": "b"}}, 201, {"tag": {"tag": "b"}}),
        made("POST /tags", {"message": "oh"}, 500, {"tag": {"tag": "b"}}),
        made("POST /tags", "<html>currently having some issues</html>", 200, {"tag": {"tag": "b"}}),
        made("POST /tags", None, 200, {"tag": {"tag": "b"}}),
        made("POST /tags", {"message": "Could not process request", "error": "Duplicate entry 'a'"}, 422,
             {"tag": {"tag": "b", "tagType": "contact"}}),
        made("POST /contact/sync", {"message": "oh"}, 502, {"contact": {"email": "a@example.com"}}),
        made("POST /contact/sync", {"errors": [ENTRY | {"status": 400}]}, 400, {"contact": {"email": "a@example.com"}}),
        made("POST /contacts", {"errors": [{"title": "t", "source": {"parameter": "email"}}]}, 422,
             {"contact": {"email": "a"}}),
        made("POST /fields", {"field": {"id": "1"}}, 201, {"field": {"title": "a", "type": "date", "visible": 1}}),
        made("POST /groups", {"group": {"id": 3}}, 201,
             {"group": {"title": "a", "pgListAdd": "1", "reqApproval1st": "2"}}),
        made("POST /groupMembers", {"groupMember": {"id": 1}}, 200,
             {"groupMember": {"rel_id": "10", "ordernum": None, "group_id": 1}}),
        made("PUT /lists/exclusions/1", {"id": "1", "lists": ["1"]}, 200, {"channel": "several", "lists": [1, "2"]}),
        made("POST /contactLists", {"contactList": {"id": "1", "status": 91}}, 200,
             {"contactList": {"contact": 1, "list": "2", "status": 1, "sourceid": 4}}),
        made("POST /contact/sync", {"contact": {"id": "1", "fieldValues": ["5"]}}, 201,
             {"contact": {"email": "a@example.com", "fieldValues": [{"field": 1, "value": "x"}]}}),
        made("POST /contact/sync", {"contact": {"id": "1"}}, 201,
             {"contact": {"email": "a", "phone": 5, "fieldValues": [{"field": 1, "value": value} for value in
                                                                    (5, 1.5, True, None, ["a", "b"])]}}),
        made("POST /contacts", {"contact": {"id": "1"}}, 201, {"contact": {"phone": "5", "allowNullEmail": True}}),
        made("POST /contactLists", {"contactList": {"id": "1"}}, 200,
             {"contactList": {"contact": 1, "list": 2, "status": 91}}),
        made("GET /contacts?filters[updated_after]=2024-01-01 10:00:00&in_group_lists=1&forceQuery=true&status=-1",
             {"contacts": [], "meta": {"total": "0"}}),
        made("GET /contacts?filters[updated_after]=2024-01-01 00:00:00", {"contacts": []}),
        made("GET /activities?contact=1&after=2024-01-01T00:00:00", {"activities": []}),
        made("GET /contacts", {"contacts": None, "meta": {"total": None}}),
        made("GET /contacts?ids[0]=1&ids[1]=2", {"contacts": [{"id": "1"}]}),
        made("GET /groupMembers?limit=50", {"groupMembers": [{"id": "1", "group_id": "1", "rel_id": "10"}]}),
        made("POST /contactLists", {"contactList": {"id": "1"}}, 200,
             {"contactList": {"contact": 1, "list": 2, "status": 1, "sourceid": 7}}),
        made("GET /contacts/1", {"contact": {"id": "1"}, "automations": [{"id": "1", "colour": "red"}]}),
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
    ids=in_short,
)  # fmt: skip
async def test_what_is_right_passes(exchange: Exchange) -> None:
    assert await judge(exchange) == "passed"


@pytest.mark.parametrize(
    "exchange",
    [
        made("POST /contactTags", {"errors": [ENTRY]}, 400, {"contactTag": {"contact": "1"}}),
        made("POST /contactTags", {"errors": [ENTRY]}, 422, {"contactTag": {"contact": "1", "tag": "name"}}),
        made("POST /contacts", {"errors": [ENTRY]}, 422, {"contact": {"firstName": "a"}}),
        made("POST /contacts", {"errors": [ENTRY]}, 422, {"person": {"email": "a@example.com"}}),
        made("POST /contacts", {"message": "bad"}, 400),
        made("POST /contactLists", {"errors": [ENTRY]}, 422, {"contactList": {"contact": 1, "status": 1}}),
        made("GET /contacts?listid=abc", {"errors": [ENTRY]}, 400),
        made("POST /tags", {"errors": [ENTRY]}, 422, {"tag": {"tag": "a", "colour": "red"}}),
        made("GET /activities", {}, 400),
        made("GET /contacts/me", {"message": "No Result found for Subscriber with id me"}, 404),
        made("DELETE /tags/", {"message": "no such path"}, 404),
        made("GET /contacts//fieldValues", {"message": "no such path"}, 404),
        made("PUT /contacts/1", {"contact": {"id": "1"}}, 200, {"contact": {}}),
    ],
    ids=in_short,
)
async def test_what_cannot_be_right_is_refused(exchange: Exchange) -> None:
    assert await judge(exchange) == "refused"


@pytest.mark.parametrize(
    "exchange",
    [
        made("GET /contacts?filters[colour]=red&status=1&offset=20", {"contacts": [{"id": "5"}, {"id": "4"}]}),
        made("GET /contacts?orders[colour]=ASC", {"contacts": []}),
        made("GET /contacts?ids=1,2", {"contacts": [{"id": "1"}], "automations": [{"id": "1"}]}),
        made("GET /contacts/1/contactTags?filters[tag]=1", {"contactTags": []}),
        made("GET /tags?orders[colour]=asc&search=a", {"tags": {"1": TAG}}),
        made("GET /tags?filters[colour]=red", {"message": "no"}, 403),
        made("GET /notes?include=users", {"notes": []}),
        made("GET /notes?orders[colour]=ASC", {"notes": []}),
        made("GET /notes?orders[cdate]=sideways", {"notes": []}),
        made("GET /users?search=a", {"users": [{"id": "1"}]}),
        made("GET /groupMembers?filters[colour]=red", {"groupDefinitions": [{"id": 1, "label": "a"}]}),
        made("GET /groupMembers?group_id=1&search=a", {"groupMembers": [{"id": 1}]}),
        made("GET /groupMembers?filters[rel_id]=10", {"groupMembers": [{"id": 1, "rel_id": "10"}]}),
        made("GET /tags?ids[]=1&ids[]=2", {"tags": [TAG]}),
        made("GET /lists?page=2&api_output=json", {"lists": [{"id": "1"}]}),
    ],
    ids=in_short,
)
async def test_what_no_argument_asks_for_is_told_apart(exchange: Exchange) -> None:
    assert await judge(exchange) == "no argument"


@pytest.mark.parametrize(
    "exchange",
    [
        made("POST /contacts/sync", {"contact": {"id": "1"}}, 201, {"contact": {"email": "a@example.com"}}),
        made("POST /contacts/sync", {"errors": [ENTRY | {"code": "duplicate"}]}, 422, {"contact": {"email": "a"}}),
        made("PUT /contactLists/1", {"contactList": {"id": "1"}}, 200, {"contactList": {"status": 2}}),
        made("DELETE /contactLists/1", None),
        made("GET /contactTags/1/tag", {"tag": TAG}),
        made("GET /users/1/userGroup", {"message": "no"}, 404),
        made("PUT /contacts/1", {"contact": {"id": "1"}}, 200, {"contact": {"orgname": "Acme", "ip4": "1.2.3.4"}}),
        made("POST /contact/sync", {"contact": {"id": "1"}}, 200,
             {"contact": {"email": "a@example.com", "fieldValues": [{"id": "5", "field": "1", "value": "x"}]}}),
        made("POST /fieldValues", {"fieldValue": {"id": "1"}}, 200,
             {"fieldValue": {"contact": 1, "field": 1, "value": "x", "useDefaults": True}}),
        made("GET /contacts?listid=abc", {"contacts": []}),
        made("GET /contacts?status=any", {"contacts": []}),
        made("GET /contacts?filters[updated_after]=2026/05/28", {"contacts": []}),
        made("GET /tags/1?include=contactGoalTags", {"tag": TAG, "contactGoalTags": []}),
        made("GET /users/me?include=userGroup", {"user": {"id": "1"}}),
        made("PUT /fieldValues/3", {"fieldValue": {"id": "3"}}, 200, {"fieldValue": {"value": "Red"}}),
        made("POST /fieldOption/bulk", {"fieldOptions": [{"id": "1"}]}, 201,
             {"fieldOptions": [{"field": "1", "value": "a"}, {"field": "2", "value": "b"}]}),
        made("POST /import/bulk_import", {"success": 1, "batchId": "a"}, 200,
             {"contacts": [{"email": "a@example.com"}], "exclude_automations": True}),
    ],
    ids=in_short,
)  # fmt: skip
async def test_what_only_client_request_makes_is_told_apart(exchange: Exchange) -> None:
    assert await judge(exchange) == "by hand"


@pytest.mark.parametrize(
    "exchange",
    [
        made("POST /contacts//sync", {"contact": {"id": "1"}}, 200, {"contact": {"email": "a@example.com"}}),
        made("DELETE /tags/", {}),
        made("GET /contactTags/1/tag", {"tag": TAG | {"new_key": 1}}),
        made("PUT /contacts/1", {"contact": {"id": "1"}}, 200, {"contact": {"orgname": "Acme", "colour": "red"}}),
        made("GET /contacts?limit=5&listid=1", {"message": "no"}, 200),
        made("GET /tags?filters[colour]=red", {"tags": [TAG | {"new_key": 1}]}),
        made("GET /tags?filters[colour]=red", {"labels": [TAG]}),
        made("GET /tags?filters[colour]=red&colour=red", {"tags": []}),
        made("GET /tags/1?filters[colour]=red", {"tag": TAG}),
        made("POST /tags", {"tag": {"id": "1"}}, 201, {"tag": {"tag": "a", "colour": "red"}}),
        made("POST /tags", {"tag": {"id": "1"}}, 201, {"tag": {"tag": "a"}, "colour": "red"}),
        made("POST /tags", {"tag": {"id": "1"}}, 201, {"tag": {"description": "a"}}),
        made("POST /tags", {"tag": {"id": "1"}}, 201, [{"tag": "a"}]),
        made("POST /tags", {"tag": {"id": "1"}}, 201, {"tag": {"tag": 5}}),
        made("POST /contacts", {"contact": {"id": "1"}}, 201, {"contact": {"email": "a@example.com", "lastName": 5}}),
        made("PUT /contacts/1", {"contact": {"id": "1"}}, 200, {"contact": {}, "more": 1}),
        made("POST /contact/sync", {"contact": {"id": "1"}}, 201, {"contact": {"email": "a", "allowNullEmail": True}}),
        made("GET /tags?colour=red", {"tags": [TAG]}),
        made("POST /contactTags/bulk", {"done": 1}, 201, [{"a": 1}]),
        made("GET /tags/1/contacts", {"message": "no such path"}, 404),
        made("GET /tags/1?colour=red", {"tag": TAG}),
        made("DELETE /tags/1", {}, 200, {"tag": {}}),
        made("GET /tags", {"tags": [TAG | {"new_key": {"a": 1}}]}),
        made("GET /tags?limit=50", {"tags": [TAG | {"subscriber_count": "many"}]}),
        made("GET /contacts/1", {"contact": {"id": "1"}, "contactTags": [{"id": "1", "new_key": "1"}]}),
        made("GET /contacts/1", {"contact": {"id": "1"}, "scores": [{"id": "1", "new_key": "1"}]}),
        made("GET /tags/1", {"tag": TAG | {"subscriber_count": "many"}}),
        made("GET /tags/1", {"tag": {"tag": "without its id"}}),
        made("GET /tags/1", {"label": TAG}),
        made("GET /contacts/1", {"contact": {"id": "1"}, "contactTags": [{"id": "1", "tag": "none"}]}),
        made("GET /contacts/1/organization", {"organisation": {"id": "1"}}),
        made("GET /contacts", {"contacts": [{"id": "1", "deleted": "2"}]}),
    ],
    ids=in_short,
)
async def test_what_is_wrong_is_found(exchange: Exchange) -> None:
    with pytest.raises(AssertionError):
        await judge(exchange)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("tag", None, "Tag.tag is None"),
        ("tag", "b", "Tag.tag does not encode back"),
        ("description", "b", "Tag.description does not encode back"),  # nothing came
    ],
)
async def test_a_field_that_does_not_say_what_came_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, value: Any, said: str
) -> None:
    exchange = made("GET /tags/1", {"tag": TAG})
    await judge(exchange)
    read = tags.Tag.__getattribute__
    monkeypatch.setattr(tags.Tag, "__getattribute__", lambda tag, of: value if of == name else read(tag, of))
    monkeypatch.setattr(tags.Tag, "to_dict", lambda tag: dict(read(tag, "_wire")))
    with pytest.raises(AssertionError, match=re.escape(said)):
        await judge(exchange)


async def test_what_is_inside_another_is_looked_at_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = {"type": "contact", "id": "1"}
    exchange = made("GET /notes/1", {"note": {"id": "1", "owner": owner}})
    await judge(exchange)
    with pytest.raises(AssertionError, match="no field for \\['name'\\] of Reference"):
        await judge(made("GET /notes/1", {"note": {"id": "1", "owner": owner | {"name": "a"}}}))
    with pytest.raises(AssertionError, match=r"misfits \['owner\.id'\] of Note"):
        await judge(made("GET /notes/1", {"note": {"id": "1", "owner": owner | {"id": [1]}}}))
    read = Reference.__getattribute__
    monkeypatch.setattr(Reference, "__getattribute__", lambda row, of: None if of == "type" else read(row, of))
    with pytest.raises(AssertionError, match=r"Note\.owner does not encode back"):
        await judge(exchange)


async def test_a_result_of_another_type_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = made("GET /tags/1", {"tag": TAG})
    monkeypatch.setitem(CALLS, "GET /tags/{}", lambda ac, a: ac.contact_tags.get(a.id))
    with pytest.raises(AssertionError):
        await judge(exchange)


async def test_an_error_of_another_class_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = made("POST /contacts", {"errors": [ENTRY]}, 422, {"contact": {"email": "a@example.com"}})
    await judge(exchange)
    monkeypatch.setitem(_answer._BY_STATUS, 422, errors.DuplicateError)
    with pytest.raises(AssertionError, match="not ValidationError"):
        await judge(exchange)


async def test_a_mistake_of_the_library_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = made("POST /contactTags", {"errors": [ENTRY]}, 422, {"contactTag": {"contact": "1"}})
    assert await judge(exchange) == "refused"

    def broken(ac: Any, a: Any) -> Any:
        raise TypeError("_send() missing 1 required positional argument: 'timeout'")

    monkeypatch.setitem(CALLS, "POST /contactTags", broken)
    with pytest.raises(AssertionError, match="timeout"):
        await judge(exchange)


def test_what_is_looser_is_so_below_its_path_only() -> None:
    assert is_loose("/groups", "group.pgListAdd")
    assert is_loose("/fields", "field.visible")
    assert not is_loose("/fields", "field.title")
    assert not is_loose("/lists", "field.visible")
