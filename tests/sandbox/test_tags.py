"""`/tags`."""

from typing import Any

import httpx
import pytest

from activecampaign_async.sandbox import Sandbox

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


async def names(client: httpx.AsyncClient, **params: Any) -> list[str]:
    return [row["tag"] for row in (await client.get("/tags", params=params)).json()["tags"]]


@covers("tags.create", "tags.known", "tags.case", "contacts.stored")
async def test_create() -> None:
    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        new = await client.post("/tags", json={"tag": {"tag": "VIP", "tagType": "contact", "description": 5}})
        known = await client.post("/tags", json={"tag": {"tag": "vip", "tagType": "contact"}})
        other = await client.post("/tags", json={"tag": {"tag": "VIP", "tagType": "template"}})
        none = await client.post("/tags", json={"tag": {"tagType": "contact"}})
    assert new.status_code == 201
    assert set(new.json()["tag"]) == {"tag", "description", "tagType", "cdate", "links", "id"}
    assert new.json()["tag"]["description"] == 5
    assert (known.status_code, known.json()["tag"]["id"], known.json()["tag"]["tag"]) == (200, "1", "VIP")
    assert known.json()["tag"]["description"] == "5"
    assert (other.status_code, other.json()["tag"]["id"]) == (201, "2")
    assert none.status_code == 422


@covers("tags.hidden", "list.total")
async def test_without_a_type_a_tag_is_hidden() -> None:
    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        made = await client.post("/tags", json={"tag": {"tag": "ghost"}})
        answer = (await client.get("/tags")).json()
        assert (await client.get(f"/tags/{made.json()['tag']['id']}")).json()["tag"]["tag"] == "ghost"
    assert answer == {"tags": [], "meta": {"total": "0"}}


@covers("tags.search", "tags.operators", "list.limit")
async def test_list() -> None:
    sandbox = Sandbox(rate=None)
    for name in ("Red", "red wine", "Blue", "infrared"):
        sandbox.add_tag(name)
    async with asking(sandbox) as client:
        assert await names(client, search="red") == ["Red", "red wine", "infrared"]
        assert await names(client, **{"filters[search][eq]": "red"}) == ["Red"]
        assert await names(client, **{"filters[search][starts_with]": "red"}) == ["Red", "red wine"]
        assert await names(client, **{"filters[search][neq]": "red", "filters[search][lt]": "c"}) == ["Blue"]
        assert await names(client, **{"orders[search]": "DESC"}) == ["red wine", "Red", "infrared", "Blue"]
        assert await names(client, limit=1, offset=2) == ["Blue"]


@covers("tags.update", "answer.missing")
async def test_update_and_delete() -> None:
    sandbox = Sandbox(contacts=1, rate=None)
    tag = sandbox.add_tag("Old")
    sandbox.tag_contact(1, tag)
    async with asking(sandbox) as client:
        answer = (await client.put(f"/tags/{tag}", json={"tag": {"tag": "New"}})).json()["tag"]
        assert (answer["tag"], answer["tagType"], answer["subscriber_count"]) == ("New", "contact", "1")
        assert len(answer) == 12
        assert (await client.delete(f"/tags/{tag}")).json() == {}
        for method in ("GET", "PUT", "DELETE"):
            gone = await client.request(method, f"/tags/{tag}")
            assert (gone.status_code, gone.json()) == (404, {"message": "No Result found for Tag with id 1"})
    assert sandbox.rows("contactTags") == []
    assert sandbox.written("tags", tag) == 2
