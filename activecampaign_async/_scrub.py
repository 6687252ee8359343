"""Takes out of texts what must not be shown: a key or cookie that the server echoes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from .errors import ActiveCampaignError, FieldError

LONGEST = 1000  # characters that an error keeps of one text of the server's
SHORTEST = 6  # characters of a secret; a shorter one ("key", "wrong") is nobody's, and part of what is said


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`: as they are, or escaped as in a URL, in JSON, in HTML or in a `repr`; in
    capitals or not, as host names lose them."""
    return _without_any(text, [form for secret in secrets for form in _forms(secret)])


def _forms(secret: str) -> list[bytes]:
    """How a secret may stand in a text, in small letters."""
    if len(secret) < SHORTEST:
        return []
    spelt = (
        secret,
        quote(secret, safe=""),
        secret.replace("/", "\\/"),
        json.dumps(secret)[1:-1],
        escape(secret),
        "".join(f"&#{ord(c)};" for c in secret),
        "".join(f"&#x{ord(c):x};" for c in secret),
        repr(secret.encode())[2:-1],
    )
    return list(dict.fromkeys(_bytes(form).lower() for form in spelt))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _without_any(text: str, forms: Iterable[bytes]) -> str:
    # As bytes, whose `lower` keeps the length and takes a twentieth of what a table of characters does, where not all
    # of them are ASCII: a server may say 32 MB.
    whole = raw = _bytes(text)
    for form in forms:
        raw = _without(raw, form)
    return text if raw is whole else raw.decode("utf-8", "surrogatepass")


def _without(raw: bytes, form: bytes) -> bytes:
    lowered, parts, done = raw.lower(), list[bytes](), 0
    while (at := lowered.find(form, done)) >= 0:
        parts += raw[done:at], b"[removed]"
        done = at + len(form)
    return b"".join([*parts, raw[done:]]) if done else raw


def scrub(error: ActiveCampaignError, key: str) -> None:
    """Take `key` out of every text that `error` carries, and then what is too long."""
    forms = _forms(key)  # once: an error may carry thousands of texts
    error.args = tuple(_clean(value, forms) for value in error.args)
    for name, value in error.__dict__.items():
        error.__dict__[name] = _clean(value, forms)


def _clean(value: object, forms: Sequence[bytes]) -> object:
    if isinstance(value, str):
        return _without_any(value, forms)[:LONGEST]
    if isinstance(value, FieldError):
        return FieldError(*(str(_clean(text, forms)) for text in value))
    if isinstance(value, tuple):
        return tuple(_clean(item, forms) for item in value)
    return value
