"""`GoogleSecret` against a local server that speaks the service's REST surface with the client's own messages."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from activecampaign_async import ConfigurationError, GoogleSecret, Key, KeyProviderError
from activecampaign_async.keys import Credentials
from tests.keys.support import KEY, NEXT, free_port, http_server, shows_nothing, silent_server
from tests.support import real

manager = real("google.cloud.secretmanager")

pytestmark = pytest.mark.anyio
HOME, SECRET = "https://acme.api-us1.com", "projects/acme/secrets/ac"
ACCESS = re.compile(r"/v1/(projects/[^/]+(?:/locations/[^/]+)?/secrets/[^/]+/versions/[^/]+):access(?:\?.*)?")


class Service:
    """Secret Manager, for reading: the newest version last."""

    def __init__(self) -> None:
        self.secrets: dict[str, list[bytes]] = {}
        self.asked: list[str] = []
        self.failure: tuple[int, str] | None = None

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        self.asked.append(path)
        if self.failure is not None:
            return self.refusal(*self.failure)
        name = ACCESS.fullmatch(path)
        secret, _, version = name[1].rpartition("/versions/") if name else ("", "", "")
        versions = self.secrets.get(secret, [])
        number = len(versions) if version == "latest" else int(version or 0)
        if not 1 <= number <= len(versions):
            return self.refusal(404, "NOT_FOUND")
        payload = manager.SecretPayload(data=versions[number - 1])
        found = manager.AccessSecretVersionResponse(name=f"{secret}/versions/{number}", payload=payload)
        return 200, manager.AccessSecretVersionResponse.to_json(found).encode()

    def refusal(self, status: int, name: str) -> tuple[int, bytes]:
        error = {"code": status, "message": f"about {KEY}", "status": name}
        return status, json.dumps({"error": error}).encode()


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def url(service: Service) -> Iterator[str]:
    with http_server(service.answer) as url:
        yield url


@pytest.fixture(autouse=True)
def _an_account_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application's default credentials: a service account, whose tokens the library signs itself."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": "acme",
        "private_key_id": "1",
        "private_key": private.decode(),
        "client_email": "robot@acme.iam.gserviceaccount.com",
        "token_uri": "https://127.0.0.1:1/token",
    }
    file = tmp_path / "account.json"
    file.write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))


async def test_a_key_by_itself(service: Service, url: str) -> None:
    service.secrets[SECRET] = [KEY.encode()]
    assert await GoogleSecret(SECRET, endpoint=url).key() == Credentials(KEY)
    assert service.asked[0].startswith(f"/v1/{SECRET}/versions/latest:access")


async def test_json_with_the_url(service: Service, url: str) -> None:
    service.secrets[SECRET] = [json.dumps({"api_key": KEY, "base_url": HOME}).encode()]
    assert await GoogleSecret(SECRET, endpoint=url).key() == Credentials(KEY, HOME)


async def test_versions_and_a_rotation(service: Service, url: str) -> None:
    service.secrets[SECRET] = [KEY.encode()]
    provider = GoogleSecret(SECRET, endpoint=url)
    assert await provider.key() == Credentials(KEY)
    service.secrets[SECRET].append(NEXT.encode())
    assert await provider.key() == Credentials(KEY), "within its time to live"
    assert await provider.key(refused=Key(KEY)) == Credentials(NEXT)
    assert await GoogleSecret(f"{SECRET}/versions/1", endpoint=url).key() == Credentials(KEY)


async def test_a_regional_one(service: Service, url: str) -> None:
    regional = "projects/acme/locations/europe-west1/secrets/ac"
    service.secrets[regional] = [KEY.encode()]
    assert await GoogleSecret(regional, endpoint=url).key() == Credentials(KEY)
    assert await GoogleSecret(f"{regional}/versions/1", endpoint=url).key() == Credentials(KEY)


async def test_a_client_of_ones_own(service: Service, url: str) -> None:
    from google.auth.credentials import AnonymousCredentials

    service.secrets[SECRET] = [KEY.encode()]
    options = {"api_endpoint": url}
    client = manager.SecretManagerServiceClient(
        transport="rest",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # theirs has no annotations
        client_options=options,
    )
    provider = GoogleSecret(SECRET, client=client, ttl=0)
    for _ in range(2):  # it is not closed
        assert await provider.key() == Credentials(KEY)
    client.transport.close()


async def test_one_request_for_all(service: Service, url: str) -> None:
    service.secrets[SECRET] = [KEY.encode()]
    provider, got = GoogleSecret(SECRET, endpoint=url), list[Credentials]()

    async def one() -> None:
        got.append(await provider.key())

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(one)
    assert got == [Credentials(KEY)] * 50
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("status", "name", "kind", "final"),
    [
        (403, "PERMISSION_DENIED", "Forbidden", True),
        (404, "NOT_FOUND", "NotFound", True),
        (429, "RESOURCE_EXHAUSTED", "TooManyRequests", False),
        (503, "UNAVAILABLE", "ServiceUnavailable", False),
    ],
)
async def test_what_google_refuses(service: Service, url: str, status: int, name: str, kind: str, final: bool) -> None:
    service.failure = status, name
    with pytest.raises(KeyProviderError, match=rf"GoogleSecret\('{SECRET}'\): {kind}") as caught:
        await GoogleSecret(SECRET, endpoint=url).key()
    assert caught.value.transient is not final
    assert len(service.asked) == (1 if final else 3)
    assert shows_nothing(caught.value)


@pytest.mark.parametrize(
    "content", [f"{KEY}\n", "", "\udcff", f'{{"key": "{KEY}"}}', f'{{"api_key": "{KEY}\\n"}}', f"{{{KEY}"], ids=repr
)
async def test_content_that_is_no_key(service: Service, url: str, content: str) -> None:
    service.secrets[SECRET] = [content.encode(errors="surrogateescape")]
    with pytest.raises(ConfigurationError, match=rf"GoogleSecret\('{SECRET}'\): ") as caught:
        await GoogleSecret(SECRET, endpoint=url).key()
    assert shows_nothing(caught.value)


async def test_no_credentials(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(KeyProviderError, match="DefaultCredentialsError"):
        await GoogleSecret(SECRET, endpoint=url).key()


async def test_nobody_there() -> None:
    with pytest.raises(KeyProviderError, match="ConnectionError"), anyio.fail_after(8):
        await GoogleSecret(SECRET, endpoint=f"http://127.0.0.1:{free_port()}").key()


async def test_one_that_hangs() -> None:
    with silent_server() as url:
        with pytest.raises(KeyProviderError, match=rf"GoogleSecret\('{SECRET}'\)(: ReadTimeout| gave no key within)"):
            await GoogleSecret(SECRET, endpoint=url, timeout=0.5).key()


async def test_the_library_does_not_write_the_secret_down(
    service: Service, url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.secrets[SECRET] = [KEY.encode()]
    caplog.set_level(logging.DEBUG)
    for name in GoogleSecret._talkative:
        caplog.set_level(logging.DEBUG, name)
    monkeypatch.setattr(logging.getLogger("google"), "propagate", True)

    def told() -> set[str]:
        return {record.name for record in caplog.records} & set(GoogleSecret._talkative)

    await GoogleSecret(SECRET, endpoint=url).key()
    assert not told()
    with manager.SecretManagerServiceClient(transport="rest", client_options={"api_endpoint": url}) as client:
        client.access_secret_version(name=f"{SECRET}/versions/latest")
    assert told() == set(GoogleSecret._talkative), "these no longer tell: headers with a token, answers with the secret"


@pytest.mark.parametrize(
    "given",
    [
        {"secret": "ac"},
        {"secret": ""},
        {"secret": "projects/acme/secrets/ac/versions"},
        {"secret": "projects/acme/ac"},
        {"endpoint": "http://secretmanager.example.org"},
    ],
    ids=repr,
)
async def test_settings_that_are_none(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        GoogleSecret(**{"secret": SECRET, **given})
