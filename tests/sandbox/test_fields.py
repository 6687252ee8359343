"""`/fields`, `/fieldOptions`, `/fieldRels`, `/fieldValues`."""

from typing import Any

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


def field(**values: Any) -> dict[str, Any]:
    return {"field": values}


@covers("fields.create", "fields.place", "fields.perstag", "fields.duplicate")
async def test_create() -> None:
    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        made = await client.post("/fields", json=field(title="Shoe size", type="text", visible=True, ordernum=7))
        named = await client.post("/fields", json=field(title="B", type="date", perstag="My tag"))
        known = await client.post("/fields", json=field(title="Shoe size", type="text"))
        bare = await client.post("/fields", json=field(type="text"))
        read = (await client.get("/fields/1")).json()["field"]
    row = made.json()["field"]
    assert made.status_code == 201
    assert set(row) == {"title", "type", "visible", "created_by", "updated_by", "cdate", "udate", "perstag",
                        "ordernum", "links", "id"}  # fmt: skip
    assert (row["visible"], row["ordernum"], row["perstag"]) == (1, 1, "SHOE_SIZE")
    assert (read["visible"], read["ordernum"], read["show_in_list"]) == ("1", "1", "0")
    assert (named.json()["field"]["perstag"], named.json()["field"]["ordernum"]) == ("MYTAG", 2)
    assert (known.status_code, known.json()["errors"][0]["code"]) == (422, "duplicate")
    assert (bare.status_code, bare.json()["errors"][0]["code"]) == (422, "field_missing")


@covers("fields.update", "fields.delete")
async def test_update_and_delete() -> None:
    sandbox = Sandbox(contacts=1, rate=None)
    sandbox.add_field("A", "dropdown")
    sandbox.add_row("fieldOptions", {"field": "1"})
    sandbox.add_row("fieldRels", {"field": "1"})
    sandbox.set_field_value(1, 1, "x")
    async with asking(sandbox) as client:
        changed = (await client.put("/fields/1", json=field(title="B", rows=2, perstag="b"))).json()["field"]
        assert {"options", "relations"}.isdisjoint(changed)
        assert (changed["title"], changed["rows"], changed["perstag"], changed["type"]) == ("B", 2, "B", "dropdown")
        assert (await client.get("/fields/1")).json()["field"]["rows"] == "2"
        assert (await client.delete("/fields/1")).json() == {}
        for method in ("GET", "PUT", "DELETE"):
            gone = await client.request(method, "/fields/1")
            assert (gone.status_code, gone.json()) == (404, {"message": "No Result found for Field with id 1"})
    assert [sandbox.rows(plural) for plural in ("fieldOptions", "fieldRels", "fieldValues")] == [[], [], []]


@covers("field_options.bulk", "field_options.refused", "field_options.one", "fields.list")
async def test_options() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.add_field("Plain")
    number = sandbox.add_field("Colour", "dropdown")
    entry = {"field": number, "label": "Red", "value": "r"}
    async with asking(sandbox) as client:
        made = await client.post("/fieldOption/bulk", json={"fieldOptions": [entry, {**entry, "orderid": 2}]})
        assert made.status_code == 201
        first, second = made.json()["fieldOptions"]
        assert set(first) == {"field", "label", "value", "cdate", "udate", "links", "id"}
        assert (first["field"], second["orderid"]) == (number, 2)
        one = (await client.get("/fieldOptions/2")).json()["fieldOption"]
        assert (one["field"], one["orderid"], one["isdefault"]) == (str(number), "2", "0")
        listed = (await client.get("/fields")).json()
        assert [row["options"] for row in listed["fields"]] == [[], ["1", "2"]]
        assert [row["id"] for row in listed["fieldOptions"]] == ["1", "2"]
        assert (await client.get("/fields", params={"limit": 1})).json()["fieldOptions"] == []
        wrong = await client.post("/fieldOption/bulk", json={"fieldOptions": entry})
        assert (wrong.status_code, type(wrong.json()["errors"])) == (422, str)
        half = await client.post("/fieldOption/bulk", json={"fieldOptions": [entry, {**entry, "field": 9}]})
        assert half.status_code == 404
        assert (await client.delete("/fieldOptions/1")).json() == {}
        assert (await client.delete("/fieldOptions/1")).status_code == 404
    assert [row["id"] for row in sandbox.rows("fieldOptions")] == ["2"]


