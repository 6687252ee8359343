"""Base URL, key and TLS context, from arguments or the environment. What is wrong says what to write instead."""

from __future__ import annotations

import os
import re
import ssl
from urllib.parse import SplitResult, urlsplit

from .errors import ConfigurationError
from .keys import Key, kind_of, looks_like_one

URL_VARIABLE, KEY_VARIABLE = "AC_API_URL", "AC_API_TOKEN"
_EXAMPLE = "https://ACCOUNT.api-us1.com"
_PAGES = frozenset({"", "/admin", "/api", "/api/3"})  # what the account's own pages show behind the host
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_OWN_DOMAINS = (".api-us1.com", ".activehosted.com")


def origin_of(base_url: str | None) -> str:
    """``https://host[:port]`` of the account; ConfigurationError for anything that could not be it."""
    found = _read(os.environ.get(URL_VARIABLE) if base_url is None else base_url)
    del base_url  # error reporters show the locals of this frame: a key that was pasted into it
    if isinstance(found, ConfigurationError):
        raise found
    return found


def _read(given: object) -> str | ConfigurationError:
    """The origin, or what is wrong: raised by somebody whose frame does not hold what was given."""
    if given is None or given == "":
        return ConfigurationError(
            f'no base URL: pass base_url="{_EXAMPLE}" or set {URL_VARIABLE}; likewise api_key= or {KEY_VARIABLE}. '
            "Settings > Developer shows both"
        )
    if not isinstance(given, str):
        return ConfigurationError(f'base_url: a str such as "{_EXAMPLE}" was expected, not {type(given).__name__}')
    given = given.strip()
    if not given.isprintable() or " " in given:  # some of which `urlsplit` drops in silence
        return _wrong("it must not hold blanks or control characters")
    try:
        parts = urlsplit(given if "//" in given else f"//{given}")
        origin = _origin(parts)
    except ValueError:
        return _wrong("it is no URL")
    if not parts.netloc or not origin:
        start = "" if parts.scheme == "https" else "it must start with https://, and "
        return _wrong(f"{start}its host is missing or malformed")
    if "." not in parts.netloc and looks_like_one(parts.netloc):
        return _wrong("a key stands in its place")
    if parts.scheme == "http":
        return _wrong("the key must not travel unencrypted", origin)
    if parts.scheme != "https":
        return _wrong("it must start with https://", origin)
    if "@" in parts.netloc:
        return _wrong("it must not hold a user name or password", origin)
    if "?" in given or "#" in given:
        return _wrong("it must not hold a query or fragment", origin)
    if parts.path.rstrip("/").lower() not in _PAGES:
        return _wrong("it must end with the host, or /api/3", origin)
    return origin


def _origin(parts: SplitResult) -> str:
    """``https://host[:port]``, or nothing where the host is missing or malformed."""
    host, port = parts.hostname or "", parts.port
    bracketed = f"[{host}]" if ":" in host else host
    if not could_be_a_host(bracketed):
        return ""
    return f"https://{bracketed}" + (f":{port}" if port not in (None, 443) else "")


def could_be_a_host(name: str) -> bool:
    """Whether a base URL may have it: in small letters, an IPv6 address in its brackets."""
    return _HOST.fullmatch(name) is not None and ".." not in name


def _wrong(why: str, instead: str = _EXAMPLE) -> ConfigurationError:
    if ("." not in instead and "localhost" not in instead) or looks_like_one(instead.partition("//")[2]):
        instead = _EXAMPLE  # no host that anybody meant: the key in its place, perhaps
    return ConfigurationError(f'base_url: {why}; write "{instead}" (Settings > Developer shows it)')


def account_of(origin: str) -> str:
    """The name under which the account's request budget is shared: one account can have two addresses."""
    host = urlsplit(origin).hostname or origin
    if host.endswith(_OWN_DOMAINS):
        return host.partition(".")[0]
    return urlsplit(origin).netloc or origin  # with its port, where that is not 443


def key_from(api_key: str | Key | None) -> Key:
    """The key; ConfigurationError, without showing it, for what cannot be one."""
    if isinstance(api_key, Key):
        return api_key
    given = os.environ.get(KEY_VARIABLE) if api_key is None else api_key
    try:
        if given is None or given == "":
            raise ConfigurationError(f"no key: pass api_key= or set {KEY_VARIABLE} (Settings > Developer shows it)")
        return Key(given)
    finally:
        del given, api_key  # error reporters show the locals of this frame


def weakness(context: ssl.SSLContext) -> str | None:
    """Why a TLS context would not prove who the server is, or None where it would."""
    if context.verify_mode != ssl.CERT_REQUIRED:
        return "it does not verify certificates (verify_mode must be CERT_REQUIRED)"
    if not context.check_hostname:
        return "it does not check the host name (check_hostname must be True)"
    if context.minimum_version < ssl.TLSVersion.TLSv1_2:
        return "it allows TLS below 1.2 (set minimum_version = ssl.TLSVersion.TLSv1_2)"
    return None


def checked(context: ssl.SSLContext) -> ssl.SSLContext:
    """A given `ssl_context`, if it verifies."""
    if not hasattr(type(context), "verify_mode"):  # truststore has a class of its own
        raise ConfigurationError(f"ssl_context: an ssl.SSLContext was expected, not {kind_of(context)}")
    if why := weakness(context):
        raise ConfigurationError(f"ssl_context: {why}; TLS verification cannot be switched off here")
    return context
