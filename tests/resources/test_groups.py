"""Groups of users: what each verb sends, and what it makes of the answer."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest

from activecampaign_async._model import plan
from activecampaign_async._wire import wire_mark
from activecampaign_async.resources.groups import Group, GroupFields, Groups
from tests.resources.road import Road

pytestmark = pytest.mark.anyio

ROW = {
    "id": "11",
    "title": "Staff",
    "descript": "",
    "p_admin": 1,
    "pgListAdd": "0",
    "pg_user_add": "1",
    "pgStartupReports": "17",
    "reqApproval1st": "2",
    "sdate": None,
}
ANSWER = {"group": ROW}


async def test_list() -> None:
    road = Road({"groups": [ROW], "meta": {"total": "1"}})
    page = await Groups(road).list()
    assert road.sent == ("GET", "/groups", None)
    (group,) = page.items
    assert (group.title, group.description, group.p_admin, group.sdate) == ("Staff", "", True, None)
    assert (group.pg_list_add, group.pg_user_add) == (False, True)
    assert (group.pg_startup_reports, group.req_approval_1st) == (17, 2)
    assert group.extra == {}


async def test_get_and_delete() -> None:
    road = Road(ANSWER)
    await Groups(road).get(11)
    assert road.sent == ("GET", "/groups/11", None)
    await Groups(road).delete("11")
    assert road.sent == ("DELETE", "/groups/11", None)
    assert not road.calls[-1].missing_is_done


async def test_create_and_update() -> None:
    road = Road(ANSWER)
    await Groups(road).create(title="Staff", description=None, pg_list_add=True, pg_user_add=False, req_approval_1st=2)
    wire = {"title": "Staff", "descript": None, "pgListAdd": True, "pg_user_add": False, "reqApproval1st": 2}
    assert road.sent == ("POST", "/groups", {"group": wire})
    assert not road.calls[0].repeatable
    await Groups(road).update(11, title="Crew", social_data=True)
    assert road.sent == ("PUT", "/groups/11", {"group": {"title": "Crew", "socialdata": True}})
    with pytest.raises(ValueError, match="nothing to change"):
        await Groups(road).update(11)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"title": ""}, ValueError, "title: is empty"),
        ({"pgListAdd": True}, TypeError, "did you mean pg_list_add"),
        ({"pg_list_ad": True}, TypeError, "did you mean pg_list_add"),
        ({"pg_list_add": 1}, TypeError, "pg_list_add: bool was expected, not int"),
        ({"descript": "x"}, TypeError, "did you mean description"),
    ],
)
async def test_create_refuses(given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await Groups(road).create(**{"title": "Staff", **given})
    assert road.calls == []


def test_what_is_written_is_read_under_the_same_name() -> None:
    hints = get_type_hints(GroupFields, include_extras=True)
    written = {name: wire_mark(name, hint).name for name, hint in hints.items()}
    read = {f.name: f.wire for f in plan(Group)}
    assert len(written) > 50
    assert written.items() <= read.items()


async def test_limits() -> None:
    row = {"id": "1", "group": "1", "groupid": "1", "limitMail": "0", "limitMailType": "month", "limitAttachment": "-1"}
    road = Road({"groupLimits": [row], "meta": {"total": "1"}})
    (found,) = (await Groups(road).limits()).items
    assert road.sent == ("GET", "/groupLimits", None)
    assert (found.group, found.limit_mail, found.limit_mail_type, found.limit_attachment) == (1, 0, "month", -1)


async def test_find() -> None:
    rows = [{"id": str(i), "title": title} for i, title in enumerate(["Staff 2", " staff ", "Else"], 1)]
    road = Road({"groups": rows, "meta": {"total": "3"}})
    found = await Groups(road).find("STAFF")
    assert found is not None
    assert found.id == 2
    assert await Groups(road).find("Sta") is None
    twice = Road({"groups": [{"id": 1, "title": "a"}, {"id": 2, "title": "A"}], "meta": {"total": 2}})
    with pytest.raises(LookupError, match="2 groups have that title, ids 1, 2"):
        await Groups(twice).find("a")
