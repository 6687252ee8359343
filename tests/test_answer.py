"""Any body at all, of any status, stands for one error; the mapper itself never fails."""

from __future__ import annotations

import copy
import pickle
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from activecampaign_async import errors as e
from activecampaign_async._answer import Answer, refusal, retry_after


def refused(status: int, data: Any = None, text: str = "", **headers: str) -> e.APIError:
    error = refusal(Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, data, text))
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("status", "data", "kind"),
    [
        (301, None, e.RedirectError),
        (400, {}, e.APIError),
        (400, {"errors": [{"title": "no e-mail", "status": 400}]}, e.ValidationError),
        (400, {"success": 0, "message": "Rate limit exceeded.", "failureReasons": []}, e.RateLimitError),
        (401, {"message": "no"}, e.AuthenticationError),
        (402, None, e.PaymentRequiredError),
        (403, None, e.PermissionDeniedError),
        (403, {"message": "No Result found for Group with id 10"}, e.NotFoundError),
        (404, {"message": "No Result found for Subscriber with id 1"}, e.NotFoundError),
        (405, None, e.APIError),
        (422, {"errors": None}, e.ValidationError),
        (422, {"errors": [{"title": "taken", "code": "duplicate"}]}, e.DuplicateError),
        (422, {"errors": [{"code": False, "error": "duplicate"}]}, e.DuplicateError),
        (422, {"message": "x", "error": "Duplicate entry 'contact-A' for key 'typetag'"}, e.DuplicateError),
        (429, None, e.RateLimitError),
        (500, None, e.ServerError),
        (503, None, e.ServerError),
        (599, None, e.ServerError),
    ],
)
def test_by_status_and_body(status: int, data: Any, kind: type[e.APIError]) -> None:
    assert type(refused(status, data)) is kind


@pytest.mark.parametrize(
    ("source", "pointer"),
    [
        ({"pointer": "/a"}, "/a"),
        ({"parameter": "a"}, "a"),
        ({"pointer": None, "parameter": 3}, "3"),
        ({"pointer": ["/a"], "parameter": "b"}, "b"),
        ({"parameter": []}, ""),
        ({"pointer": {}}, ""),
        ({"pointer": ["/a"]}, ""),
        ({"type": "contact", "value": "1"}, ""),
        ([], ""),
        ("a", ""),
    ],
)
def test_what_is_no_pointer_is_none(source: Any, pointer: str) -> None:
    error = refused(422, {"errors": [{"title": "Bad", "source": source}]})
    assert error.errors == (e.FieldError("Bad", "", "", pointer),)
    assert error.pointers == ((pointer,) if pointer else ())


def test_a_refused_import_points_to_its_rows() -> None:
    reasons = [{"contact": 1, "failureReason": "bad"}, {"contact": "230", "failureReason": "worse"}]
    error = refused(400, {"success": 0, "message": "no", "failureReasons": reasons})
    assert isinstance(error, e.ValidationError)
    assert error.pointers == ("/contacts/0", "/contacts/229")
    assert [entry.title for entry in error.errors] == ["bad", "worse"]
    odd = refused(400, {"failureReasons": ["all of it", {"contact": 0}, {"contact": True}, {"contact": "x"}, None]})
    assert odd.pointers == ("0", "True", "x"), "nothing that is a row of the request"
    assert odd.errors[0] == e.FieldError("all of it")


def test_what_a_refused_write_says() -> None:
    pointer = {"pointer": "/data/attributes/email"}
    error = refused(
        422,
        {"errors": [{"title": "Bad", "detail": "d", "code": "c", "source": pointer}, {"title": "Only"}, "odd"]},
        x_request_id="abc",
    )
    assert error.errors == (
        e.FieldError("Bad", "d", "c", "/data/attributes/email"),
        e.FieldError("Only"),
        e.FieldError("odd"),
    )
    assert error.pointers == ("/data/attributes/email",)
    assert (error.status, error.message, error.request_id) == (422, "Bad; Only; odd", "abc")
    assert "request id abc" in str(error)


def test_a_source_may_hold_a_parameter() -> None:
    assert refused(422, {"errors": [{"source": {"parameter": "tag"}}]}).pointers == ("tag",)


def test_why_a_bulk_import_was_refused() -> None:
    reasons = [{"contact": 230, "failureReason": "bad e-mail"}, "other"]
    assert "contact 230: bad e-mail" in str(refused(400, {"message": "no", "failureReasons": reasons}))


def test_a_redirect_tells_the_host_and_not_more() -> None:
    error = refused(302, location="https://www.activecampaign.com/login?token=abc")
    assert isinstance(error, e.RedirectError)
    assert error.location_host == "www.activecampaign.com"
    assert "token" not in str(error)


def test_a_good_status_can_be_a_failure() -> None:
    assert type(refused(200, {}, x_ac_error="Code 9001")) is e.ServerError
    html = refused(200, None, "<!DOCTYPE html>")
    assert type(html) is e.ServerError
    assert html.body == "<!DOCTYPE html>"
    assert refusal(Answer(200, {}, {"tag": {}})) is None
    assert refusal(Answer(204, {}, None)) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-3", None),
        ("", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
        ("Wed, 99 Oct 2015 07:27:00 GMT", None),
        ("9" * 400, None),
        ("٣", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value, "date": "Wed, 21 Oct 2015 07:28:00 GMT"}) == seconds


KEYS = ["message", "error", "errors", "title", "code", "source", "pointer", "failureReasons", "contact", "meta"]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.integers(100, 999), anything, st.dictionaries(st.sampled_from(["retry-after", "date", "location"]), st.text())
)
def test_no_body_makes_the_mapper_fail(status: int, data: Any, headers: dict[str, str]) -> None:
    error = refusal(Answer(status, headers, data))
    if 200 <= status < 300:
        assert error is None
    else:
        assert isinstance(error, e.APIError)
        assert str(error)
        assert pickle.loads(pickle.dumps(error)).status == status  # noqa: S301 - our own bytes


def all_errors() -> list[type[e.ActiveCampaignError]]:
    found, todo = [], [e.ActiveCampaignError]
    while todo:
        kind = todo.pop()
        found.append(kind)
        todo += kind.__subclasses__()
    return found


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_errors_pickle_and_copy(kind: type[e.ActiveCampaignError]) -> None:
    error = kind("what happened")
    error.method, error.path, error.attempts, error.cursor = "GET", "/contacts/1", 3, "abc"
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301 - our own bytes
        assert type(again) is kind
        assert str(again) == str(error)
        assert vars(again) == vars(error)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = {line.split("──")[1].split()[0] for line in (e.__doc__ or "").splitlines() if "──" in line}
    assert drawn == {kind.__name__ for kind in all_errors()} - {"ActiveCampaignError"}


def test_nothing_is_nested_too_deep() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    for data in ({"errors": deep}, {"errors": [deep]}, {"failureReasons": deep}, {"errors": [{"title": deep}]}):
        assert str(refused(422, data))


ADDRESSES = [
    "ann@example.org",
    "ann+x@example.co.uk",
    "ann%40example.org",
    "ann%2540example.org",
    '"ann doe"@example.org',
    "o'ann@example.org",
    "ann/x@example.org",
    "ann;x@example.org",
    "<ann@example.org>",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_in_the_text(address: str) -> None:
    error = e.NotFoundError(f"no {address} here", status=404, errors=(e.FieldError(f"{address} is taken"),))
    error.method, error.path = "GET", f"/users/email/{quote(address, safe='')}"
    for said in (str(error), repr(error)):
        assert "example" not in said
        assert "ann" not in said
    assert address in error.message
