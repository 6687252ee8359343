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


def test_escaped_keys() -> None:
    assert scrubbed("x a&amp;b&lt;key y", ["a&b<key"]) == "x [removed] y"
    assert scrubbed(r"x a\"b-key y", ['a"b-key']) == "x [removed] y"
    assert scrubbed("x &#107;&#101;&#121;&#45;&#48;&#49; y", ["key-01"]) == "x [removed] y"
    assert scrubbed("x &#x6B;&#x65;&#x79;&#x2d;&#x30;&#x31; y", ["key-01"]) == "x [removed] y"


def test_a_word_is_no_key() -> None:
    """What newcomers try first would leave holes in what they are told."""
    said = "the API key is missing or wrong"
    assert scrubbed(said, ["wrong", "key", ""]) == said
    assert scrubbed("missing or wrong1", ["wrong1"]) == "missing or [removed]"
