"""Base URLs that strangers enter: only hosts that were allowed, and only addresses of the public internet."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given, settings, strategies as st

from activecampaign_async import (
    AsyncClient,
    ConfigurationError,
    Credentials,
    Key,
    LocalLimiter,
    PermissionDeniedError,
    RetryPolicy,
    _http,
    _retry,
    _strangers,
)
from activecampaign_async._settings import origin_of
from tests.support import examples

from .hostile import answer, hostile, trusting
from .wire import Network, on

pytestmark = pytest.mark.anyio

BODY = b'{"contact": {"id": "1"}}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
CLOSED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
NAME = "https://acme.api-us1.com"

# -- allowed_hosts


@pytest.mark.parametrize(
    ("url", "hosts", "allowed"),
    [
        ("https://acme.api-us1.com", ("*.api-us1.com",), True),
        ("https://ACME.API-US1.COM/api/3/", ("*.Api-us1.com",), True),
        ("https://acme.api-us1.com:8443", ("*.api-us1.com",), False),
        ("https://acme.api-us1.com:8443", ("*.api-us1.com", "*.Api-us1.com:8443"), True),
        ("https://acme.api-us1.com", ("*.api-us1.com:8443",), False),
        ("https://acme.api-us1.com:443", ("*.api-us1.com:443",), True),
        ("https://localhost:8443", ["localhost:8443"], True),
        ("https://acme.api-us1.com", {"*.api-us1.com"}, True),
        ("https://acme.activehosted.com", ("*.api-us1.com", "*.activehosted.com"), True),
        ("https://acme.api-us1.com", ("acme.api-us1.com",), True),
        ("https://a.b.api-us1.com", ("*.api-us1.com",), True),
        ("https://api-us1.com", ("*.api-us1.com",), False),
        ("https://evil.example", ("*.api-us1.com",), False),
        ("https://evilapi-us1.com", ("*.api-us1.com",), False),
        ("https://acme.api-us1.com.evil.example", ("*.api-us1.com",), False),
        ("https://evil.example/.api-us1.com", ("*.api-us1.com",), False),
        ("https://evil.example#.api-us1.com", ("*.api-us1.com",), False),
        ("https://evil.example?.api-us1.com", ("*.api-us1.com",), False),
        ("https://evil.example\\.api-us1.com", ("*.api-us1.com",), False),
        ("https://evil.example%2f.api-us1.com", ("*.api-us1.com",), False),
        ("https://evil.example%00.api-us1.com", ("*.api-us1.com",), False),
        ("https://evil.example@acme.api-us1.com", ("*.api-us1.com",), False),
        ("https://acme.api-us1.com@evil.example", ("*.api-us1.com",), False),
        ("https://acme.api-us1.com:443@evil.example", ("*.api-us1.com",), False),
        ("https://evil.example:443#@acme.api-us1.com", ("*.api-us1.com",), False),
        ("https://\u0430cme.api-us1.com", ("*.api-us1.com",), False),  # a Cyrillic a
        ("https://acme\u3002api-us1.com", ("*.api-us1.com",), False),  # a full stop of CJK
        ("https://acme.api-us1.com.", ("*.api-us1.com",), False),
        ("https://127.0.0.1", ("*.api-us1.com",), False),
    ],
)
def test_allowed_hosts(url: str, hosts: Collection[str], allowed: bool) -> None:
    if allowed:
        AsyncClient(url, "key", allowed_hosts=hosts)
    else:
        with pytest.raises(ConfigurationError, match="base_url"):
            AsyncClient(url, "key", allowed_hosts=hosts)


TOO_WIDE = ["*", "*.com", "*api-us1.com", "**.api-us1.com", "*.*.com", "a*e.api-us1.com", "acme.*", "ac?e.api-us1.com"]
DEAD = ["", "https://*.api-us1.com", "acme.api-us1.com/", ".api-us1.com", "*.api-us1.com.", "*.api-us1.com:"]
DEAD += ["-foo.com", "foo-", "*.foo-", "_x.com", "foo_", "a..com", "*.a..com"]
DEAD += [f"a.com:{port}" for port in ("0", "00", "65536", "99999", "9" * 5000, "-1", "443a")]
NONE: list[Any] = ["*.api-us1.com", (), 5, (None,), (b"*.api-us1.com",)]


@pytest.mark.parametrize("hosts", [*NONE, *([pattern] for pattern in TOO_WIDE + DEAD)], ids=repr)
def test_patterns_that_are_none(hosts: Any) -> None:
    """Refused where they are given: one that fits too much, or nothing, would be found out by a stranger, or never."""
    with pytest.raises(ConfigurationError, match="allowed_hosts"):
        AsyncClient(NAME, "key", allowed_hosts=hosts)


def test_patterns_that_fit_what_a_name_server_would_hardly_have() -> None:
    for pattern in ("a.-b.com", "*._tcp.example.org", "a.com:65535", "A-b.c_d.COM:00443"):
        url = f"https://{pattern.lower().replace('*', 'x').replace(':00443', '')}"
        AsyncClient(url, "key", allowed_hosts=(pattern,))


def test_no_port_is_another_one() -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        AsyncClient(f"{NAME}:0", "key", allowed_hosts=("*.api-us1.com",))
    with pytest.raises(ConfigurationError, match="base_url"):
        AsyncClient(f"{NAME}:0", "key", public_only=True)


def test_public_only_knows_one_port() -> None:
    with pytest.raises(ConfigurationError, match="base_url: another port than 443"):
        AsyncClient(f"{NAME}:8443", "key", public_only=True)
    AsyncClient(f"{NAME}:443", "key", public_only=True)
    AsyncClient(f"{NAME}:8443", "key", public_only=True, allowed_hosts=("acme.api-us1.com:8443",))


async def test_a_url_from_a_vault_is_a_strangers_too() -> None:
    class Vault:
        async def key(self, refused: Key | None = None) -> Credentials:
            return Credentials("key", "https://evil.example")

    with pytest.raises(ConfigurationError, match="allowed_hosts"):
        await AsyncClient.from_provider(Vault(), allowed_hosts=("*.api-us1.com",))


URLS = st.one_of(
    st.text(max_size=40),
    st.text("https:/@#?\\.%[]:0123456789abcxyz-_\t\n \u3002\uff0f", max_size=40),
    st.text(max_size=15).map("https://acme.api-us1.com{}".format),
    st.text(max_size=15).map("https://{}.api-us1.com".format),
)


@settings(max_examples=examples(500), deadline=None)
@given(URLS)
def test_whatever_is_taken_means_the_same_host_to_httpx(url: str) -> None:
    """Two readings of one URL are how an allowed host becomes another one."""
    same_host_or_refused(url)


def same_host_or_refused(url: str) -> None:
    try:
        origin = origin_of(url)
        _strangers.allowed(origin, ("*.api-us1.com",))
    except ConfigurationError:
        return
    assert origin.startswith("https://")
    read = httpx.URL(f"{origin}/api/3/contacts")
    assert read.scheme == "https"
    assert read.host.endswith(".api-us1.com")
    assert str(read) == f"{origin}/api/3/contacts"
    assert not read.userinfo


# -- public_only: what stands in the URL

SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "2130706433", "0",
    "10.0.0.1", "169.254.169.254", "0xa9fea9fe", "192.168.1.1", "8.8.8.8", "[::1]", "[::]", "[::ffff:10.0.0.1]",
    "[::ffff:a00:1]", "[fe80::1]", "[fd00::1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[2606:4700::1111]",
    "localhost", "LocalHost", "my.localhost", "localhost:8443", "[::1]:8443",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_an_address_in_any_spelling(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"public_only refuses|malformed"):
        AsyncClient(f"https://{host}", "key", public_only=True)


@pytest.mark.parametrize(
    "host", ["acme.api-us1.com", "acme.activehosted.com", "crm.example.org", "1.example", "0x7f.example"]
)
def test_a_name_is_taken(host: str) -> None:
    AsyncClient(f"https://{host}", "key", public_only=True)


# -- public_only: where a name leads

NOT_PUBLIC = {
    "loopback": "127.0.0.1",
    "loopback, elsewhere": "127.8.8.8",
    "this host": "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "private, 10": "10.0.0.1",
    "private, 172": "172.16.0.1",
    "private, 192": "192.168.0.1",
    "metadata": "169.254.169.254",
    "metadata of Alibaba": "100.100.100.200",
    "link-local": "169.254.0.1",
    "CGNAT": "100.64.0.1",
    "benchmarks": "198.18.0.1",
    "documentation": "203.0.113.1",
    "IETF": "192.0.0.1",
    "IETF, to older Pythons": "192.0.0.8",
    "IETF, whichever is nearest": "192.0.0.9",
    "metadata of Oracle": "192.0.0.192",
    "Azure's own": "168.63.129.16",
    "multicast": "224.0.0.1",
    "multicast, global": "233.252.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6 loopback": "::1",
    "v6 unspecified": "::",
    "v6 link-local": "fe80::1%eth0",
    "v6 unique local": "fd00:ec2::254",
    "v6 site-local": "fec0::1",
    "v6 multicast": "ff0e::1",
    "v6 documentation": "2001:db8::1",
    "v6 documentation, newer": "3fff::1",
    "v6 discard": "100::1",
    "v6 dummy": "100:0:0:1::1",
    "v6 IETF, whichever is nearest": "2001:1::1",
    "v6 IETF, of no place": "2001:20::1",
    "v6 segments": "5f00::1",
    "mapped private": "::ffff:10.0.0.1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped metadata": "::ffff:169.254.169.254",
    "mapped CGNAT": "::ffff:100.64.0.1",
    "mapped metadata of Oracle": "::ffff:192.0.0.192",
    "mapped, Azure's own": "::ffff:168.63.129.16",
    "compatible": "::127.0.0.1",
    "6to4 private": "2002:a00:1::1",
    "6to4 loopback": "2002:7f00:1::",
    "6to4 metadata": "2002:a9fe:a9fe::",
    "6to4 metadata of Oracle": "2002:c000:c0::",
    "NAT64 loopback": "64:ff9b::7f00:1",
    "NAT64 metadata": "64:ff9b::a9fe:a9fe",
    "NAT64, Azure's own": "64:ff9b::a83f:8110",
    "NAT64, local": "64:ff9b:1::a00:1",
    "Teredo of a private one": "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "no address": "acme.internal",
    "nothing": "",
}
PUBLIC = {
    "v4": "93.184.215.14",
    "v4, beside Azure's own": "168.63.129.17",
    "v4, beside the IETF's": "192.0.1.1",
    "v6": "2606:4700::6810:1",
    "mapped": "::ffff:93.184.215.14",
    "NAT64": "64:ff9b::5db8:d70e",
}


@pytest.mark.parametrize("name", NOT_PUBLIC)
async def test_a_name_that_leads_to_an_address_that_is_not_public(name: str) -> None:
    """Seen when the connection is there, before TLS: not a byte is written, not even a greeting."""
    network = Network(lambda _: [OK], NOT_PUBLIC[name])
    async with on(network, NAME, public_only=True, retry=RetryPolicy(4, base=0.0)) as ac:
        with pytest.raises(ConfigurationError, match=r"not public.*nothing was sent"):
            await ac.contacts.get(1)
        assert (network.made, network.open, network.encrypted, network.written) == (1, 0, 0, [])
    async with on(network, NAME) as ac:  # it is the switch that refuses
        assert (await ac.contacts.get(1)).id == 1


@pytest.mark.parametrize("name", PUBLIC)
async def test_a_name_that_leads_to_the_internet(name: str) -> None:
    async with on(Network(lambda _: [OK], PUBLIC[name]), NAME, public_only=True) as ac:
        assert (await ac.contacts.get(1)).id == 1


async def test_an_address_that_is_not_to_be_seen_is_not_public() -> None:
    class Blind:
        def get_extra_info(self, _: str) -> None:
            return None

    assert not _strangers.is_public(Blind())
    assert not _strangers.is_public(None)


@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_a_name_that_leads_elsewhere_the_second_time(verb: str) -> None:
    network = Network(lambda _: [CLOSED])
    async with on(network, NAME, public_only=True) as ac:
        await ac.contacts.get(1)
        written, network.address = len(network.written), "10.0.0.1"
        with pytest.raises(ConfigurationError, match="not public"):
            await (ac.contacts.get(1) if verb == "GET" else ac.tags.create(tag="new"))
        assert len(network.written) == written
        assert (network.open, network.encrypted) == (0, 1)


async def test_the_credential_probe_is_no_way_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write is refused; whether the key itself is, `/users/me` is asked over a new connection."""
    monkeypatch.setattr(_retry, "STRAY_403", 0.0)

    def forbid(_: bytes) -> list[bytes | float]:
        network.address = "169.254.169.254"
        return [FORBIDDEN]

    network = Network(forbid)
    async with on(network, NAME, public_only=True) as ac:
        with pytest.raises(PermissionDeniedError, match="could not be found out"):
            await ac.tags.create(tag="new")
    assert (network.made, network.encrypted, network.open) == (2, 1, 0)
    assert sum(part.startswith(b"GET") for part in network.written) == 0
    network.address = "93.184.215.14"
    async with on(network, NAME, public_only=True, retry=RetryPolicy(4, base=0.0)) as ac:
        with pytest.raises(ConfigurationError, match="not public"):
            await ac.contacts.get(1)  # and again, as a read that may be a stray refusal
    assert (network.made, network.encrypted, network.open) == (4, 2, 0)


