"""Whatever is asked is answered: the sandbox itself never falls over."""

from typing import Any

from hypothesis import given, settings, strategies as st

from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox._account import Account
from activecampaign_async.sandbox._routes import route
from tests.support import examples

areas = ["contacts", "contact/sync", "tags", "users", "fields", "lists", "automations", "contactTags", "notes"]
areas += ["contactLists", "contactAutomations", "fieldValues", "nonsense", "fieldOption/bulk", "fieldOptions"]
areas += ["fieldRels", "groups", "groupLimits", "groupMembers", "groupDefinitions", "listGroups", "activities"]
areas += ["lists/exclusions", "scores", "geoIps", "contactDeals", "trackingLogs"]
tails = ["", "/", "/1", "/2", "/99999999999999999999", "/me", "/email/x%40y", "/1/x", "//", "/1/geoAddress"]
tails += ["/1/contact"]
tails += [f"/1/{name}" for name in ("contactTags", "contactAutomations", "organization", "geoIps", "notes", "deals")]
envelopes = ["contact", "tag", "contactTag", "contactList", "contactAutomation", "fieldValue", "field", "fieldRel"]
envelopes += ["user", "fieldOptions", "group", "groupMember", "groupDefinition", "list", "listGroup", "note"]
envelopes += ["fieldOption", "contactDeal"]
singular = st.sampled_from(envelopes)
keys = ["email", "contact", "tag", "list", "status", "automation", "field", "value", "fieldValues", "tagType"]
keys += ["title", "perstag", "relid", "reltype", "note", "listid", "groupid", "group", "group_id", "rel_id", "name"]
keys += ["ordernum", "username", "user", "label", "channel", "lists", "orgid", "id", "links", "owner", "pgListAdd"]
keys += ["deal", "role"]
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.sampled_from(
    ["1", "2", "", "a@b.co", "contact1@example.com", "-1", "A", "Subscriber", "Deal", "several", "٣"]
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(keys), inner, max_size=3),
)
rows = st.dictionaries(st.sampled_from(keys), values)
bodies = st.dictionaries(singular, rows | st.lists(rows, max_size=2)) | rows | values
names = ["limit", "offset", "ids[]", "ids", "email", "search", "status", "id_greater", "id_less", "include"]
names += ["orders[id]", "orders[name]", "orders[", "filters[created_after]", "filters[search][eq]", "listid"]
names += ["tagid", "segmentid", "exclude", "organization", "phone", "filters[name]", "orders[search]"]
names += ["contact", "after", "orders[tstamp]", "orders[lists]", "filters[lists][]", "filters[val]", "group_id"]
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
    sandbox.add_note(first, "E")
    for plural in ("fieldOptions", "fieldRels", "exclusions", "groupMembers", "listGroups"):
        sandbox.add_row(plural, {})
    for plural in ("deals", "contactDeals", "geoIps", "trackingLogs"):
        sandbox.add_row(plural, {"contact": str(first)})
    sandbox.add_row("activities", {"subscriberid": str(first)})
    return sandbox._account


ACCOUNT = _account()


@settings(max_examples=examples(400))
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
