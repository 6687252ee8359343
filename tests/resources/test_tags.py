"""Tags: what each verb sends, and what it makes of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from activecampaign_async._call import Call
from activecampaign_async.resources.tags import Tags, TagType
from activecampaign_async.resources.users import Users
from tests.resources.road import Road

pytestmark = pytest.mark.anyio

ANSWER = {"tag": {"id": "15", "tag": "VIP", "tagType": "contact", "description": ""}}


def named(*names: str) -> dict[str, Any]:
    rows = [{"id": str(id), "tag": name} for id, name in enumerate(names, 1)]
    return {"tags": rows, "meta": {"total": str(len(rows))}}


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({}, {}),
        ({"search": "VI"}, {"search": "VI"}),
        ({"name_eq": "VIP"}, {"filters[search][eq]": "VIP"}),
        ({"name_neq": "VIP"}, {"filters[search][neq]": "VIP"}),
        ({"name_lt": "M"}, {"filters[search][lt]": "M"}),
        ({"name_lte": "M"}, {"filters[search][lte]": "M"}),
        ({"name_gt": "M"}, {"filters[search][gt]": "M"}),
        ({"name_gte": "M"}, {"filters[search][gte]": "M"}),
        ({"name_contains": "I"}, {"filters[search][contains]": "I"}),
        ({"name_starts_with": "V"}, {"filters[search][starts_with]": "V"}),
        ({"order_by": "name"}, {"orders[search]": "asc"}),
        ({"order_by": "-name"}, {"orders[search]": "desc"}),
        ({"search": "V", "order_by": "weight"}, {"search": "V", "orders[search]": "weight"}),
        ({"limit": 7}, {"limit": "7"}),
    ],
)
async def test_list(given: dict[str, Any], query: dict[str, Any]) -> None:
    road = Road(named("VIP"))
    page = await Tags(road).list(**given)
    assert [tag.tag for tag in page.items] == ["VIP"]
    assert road.sent == ("GET", "/tags", None)
    sent = {k: v for k, v in road.calls[0].query.items() if k != "offset"}
    assert sent == {"limit": "100"} | query


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"order_by": "tag"}, ValueError, "order_by: 'tag' is none of name, -name, weight"),
        ({"order_by": ["name"]}, TypeError, "order_by: "),
        ({"search": 5}, TypeError, "search: str was expected, not int"),
        ({"serach": "x"}, TypeError, "did you mean search"),
        ({"limit": True}, TypeError, "limit"),
    ],
)
async def test_list_refuses(given: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        _ = Tags(Road()).list(**given)


async def test_get() -> None:
    road = Road(ANSWER)
    tag = await Tags(road).get(15)
    assert road.sent == ("GET", "/tags/15", None)
    assert (tag.id, tag.tag, tag.tag_type, tag.description) == (15, "VIP", TagType.CONTACT, "")


async def test_create_makes_a_tag_that_can_be_seen() -> None:
    road = Road(ANSWER)
    await Tags(road).create(tag="VIP")
    assert road.sent == ("POST", "/tags", {"tag": {"tag": "VIP", "tagType": "contact"}})
    assert not road.calls[0].repeatable
    await Tags(road).create(tag="VIP", tag_type=TagType.TEMPLATE, description=None)
    assert road.sent[2] == {"tag": {"tag": "VIP", "tagType": "template", "description": None}}
    await Tags(road).create(tag="VIP", tag_type="tomorrow")
    assert road.sent[2] == {"tag": {"tag": "VIP", "tagType": "tomorrow"}}


async def test_update() -> None:
    road = Road(ANSWER)
    await Tags(road).update(15, description="")
    assert road.sent == ("PUT", "/tags/15", {"tag": {"description": ""}})
    with pytest.raises(ValueError, match="nothing to change"):
        await Tags(road).update(15)


async def test_delete() -> None:
    road = Road({})
    await Tags(road).delete(15)
    assert road.sent == ("DELETE", "/tags/15", None)
    assert not road.calls[0].result_due


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"tag": ""}, ValueError, "tag: is empty"),
        ({"tag": 5}, TypeError, "tag: a str was expected, not int"),
        ({"tag": "x", "tagType": "contact"}, TypeError, "did you mean tag_type"),
        ({"tag": "x", "tag_type": 3}, TypeError, "tag_type: TagType or str was expected, not int"),
        ({"tag": "x", "colour": "red"}, TypeError, "unknown argument 'colour'"),
    ],
)
async def test_create_refuses(given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await Tags(road).create(**given)
    assert road.calls == []


async def test_find_is_exact_over_all_pages() -> None:
    names = [f"VIP {n}" for n in range(150)] + ["vip"]

    def answer(call: Call[Any]) -> dict[str, Any]:
        start, most = (int(str(call.query.get(name, 0))) for name in ("offset", "limit"))
        rows = named(*names)["tags"][start : start + most]
        return {"tags": rows, "meta": {"total": str(len(names))}}

    road = Road(answer)
    found = await Tags(road).find(" VIP ")
    assert found is not None
    assert found.id == 151
    assert road.calls[0].query["search"] == "VIP"
    assert await Tags(Road(named("VIP 2"))).find("VIP") is None


async def test_find_will_not_choose() -> None:
    with pytest.raises(LookupError, match="2 tags have that name, ids 1, 3"):
        await Tags(Road(named("VIP", "VIPs", "vip"))).find("VIP")
    for name, error in (("", ValueError), (5, TypeError)):
        with pytest.raises(error, match="name: "):
            await Tags(Road()).find(name)  # type: ignore[arg-type]  # refused


async def test_who_am_i() -> None:
    row = {
        "id": "1",
        "username": "jdoe",
        "email": "jdoe@example.com",
        "mfaEnabled": "0",
        "localZoneid": "Europe/Berlin",
    }
    road = Road({"user": row})
    me = await Users(road).me(timeout=2)
    assert road.sent == ("GET", "/users/me", None)
    assert (me.id, me.username, me.mfa_enabled, me.local_zone_id) == (1, "jdoe", False, "Europe/Berlin")
    assert repr(me) == "User(id=1)"