@covers("field_options.list", "field_options.update", "field_rels.list")
async def test_options_and_relations_of_all_fields() -> None:
    sandbox = Sandbox(rate=None)
    colour, size = sandbox.add_field("Colour", "dropdown"), sandbox.add_field("Size", "radio")
    async with client_of(sandbox) as ac:
        (red,) = await ac.fields.create_options(colour, ["Red"])
        (small,) = await ac.fields.create_options(size, ["Small"])
        for field in (colour, size):
            await ac.fields.create_relation(field)
        assert [(one.id, one.field) for one in await ac.fields.options().collect()] == [(1, colour), (2, size)]
        assert [(one.id, one.field) for one in await ac.fields.relations().collect()] == [(1, colour), (2, size)]
        changed = await ac.fields.update_option(small.id, label="S", is_default=True)
        assert (changed.label, changed.value, changed.is_default, changed.field) == ("S", "Small", True, size)
        assert (await ac.fields.get_option(small.id)).label == "S"
        assert (await ac.fields.get_option(red.id)).label == "Red"
    async with asking(sandbox) as client:
        listed = (await client.get("/fieldOptions", params={"limit": 1})).json()
        assert (len(listed["fieldOptions"]), listed["meta"]) == (1, {"total": "2"})
        moved = await client.put("/fieldOptions/2", json={"fieldOption": {"field": colour, "orderid": 4}})
        assert [moved.json()["fieldOption"][name] for name in ("field", "orderid")] == [str(size), 4]
        gone = await client.put("/fieldOptions/9", json={"fieldOption": {}})
        assert gone.json() == {"message": "No Result found for FieldOption with id 9"}


@covers("field_rels.create", "field_rels.refused", "fields.list")
async def test_relations() -> None:
    sandbox = Sandbox(rate=None)
    number = sandbox.add_field("Colour")
    list_ = sandbox.add_list("News")
    async with asking(sandbox) as client:
        made = await client.post("/fieldRels", json={"fieldRel": {"field": number, "relid": "0"}})
        assert made.status_code == 201
        assert set(made.json()["fieldRel"]) == {"relid", "field", "cdate", "links", "id"}
        assert (made.json()["fieldRel"]["field"], made.json()["fieldRel"]["links"]) == (number, [])
        other = await client.post("/fieldRels", json={"fieldRel": {"field": number, "relid": list_}})
        assert other.json()["fieldRel"]["relid"] == list_
        for refused in ({"field": 9, "relid": 0}, {"field": number, "relid": 9}, {"field": number}):
            assert (await client.post("/fieldRels", json={"fieldRel": refused})).status_code == 403
        assert (await client.get("/fieldRels/1")).json()["fieldRel"]["dorder"] == "0"
        assert (await client.get(f"/fields/{number}")).json()["field"]["relations"] == ["1", "2"]
        assert (await client.delete("/fieldRels/1")).json() == {}
        assert (await client.get("/fieldRels/1")).status_code == 404


@covers("field_values.written", "field_values.filters")
async def test_values() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    number = sandbox.add_field("Colour")
    async with asking(sandbox) as client:
        body = {"fieldValue": {"contact": 1, "field": number, "value": "red"}}
        made = (await client.post("/fieldValues", json=body)).json()["fieldValue"]
        assert {"created_by", "updated_by"}.isdisjoint(made)
        assert (made["contact"], made["owner"]) == (1, 1)
        own = {"email": "contact2@example.com", "fieldValues": [{"field": number, "value": "blue"}]}
        plain = (await client.put("/contacts/2", json={"contact": own})).json()["fieldValues"][0]
        synced = (await client.post("/contact/sync", json={"contact": own})).json()["fieldValues"][0]
        assert set(synced) - set(plain) == {"created_by", "updated_by"}
        assert (await client.put("/fieldValues/9", json=body)).status_code == 200
        for name, value, found in (("val", "blue", "2"), ("fieldid", "9", None)):
            rows = (await client.get("/fieldValues", params={f"filters[{name}]": value})).json()["fieldValues"]
            assert [row["contact"] for row in rows] == [found] * (found is not None)
        assert (await client.delete("/fieldValues/1")).json() == {}
