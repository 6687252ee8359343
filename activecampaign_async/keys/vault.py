"""`VaultSecret`: a secret in HashiCorp Vault or OpenBao (KV version 2), through hvac."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from . import Key, flaw_of
from ._blocking import Blocking, encrypted, text
from ._content import FIELD, URL_FIELD

_FINAL = frozenset({"Forbidden", "InvalidPath", "InvalidRequest", "Unauthorized", "UnsupportedOperation"})
_USED = 0.8  # of a token's lease, after which we log in anew
KUBERNETES_JWT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")

Secret = str | Path


class VaultSecret(Blocking):
    """The key in a KV version 2 engine of HashiCorp Vault or OpenBao. Extra ``vault``.

    Arguments:
        path: of the secret below the engine: ``apps/activecampaign``.
        mount: where the engine is mounted.
        version: which version; by default the latest.
        field: which field holds the key.
        url_field: which one holds the base URL, where there is one.
        url: of the server; else ``VAULT_ADDR``. https, or this machine.
        namespace: of Vault Enterprise or OpenBao; else ``VAULT_NAMESPACE``.
        ca_file: certificates that verify the server; else ``VAULT_CACERT``, else the usual ones.
        token: to read with; else ``VAULT_TOKEN``. A `Path` is a file to read it from, each time (an agent's sink).
        role_id: log in by AppRole instead, with `secret_id`.
        secret_id: of that role. A `Path` is a file to read it from.
        kubernetes_role: log in with the pod's service account instead, as this role.
        kubernetes_jwt: file of that account's token.
        login_mount: where the login method is mounted; by default ``approle`` or ``kubernetes``.
        ttl: seconds for which the secret is taken as true.
        stale: seconds beyond `ttl` for which the last key is given while Vault is away, with a warning a minute.
        timeout: seconds that a call waits for Vault; less where the call has less.

    The token of a login is kept for most of its lease, then a new one is made. Its policy needs ``read`` on
    ``MOUNT/data/PATH``, and no more.
    """

    _extra, _library = "vault", "hvac"

    def __init__(
        self,
        path: str,
        *,
        mount: str = "secret",
        version: int | None = None,
        field: str = FIELD,
        url_field: str = URL_FIELD,
        url: str | None = None,
        namespace: str | None = None,
        ca_file: str | None = None,
        token: Secret | None = None,
        role_id: str | None = None,
        secret_id: Secret | None = None,
        kubernetes_role: str | None = None,
        kubernetes_jwt: Path = KUBERNETES_JWT,
        login_mount: str | None = None,
        ttl: float = 300.0,
        stale: float = 900.0,
        timeout: float = 10.0,
    ) -> None:
        logins = (token, role_id, kubernetes_role).count(None)
        self._given_token, self._secret_id = _hidden(token), _hidden(secret_id)
        del token, secret_id  # error reporters show the locals of this frame
        super().__init__(path, field, url_field, ttl=ttl, stale=stale, timeout=timeout)
        if version is not None and (isinstance(version, bool) or not isinstance(version, int) or version < 1):
            raise ConfigurationError("version: an int of 1 or more")
        if logins < 2:
            raise ConfigurationError("token, role_id, kubernetes_role: give one of them")
        if (role_id is None) != (self._secret_id is None):
            raise ConfigurationError("role_id, secret_id: both or none")
        for name, given in (("token", self._given_token), ("secret_id", self._secret_id)):
            if isinstance(given, str):
                raise ConfigurationError(f"{name}: {given}")
        self._mount, self._version = text("mount", mount), version
        self._url = encrypted("url, or VAULT_ADDR", url or os.environ.get("VAULT_ADDR") or "https://127.0.0.1:8200")
        self._options = {
            "namespace": namespace or os.environ.get("VAULT_NAMESPACE"),
            "verify": ca_file or os.environ.get("VAULT_CACERT") or True,
        }
        self._role_id, self._kubernetes_role, self._kubernetes_jwt = role_id, kubernetes_role, kubernetes_jwt
        self._login_mount = login_mount or ("approle" if role_id else "kubernetes")
        self._lease: tuple[Key, float] | None = None  # of a login: token, and until when it is used

    def _read(self) -> object:
        import hvac

        client = hvac.Client(
            url=self._url,
            token="",  # none, so that hvac does not look for one
            timeout=self._timeout / 2,
            allow_redirects=False,  # the token would go along
            **self._options,
        )
        try:
            return self._read_with(client)
        finally:
            client.adapter.close()

    def _read_with(self, client: Any) -> object:
        from hvac.exceptions import Forbidden

        kept = self._token(client)
        try:
            return self._secret(client)
        except Forbidden:
            if not kept:
                raise
        self._lease = None  # revoked, or the server has lost it
        self._token(client)
        return self._secret(client)

    def _secret(self, client: Any) -> object:
        found = client.secrets.kv.v2.read_secret_version(
            self._path, version=self._version, mount_point=self._mount, raise_on_deleted_version=True
        )
        return found["data"]["data"]

    def _token(self, client: Any) -> bool:
        """Give `client` its token; True where that comes from an earlier login."""
        lease = self._lease
        if lease is not None and time.monotonic() < lease[1]:
            client.token = lease[0].reveal()
            return True
        if self._role_id is not None:
            answer = client.auth.approle.login(
                role_id=self._role_id, secret_id=_shown("secret_id", self._secret_id), mount_point=self._login_mount
            )
        elif self._kubernetes_role is not None:
            jwt = _shown("kubernetes_jwt", self._kubernetes_jwt)
            answer = client.auth.kubernetes.login(role=self._kubernetes_role, jwt=jwt, mount_point=self._login_mount)
        else:
            given = self._given_token or _hidden(os.environ.get("VAULT_TOKEN") or None)
            if given is None:
                raise ConfigurationError("no token: pass token=, set VAULT_TOKEN, or log in with role_id=")
            client.token = _shown("token", given)
            return False
        seconds = answer["auth"]["lease_duration"]
        self._lease = Key(client.token), time.monotonic() + _USED * seconds if seconds else float("inf")
        return False

    def _is_final(self, exc: Exception) -> bool:
        return type(exc).__name__ in _FINAL


def _hidden(secret: Secret | None) -> Key | Path | str | None:
    """A secret out of sight; a str says what is wrong with it."""
    if secret is None or isinstance(secret, Path):
        return secret
    return flaw_of(secret) or Key(secret)


def _shown(name: str, secret: Key | Path | str | None) -> str:
    """A secret to log in with. Files are read each time: they rotate, too."""
    if isinstance(secret, Path):
        secret = _hidden(secret.read_text().strip())
    if not isinstance(secret, Key):
        raise ConfigurationError(f"{name}: {secret or 'it is missing'}")
    return secret.reveal()
