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