def resolver(answers: Callable[[], str]) -> Callable[..., Any]:
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host in ("acme.api-us1.com", b"acme.api-us1.com"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers(), int(port)))]
        return real(host, port, *args, **kwargs)

    return resolve


async def test_rebinding_with_a_real_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real sockets and TLS: 127.0.0.2 stands for the internet here. What is inside hears nothing, not even TLS."""
    monkeypatch.setattr(_strangers, "_is_global", lambda address: str(address) == "127.0.0.2")
    monkeypatch.setattr(_http, "PHASES", httpx.Timeout(5.0))
    led = ["127.0.0.2"] * 3 + ["127.0.0.1"]  # twice each time: before the connection, and for it
    monkeypatch.setattr(socket, "getaddrinfo", resolver(lambda: led.pop(0) if len(led) > 1 else led[0]))
    try:
        outside = hostile(
            lambda _: [answer(BODY, "Connection: close"), -1.0], host="127.0.0.2", name="acme.api-us1.com"
        )
        with outside as public, hostile(lambda _: [answer(BODY)], port=public.port) as private:
            at = f"acme.api-us1.com:{public.port}"
            options: dict[str, Any] = {"ssl_context": trusting(), "rate_limiter": LocalLimiter(1e6)}
            async with AsyncClient(f"https://{at}", "key", public_only=True, allowed_hosts=(at,), **options) as ac:
                assert (await ac.contacts.get(1)).id == 1
                with pytest.raises(ConfigurationError, match="not public"):
                    await ac.contacts.get(1)
            with anyio.fail_after(5):
                while not private.greeted:  # noqa: ASYNC110 - until its thread has looked at what came
                    await anyio.sleep(0.01)
    except OSError as exc:
        pytest.skip(f"127.0.0.2 is not on this machine: {exc}")
    assert len(public.heard) == private.taken == 1
    assert private.heard == []
    assert b"".join(private.greeted) == b""


@pytest.mark.parametrize("listens", [True, False])
async def test_a_stranger_does_not_learn_what_listens_inside(listens: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is connected to, and the error is the same."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if not listens:
            listener.close()
        monkeypatch.setattr(socket, "getaddrinfo", resolver(lambda: "127.0.0.1"))
        at = f"acme.api-us1.com:{port}"
        async with AsyncClient(f"https://{at}", "key", public_only=True, allowed_hosts=(at,)) as ac:
            with pytest.raises(ConfigurationError, match="not public"):
                await ac.contacts.get(1)
        if listens:
            listener.setblocking(False)
            with pytest.raises(BlockingIOError):
                listener.accept()


# -- proxies resolve for themselves


@pytest.mark.parametrize("proxy", ["http://proxy.example:3128", "https://proxy.example", "socks5://proxy.example"])
def test_a_proxy_that_is_given(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match="public_only: a proxy resolves names for itself"):
        AsyncClient(NAME, "key", public_only=True, proxy=proxy)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://proxy.example:3128")
    with pytest.raises(ConfigurationError, match="public_only: a proxy resolves names for itself"):
        AsyncClient(NAME, "key", public_only=True)
    AsyncClient(NAME, "key", public_only=True, trust_env=False)
    monkeypatch.setenv("NO_PROXY", "api-us1.com")
    AsyncClient(NAME, "key", public_only=True)
    AsyncClient(NAME, "key")


def test_a_proxy_for_other_protocols_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("FTP_PROXY", "http://proxy.example:3128")
    AsyncClient(NAME, "key", public_only=True)


async def test_a_proxy_that_comes_later_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPX reads the environment again when a pool is replaced."""
    monkeypatch.setattr(_strangers, "_is_global", lambda _: True)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        async with AsyncClient(NAME, "key", public_only=True, retry=RetryPolicy(1)) as ac:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
            ac._sender._http.pools.pool = ac._sender._http.pools.make()
            with pytest.raises(ConfigurationError, match=r"by a proxy.*nothing was sent"):
                await ac.contacts.get(1)
        proxy.settimeout(5)
        connection, _ = proxy.accept()
        with connection:
            assert connection.recv(100) == b""
