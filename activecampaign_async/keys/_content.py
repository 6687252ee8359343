"""What providers give, checked. What is wrong is said without showing any of it: returned, since a raise here would
carry frames that hold it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from . import Credentials, Key, flaw_of

FIELD, URL_FIELD = "api_key", "base_url"  # of a JSON secret, unless told otherwise
_VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*=[^=]")


def checked(given: object) -> Credentials | str:
    """Credentials for what a provider returned, or what is wrong with it."""
    if isinstance(given, Credentials):
        return given
    if isinstance(given, Key):
        return Credentials(given)
    flaw = flaw_of(given)
    if isinstance(given, str) and flaw is None:
        return Credentials(Key(given))
    return f"the key: {flaw}"


def credentials_in(secret: object, field: str = FIELD, url_field: str = URL_FIELD) -> Credentials | str:
    """Credentials for what a vault keeps: the key alone, or JSON with the key and perhaps the URL in fields of it."""
    if isinstance(secret, (bytes, bytearray)):
        try:
            secret = bytes(secret).decode()
        except UnicodeDecodeError:
            return "the secret is binary, not text"
    if isinstance(secret, str) and secret.lstrip().startswith(("{", "[")):
        try:
            secret = json.loads(secret)
        except (ValueError, RecursionError):
            return "the secret starts like JSON, but is none"
        if isinstance(secret, list):
            return "the secret is JSON, but no object"
    if isinstance(secret, str) and _VARIABLE.match(secret):
        return "the secret looks like a line of a .env file; keep there what stands behind the = alone"
    if not isinstance(secret, Mapping):
        return checked(secret)
    if field not in secret:
        return f"the secret has no field {field!r}; tell with field= which one holds the key"
    found, url = checked(secret[field]), secret.get(url_field)
    if isinstance(found, str):
        return f"field {field!r}: {found}"
    if url is not None and not isinstance(url, str):
        return f"field {url_field!r}: a str was expected, not {type(url).__name__}"
    return Credentials(found.key, url)
