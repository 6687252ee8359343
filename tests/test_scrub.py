from activecampaign_async import errors as e
from activecampaign_async._scrub import scrub, scrubbed


def test_a_secret_is_found_in_each_of_its_forms() -> None:
    said = "a/b+c=secret a%2Fb%2Bc%3Dsecret a\\/b+c=secret"
    assert scrubbed(said, ["a/b+c=secret"]) == "[removed] [removed] [removed]"


def test_an_error_forgets_what_it_was_told() -> None:
    error = e.ValidationError("bad canary-1", status=422, errors=(e.FieldError("canary-1"),), body="<canary-1>")
    scrub(error, "canary-1")
    assert "canary-1" not in repr(error) + repr(vars(error)) + repr(error.args)
    assert error.status == 422


def test_the_cut_comes_after_the_scrub() -> None:
    error = e.NotFoundError("x" * 995 + "canary-0123456789", status=404)
    scrub(error, "canary-0123456789")
    assert "canary" not in repr(vars(error)) + repr(error.args)
    assert len(error.message) == 1000


def test_short_and_escaped_keys() -> None:
    assert scrubbed("ab 1", ["ab"]) == "[removed] 1"
    assert scrubbed("x a&amp;b&lt; y", ["a&b<"]) == "x [removed] y"
    assert scrubbed(r"x a\"b y", ['a"b']) == "x [removed] y"
