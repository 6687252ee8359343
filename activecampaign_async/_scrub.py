"""Takes out of texts what must not be shown: a key or cookie that the server echoes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from .errors import ActiveCampaignError, FieldError

LONGEST = 1000  # characters that an error keeps of one text of the server's


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`: as they are, or escaped as in a URL, in JSON or in HTML."""
    for secret in filter(None, secrets):
        for form in (
            secret,
            quote(secret, safe=""),
            secret.replace("/", "\\/"),
            json.dumps(secret)[1:-1],
            escape(secret),
        ):
            if form in text:
                text = text.replace(form, "[removed]")
    return text


def scrub(error: ActiveCampaignError, key: str) -> None:
    """Take `key` out of every text that `error` carries, and then what is too long."""
    error.args = tuple(_clean(value, key) for value in error.args)
    for name, value in error.__dict__.items():
        error.__dict__[name] = _clean(value, key)


def _clean(value: object, key: str) -> object:
    if isinstance(value, str):
        return scrubbed(value, [key])[:LONGEST]
    if isinstance(value, FieldError):
        return FieldError(*(str(_clean(text, key)) for text in value))
    if isinstance(value, tuple):
        return tuple(_clean(item, key) for item in value)
    return value
