"""Contacts' ties to tags, lists and automations: what each verb sends, and what it makes of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from activecampaign_async.resources.contact_automations import ContactAutomations
from activecampaign_async.resources.contact_deals import ContactDeals
from activecampaign_async.resources.contact_lists import ContactLists, ListSource, ListStatus
from activecampaign_async.resources.contact_tags import ContactTags
from activecampaign_async.resources.contacts import Contacts
from tests.resources.road import Road

pytestmark = pytest.mark.anyio

TAGGED = {
    "contacts": [{"id": "7", "email": "a@example.com"}],
    "contactTag": {"contact": "7", "tag": "3", "cdate": "2026-01-02T03:04:05-06:00", "links": {}, "id": "34"},
}
SUBSCRIBED = {"contacts": [{"id": "7"}], "contactList": {"contact": 7, "list": 2, "status": 1, "id": "9"}}
STARTED = {
    "contacts": [{"id": "7"}],
    "contactAutomation": {"contact": "7", "seriesid": "2", "status": 1, "completed": 0, "id": "3", "automation": "2"},
}


async def test_add_tag() -> None:
    road = Road(TAGGED)
    tie = await Contacts(road).add_tag(7, 3, timeout=5)
    assert road.sent == ("POST", "/contactTags", {"contactTag": {"contact": 7, "tag": 3}})
    assert (tie.id, tie.contact, tie.tag) == (34, 7, 3)
    assert tie.included.contacts[0].email == "a@example.com"
    call = road.calls[0]
    assert (call.repeatable, call.writes, call.result_due, call.timeout) == (True, True, True, 5)
    await Contacts(road).add_tag("7", "03")
    assert road.calls[1].body == {"contactTag": {"contact": "7", "tag": "3"}}  # the API answers in the type it was sent


async def test_set_list_status() -> None:
    road = Road(SUBSCRIBED)
    tie = await Contacts(road).set_list_status(7, 2, ListStatus.SUBSCRIBED)
    assert road.sent == ("POST", "/contactLists", {"contactList": {"contact": 7, "list": 2, "status": 1}})
    assert (tie.id, tie.status) == (9, ListStatus.SUBSCRIBED)
    assert road.calls[0].repeatable
    await Contacts(road).set_list_status(7, 2, 2)
    assert road.calls[1].body["contactList"]["status"] == 2
    await Contacts(road).set_list_status("7", "2", "91")  # text is sent as it is
    assert road.calls[2].body["contactList"] == {"contact": "7", "list": "2", "status": "91"}


@pytest.mark.parametrize(("source", "wire"), [(ListSource.RESUBSCRIBED, 4), (4, 4), ("7", "7")])
async def test_somebody_who_left_is_subscribed_again(source: Any, wire: Any) -> None:
    road = Road({"contactList": {"id": "9", "sourceid": str(wire)}})
    tie = await Contacts(road).set_list_status(7, 2, ListStatus.SUBSCRIBED, source_id=source)
    assert road.sent[2]["contactList"] == {"contact": 7, "list": 2, "status": 1, "sourceid": wire}
    assert tie.source_id == int(wire)
    assert isinstance(tie.source_id, ListSource) is (wire == 4)


async def test_add_to_automation_is_never_repeated() -> None:
    road = Road(STARTED)
    tie = await Contacts(road).add_to_automation("7", 2)
    assert road.sent == ("POST", "/contactAutomations", {"contactAutomation": {"contact": "7", "automation": 2}})
    assert (tie.id, tie.automation, tie.series_id, tie.completed) == (3, 2, 2, False)
    assert not road.calls[0].repeatable


@pytest.mark.parametrize(
    ("verb", "path"),
    [("remove_tag", "/contactTags/34"), ("remove_from_automation", "/contactAutomations/34")],
)
async def test_a_tie_that_is_gone_is_gone(verb: str, path: str) -> None:
    road = Road({})
    assert await getattr(Contacts(road), verb)("34", timeout=2) is None
    assert road.sent == ("DELETE", path, None)
    call = road.calls[0]
    assert (call.missing_is_done, call.repeatable, call.result_due, call.timeout) == (True, True, False, 2)


@pytest.mark.parametrize(
    ("verb", "args", "given", "error", "text"),
    [
        ("add_tag", (0, 1), {}, ValueError, "contact: an int of 1 or more"),
        ("add_tag", (1, "VIP"), {}, ValueError, "tag: an int of 1 or more"),
        ("add_tag", (1, True), {}, TypeError, "tag: .*not bool"),
        ("add_tag", ([1], 1), {}, TypeError, "contact: .*not list"),
        ("add_tag", (1.0, 1), {}, TypeError, "contact: .*not float"),
        ("remove_tag", ("",), {}, ValueError, "contact_tag: an int"),
        ("remove_from_automation", (None,), {}, TypeError, "contact_automation: .*not NoneType"),
        ("add_to_automation", (1, -1), {}, ValueError, "automation: an int"),
        ("set_list_status", (1, 0, 1), {}, ValueError, "list: an int"),
        ("set_list_status", (1, 1, 91), {}, ValueError, r"status: 91 is none of 0 \(UNCONFIRMED\), 1 \(SUB"),
        ("set_list_status", (1, 1, True), {}, TypeError, "status: .*not bool"),
        ("set_list_status", (1, 1, None), {}, TypeError, "status: .*not NoneType"),
        ("set_list_status", (1, 1, " "), {}, ValueError, "status: is empty"),
        ("set_list_status", (1, 1, 1), {"source_id": 7}, ValueError, r"source_id: 7 is none of 4 \(RESUBSCRIBED\)"),
        ("set_list_status", (1, 1, 1), {"source_id": True}, TypeError, "source_id: ListSource or int or str"),
        ("set_list_status", (1, 1, "subscribed"), {}, ValueError, "status: did you mean ListStatus.SUBSCRIBED"),
        ("set_list_status", (1, 1, 1), {"sourceid": 4}, TypeError, "'sourceid': did you mean source_id?"),
        ("set_list_status", (1, 1, 1), {"sorce": 4}, TypeError, "did you mean source_id?"),
    ],
)
async def test_refused(verb: str, args: Any, given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await getattr(Contacts(road), verb)(*args, **given)
    assert road.calls == []


# -- the ties as areas of their own


async def test_contact_tags() -> None:
    road = Road(TAGGED)
    assert (await ContactTags(road).get("34")).tag == 3
    assert road.sent == ("GET", "/contactTags/34", None)
    road = Road({"contactTags": [TAGGED["contactTag"]], "meta": {"total": "1"}}, strict=True)
    page = await ContactTags(road).list(limit=5, timeout=3)
    assert ([tie.tag for tie in page.items], page.total, page.has_more) == ([3], 1, False)
    assert (road.sent, road.calls[0].query) == (("GET", "/contactTags", None), {"limit": "5", "offset": "0"})
    assert road.calls[0].timeout == 3


async def test_contact_lists() -> None:
    road = Road(SUBSCRIBED)
    assert (await ContactLists(road).get("9", timeout=3)).list == 2
    assert (road.sent, road.calls[0].timeout) == (("GET", "/contactLists/9", None), 3)
    road = Road({"contactLists": [SUBSCRIBED["contactList"]], "meta": {"total": "1"}}, strict=True)
    page = await ContactLists(road).list(limit=5, timeout=3)
    assert ([tie.status for tie in page.items], page.total) == ([ListStatus.SUBSCRIBED], 1)
    assert (road.sent, road.calls[0].query) == (("GET", "/contactLists", None), {"limit": "5", "offset": "0"})
    assert road.calls[0].timeout == 3


@pytest.mark.parametrize("id", [0, "", "a", None, True])
async def test_ties_have_ids(id: Any) -> None:
    road = Road()
    for area in (ContactTags(road), ContactLists(road)):
        with pytest.raises((TypeError, ValueError), match="id: an int of 1 or more"):
            await area.get(id)
    assert road.calls == []


async def test_contact_automations() -> None:
    road = Road({"contactAutomations": [STARTED["contactAutomation"]], "meta": {"total": "1", "showcase_stats": []}})
    page = await ContactAutomations(road).list(limit=5, timeout=3)
    assert [tie.automation for tie in page.items] == [2]
    assert (page.total, page.has_more) == (1, False)
    assert road.sent == ("GET", "/contactAutomations", None)
    assert road.calls[0].query == {"limit": "5", "offset": "0"}
    road = Road(STARTED)
    assert (await ContactAutomations(road).get(3)).contact == 7
    assert road.sent == ("GET", "/contactAutomations/3", None)


ROLE = {"deals": [{"id": "2", "title": "Big"}], "contactDeal": {"deal": "2", "contact": 4, "role": 1, "id": "1"}}


async def test_contact_deals() -> None:
    road = Road(ROLE)
    tie = await ContactDeals(road).create(contact=4, deal="2")
    assert (tie.deal, tie.contact, tie.role, tie.included.deals[0].title) == (2, 4, 1, "Big")
    await ContactDeals(road).update(1, contact=4, role=1)
    await ContactDeals(road).get(1)
    await ContactDeals(road).delete(1)
    assert [(call.method, call.path, call.body) for call in road.calls] == [
        ("POST", "/contactDeals", {"contactDeal": {"contact": 4, "deal": "2"}}),
        ("PUT", "/contactDeals/1", {"contactDeal": {"contact": 4, "role": 1}}),
        ("GET", "/contactDeals/1", None),
        ("DELETE", "/contactDeals/1", None),
    ]
    assert [call.repeatable for call in road.calls] == [False, True, True, True]
    assert [call.missing_is_done for call in road.calls] == [False, False, False, True]


async def test_contact_deals_are_listed() -> None:
    rows = [{"id": "1", "deal": "2", "contact": "5"}, {"id": "2", "deal": "9", "contact": "5"}]
    road = Road({"contactDeals": rows, "meta": {"total": "2"}})
    assert [tie.deal for tie in (await ContactDeals(road).list()).items] == [2, 9]
    assert road.sent == ("GET", "/contactDeals", None)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({}, ValueError, "nothing to change"),
        ({"deal": 0}, ValueError, "deal: an int"),
        ({"rol": 1}, TypeError, "did you mean role?"),
        ({"role": None}, TypeError, "role: an int"),
    ],
)
async def test_contact_deals_refused(given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await ContactDeals(road).update(1, **given)
    assert road.calls == []
