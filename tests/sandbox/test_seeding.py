"""What a test puts into an account, and what it is told when it errs."""

from typing import Any

import pytest

from activecampaign_async.sandbox import Sandbox

from .support import asking

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


async def test_dates_of_a_contact() -> None:
    sandbox = Sandbox(rate=None)
    made, changed = "2021-03-01T00:00:00-06:00", "2026-05-28T03:05:54-05:00"
    sandbox.add_contact("old@example.org", cdate=made, udate=changed)
    later = sandbox.add_contact("new@example.org")
    sandbox.update_contact(later, udate=changed)
    async with asking(sandbox) as client:

        async def ids(**params: str) -> list[str]:
            return [row["id"] for row in (await client.get("/contacts", params=params)).json()["contacts"]]

        assert await ids(**{"filters[created_before]": "2022-01-01"}) == ["1"]
        assert await ids(**{"filters[updated_after]": "2026-05-28"}) == ["2", "1"]
        row = (await client.get("/contacts/1")).json()["contact"]
    assert (row["cdate"], row["created_timestamp"], row["created_utc_timestamp"]) == (
        made,
        *["2021-03-01 00:00:00"] * 2,
    )
    assert (row["udate"], row["updated_timestamp"]) == (changed, "2026-05-28 03:05:54")


@pytest.mark.parametrize(
    ("error", "said", "wrong"),
    [
        (TypeError, "add_contact: a contact has no column 'first_name'; did you mean 'firstName'", "first_name"),
        (TypeError, "a contact has no column 'emial'; did you mean 'email'", "emial"),
        (TypeError, "a contact has no column 'zzz'; known: cdate", "zzz"),
    ],
)
def test_misspelt_columns(error: type[Exception], said: str, wrong: str) -> None:
    sandbox = Sandbox(contacts=1)
    columns: dict[str, Any] = {wrong: "x"}
    with pytest.raises(error, match=said):
        sandbox.add_contact(**columns)
    with pytest.raises(error, match=said.replace("add_contact", "update_contact")):
        sandbox.update_contact(1, **columns)
    assert sandbox.contact_ids() == [1]


def test_what_cannot_be() -> None:
    sandbox = Sandbox()
    sandbox.add_tag("customer")
    sandbox.add_tag("customer", "template")  # names are unique within a type
    with pytest.raises(ValueError, match="there is a tag 'Customer' already"):
        sandbox.add_tag("Customer")
    with pytest.raises(ValueError, match=r"type is one of text, .*: got 'dat'"):
        sandbox.add_field("Born", type="dat")
    with pytest.raises(KeyError, match="no 'tag'; did you mean 'tags'"):
        sandbox.rows("tag")
    with pytest.raises(KeyError, match="no 'deal'; did you mean 'deals'"):
        sandbox.add_row("deal", {})
    assert (len(sandbox.rows("tags")), sandbox.rows("fields")) == (2, [])


def test_calls_that_were_never_made_and_those_that_cannot_be() -> None:
    processed = Sandbox().processed
    assert processed["POST /contacts"] == 0
    for wrong in ("POST contacts", "post /contacts", "/contacts"):
        with pytest.raises(KeyError, match=r"e\.g\. 'POST /contacts'"):
            processed[wrong]


async def test_examples() -> None:
    sandbox, same = Sandbox(contacts=20, rate=None), Sandbox(contacts=20, rate=None)
    sandbox.add_examples()
    same.add_examples()
    kinds = ("tags", "lists", "fields", "fieldOptions", "contactTags", "contactLists", "fieldValues")
    assert [len(sandbox.rows(kind)) for kind in kinds] == [3, 2, 3, 6, 10, 20, 30]
    assert [[row | {"links": 0} for row in sandbox.rows(kind)] for kind in kinds] == [
        [row | {"links": 0} for row in same.rows(kind)] for kind in kinds
    ]
    async with asking(sandbox) as client:
        listed = (await client.get("/contacts", params={"include": "contactTags,fieldValues"})).json()
        fields = (await client.get("/fields")).json()
    assert len(listed["contactTags"]) == 10
    assert [field["relations"] for field in fields["fields"]] == [["1"], ["2"], ["3"]]
