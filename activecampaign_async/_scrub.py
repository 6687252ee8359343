"""Takes out of texts what must not be shown: a key or cookie that the server echoes."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from .errors import ActiveCampaignError, FieldError

SHORTEST = 6  # characters; shorter ones say nothing, and would be found everywhere


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, as they are or percent-encoded."""
    for secret in secrets:
        for form in {secret, quote(secret, safe=""), secret.replace("/", "\\/")}:
            if len(form) >= SHORTEST and form in text:
                text = text.replace(form, "[removed]")
    return text


def scrub(error: ActiveCampaignError, key: str) -> None:
    """Take `key` out of every text that `error` carries."""
    error.args = tuple(_clean(value, key) for value in error.args)
    for name, value in error.__dict__.items():
        error.__dict__[name] = _clean(value, key)


def _clean(value: object, key: str) -> object:
    if isinstance(value, str):
        return scrubbed(value, [key])
    if isinstance(value, FieldError):
        return FieldError(*(scrubbed(text, [key]) for text in value))
    if isinstance(value, tuple):
        return tuple(_clean(item, key) for item in value)
    return value
