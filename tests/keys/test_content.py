"""What a vault keeps: the key alone, or JSON with the URL beside it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from activecampaign_async.keys import Credentials
from activecampaign_async.keys._content import credentials_in
from tests.keys.support import KEY

HOME = "https://acme.api-us1.com"


@pytest.mark.parametrize(
    ("secret", "url"),
    [
        (KEY, None),
        (KEY.encode(), None),
        (f'{{"api_key": "{KEY}"}}', None),
        (f' \n{{"api_key": "{KEY}", "base_url": "{HOME}", "other": [1, null]}}\n', HOME),
        (f'{{"api_key": "{KEY}", "base_url": null}}'.encode(), None),
        ({"api_key": KEY, "base_url": HOME}, HOME),
    ],
)
def test_what_can_be_kept(secret: Any, url: str | None) -> None:
    assert credentials_in(secret) == Credentials(KEY, url)


def test_fields_of_another_name() -> None:
    secret = f'{{"AC_API_TOKEN": "{KEY}", "AC_API_URL": "{HOME}"}}'
    assert credentials_in(secret, "AC_API_TOKEN", "AC_API_URL") == Credentials(KEY, HOME)


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ("", "empty"),
        (b"", "empty"),
        (None, "not NoneType"),
        (f"{KEY}\n", "line ends"),
        (f"{KEY}\r\n".encode(), "line ends"),
        (b"\xff\xfe", "binary"),
        (f'{{"api_key": "{KEY}"', "starts like JSON"),
        ('{"a":' * 100_000, "starts like JSON"),
        ("{}", "no field 'api_key'"),
        (f'{{"apiKey": "{KEY}"}}', "no field 'api_key'"),
        ({}, "no field 'api_key'"),
        (f'{{"api_key": "{KEY}\\n"}}', "field 'api_key': the key: .*line ends"),
        ('{"api_key": 7}', "field 'api_key': the key: .*not int"),
        ('{"api_key": null}', "field 'api_key': the key: .*not NoneType"),
        ('{"api_key": ""}', "field 'api_key': the key: .*empty"),
        (f'{{"api_key": "{KEY}", "base_url": 7}}', "field 'base_url': .*not int"),
        ([KEY], "not list"),
        (f'["{KEY}"]', "JSON, but no object"),
        (f"AC_API_TOKEN={KEY}", "line of a .env file"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_can_not(secret: Any, says: str) -> None:
    wrong = credentials_in(secret)
    assert isinstance(wrong, str)
    assert KEY not in wrong
    assert re.search(says, wrong)
