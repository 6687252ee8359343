"""`AWSSecret` against moto's server over HTTP."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from activecampaign_async import AWSSecret, ConfigurationError, Key, KeyProviderError
from activecampaign_async.keys import Credentials
from tests.keys.support import KEY, NEXT, free_port, http_server, shows_nothing, silent_server
from tests.support import real

boto3, moto = real("boto3"), real("moto.server")

pytestmark = pytest.mark.anyio
HOME, REGION = "https://acme.api-us1.com", "eu-west-1"
OURS = {
    "AWS_ACCESS_KEY_ID": "test-id",
    "AWS_SECRET_ACCESS_KEY": "test-secret-of-aws",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def _nobody_elses_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in OURS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def manager(url: str) -> Iterator[Any]:
    """The account's secrets, as their owner sees them."""
    client = boto3.client("secretsmanager", endpoint_url=url, region_name=REGION)
    yield client
    for secret in client.list_secrets()["SecretList"]:
        client.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    client.close()


async def test_a_key_by_itself(manager: Any, url: str) -> None:
    arn = manager.create_secret(Name="prod/ac", SecretString=KEY)["ARN"]
    for secret_id in ("prod/ac", arn):
        assert await AWSSecret(secret_id, endpoint_url=url).key() == Credentials(KEY)


async def test_a_binary_one(manager: Any, url: str) -> None:
    manager.create_secret(Name="prod/ac", SecretBinary=KEY.encode())
    assert await AWSSecret("prod/ac", endpoint_url=url, region=REGION).key() == Credentials(KEY)


async def test_json_with_the_url(manager: Any, url: str) -> None:
    manager.create_secret(Name="prod/ac", SecretString=json.dumps({"token": KEY, "url": HOME}))
    provider = AWSSecret("prod/ac", field="token", url_field="url", endpoint_url=url)
    assert await provider.key() == Credentials(KEY, HOME)


async def test_where_aws_is_comes_from_the_environment_too(
    manager: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.create_secret(Name="prod/ac", SecretString=KEY)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)
    assert await AWSSecret("prod/ac").key() == Credentials(KEY)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"])
async def test_the_environment_sends_no_secret_unencrypted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://aws.example.org")
    said = r"^AWSSecret\('prod/ac'\): AWS_ENDPOINT_URL, .*: https:// was expected"
    with pytest.raises(ConfigurationError, match=said) as caught:
        await AWSSecret("prod/ac").key()
    assert shows_nothing(caught.value, OURS["AWS_SECRET_ACCESS_KEY"])


async def test_a_client_of_ones_own(manager: Any) -> None:
    manager.create_secret(Name="prod/ac", SecretString=KEY)
    provider = AWSSecret("prod/ac", client=manager, ttl=0)
    for _ in range(2):  # it is not closed
        assert await provider.key() == Credentials(KEY)


async def test_versions_and_a_rotation(manager: Any, url: str) -> None:
    first = manager.create_secret(Name="prod/ac", SecretString=KEY)["VersionId"]
    provider = AWSSecret("prod/ac", endpoint_url=url)
    assert await provider.key() == Credentials(KEY)
    manager.put_secret_value(SecretId="prod/ac", SecretString=NEXT)
    assert await provider.key() == Credentials(KEY), "within its time to live"
    assert await provider.key(refused=Key(KEY)) == Credentials(NEXT)
    assert await AWSSecret("prod/ac", version_id=first, endpoint_url=url).key() == Credentials(KEY)
    assert await AWSSecret("prod/ac", version_stage="AWSPREVIOUS", endpoint_url=url).key() == Credentials(KEY)


async def test_one_request_for_all(manager: Any, url: str) -> None:
    secret = {"SecretString": KEY, "Name": "prod/ac", "ARN": "arn", "VersionId": "1"}
    asked = list[str]()

    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        asked.append(path)
        return 200, json.dumps(secret).encode()

    with http_server(answer) as counted:
        provider, got = AWSSecret("prod/ac", endpoint_url=counted), list[Credentials]()

        async def one() -> None:
            got.append(await provider.key())

        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(one)
    assert got == [Credentials(KEY)] * 50
    assert len(asked) == 1


async def test_none_there(url: str) -> None:
    with pytest.raises(KeyProviderError, match=r"AWSSecret\('prod/none'\): ResourceNotFoundException") as caught:
        await AWSSecret("prod/none", endpoint_url=url).key()
    assert not caught.value.transient
    assert shows_nothing(caught.value, OURS["AWS_SECRET_ACCESS_KEY"])


@pytest.mark.parametrize(
    "content", [f"{KEY}\n", " ", f'{{"key": "{KEY}"}}', f'{{"api_key": "{KEY}\\n"}}', f"{{{KEY}"], ids=repr
)
async def test_content_that_is_no_key(manager: Any, url: str, content: str) -> None:
    manager.create_secret(Name="prod/ac", SecretString=content)
    with pytest.raises(ConfigurationError, match=r"AWSSecret\('prod/ac'\): ") as caught:
        await AWSSecret("prod/ac", endpoint_url=url).key()
    assert shows_nothing(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "final"),
    [(400, "AccessDeniedException", True), (400, "ThrottlingException", False), (500, "InternalServiceError", False)],
)
async def test_what_aws_refuses_is_told_by_its_code_alone(status: int, code: str, final: bool) -> None:
    said = json.dumps({"__type": code, "message": f"user {KEY} is not authorized"}).encode()
    with http_server(lambda path, body: (status, said)) as url:
        with pytest.raises(KeyProviderError, match=rf"AWSSecret\('prod/ac'\): {code}$") as caught:
            await AWSSecret("prod/ac", endpoint_url=url).key()
    assert caught.value.transient is not final
    assert shows_nothing(caught.value)


async def test_no_credentials(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(KeyProviderError, match="NoCredentialsError"):
        await AWSSecret("prod/ac", endpoint_url=url).key()


async def test_nobody_there() -> None:
    with pytest.raises(KeyProviderError, match="EndpointConnectionError"), anyio.fail_after(8):
        await AWSSecret("prod/ac", endpoint_url=f"http://127.0.0.1:{free_port()}").key()


async def test_one_that_hangs() -> None:
    with silent_server() as url:
        with pytest.raises(KeyProviderError, match=r"AWSSecret\('prod/ac'\)(: ReadTimeoutError| gave no key within)"):
            await AWSSecret("prod/ac", endpoint_url=url, timeout=0.5).key()


async def test_botocore_does_not_write_the_secret_down(
    manager: Any, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    manager.create_secret(Name="prod/ac", SecretString=KEY)
    caplog.set_level(logging.DEBUG)
    await AWSSecret("prod/ac", endpoint_url=url).key()
    assert KEY not in caplog.text
    manager.get_secret_value(SecretId="prod/ac")
    assert KEY in caplog.text, "this test shows nothing: botocore no longer writes answers down"


@pytest.mark.parametrize(
    "given",
    [{"secret_id": ""}, {"secret_id": None}, {"endpoint_url": "http://aws.example.org"}, {"version_id": 3}],
    ids=repr,
)
async def test_settings_that_are_none(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        AWSSecret(**{"secret_id": "prod/ac", **given})
