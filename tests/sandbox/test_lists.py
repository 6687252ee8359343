"""`/lists`, `/listGroups`, `/lists/exclusions`."""

from typing import Any

import httpx
import pytest

from activecampaign_async.sandbox import Sandbox

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


async def names(client: httpx.AsyncClient, **params: Any) -> list[str]:
    return [row["name"] for row in (await client.get("/lists", params=params)).json()["lists"]]


@covers("lists.create", "lists.update", "lists.filled", "lists.delete", "lists.counts", "answer.none")
async def test_lists() -> None:
    sandbox = Sandbox(contacts=3, rate=None)
    async with asking(sandbox) as client:
        body = {"list": {"name": "Our News", "stringid": "our-news", "send_last_broadcast": False, "user": 1}}
        made = await client.post("/lists", json=body)
        row = made.json()["list"]
        assert made.status_code == 201
        assert set(row) == {"name", "stringid", "send_last_broadcast", "user", "cdate", "udate", "links", "id"}
        assert (row["send_last_broadcast"], row["user"]) == (0, 1)
        sandbox.subscribe(1, 1)
        sandbox.subscribe(2, 1, status=2)
        read = (await client.get("/lists/1")).json()["list"]
        listed = (await client.get("/lists")).json()["lists"][0]
        assert (read["user"], read["userid"], read["to_name"], len(read)) == ("1", "1", "Subscriber", 50)
        assert (listed["active_subscribers"], listed["non_deleted_subscribers"], len(listed)) == ("1", "2", 52)
        by = ("carboncopy", "analytics_domains", "facebook_session", "created_by", "updated_by")
        assert [read[name] for name in by] == [None] * 5
        changed = (await client.put("/lists/1", json={"list": {"name": "Other", "private": 1}})).json()["list"]
        assert [changed[name] for name in by] == ["", "", "", "0", "1"]
        assert (changed["name"], changed["private"], changed["user"], len(changed)) == ("Other", 1, "1", 50)
        nobodys = (await client.put("/lists/1", json={"list": {"userid": 0}})).json()["list"]
        assert (nobodys["userid"], nobodys["user"]) == (0, None)
        assert (await client.post("/lists", json={"list": {}})).status_code == 422
        sandbox.add_row("listGroups", {"list": "1"})
        assert (await client.delete("/lists/1")).json() == {}
        for method in ("GET", "PUT", "DELETE"):
            gone = await client.request(method, "/lists/1")
            assert (gone.status_code, gone.json()) == (404, {"message": "No Result found for _List with id 1"})
    assert (sandbox.rows("contactLists"), sandbox.rows("listGroups")) == ([], [])


@covers("lists.filters", "lists.name")
async def test_filters() -> None:
    sandbox = Sandbox(rate=None)
    for name in ("News", "old news", "Blue"):
        sandbox.add_list(name)
    async with asking(sandbox) as client:
        assert await names(client, **{"filters[name]": "news"}) == ["News", "old news"]
        assert await names(client, **{"filters[name][eq]": "NEWS"}) == ["News"]
        assert await names(client, **{"filters[name][starts_with]": "old"}) == ["old news"]
        assert await names(client, **{"orders[name]": "DESC"}) == ["old news", "News", "Blue"]


@covers("list_groups.create", "list_groups.read", "list_groups.refused")
async def test_list_groups() -> None:
    sandbox = Sandbox(rate=None)
    list_ = sandbox.add_list("News")
    async with asking(sandbox) as client:
        made = await client.post("/listGroups", json={"listGroup": {"listid": list_, "groupid": "3"}})
        row = made.json()["listGroup"]
        assert (made.status_code, set(row)) == (201, {"list", "group", "links", "id"})
        assert (row["list"], row["group"]) == (list_, "3")
        listed = (await client.get("/listGroups")).json()
        assert (listed["listGroups"][0]["p_list_add"], len(listed["listGroups"][0])) == ("0", 18)
        assert (await client.get("/listGroups/1")).json()["listGroup"] == listed["listGroups"][0]
        for refused in ({"listid": 9, "groupid": 3}, {"listid": list_, "groupid": 9}, {"listid": list_}):
            assert (await client.post("/listGroups", json={"listGroup": refused})).status_code == 403
        assert (await client.delete("/listGroups/1")).json() == {}
        assert (await client.get("/listGroups/1")).status_code == 404


@covers("exclusions.bare", "exclusions.filters", "exclusions.update", "exclusions.missing")
async def test_exclusions() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.add_row("exclusions", {"matchPhrase": "b.example", "matchType": "end"})
    sandbox.add_row("exclusions", {"matchPhrase": "a@example.com", "channel": "several", "lists": ["2", "3"]})
    async with asking(sandbox) as client:

        async def ids(**params: str) -> list[str]:
            return [row["id"] for row in (await client.get("/lists/exclusions", params=params)).json()["exclusions"]]

        assert (await client.get("/lists/exclusions")).json()["meta"] == {"total": 2}
        assert await ids(**{"filters[matchPhrase]": "B.ex"}) == ["1"]
        assert await ids(**{"filters[lists][]": "3"}) == ["2"]
        assert await ids(**{"orders[matchPhrase]": "ASC"}) == ["2", "1"]
        odd = await client.get("/lists/exclusions", params={"orders[lists]": "DASC"})
        assert (odd.status_code, odd.json()["errors"][0]["status"]) == (422, 422)
        one = (await client.get("/lists/exclusions/1")).json()
        assert set(one) == {"id", "matchPhrase", "matchType", "channel", "hidden", "lists"}
        put = await client.put("/lists/exclusions/1", json={"channel": "several", "lists": ["5"]})
        assert (put.json()["channel"], put.json()["lists"]) == ("several", ["5"])
        for refused in ({"channel": "all", "lists": ["5"]}, {"channel": "several", "lists": [5]}, {"channel": "x"},
                        {"channel": "several", "lists": "5"}):  # fmt: skip
            assert (await client.put("/lists/exclusions/1", json=refused)).status_code == 422
        assert (await client.put("/lists/exclusions/1", json={"channel": "allSms"})).json()["lists"] == []
        assert (await client.get("/lists/exclusions/9")).json() == {"message": "Exclusion not found [id=9]"}
        missing = await client.put("/lists/exclusions/9", json={})
        assert (missing.status_code, "Exclusion with id 9" in missing.text) == (404, True)
