"""`GoogleSecret`: a secret in Google Secret Manager, through google-cloud-secret-manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ._blocking import Blocking, encrypted
from ._content import FIELD, URL_FIELD

if TYPE_CHECKING:
    from google.cloud.secretmanager import SecretManagerServiceClient

_FINAL = frozenset({400, 401, 403, 404})  # HTTP


class GoogleSecret(Blocking):
    """The key in Google Secret Manager, by itself or in JSON. Extra ``google``.

    Arguments:
        secret: ``projects/PROJECT/secrets/NAME``, with ``/versions/VERSION`` where it is not to be the latest.
        field: which field of a JSON secret holds the key.
        url_field: which one holds the base URL, where there is one.
        endpoint: another one than ``secretmanager.googleapis.com`` (a regional one). Credentials are the application's
            default ones.
        client: a ``SecretManagerServiceClient(transport="rest")`` to use instead (other credentials).
        ttl: seconds for which the secret is taken as true.
        stale: seconds beyond `ttl` for which the last key is given while Google is away, with a warning a minute.
        timeout: seconds that a call waits for Google; less where the call has less.

    It needs the role ``roles/secretmanager.secretAccessor`` on this secret, and no other.
    """

    _extra, _library = "google", "google.cloud.secretmanager"
    _talkative = (
        "google.auth.transport.requests",
        "google.cloud.secretmanager_v1.services.secret_manager_service.client",
        "google.cloud.secretmanager_v1.services.secret_manager_service.transports.rest",
    )

    def __init__(
        self,
        secret: str,
        *,
        field: str = FIELD,
        url_field: str = URL_FIELD,
        endpoint: str | None = None,
        client: SecretManagerServiceClient | None = None,
        ttl: float = 300.0,
        stale: float = 900.0,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(secret, field, url_field, ttl=ttl, stale=stale, timeout=timeout)
        match self._path.split("/"):
            case ["projects", _, "secrets", _] | ["projects", _, "locations", _, "secrets", _]:
                self._version = f"{self._path}/versions/latest"
            case ["projects", _, "secrets", _, "versions", _] | [
                "projects", _, "locations", _, "secrets", _, "versions", _
            ]:  # fmt: skip
                self._version = self._path
            case _:
                raise ConfigurationError(f"{self.name}: projects/PROJECT/secrets/NAME was expected")
        self._client = client
        self._endpoint = endpoint
        if endpoint is not None and "//" in endpoint:
            encrypted("endpoint", endpoint)

    def _read(self) -> object:
        client = self._client or self._connected()
        try:
            # Without a retry of its own: here a fetch is tried again for all who wait at once.
            found = client.access_secret_version(name=self._version, retry=None, timeout=self._timeout / 2)
        finally:
            if client is not self._client:
                client.transport.close()  # type: ignore[no-untyped-call]  # theirs has no annotations
        return found.payload.data

    def _connected(self) -> SecretManagerServiceClient:
        from google.cloud.secretmanager import SecretManagerServiceClient  # 0.6 s

        options = {"api_endpoint": self._endpoint} if self._endpoint else None
        return SecretManagerServiceClient(transport="rest", client_options=options)

    def _is_final(self, exc: Exception) -> bool:
        return getattr(exc, "code", None) in _FINAL
