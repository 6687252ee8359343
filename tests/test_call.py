"""Readers and queries: pure functions, no road."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, TypedDict

import pytest

from activecampaign_async._answer import Answer
from activecampaign_async._call import Call, any_path, bare, id_text, many, nothing, one, query, under
from activecampaign_async._model import UNSET, Wire
from activecampaign_async.errors import DecodeError
from activecampaign_async.resources.contacts import Contact
from activecampaign_async.resources.tags import Tag


def answer(data: Any, *, strict: bool = False) -> Answer:
    return Answer(200, {}, data, strict=strict)


class Filters(TypedDict, total=False):
    email_like: Annotated[str, Wire("email_like")]
    list_id: Annotated[int | str, Wire("listid", id_text)]
    since: Annotated[datetime | date, Wire("filters[since]")]
    force: bool
    count: int


def test_one_keeps_what_came_beside_it() -> None:
    contact = one(Contact)(answer({"contactTags": [{"id": "5", "tag": "9"}], "contact": {"id": "1"}}))
    assert contact.id == 1
    assert [tag.tag for tag in contact.included.contact_tags] == [9]
    assert contact.included["contactTags"] == [{"id": "5", "tag": "9"}]


def test_one_under_another_key() -> None:
    assert one(Tag, "label")(answer({"label": {"id": 3}})).id == 3


@pytest.mark.parametrize("data", [None, [], "x", 5, {}, {"tags": []}])
def test_one_wants_its_envelope(data: Any) -> None:
    with pytest.raises(DecodeError, match=r"^tag: "):
        one(Tag)(answer(data))


@pytest.mark.parametrize("row", [None, [], "x", 5, {}, {"id": None}, {"id": "x"}, {"id": True}, {"id": [1]}])
def test_one_wants_a_row_with_an_id(row: Any) -> None:
    with pytest.raises(DecodeError, match=r"^Tag"):
        one(Tag)(answer({"tag": row}))


def test_many_gives_each_its_own_part() -> None:
    rows = [{"id": "1", "contact": "7", "tag": "3"}, {"id": "2", "contact": "8", "tag": "4"}]
    first, second = many(Contact)(answer({"contacts": [{"id": "7"}, {"id": "8"}], "contactTags": rows}))
    assert [t.tag for t in first.included.contact_tags] == [3]
    assert second.included["contactTags"] == rows[1:]


@pytest.mark.parametrize("data", [None, {}, {"tags": None}, {"tags": {"id": 1}}])
def test_many_wants_a_list(data: Any) -> None:
    with pytest.raises(DecodeError, match=r"^tags: "):
        many(Tag)(answer(data))


def test_bare_and_nothing() -> None:
    assert bare(Tag)(answer({"id": "4"})).id == 4
    assert nothing(answer({"message": "gone"})) is None  # type: ignore[func-returns-value]  # that is the point


def test_strict_makes_a_misfit_an_error() -> None:
    row = {"id": "4", "cdate": "yesterday at somebody@example.com"}
    assert one(Tag)(answer({"tag": row})).misfits == {"created_at"}
    for read, data, where in (
        (one(Tag), {"tag": row}, r"Tag\.created_at"),
        (many(Tag), {"tags": [{"id": "1"}, row]}, r"tags\[1\]\.created_at"),
        (bare(Tag), row, r"Tag\.created_at"),
    ):
        with pytest.raises(DecodeError, match=rf"^{where}: .*str") as raised:
            read(answer(data, strict=True))
        assert "yesterday" not in str(raised.value)


def test_strict_looks_at_what_came_beside_too() -> None:
    data = {"contact": {"id": "1"}, "contactLists": [{"id": "1", "status": "subscribed"}]}
    assert one(Contact)(answer(data)).included.contact_lists[0].misfits == {"status"}
    with pytest.raises(DecodeError, match=r"contactLists\[0\]\.status"):
        one(Contact)(answer(data, strict=True))


def test_query_translates_and_leaves_out() -> None:
    since = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    given = {"email_like": "a+b", "list_id": 7, "since": since, "force": True, "count": 0}
    assert query(Filters, given) == {
        "email_like": "a+b",
        "listid": "7",
        "filters[since]": "2026-01-02T03:04:00+00:00",
        "force": "1",
        "count": "0",
    }
    assert query(Filters, {"email_like": UNSET}) == {}
    assert query(Filters, {"since": date(2026, 1, 2)}) == {"filters[since]": "2026-01-02"}


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"since": datetime(2026, 1, 2)}, ValueError, "since: .*zone"),  # noqa: DTZ001  # what is refused
        ({"since": "2026-01-02"}, TypeError, "since: datetime or date was expected, not str"),
        ({"email_like": None}, TypeError, "email_like: None"),
        ({"email_like": 5}, TypeError, "email_like: str was expected, not int"),
        ({"count": True}, TypeError, "count: int was expected, not bool"),
        ({"force": 1}, TypeError, "force: bool was expected, not int"),
        ({"list_id": 0}, ValueError, "list_id: "),
        ({"list_id": "1/2"}, ValueError, "list_id: "),
        ({"list_id": True}, TypeError, "list_id: "),
        ({"listid": 1}, TypeError, "did you mean list_id"),
        ({"email_lik": "x"}, TypeError, "did you mean email_like"),
        ({"zzz": "x"}, TypeError, "unknown argument 'zzz'; known: email_like"),
    ],
)
def test_query_refuses(given: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        query(Filters, given)


@pytest.mark.parametrize("id", [0, -1, "", "0", "1/2", "x", "1.0", " 1", "²", "9" * 5000])
def test_what_is_no_id(id: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        id_text(id)


@pytest.mark.parametrize("id", [None, True, 1.5, [1], b"1"])
def test_what_is_no_type_of_an_id(id: Any) -> None:
    with pytest.raises(TypeError, match="int of 1 or more"):
        id_text(id)


def test_paths() -> None:
    assert under("/contacts", id_text("007")) == "/contacts/7"
    assert under("/a", "x/../y") == "/a/x%2F..%2Fy"
    for part in ("", ".", "..", " "):
        with pytest.raises(ValueError, match="empty part"):
            under("/a", part)
    assert any_path("/contacts/1") == "/contacts/1"
    for path in ("contacts", "//host/x", "/a?b", "/a#b", "/a\\b", "/a/../b", "/a/%2e%2E/b", "/ö", "/a b"):
        with pytest.raises(ValueError, match="path: "):
            any_path(path)


def test_what_a_call_knows_by_its_method() -> None:
    get, put = Call("GET", "/x", nothing), Call("PUT", "/x", nothing)
    post = Call("POST", "/x", nothing)
    assert (get.repeatable, get.writes) == (True, False)
    assert (put.repeatable, put.writes) == (True, True)
    assert (post.repeatable, post.writes) == (False, True)
