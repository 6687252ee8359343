"""Lists, who may use them, and who gets nothing: what each verb sends, and what it makes of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from activecampaign_async._call import Call
from activecampaign_async.resources.lists import (
    Exclusion,
    ExclusionChannel,
    List,
    ListChannel,
    Lists,
    MatchType,
)
from tests.resources.road import Road

pytestmark = pytest.mark.anyio

ROW = {"id": "3", "name": "News", "stringid": "news", "userid": "0", "private": "0", "fulladdress": None}
ANSWER = {"list": ROW}
NEEDED: dict[str, Any] = {
    "name": "News",
    "string_id": "news",
    "sender_url": "https://example.com",
    "sender_reminder": "You asked.",
}
NEEDED_WIRE = {"name": "News", "stringid": "news", "sender_url": "https://example.com", "sender_reminder": "You asked."}


def asked(call: Call[Any]) -> dict[str, Any]:
    return {k: v for k, v in call.query.items() if k not in ("limit", "offset")}


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({}, {}),
        ({"name": "N"}, {"filters[name]": "N"}),
        ({"name_eq": "N"}, {"filters[name][eq]": "N"}),
        ({"name_neq": "N"}, {"filters[name][neq]": "N"}),
        ({"name_lt": "N"}, {"filters[name][lt]": "N"}),
        ({"name_lte": "N"}, {"filters[name][lte]": "N"}),
        ({"name_gt": "N"}, {"filters[name][gt]": "N"}),
        ({"name_gte": "N"}, {"filters[name][gte]": "N"}),
        ({"name_contains": "N"}, {"filters[name][contains]": "N"}),
        ({"name_starts_with": "N"}, {"filters[name][starts_with]": "N"}),
        ({"order_by": "name"}, {"orders[name]": "asc"}),
        ({"order_by": "-name"}, {"orders[name]": "desc"}),
        ({"order_by": "weight", "name_contains": "N"}, {"orders[name]": "weight", "filters[name][contains]": "N"}),
    ],
)
async def test_list(given: dict[str, Any], query: dict[str, Any]) -> None:
    road = Road({"lists": [ROW], "meta": {"total": "1"}})
    page = await Lists(road).list(**given)
    assert [row.name for row in page.items] == ["News"]
    assert road.sent == ("GET", "/lists", None)
    assert asked(road.calls[0]) == query
    assert road.calls[0].query["limit"] == "100"


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"order_by": "cdate"}, ValueError, "order_by: 'cdate' is none of name, -name, weight"),
        ({"order_by": 1}, TypeError, "order_by: "),
        ({"nmae": "x"}, TypeError, "did you mean name"),
        ({"name": None}, TypeError, "name: None is no filter"),
        ({"limit": 101}, ValueError, "limit: "),
    ],
)
def test_list_refuses(given: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        _ = Lists(Road()).list(**given)


async def test_get() -> None:
    road = Road(ANSWER)
    found = await Lists(road).get("3")
    assert road.sent == ("GET", "/lists/3", None)
    assert (found.id, found.string_id, found.user_id, found.private, found.full_address) == (3, "news", 0, False, None)


async def test_create_never_leaves_the_last_broadcast_open() -> None:
    road = Road(ANSWER)
    await Lists(road).create(**NEEDED)
    assert road.sent == ("POST", "/lists", {"list": NEEDED_WIRE | {"send_last_broadcast": False}})
    assert not road.calls[0].repeatable
    await Lists(road).create(
        **NEEDED,
        send_last_broadcast=True,
        carbon_copy="",
        subscription_notify=None,
        unsubscription_notify="a@example.com",
        user=1,
        channel=ListChannel.SMS,
    )
    more = {
        "send_last_broadcast": True,
        "carboncopy": "",
        "subscription_notify": None,
        "unsubscription_notify": "a@example.com",
        "user": 1,
        "channel": "sms",
    }
    assert road.sent[2] == {"list": NEEDED_WIRE | more}


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"name": " "}, ValueError, "name: is empty"),
        ({"string_id": ""}, ValueError, "string_id: is empty"),
        ({"sender_url": None}, TypeError, "sender_url: str was expected"),
        ({"stringid": "x"}, TypeError, "did you mean string_id"),
        ({"carboncopy": "x"}, TypeError, "did you mean carbon_copy"),
        ({"send_last_broadcast": 1}, TypeError, "send_last_broadcast: bool was expected, not int"),
        ({"user": True}, TypeError, "user: an int of 1 or more"),
        ({"user": 0}, ValueError, "user: an int of 1 or more"),
        ({"channel": 1}, TypeError, "channel: ListChannel or str"),
    ],
)
async def test_create_refuses(given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await Lists(road).create(**{**NEEDED, **given})
    assert road.calls == []


async def test_update_and_delete() -> None:
    road = Road(ANSWER)
    await Lists(road).update(3, name="Old news")
    assert road.sent == ("PUT", "/lists/3", {"list": {"name": "Old news"}})
    with pytest.raises(ValueError, match="nothing to change"):
        await Lists(road).update(3)
    await Lists(road).delete(3)
    assert road.sent == ("DELETE", "/lists/3", None)
    assert not road.calls[-1].missing_is_done
    assert not road.calls[-1].result_due


async def test_find() -> None:
    rows = [{"id": str(i), "name": name} for i, name in enumerate(["News 2", " news ", "Else"], 1)]
    road = Road({"lists": rows, "meta": {"total": "3"}})
    found = await Lists(road).find("NEWS")
    assert found is not None
    assert found.id == 2
    assert asked(road.calls[0]) == {}  # a filter of unknown strictness could hide it
    assert await Lists(road).find("New") is None
    twice = Road({"lists": [{"id": 1, "name": "a"}, {"id": 2, "name": "A"}], "meta": {"total": 2}})
    with pytest.raises(LookupError, match="2 lists have that name, ids 1, 2"):
        await Lists(twice).find("a")
    with pytest.raises(ValueError, match="name: is empty"):
        await Lists(road).find("")


# -- permissions


async def test_groups() -> None:
    row = {"id": "18", "list": "16", "group": "29", "p_list_add": "1", "p_subscriber_import": "0", "links": {}}
    road = Road({"listGroups": [row], "meta": {"total": "1"}})
    page = await Lists(road).groups()
    assert road.sent == ("GET", "/listGroups", None)
    (found,) = page.items
    assert (found.list, found.group, found.p_list_add, found.p_subscriber_import) == (16, 29, True, False)
    assert found.extra == {}
    road = Road({"listGroup": row})
    assert (await Lists(road).get_group(18)).id == 18
    assert road.sent == ("GET", "/listGroups/18", None)
    await Lists(road).add_group(16, "29")
    assert road.sent == ("POST", "/listGroups", {"listGroup": {"listid": 16, "groupid": "29"}})
    assert not road.calls[-1].repeatable
    await Lists(road).remove_group(18)
    assert road.sent == ("DELETE", "/listGroups/18", None)
    assert road.calls[-1].missing_is_done
    for wrong in (0, True, "1/2", None):
        with pytest.raises((TypeError, ValueError), match="group: "):
            await Lists(road).add_group(16, wrong)  # type: ignore[arg-type]  # refused
        with pytest.raises((TypeError, ValueError), match="list_group: "):
            await Lists(road).remove_group(wrong)  # type: ignore[arg-type]  # refused


# -- exclusions

EXCLUDED = {
    "id": "2",
    "matchPhrase": "example.com",
    "matchType": "end",
    "channel": "several",
    "hidden": False,
    "lists": ["2", "1"],
}


async def test_exclusions() -> None:
    road = Road(
        {"exclusions": [EXCLUDED, {**EXCLUDED, "id": "3", "matchType": "any", "lists": []}], "meta": {"total": 2}}
    )
    page = await Lists(road).exclusions(match_phrase=".com", lists=[1, "2"], order_by=("match_phrase", "-lists"))
    assert road.sent == ("GET", "/lists/exclusions", None)
    assert asked(road.calls[0]) == {
        "filters[matchPhrase]": ".com",
        "filters[lists][]": ["1", "2"],
        "orders[matchPhrase]": "ASC",
        "orders[lists]": "DESC",
    }
    first, second = page.items
    assert (first.match_type, first.channel, first.hidden) == (MatchType.END, ExclusionChannel.SEVERAL, False)
    assert (first.lists, second.lists, second.match_type) == ((2, 1), (), "any")


async def test_an_exclusion_comes_bare() -> None:
    road = Road(EXCLUDED)
    found = await Lists(road).get_exclusion(2)
    assert road.sent == ("GET", "/lists/exclusions/2", None)
    assert isinstance(found, Exclusion)
    assert found.extra == {}
    await Lists(road).update_exclusion(2, channel=ExclusionChannel.SEVERAL, lists=[1, "2"])
    assert road.sent == ("PUT", "/lists/exclusions/2", {"channel": "several", "lists": ["1", "2"]})
    await Lists(road).update_exclusion(2, lists=[1])
    assert road.sent[2] == {"lists": ["1"]}
    await Lists(road).update_exclusion(2, channel="email", lists=[])
    assert road.sent[2] == {"channel": "email", "lists": []}


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({}, ValueError, "nothing to change"),
        ({"channel": ExclusionChannel.ALL, "lists": [1]}, ValueError, "lists: go only with"),
        ({"lists": "12"}, TypeError, "lists: several ids"),
        ({"lists": [0]}, ValueError, r"lists\[0\]: an int of 1 or more"),
        ({"chanel": "all"}, TypeError, "did you mean channel"),
    ],
)
async def test_update_exclusion_refuses(given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await Lists(road).update_exclusion(2, **given)
    assert road.calls == []


def test_a_list_tells_nothing_in_its_repr() -> None:
    assert repr(List(id=3, name="News", twitter_token_secret="s3cret")) == "List(id=3)"
