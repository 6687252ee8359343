"""What belongs to one contact: each collection's call, and its rows as they come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from activecampaign_async.errors import DecodeError
from activecampaign_async.resources._reference import Reference
from activecampaign_async.resources.contacts import Contacts
from activecampaign_async.resources.lists import ListChannel
from tests.resources.road import Road

pytestmark = pytest.mark.anyio

STAMP = "2026-05-12T11:30:06-05:00"
MOMENT = datetime(2026, 5, 12, 11, 30, 6, tzinfo=timezone(timedelta(hours=-5)))

# verb, key, a row, some of its attributes
COLLECTIONS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "account_contacts",
        "accountContacts",
        {"account": "9", "contact": "7", "jobTitle": "", "createdTimestamp": STAMP},
        {"account": 9, "job_title": "", "created_at": MOMENT},
    ),
    (
        "automation_entry_counts",
        "automationEntryCounts",
        {"name": "Scoring", "status": "1", "hidden": "0", "contactEntryCount": "2"},
        {"name": "Scoring", "status": 1, "hidden": False, "contact_entry_count": 2},
    ),
    (
        "bounce_logs",
        "bounceLogs",
        {"tstamp": STAMP, "subscriberid": "7", "contact": "7", "code": 48, "codeid": "48", "error": ""},
        {"created_at": MOMENT, "subscriber_id": 7, "code": "48", "code_id": 48, "error": ""},
    ),
    ("bounce_logs", "bounceLogs", {"code": "5.1.1"}, {"code": "5.1.1"}),
    (
        "contact_automations",
        "contactAutomations",
        {"seriesid": "2", "automation": "2", "batchid": "completed", "completed": 1, "remdate": STAMP, "in_als": "3"},
        {"automation": 2, "batch_id": "completed", "completed": True, "removed_at": MOMENT, "in_als": 3},
    ),
    ("contact_deals", "contactDeals", {"deal": "5", "role": None, "cdate": STAMP}, {"deal": 5, "created_at": MOMENT}),
    (
        "contact_goals",
        "contactGoals",
        {"goalid": "3", "goal": "3", "subscriberseriesid": "83", "contactAutomation": "83", "tstamp": STAMP},
        {"goal": 3, "goal_id": 3, "contact_automation": 83, "subscriber_series_id": 83, "created_at": MOMENT},
    ),
    (
        "contact_lists",
        "contactLists",
        {"list": "2", "status": "91", "sourceid": "3", "channel": "email", "unsubreason": None},
        {"list": 2, "status": 91, "source_id": 3, "channel": ListChannel.EMAIL, "unsubscribe_reason": None},
    ),
    ("contact_logs", "contactLogs", {}, {}),
    ("contact_tags", "contactTags", {"tag": "3", "cdate": STAMP}, {"tag": 3, "created_at": MOMENT}),
    ("deals", "deals", {"value": "494227", "isDisabled": 1}, {"value": Decimal(494227), "is_disabled": True}),
    ("field_values", "fieldValues", {"field": "1", "value": "||a||b||"}, {"field": 1, "values": ("a", "b")}),
    (
        "geo_ips",
        "geoIps",
        {"ip4": "1123637995", "geoAddress": "2", "geoaddrid": "2", "campaignid": "11"},
        {"ip4": "1123637995", "geo_address": 2, "geo_address_id": 2, "campaign_id": 11},
    ),
    (
        "notes",
        "notes",
        {"relid": "7", "reltype": "Subscriber", "note": "x", "owner": {"type": "contact", "id": "7"}},
        {"rel_id": 7, "note": "x", "owner": Reference(type="contact", id=7)},
    ),
    ("score_values", "scoreValues", {"score": "2", "scoreValue": "0"}, {"score": 2, "score_value": 0}),
    (
        "tracking_logs",
        "trackingLogs",
        {"subscriberid": "7", "type": "Bought", "value": "x", "tstamp": STAMP, "hash": "ab", "contact": "7"},
        {"contact": 7, "type": "Bought", "value": "x", "created_at": MOMENT, "hash": "ab"},
    ),
]


@pytest.mark.parametrize(("verb", "key", "row", "attributes"), COLLECTIONS)
async def test_collections(verb: str, key: str, row: dict[str, Any], attributes: dict[str, Any]) -> None:
    row = {"id": "12"} | row
    road = Road({key: [row]}, {key: []})  # no `meta`: one more request tells that this is all
    (item,) = await getattr(Contacts(road), verb)("7", limit=50, timeout=3).collect()
    assert road.calls[0].path == f"/contacts/7/{key}"
    assert dict(road.calls[0].query) == {"limit": "50", "offset": "0"}
    assert {(call.method, call.timeout) for call in road.calls} == {("GET", 3)}
    assert item.id == 12
    assert {name: getattr(item, name) for name in attributes} == attributes
    assert (item.misfits, item.extra, item.to_dict()) == (frozenset(), {}, row)


VERBS = sorted({verb for verb, *_ in COLLECTIONS})


@pytest.mark.parametrize("verb", VERBS)
async def test_more_than_a_page(verb: str) -> None:
    key = next(key for v, key, *_ in COLLECTIONS if v == verb)

    def page(call: Any) -> dict[str, Any]:
        first, size = int(call.query["offset"]), int(call.query["limit"])
        return {key: [{"id": str(id)} for id in range(1, 131)[first : first + size]], "meta": {"total": "130"}}

    road = Road(page)
    assert [item.id async for item in getattr(Contacts(road), verb)(7)] == list(range(1, 131))
    assert len(road.calls) == 2


@pytest.mark.parametrize("verb", VERBS)
async def test_nothing_is_nothing(verb: str) -> None:
    road = Road({})
    page = await getattr(Contacts(road), verb)(7)
    assert (page.items, page.has_more) == ((), False)
    assert len(road.calls) == 1
    wrong: list[Any] = [{"message": "x"}, [], "x", {"contacts": []}]
    for answer in wrong:
        with pytest.raises(DecodeError):
            await getattr(Contacts(Road(answer)), verb)(7)


@pytest.mark.parametrize("verb", [*VERBS, "activities", "contact_data", "organization", "plus_append", "geo_address"])
@pytest.mark.parametrize(("id", "error"), [(0, ValueError), ("", ValueError), ("1/2", ValueError), (True, TypeError)])
async def test_ids_refused(verb: str, id: Any, error: type[Exception]) -> None:
    road = Road()
    with pytest.raises(error, match=r"^(id|geo_ip): an int of 1 or more"):
        await getattr(Contacts(road), verb)(id)
    assert road.calls == []


async def test_a_collection_brings_what_its_rows_name() -> None:
    ties = [{"id": "1", "deal": "5", "contact": "7"}, {"id": "2", "deal": "6", "contact": "7"}]
    deals = [{"id": "5", "title": "five"}, {"id": "6", "title": "six"}]
    road = Road({"contacts": [{"id": "7", "email": "a@example.com"}], "deals": deals, "contactDeals": ties})
    page = await Contacts(road).contact_deals(7)
    assert [tie.included.deals[0].title for tie in page.items] == ["five", "six"]
    assert [tie.included.contacts[0].id for tie in page.items] == [7, 7]
    assert len(page.included.deals) == 2


# -- at most one of a kind

SINGLES: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "contact_data",
        "/contacts/7/contactData",
        "contactDatum",
        {"contact": "7", "tstamp": STAMP, "geoTstamp": None, "geoLat": "0.000000", "geoTzOffset": "-6.00",
         "geo_country": "", "geoArea": "0", "ga_first_visit": None, "ga_times_visited": "3", "tw_id": "0",
         "created_timestamp": "0000-00-00 00:00:00", "links": []},
        {"contact": 7, "created_at": MOMENT, "geo_updated_at": None, "geo_lat": Decimal("0.000000"),
         "geo_tz_offset": Decimal("-6.00"), "geo_country": "", "ga_times_visited": 3, "created_timestamp": None},
    ),
    (
        "organization",
        "/contacts/7/organization",
        "organization",
        {"name": "M", "created_timestamp": STAMP, "userid": "1", "owner": "1"},
        {"name": "M", "created_at": MOMENT, "user_id": 1, "owner": 1},
    ),
    (
        "plus_append",
        "/contacts/7/plusAppend",
        "plusAppend",
        {"contact": "7", "imageUrl": "https://img.example.com/1", "membershipsFacebook": ""},
        {"contact": 7, "image_url": "https://img.example.com/1", "memberships_facebook": ""},
    ),
    (
        "geo_address",
        "/geoIps/7/geoAddress",
        "geoAddress",
        {"ip4": "1234567890", "country2": "US", "lat": "40.7128", "lon": "-74.0060", "tz": "America/Chicago"},
        {"ip4": "1234567890", "country2": "US", "lat": Decimal("40.7128"), "lon": Decimal("-74.0060")},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "path", "key", "row", "attributes"), SINGLES)
async def test_singles(verb: str, path: str, key: str, row: dict[str, Any], attributes: dict[str, Any]) -> None:
    road = Road({key: row | {"id": "2"}})
    item = await getattr(Contacts(road), verb)(7, timeout=3)
    assert road.sent == ("GET", path, None)
    assert road.calls[0].timeout == 3
    assert {name: getattr(item, name) for name in attributes} == attributes
    assert (item.id, item.misfits, item.extra) == (2, frozenset(), {})
    empties: list[Any] = [{}, [], {key: None}, {key: []}, {key: {}}]
    for empty in empties:
        assert await getattr(Contacts(Road(empty)), verb)(7) is None
    wrong: list[Any] = [{"message": "x"}, "x", {key: "x"}, {key: {"name": "no id"}}]
    for answer in wrong:
        with pytest.raises(DecodeError):
            await getattr(Contacts(Road(answer)), verb)(7)


async def test_by_event() -> None:
    road = Road({"contact": {"id": "7", "email": "a@example.com"}})
    assert (await Contacts(road).by_event("12")).id == 7
    assert road.sent == ("GET", "/trackingLogs/12/contact", None)
    with pytest.raises(ValueError, match="event: an int"):
        await Contacts(road).by_event(0)


# -- activities

ACTIVITY: dict[str, Any] = {
    "tstamp": STAMP,
    "subscriberid": "7",
    "reference_type": "SubscriberEmail",
    "reference_id": "13",
    "reference_action": "",
    "jsonData": None,
    "userid": "1",
    "permission": "",
    "referenceModelName": "contact-email",
    "notes": ["4"],
    "recipients": ["1496"],
    "reference": {"type": "contact-email", "id": "13"},
    "user": "1",
    "id": "865",
}
RECIPIENT: dict[str, Any] = {
    "reltype": "Subscriber",
    "relid": "7",
    "activityid": "865",
    "recipient": {"type": "contact", "id": "7"},
}


async def test_activities() -> None:
    road = Road(
        {
            "contacts": [{"id": "7"}],
            "activityRecipients": [RECIPIENT, RECIPIENT | {"activityid": "1"}],
            "notes": [{"id": "4", "note": "x"}, {"id": "5", "note": "y"}],
            "activities": [ACTIVITY],
            "meta": {"total": "1"},
        }
    )
    page = await Contacts(road).activities(7)
    (activity,) = page.items
    assert road.sent == ("GET", "/activities", None)
    assert road.calls[0].query == {"contact": "7", "limit": "100", "offset": "0"}
    assert (activity.misfits, activity.extra, activity.to_dict()) == (frozenset(), {}, ACTIVITY)
    assert (activity.reference, activity.recipients) == (Reference(type="contact-email", id=13), (1496,))
    (recipient,) = activity.included.activity_recipients
    assert (recipient.activity_id, recipient.recipient, recipient.extra) == (865, Reference(type="contact", id=7), {})
    assert [note.note for note in activity.included.notes] == ["x"]
    assert len(page.included.activity_recipients) == 2


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({"after": datetime(2026, 1, 2, tzinfo=UTC)}, {"after": "2026-01-02T00:00:00+00:00"}),
        ({"after": date(2026, 1, 2)}, {"after": "2026-01-02"}),
        ({"emails": True}, {"emails": "true"}),
        ({"emails": False}, {"emails": "false"}),
        ({"include": ("notes", "notes.user", "reference.contact_list.list")},
         {"include": "notes,notes.user,reference.contactList.list"}),
        ({"order_by": "created_at"}, {"orders[tstamp]": "ASC"}),
        ({"order_by": "-created_at", "limit": 20}, {"orders[tstamp]": "DESC", "limit": "20"}),
    ],
)  # fmt: skip
async def test_which_activities(given: dict[str, Any], query: dict[str, Any]) -> None:
    road = Road({"activities": [], "meta": {"total": "0"}})
    await Contacts(road).activities("7", **given)
    assert road.calls[0].query == {"contact": "7", "limit": "100", "offset": "0"} | query


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"after": datetime(2026, 1, 2)}, ValueError, "after: .*zone"),  # noqa: DTZ001  # refused
        ({"after": "2026-01-02"}, TypeError, "after: "),
        ({"emails": "true"}, TypeError, "emails: bool"),
        ({"order_by": "tstamp"}, ValueError, "order_by: 'tstamp' is none of created_at"),
        ({"includes": "notes"}, TypeError, "did you mean include?"),
        ({"limit": 101}, ValueError, "limit"),
    ],
)
async def test_activities_refused(given: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        _ = Contacts(Road()).activities(7, **given)
