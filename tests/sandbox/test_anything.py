"""Whatever is asked is answered: the sandbox itself never falls over."""

from typing import Any

from hypothesis import given, settings, strategies as st

from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox._account import Account
from activecampaign_async.sandbox._routes import route

areas = ["contacts", "contact/sync", "tags", "users", "fields", "lists", "automations", "contactTags"]
areas += ["contactLists", "contactAutomations", "fieldValues", "nonsense"]
tails = ["", "/", "/1", "/2", "/99999999999999999999", "/me", "/email/x%40y", "/1/contactTags", "/1/x", "//"]
singular = st.sampled_from(["contact", "tag", "contactTag", "contactList", "contactAutomation", "fieldValue"])
keys = ["email", "contact", "tag", "list", "status", "automation", "field", "value", "fieldValues", "tagType"]
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.sampled_from(
    ["1", "2", "", "a@b.co", "contact1@example.com", "-1", "A"]
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(keys), inner, max_size=3),
)
bodies = st.dictionaries(singular, st.dictionaries(st.sampled_from(keys), values)) | values
names = ["limit", "offset", "ids[]", "ids", "email", "search", "status", "id_greater", "id_less", "include"]
names += ["orders[id]", "orders[name]", "orders[", "filters[created_after]", "filters[search][eq]", "listid"]
names += ["tagid", "segmentid", "exclude", "organization", "phone", "filters[name]", "orders[search]"]
texts = ["", "1", "2", "-1", "--5", "ASC", "DESC", "9999-12-31", "0001-01-01", "nan", "٣", "1,2,x"]
texts += ["fieldValues,contactTags", "99999999999999999999", "2026-01-01T00:00:00Z"]
pairs = st.lists(st.tuples(st.sampled_from(names), st.sampled_from(texts)), max_size=4)


def _account() -> Account:
    sandbox = Sandbox(contacts=5, holes=0.5)
    sandbox.add_tag("A")
    sandbox.add_list("B")
    sandbox.add_automation("C")
    sandbox.add_field("D")
    first = sandbox.contact_ids()[0]
    sandbox.tag_contact(first, 1)
    sandbox.subscribe(first, 1)
    sandbox.enrol(first, 1)
    sandbox.set_field_value(first, 1, "x")
    return sandbox._account


ACCOUNT = _account()


@settings(max_examples=200)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    area=st.sampled_from(areas),
    tail=st.sampled_from(tails),
    query=pairs,
    body=bodies,
)
def test_anything(method: str, area: str, tail: str, query: list[tuple[str, str]], body: Any) -> None:
    answer = route(ACCOUNT, method, f"/{area}{tail}", query, body)
    assert answer.status in (200, 201, 400, 403, 404, 422)
    assert answer.body
