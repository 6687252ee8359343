"""The sandbox judged against recordings of the real API: same status, same keys, same JSON types, in every row.

They are not part of this repository: `AC_RECORDINGS` names their folder, else it is looked for beside it.
"""

from collections import Counter
from typing import Any

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.fidelity.calls import Asked
from tests.fidelity.document import needs_document
from tests.fidelity.made import EVERY_DOCUMENTED, varied
from tests.fidelity.recorded import EVERY, Exchange, exchange_of, needs_recordings

from .listed import LISTED, listed
from .replay import compare, differences, keys
from .support import asking

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

AREAS = {
    "contacts", "contact", "contactTags", "contactLists", "contactAutomations", "contactDeals", "activities", "geoIps",
    "trackingLogs", "notes", "scores", "tags", "lists", "listGroups", "fields", "fieldOption", "fieldOptions",
    "fieldRels", "fieldValues", "groupDefinitions", "groupMembers", "users", "groups", "groupLimits", "import",
}  # fmt: skip
"""First segments of paths. No exchange of these areas is left out, `/contacts/{id}/…` included."""
SHARE = 0.05
"""The most that the listed differences may be of all that is compared: each key once an exchange, on both sides."""

RECORDED = [one for one in EVERY if one.path in AREAS]


@pytest.mark.parametrize(
    ("real", "ours", "found"),
    [
        ({"a": "1", "b": None}, {"a": "2", "b": None}, set()),
        ({"a": "1"}, {"a": 1}, {"a is int, not str"}),
        ({"a": None}, {"a": "1"}, {"a is str, not NoneType"}),
        ({"a": "1"}, {"a": None}, {"a is NoneType, not str"}),
        ({"a": True}, {"a": 1}, {"a is int, not bool"}),
        ({"a": 1}, {"b": 1}, {"a is missing", "b is more"}),
        ({"a": [{"b": 1}, {"b": 1}]}, {"a": [{"b": 1}, {"b": "1"}]}, {"a[].b is str, not int"}),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": 1}]}, {"a has 2 rows, not 1"}),
        ({"a": [{"b": 1}]}, {"a": {"b": 1}}, {"a is dict, not list"}),
        ("", None, {" is NoneType, not str"}),
    ],
)
def test_what_differs_is_found(real: Any, ours: Any, found: set[str]) -> None:
    assert set(differences(real, ours)) == found


def test_each_key_is_counted_once() -> None:
    assert sorted(set(keys({"a": [{"b": 1}, {"b": 1, "c": {"d": 1}}]}))) == [".a", ".a[].b", ".a[].c", ".a[].c.d"]


@needs_recordings
def test_the_recordings_are_there() -> None:
    assert RECORDED


@pytest.mark.parametrize("exchange", [pytest.param(one, id=one.name) for one in RECORDED])
async def test_like_the_real_one(exchange: Exchange) -> None:
    found, _ = await compare(exchange)
    assert [difference for difference in found if listed(difference) is None] == []


MADE = {
    "create-a-secondary-contact-200-Result-1": "/contactDeals",
    "create-a-secondary-contact-422-already exists-1": "/contactDeals",
    "list-all-secondary-contacts-200-Result-0": "/contactDeals",
    "retrieve-a-secondary-contact-200-Result-0": "/contactDeals/1",
    "retrieve-a-secondary-contact-404-Result-0": "/contactDeals/100",
    "update-a-secondary-contact-404-Result-1": "/contactDeals/100",
    "update-a-secondary-contact-422-already exists-1": "/contactDeals/1",
    "update-a-secondary-contact-422-relation does not exist-1": "/contactDeals/1",
    "delete-a-secondary-contact-200-Result-0": "/contactDeals/1",
    "delete-a-secondary-contact-404-Result-0": "/contactDeals/100",
    "retrieve-contact-deals-list-200-Result-0": "/contacts/5/contactDeals",
    "retrieve-contact-geo-ips-200-Result-0": "/contacts/49/geoIps",
    "retrieve-contact-geo-ips-404-Result-0": "/contacts/100/geoIps",
    "retrieve-a-contacts-geo-ip-address-200-Result-0": "/geoIps/4/geoAddress",
    "retrieve-a-contacts-geo-ip-address-404-Result-0": "/geoIps/100/geoAddress",
    "get-contacts-tracking-logsevents-200-Result-0": "/contacts/112/trackingLogs",
    "get-contact-by-event-id-200-Result-0": "/trackingLogs/12/contact",
    "create-new-contactautomation-403-Result-0": "/contactAutomations",
    "create-a-list-group-permission-403-Result-0": "/listGroups",
    "create-contact-tag-404-Result-0": "/contactTags",
    "create-a-new-contact-422-Result-1": "/contacts",
    "retrieve-a-list-403-Result-0": "/lists/1",
    "delete-a-list-403-Result-0": "/lists/3",
    "delete-note-403-Result-0": "/notes/1",
    "update-a-group-403-Result-0": "/groups/8",
    "bulk-import-contacts-400-Other Error-1": "/import/bulk_import",
    "bulk-import-contacts-400-Contact Create Fail-1": "/import/bulk_import",
    "bulk-import-status-info-200-Result-0": "/import/info",
    "bulk-import-status-list-200-Result-0": "/import/bulk_import",
}
"""What nobody recorded, made of the document's examples: which, and the path that its answer belongs to."""


