"""Groups of custom fields: what each verb sends, and what it makes of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from activecampaign_async.resources.field_groups import FieldGroups, FieldGroupType
from tests.resources.road import Road

pytestmark = pytest.mark.anyio

MEMBER = {"id": 87, "group_id": 1, "rel_id": 10, "ordernum": 18, "created_by": 1, "updated_by": 1, "links": {}}


async def test_list_ends_though_it_has_no_total_and_no_pages() -> None:
    rows = [{"id": 1, "type_id": 1, "label": "{**DEFAULT**}", "ordernum": 1}, {"id": 9, "type_id": 4, "label": "x"}]
    road = Road({"groupDefinitions": rows})
    groups = await FieldGroups(road).list().collect()
    assert road.sent == ("GET", "/groupMembers", None)
    assert [(group.id, group.type_id) for group in groups] == [(1, FieldGroupType.CONTACT), (9, 4)]
    assert (groups[0].label, groups[0].order_num) == ("{**DEFAULT**}", 1)


async def test_create() -> None:
    road = Road({"groupDefinition": {"id": 22, "label": "Shoes", "type_id": 1}})
    made = await FieldGroups(road).create(label="Shoes", order_num=4, group_type=FieldGroupType.CONTACT)
    wire = {"label": "Shoes", "ordernum": 4, "groupType": 1}
    assert road.sent == ("POST", "/groupDefinitions", {"groupDefinition": wire})
    assert not road.calls[0].repeatable
    assert made.id == 22


async def test_members() -> None:
    road = Road({"groupMembers": [MEMBER], "meta": {"total": 1}})
    (found,) = (await FieldGroups(road).members(1)).items
    assert road.sent == ("GET", "/groupMembers", None)
    assert road.calls[0].query["group_id"] == "1"
    assert (found.group_id, found.rel_id, found.order_num, found.extra) == (1, 10, 18, {})


async def test_a_member() -> None:
    road = Road({"groupMember": MEMBER})
    groups = FieldGroups(road)
    assert (await groups.get_member(87)).rel_id == 10
    assert road.sent == ("GET", "/groupMembers/87", None)
    await groups.add_member(1, "10")
    wire = {"rel_id": "10", "group_id": 1, "ordernum": None}
    assert road.sent == ("POST", "/groupMembers", {"groupMember": wire})
    assert not road.calls[-1].repeatable
    await groups.update_member(87, field=10)
    assert road.sent == ("PUT", "/groupMembers/87", {"groupMember": {"rel_id": 10}})
    await groups.update_member(87, field=10, group=2, order_num=None)
    assert road.sent[2] == {"groupMember": {"rel_id": 10, "group_id": 2, "ordernum": None}}
    await groups.remove_member(87)
    assert road.sent == ("DELETE", "/groupMembers/87", None)
    assert road.calls[-1].missing_is_done


@pytest.mark.parametrize(
    ("verb", "given", "error", "text"),
    [
        ("create", {"label": ""}, ValueError, "label: is empty"),
        ("create", {"label": "x", "ordernum": 1}, TypeError, "did you mean order_num"),
        ("create", {"label": "x", "group_type": "contact"}, ValueError, "did you mean FieldGroupType.CONTACT"),
        ("add_member", {"group": 0, "field": 1}, ValueError, "group: an int of 1 or more"),
        ("add_member", {"group": 1, "field": "TAG"}, ValueError, "field: an int of 1 or more"),
        ("add_member", {"group": 1, "field": 2, "order_num": "1"}, TypeError, "order_num: int or None"),
        ("get_member", {"member": "a/b"}, ValueError, "member: an int of 1 or more"),
    ],
)
async def test_refuses(verb: str, given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await getattr(FieldGroups(road), verb)(**given)
    assert road.calls == []
