"""Accounts by name, for `--profile`: a TOML file that says where each key comes from."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, cast

from ..errors import ConfigurationError
from ..keys import Key, KeyProvider
from ..keys.static import StaticKey

VARIABLE = "AC_PROFILES"
_SOURCES: Mapping[str, tuple[str, str, frozenset[str]]] = {
    "env": ("environment", "EnvironmentKey", frozenset()),
    "file": ("file", "FileKey", frozenset({"field", "url_field"})),
    "aws": ("aws", "AWSSecret", frozenset({"field", "url_field", "region", "version_id", "version_stage"})),
    "google": ("google", "GoogleSecret", frozenset({"field", "url_field"})),
    "vault": (
        "vault",
        "VaultSecret",
        frozenset({"field", "url_field", "mount", "url", "namespace", "ca_file", "kubernetes_role", "login_mount"}),
    ),
}
"""What says where a key is: the provider, and its arguments that may stand beside. None of them is a secret."""


class Profile(NamedTuple):
    """One account."""

    url: str | None
    """None: it stands in the secret, beside the key."""
    key: KeyProvider


def profiles_file() -> Path:
    """Where the profiles are: ``$AC_PROFILES``, else ``activecampaign/profiles.toml`` in the user's configuration."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if sys.platform == "win32":
        home = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    else:
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return home / "activecampaign" / "profiles.toml"


def profile(name: str) -> Profile:
    """The account of that name. ConfigurationError, without showing any key, where it is not there or not right."""
    path = profiles_file()
    found = _read(path)
    if not isinstance(found.get(name), dict):
        known = ", ".join(key for key, value in found.items() if isinstance(value, dict)) or "none"
        raise ConfigurationError(f"no profile {name!r} in {path}; there are: {known}")
    settings: dict[str, Any] = found[name]
    del found  # it may hold keys, and error reporters show the locals of this frame
    try:
        if unknown := sorted(settings.keys() - {"url", "key"}):
            raise _wrong(path, name, f"unknown: {unknown[0]}; url and key are what there is")
        url = settings.get("url")
        if url is not None and not isinstance(url, str):
            raise _wrong(path, name, "url: text was expected")
        return Profile(url, _provider(path, name, settings.get("key")))
    finally:
        del settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        said = f"there is no {path}; it names accounts"
    except (OSError, UnicodeDecodeError) as error:
        said = f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is not UTF-8'}"
    except tomllib.TOMLDecodeError as error:
        said = f"{path} is no TOML: {error}"  # a place, and what was expected there: nothing of a value
    raise ConfigurationError(said)


def _provider(path: Path, name: str, given: object) -> KeyProvider:
    try:
        if isinstance(given, str):
            _refuse_what_others_read(path, name)
            return StaticKey(Key(given))
        if not isinstance(given, dict) or len(kinds := given.keys() & _SOURCES.keys()) != 1:
            raise _wrong(path, name, f"key: say where it is, by one of {', '.join(_SOURCES)}")
        (kind,) = kinds
        module, provider, options = _SOURCES[kind]
        where = given[kind]
        if kind == "file" and isinstance(where, str):
            where = Path(where).expanduser()
        rest = {option: value for option, value in given.items() if option != kind}
        if unknown := sorted(rest.keys() - options):
            raise _wrong(path, name, f"key: unknown beside {kind}: {unknown[0]}; known: {', '.join(sorted(options))}")
        make = cast("Callable[..., KeyProvider]", getattr(import_module(f"..keys.{module}", __package__), provider))
        return make(where, **rest)
    except ConfigurationError as error:
        said = str(error)
    finally:
        del given
    raise ConfigurationError(said if said.startswith("profile ") else f"profile {name!r} in {path}: {said}")


def _refuse_what_others_read(path: Path, name: str) -> None:
    if sys.platform == "win32":
        raise _wrong(path, name, "key: a key itself is taken only where it can be seen that nobody else reads it")
    if path.stat().st_mode & 0o077:
        raise _wrong(path, name, f"key: others may read the file; chmod 600 {path}, or say where the key is instead")


def _wrong(path: Path, name: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"profile {name!r} in {path}: {why}")
