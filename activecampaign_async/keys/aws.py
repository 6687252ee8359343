"""`AWSSecret`: a secret in AWS Secrets Manager, through boto3."""

from __future__ import annotations

from typing import Any

from ._blocking import Blocking, encrypted, text
from ._content import FIELD, URL_FIELD

_FINAL = frozenset(
    {
        "AccessDeniedException",
        "DecryptionFailure",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidParameterException",
        "InvalidRequestException",
        "InvalidSignatureException",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)


class AWSSecret(Blocking):
    """The key in AWS Secrets Manager, by itself or in JSON. Extra ``aws``.

    Arguments:
        secret_id: name or ARN of the secret.
        version_id: which version, by its id.
        version_stage: which version, by its label; by default ``AWSCURRENT``.
        field: which field of a JSON secret holds the key.
        url_field: which one holds the base URL, where there is one.
        region: where; by default as boto3 finds it. Credentials are found by boto3 as well.
        endpoint_url: another server than Amazon's own for that region.
        client: a boto3 client of ``secretsmanager`` to use instead (another account, an assumed role).
        ttl: seconds for which the secret is taken as true.
        stale: seconds beyond `ttl` for which the last key is given while AWS is away, with a warning a minute.
        timeout: seconds that a call waits for AWS; less where the call has less.

    It needs the permission ``secretsmanager:GetSecretValue`` for this secret, and no other.
    """

    _extra, _library = "aws", "boto3"
    _talkative = ("botocore.parsers", "botocore.endpoint", "botocore.auth")

    def __init__(
        self,
        secret_id: str,
        *,
        version_id: str | None = None,
        version_stage: str | None = None,
        field: str = FIELD,
        url_field: str = URL_FIELD,
        region: str | None = None,
        endpoint_url: str | None = None,
        client: Any = None,
        ttl: float = 300.0,
        stale: float = 900.0,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(secret_id, field, url_field, ttl=ttl, stale=stale, timeout=timeout)
        versions = {"VersionId": version_id, "VersionStage": version_stage}
        self._version = {name: text(name, given) for name, given in versions.items() if given is not None}
        self._region, self._client = region, client
        self._endpoint = None if endpoint_url is None else encrypted("endpoint_url", endpoint_url)

    def _read(self) -> object:
        client = self._client or self._connected()
        try:
            if client is not self._client:  # one that was given is as trusted as its giver
                encrypted("AWS_ENDPOINT_URL, or AWS's own settings", client.meta.endpoint_url)
            answer = client.get_secret_value(SecretId=self._path, **self._version)
        finally:
            if client is not self._client:
                client.close()
        return answer["SecretString"] if "SecretString" in answer else answer["SecretBinary"]

    def _connected(self) -> Any:
        import boto3  # 0.4 s
        from botocore.config import Config

        # Made anew for each fetch: nothing is shared with a thread that was given up on, or with a forked process.
        session = boto3.session.Session(region_name=self._region)
        part = self._timeout / 2
        config = Config(connect_timeout=part, read_timeout=part, retries={"total_max_attempts": 1})
        return session.client("secretsmanager", endpoint_url=self._endpoint, config=config)

    def _code(self, exc: Exception) -> str:
        answer = getattr(exc, "response", None)
        error = answer.get("Error") if isinstance(answer, dict) else None
        code = error.get("Code") if isinstance(error, dict) else None
        return code if isinstance(code, str) and code.isidentifier() else ""

    def _kind(self, exc: Exception) -> str:
        return self._code(exc) or super()._kind(exc)

    def _is_final(self, exc: Exception) -> bool:
        return self._code(exc) in _FINAL