def refused(title: str, code: str, **more: Any) -> Any:
    return {"errors": [{"title": title, "code": code, **more}]}


MIGHT_BE: dict[str, Any] = {
    "GET /notes 403": {"message": "You do not have permission"},
    "POST /fields 403": {"message": "Forbidden"},
    "POST /lists 403": {"errors": [{"status": 403, "title": "Forbidden", "detail": "no"}]},
    "GET /contacts 403": None,
    "GET /tags 401": {"message": "no"},
    "GET /contacts 401": None,
    "GET /contacts 402": {"message": "pay"},
    "GET /contacts 429": None,
    "GET /lists 429": "<html>slow</html>",
    "PUT /contacts/1 500": {"message": "broken"},
    "GET /contacts 500": "<html>broken</html>",
    "GET /contacts 502": "<html>bad gateway</html>",
    "GET /contacts 503": None,
    "GET /contacts 504": None,
    "GET /contacts 301": None,
    "GET /contacts 200": "<html>having some issues</html>",
    "DELETE /contacts/5 200": None,
    "DELETE /notes/7 404": {"message": "No Result found for Note with id 7"},
    "GET /groupMembers/7 404": {"errors": [{"status": 404, "title": "Not Found"}]},
    "PUT /contacts/1 422": refused("there already", "duplicate", source={"pointer": "/data/attributes/email"}),
    "POST /tags 422": {"message": "Could not process request", "error": "Duplicate entry 'contact-a' for key"},
}
"""Answers that nobody recorded and that might come, by what was asked."""
BODIES = {
    "PUT /contacts/1": {"contact": {"email": "a@example.com"}},
    "POST /tags": {"tag": {"tag": "a", "tagType": "contact"}},
}


@pytest.mark.parametrize("name", MIGHT_BE)
async def test_like_what_might_be_recorded(name: str) -> None:
    verb, path, status = name.split()
    body = BODIES.get(f"{verb} {path}")
    exchange = Exchange(name, Asked(verb, path, {}, body), int(status), {}, MIGHT_BE[name])
    found, _ = await compare(exchange)
    assert [difference for difference in found if listed(difference) is None] == []


@pytest.mark.parametrize(
    "query",
    [
        {"status": "2"},
        {"phone": "+49"},
        {"search": "Ann"},
        {"filters[created_before]": "2022-01-01"},
        {"filters[updated_after]": "2026-05-01T00:00:00-05:00"},
        {"listid": "4", "status": "2"},
    ],
    ids=str,
)
async def test_whom_a_filter_finds_is_found(query: dict[str, str]) -> None:
    real = Sandbox(rate=None)
    dates = {"cdate": "2021-03-01T00:00:00-06:00", "udate": "2026-05-28T03:05:54-05:00"}
    real.add_contact(id=70, firstName="Ann", phone="+49 30 1", **dates)
    real.subscribe(70, real.add_list("News", id=4), 2)
    async with asking(real) as client:
        answer = (await client.get("/contacts", params=query)).json()
    assert len(answer["contacts"]) == 1
    found, _ = await compare(Exchange("made", Asked("GET", "/contacts", query, None), 200, {}, answer))
    assert found == []


@pytest.mark.parametrize("was_there", [True, False])
async def test_a_200_does_not_tell_whether_the_row_was_there(was_there: bool) -> None:
    real = Sandbox(contacts=1, rate=None)
    list_ = real.add_list("News")
    real.subscribe(1, list_) if was_there else None
    body = {"contactList": {"contact": 1, "list": list_, "status": 2}}
    async with asking(real) as client:
        answer = (await client.post("/contactLists", json=body)).json()
    found, _ = await compare(Exchange("made", Asked("POST", "/contactLists", {}, body), 200, {}, answer))
    assert [difference for difference in found if listed(difference) is None] == []


@needs_document
@pytest.mark.parametrize("name", MADE)
async def test_like_the_document(name: str) -> None:
    line = dict(EVERY_DOCUMENTED)[name] | {"path": MADE[name]}
    names_the_id = "with id" in str(line["response_body"])
    for exchange in [line] if names_the_id else [line, varied(line)]:
        found, _ = await compare(exchange_of(name, exchange))
        assert [difference for difference in found if listed(difference) is None] == []


@needs_recordings
async def test_little_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    compared = 0
    met: Counter[str] = Counter()
    for exchange in RECORDED:
        found, looked_at = await compare(exchange)
        compared += looked_at
        met.update(pattern for difference in found if (pattern := listed(difference)))
    left = len(EVERY) - len(RECORDED)
    with capsys.disabled():
        print(f"\n{len(RECORDED)} exchanges, {left} of areas not built; {compared} keys, {met.total()} listed:")
        print("\n".join(f"{times:5} {LISTED[pattern]}" for pattern, times in met.most_common()))
    assert met.total() <= SHARE * compared
