"""Who holds the key, and who shows it: `Key` alone, and nobody; not while something is set up wrongly, either."""

from __future__ import annotations

import asyncio
import gc
import ssl
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

import activecampaign_async
from activecampaign_async import (
    ApiTokenAuth,
    AsyncClient,
    AWSSecret,
    CachedKey,
    ConfigurationError,
    Credentials,
    EnvironmentKey,
    FileKey,
    GoogleSecret,
    Key,
    KeyProviderError,
    LocalLimiter,
    Observer,
    RetryPolicy,
    VaultSecret,
    errors as e,
)
from activecampaign_async._settings import origin_of
from activecampaign_async.keys.static import StaticKey
from activecampaign_async.sandbox import Sandbox
from tests.support import MUST, real
from tests.test_proxy import proxied

from .canary import (
    ODD,
    Canary,
    by_rich,
    by_sentry,
    failing,
    held_by,
    is_clean,
    nothing_shows,
    shown_by_a_value,
    shown_by_an_error,
)
from .hostile import answer, hostile, trusting
from .wire import Network, Stream, on

pytestmark = pytest.mark.anyio
HOME = "https://acme.api-us1.com"


@pytest.fixture
def canary() -> Canary:
    return Canary(ODD)


def client(url: str, key: Any, context: ssl.SSLContext | None = None, **options: Any) -> AsyncClient:
    options.setdefault("retry", RetryPolicy(1))
    options.setdefault("rate_limiter", LocalLimiter(1e6))
    return AsyncClient(url, key, ssl_context=context, account=url, **options)


class Giving:
    """A provider of somebody's own."""

    def __init__(self, give: Callable[[], Any]) -> None:
        self.give = give

    async def key(self, refused: Key | None = None) -> Any:
        return self.give()


# -- what holds it

HOLDERS: dict[str, Callable[[Canary, Path], object]] = {
    "ApiTokenAuth": lambda c, _: ApiTokenAuth(HOME, c.text()),
    "AsyncClient": lambda c, _: AsyncClient(HOME, c.text()),
    "CachedKey": lambda c, _: CachedKey(StaticKey(c.text())),
    "Credentials": lambda c, _: Credentials(c.text(), HOME),
    "EnvironmentKey": lambda _c, _p: EnvironmentKey(),
    "FileKey": lambda _, path: FileKey(path),
    "Key": lambda c, _: Key(c.text()),
    "AWSSecret": lambda _c, _p: AWSSecret("a/path"),
    "GoogleSecret": lambda _c, _p: GoogleSecret("projects/p/secrets/s"),
    "VaultSecret": lambda _c, _p: VaultSecret("a/path"),
}
KEYLESS = {"UNSET", "__version__"}
"""Names of `__all__` that are values. Models, errors and enums are made from answers; what is left is told nothing."""


def test_whatever_holds_the_key_shows_it_to_nobody(
    canary: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key"
    path.write_text(canary.text())
    monkeypatch.setenv("AC_API_TOKEN", canary.text())
    looked_at = 0
    for name, make in HOLDERS.items():
        try:
            holder = make(canary, path)
        except ConfigurationError as error:
            if MUST or "pip install" not in str(error):  # the extra is not here
                raise
        else:
            looked_at += 1
            nothing_shows(canary, name, *shown_by_a_value(holder))
    assert looked_at >= 7


@pytest.mark.parametrize("library", ["rich", "sentry_sdk"])
def test_error_reporters_are_here(library: str) -> None:
    """Where one is not, what it would show was not looked at."""
    real(library)
    try:
        raise KeyError(library)
    except KeyError as error:
        seen = by_rich(error) if library == "rich" else by_sentry(error)
    assert "library" in seen


def test_every_public_name_that_takes_a_key_is_among_them() -> None:
    """By its annotations: what takes none can't show one."""
    for name in sorted(set(activecampaign_async.__all__) - KEYLESS):
        kind = getattr(activecampaign_async, name)
        made_by = getattr(kind.__init__, "__annotations__", {})
        provides = isinstance(getattr(kind, "key", None), type(Giving.key)) and name != "KeyProvider"
        takes = any("Key" in str(made_by.get(argument)) for argument in ("api_key", "key", "provider"))
        if provides or takes or name == "Key":
            assert name in HOLDERS, name


async def test_key_alone_holds_it(canary: Canary) -> None:
    """Before the first call, between calls, after a failure; connections are kept open meanwhile."""
    made = Sandbox(contacts=3, rate=None)
    made.key = canary.text()
    async with made.serve() as server:
        async with client(server.url, canary.text(), server.ssl_context()) as ac:
            auth = ApiTokenAuth(HOME, canary.text())
            is_held_by_key_alone(canary, ac, auth)
            await ac.contacts.get(1)
            seen = is_held_by_key_alone(canary, ac, ac.contacts)
            error = await failing(lambda: ac.tags.get(77))
            is_held_by_key_alone(canary, ac, error, ac.contacts.list())
            ac.rotate(canary.key)
            await ac.contacts.list().collect()
            is_held_by_key_alone(canary, ac, ac.usage)
        is_held_by_key_alone(canary, ac)
    assert seen >= {"Key", "Keyring", "KeySource", "AsyncConnectionPool", "AsyncHTTP11Connection", "SSLObject"}


def is_held_by_key_alone(canary: Canary, *roots: object) -> set[str]:
    """The classes of what was looked at."""
    secret, seen = canary.text(), set[str]()
    for each in held_by(*roots):
        seen.add(type(each).__name__)
        if isinstance(each, str):
            assert each != secret
        elif isinstance(each, (bytes, bytearray)):
            assert secret.encode() not in each
    return seen


def test_the_walk_finds_what_is_hidden_well(canary: Canary) -> None:
    """Or else it would prove nothing."""

    class Slotted:
        __slots__ = ("__private",)

        def __init__(self, value: object) -> None:
            self.__private = value

        def method(self) -> None:
            """Bound to it."""

    def closure() -> str:
        return secret

    secret = canary.text()
    for hidden in (Slotted(secret), Slotted(secret).method, closure, {"a": [(1, {secret})]}, Slotted({secret: 1})):
        assert any(each is secret for each in held_by(hidden))


# -- what is set up wrongly

MISTAKES: dict[str, Callable[[Canary], object]] = {
    "URL that is none": lambda c: AsyncClient("https://", c.text()),
    "unencrypted": lambda c: AsyncClient("http://acme.api-us1.com", c.text()),
    "argument": lambda c: AsyncClient(HOME, c.text(), rotation_grace=-1),
    "proxy": lambda c: AsyncClient(HOME, c.text(), proxy="nonsense://x"),
    "host not allowed": lambda c: AsyncClient(HOME, c.text(), allowed_hosts=("*.example",)),
    "not public": lambda c: AsyncClient("https://127.0.0.1", c.text(), public_only=True),
    "line end": lambda c: AsyncClient(HOME, c.text() + "\n"),
    "blank": lambda c: AsyncClient(HOME, f"Bearer {c.text()}"),
    "quotes": lambda c: AsyncClient(HOME, f"'{c.text()}'"),
    "bytes": lambda c: AsyncClient(HOME, c.text().encode()),  # type: ignore[arg-type]  # the mistake
    "list": lambda c: AsyncClient(HOME, [c.text()]),  # type: ignore[arg-type]  # the mistake
    "auth": lambda c: ApiTokenAuth(HOME, c.text() + "\n"),
    "auth's URL": lambda c: ApiTokenAuth("ftp://x", c.text()),
    "key": lambda c: Key(c.text() + "\n"),
    "credentials": lambda c: Credentials(c.text() + "\n"),
    "static": lambda c: StaticKey(c.text() + "\n"),
    "replaced": lambda c: StaticKey("x").replace(c.text() + "\n"),
    "rotated": lambda c: AsyncClient(HOME, "x").rotate(c.text() + "\n"),
    "no provider": lambda c: anyio.run(lambda: AsyncClient.from_provider(c.text())),  # type: ignore[arg-type]  # the mistake
    "no provider, with URL": lambda c: anyio.run(
        lambda: AsyncClient.from_provider(c.text(), HOME, rotation_grace=-1)  # type: ignore[arg-type]  # the mistake
    ),
    "no provider, line end": lambda c: anyio.run(
        lambda: AsyncClient.from_provider(c.text() + "\n", HOME)  # type: ignore[arg-type]  # the mistake
    ),
    "no provider, bytes": lambda c: anyio.run(
        lambda: AsyncClient.from_provider(c.text().encode(), HOME)  # type: ignore[arg-type]  # the mistake
    ),
    "provider": lambda c: CachedKey(c.text()),  # type: ignore[arg-type]  # the mistake
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_does_not_show_it(name: str, canary: Canary) -> None:
    with pytest.raises(ConfigurationError) as caught:
        MISTAKES[name](canary)
    is_clean(caught.value, canary, None, name)


PASTED = [
    "{}",
    "https://{}",
    "https://{}@acme.api-us1.com",
    "https://u:{}@acme.api-us1.com",
    "https://acme.api-us1.com/?api_key={}",
    "https://acme.api-us1.com/{}",
    "https://acme.api-us1.com:{}",
    "http://{}.api-us1.com",
    "acme.api-us1.com {}",
]


@pytest.mark.parametrize("url", PASTED)
def test_a_key_within_a_base_url(url: str) -> None:
    """Once it is read, nobody has it: neither the text, nor the frames that raise."""
    key = Canary("0x" * 16)
    for read in (origin_of, lambda url: AsyncClient(url, "a-key"), lambda url: ApiTokenAuth(url, "a-key")):
        with pytest.raises(ConfigurationError) as caught:
            read(url.format(key.text()))
        is_clean(caught.value, key, None, url)


PROXIES = [
    "socks9://user:{}@proxy.example",
    "http://user:{}@proxy.example:port",
    "http://user:{}/x@proxy.example:8080",
    "http://user:x/{}@proxy.example:8080",
    "http://user:{}#x@proxy.example:8080",
    "http://user:{}?x@proxy.example:8080",
    "http://{}:x?x@proxy.example:8080",
    "user:{}@proxy.example:8080",
    "http://user:{}\x01@proxy.example:8080",
]


@pytest.mark.parametrize("url", PROXIES)
def test_a_password_of_a_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text says what is wrong, and nothing shows the URL."""
    password = Canary()
    with pytest.raises(
        ConfigurationError, match=r"^proxy, .*: http://host:port was expected, .*percent-encoded"
    ) as caught:
        AsyncClient(HOME, "a-key", proxy=url.format(password.text()))
    is_clean(caught.value, password, None, url)
    if "//" in url and url.isprintable():  # else HTTPX takes something else of it for a proxy, or nothing
        monkeypatch.setenv("HTTPS_PROXY", url.format(password.text()))
        with pytest.raises(ConfigurationError) as caught:
            AsyncClient(HOME, "a-key")
        is_clean(caught.value, password, None, url)


def test_a_password_of_a_proxy_beside_another_mistake() -> None:
    password = Canary()
    for options in ({"public_only": True}, {"rotation_grace": -1}, {"retry": 3}, {"transport": 5}):
        with pytest.raises(ConfigurationError) as caught:
            AsyncClient(HOME, "a-key", proxy=f"http://user:{password.text()}@proxy.example", **options)
        is_clean(caught.value, password, None, options)


def test_arguments_in_the_wrong_order_do_not_show_it() -> None:
    canary = Canary()
    with pytest.raises(ConfigurationError) as caught:
        AsyncClient(canary.text(), HOME)
    is_clean(caught.value, canary, None, "swapped")


@pytest.mark.parametrize("name", ["line end", "blank"])
def test_a_key_of_the_environment_that_is_none(name: str, canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AC_API_TOKEN", canary.text() + {"line end": "\n", "blank": " x"}[name])
    with pytest.raises(ConfigurationError) as caught:
        AsyncClient(HOME)
    is_clean(caught.value, canary, None, name)


def raising(error: Exception) -> Any:
    raise error


PROVIDED: dict[str, Callable[[Canary], Any]] = {
    "raises": lambda c: raising(ValueError(f"bad key {c.text()}")),
    "raises a group": lambda c: raising(ExceptionGroup("both", [ValueError(c.text()), OSError(c.text())])),
    "raises ours": lambda c: raising(KeyProviderError("away")),
    "line end": lambda c: c.text() + "\n",
    "bytes": lambda c: c.text().encode(),
    "list": lambda c: [c.text()],
    "None": lambda c: None,
    "URL in its place": lambda c: Credentials(c.text(), c.text()),
    "of another account": lambda c: Credentials(c.text(), "https://other.api-us1.com"),
}


@pytest.mark.parametrize("cached", [False, True], ids=["bare", "cached"])
@pytest.mark.parametrize("name", PROVIDED)
async def test_a_provider_that_misbehaves(name: str, cached: bool, canary: Canary) -> None:
    provider: Any = Giving(lambda: PROVIDED[name](canary))
    provider = CachedKey(provider, timeout=0.5) if cached else provider
    async with client(HOME, provider, timeout=1.0) as ac:
        error = await failing(lambda: ac.contacts.get(1))
        assert isinstance(error, (ConfigurationError, KeyProviderError))
        is_clean(error, canary, None, name)


# -- what passes through the frames of HTTPX


async def test_tls_that_fails(canary: Canary) -> None:
    with hostile(lambda _: [answer()]) as server:
        async with client(server.url, canary.text()) as ac:
            error = await failing(lambda: ac.contacts.get(1))
        assert type(error) is e.TLSError
        is_clean(error, canary, None, "unknown authority")
        transport = httpx.AsyncHTTPTransport(verify=False)
        async with client(server.url, canary.text(), transport=transport) as ac:
            error = await failing(lambda: ac.contacts.get(1))
        assert type(error) is e.TLSError
        is_clean(error, canary, None, "no verification")
    assert server.heard == []


async def test_behind_a_proxy(canary: Canary) -> None:
    """One that refuses, and one that takes us to a stranger. It hears the name of the host, and no more."""
    for said in (None, b"HTTP/1.1 407 No\r\nX-Echo: nothing\r\nContent-Length: 0\r\n\r\n"):
        with hostile(lambda _: [answer()]) as server:
            async with proxied(said) as proxy:
                async with client(server.url, canary.text(), proxy=proxy.url) as ac:
                    error = await failing(partial(ac.contacts.get, 1))
                is_clean(error, canary, None, said)
                assert proxy.asked
                nothing_shows(canary, "proxy", *proxy.asked)
        assert server.heard == []


class Stuck(Stream):
    """Does not take what is sent: whoever waits for that has the header in a frame."""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        assert isinstance(self.network, StuckNetwork)
        await self.network.stuck()


class StuckNetwork(Network):
    def __init__(self, stuck: Callable[[], Awaitable[object]]) -> None:
        super().__init__(lambda _: [])
        self.stuck = stuck

    async def connect_tcp(self, *_: Any, **__: Any) -> Stream:
        return Stuck(self)


async def test_a_cancelled_call_shows_no_frame_of_httpx(canary: Canary) -> None:
    """Ctrl-C, a deadline of the caller's: what passes is no error of ours, and yet goes to error reporters."""
    passed: list[BaseException] = []
    async with on(StuckNetwork(lambda: anyio.sleep(60)), key=canary.key) as ac:
        with anyio.move_on_after(0.1):
            try:
                await ac.contacts.get(1)
            except BaseException as exc:
                passed.append(exc)
                raise
    (cancelled,) = passed
    assert cancelled.__traceback__ is not None
    nothing_shows(canary, "cancelled", *shown_by_an_error(cancelled))


async def test_an_interrupt_in_the_middle_of_sending(canary: Canary) -> None:
    """Raised below HTTPX, as a signal handler's may be."""

    async def interrupt() -> None:
        raise SystemExit(3)

    async with on(StuckNetwork(interrupt), key=canary.key) as ac:
        with pytest.raises(SystemExit) as caught:
            await ac.contacts.get(1)
    nothing_shows(canary, "interrupted", *shown_by_an_error(caught.value))


async def test_a_limiter_and_an_observer_that_fail(canary: Canary, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(LocalLimiter):
        async def acquire(self, **_: Any) -> None:
            raise ValueError("the limiter broke")

    class Curious(Observer):
        def request(self, info: object) -> None:
            raise ValueError(f"the observer broke at {info}")

    with hostile(lambda _: [answer(b'{"contact": {"id": "1"}}')]) as server:
        async with client(server.url, canary.text(), trusting(), rate_limiter=Broken(1e6)) as ac:
            error = await failing(lambda: ac.contacts.get(1))
            assert type(error) is ValueError
            is_clean(error, canary, None, "limiter")
        async with client(server.url, canary.text(), trusting(), observer=Curious()) as ac:
            await ac.contacts.get(1)
    (told,) = [record for record in caplog.records if record.exc_info]
    assert told.exc_info
    assert told.exc_info[1] is not None
    nothing_shows(canary, "observer", caplog.text, *shown_by_an_error(told.exc_info[1]))


# -- what a whole process writes

FAILING = """
    import os, warnings
    import anyio, pytest
    from activecampaign_async import AsyncClient, RetryPolicy

    async def calls(what):
        async with AsyncClient(retry=RetryPolicy(1)) as ac:
            if what == "write":
                await ac.tags.create(tag="one")
            elif what == "decode":
                await ac.contacts.get(1)
            elif what == "forgotten":
                ac.contacts.get(1)
                with anyio.fail_after(1.0):
                    await ac.contacts.list()
            else:
                with anyio.fail_after(1.0):
                    await ac.contacts.list()

    @pytest.mark.parametrize("what", ["write", "decode", "cancelled", "forgotten"])
    @pytest.mark.parametrize("backend", ["asyncio", "trio"])
    def test_calls(what, backend):
        anyio.run(calls, what, backend=backend, backend_options={"debug": True} if backend == "asyncio" else {})

    if __name__ == "__main__":
        import logging, sys
        logging.basicConfig(level=logging.DEBUG)
        anyio.run(calls, sys.argv[1], backend_options={"debug": True})
"""


def _fails(request: bytes) -> list[bytes | float]:
    """A write is refused, one contact is none, a list never comes."""
    if request.startswith(b"POST"):
        return [answer(b'{"message": "no"}', status="422 No")]
    return [answer(b'{"contact": []}')] if b"/contacts/1 " in request else [3.0]


@pytest.mark.parametrize("how", ["pytest", "python"])
def test_a_process_that_shows_all_it_can(how: str, canary: Canary, tmp_path: Path) -> None:
    """`pytest -l`, and `python -X dev -W always` at DEBUG."""
    script, ca = tmp_path / "test_failing.py", tmp_path / "ca.pem"
    script.write_text(textwrap.dedent(FAILING))
    from .hostile import authority

    ca.write_bytes(authority().cert_pem.bytes())
    root = Path(activecampaign_async.__file__).parent.parent
    python = [sys.executable, "-X", "dev", "-W", "always"]
    pytest_l = [*python, "-m", "pytest", "-l", "--tb=long", "-vv", "-o", "log_level=DEBUG", "-p", "no:cacheprovider"]
    commands = [[*pytest_l, str(script)]]
    if how == "python":
        commands = [[*python, str(script), what] for what in ("write", "decode", "cancelled", "forgotten")]
    with hostile(_fails) as server:
        env = {
            "AC_API_URL": server.url,
            "AC_API_TOKEN": canary.text(),
            "SSL_CERT_FILE": str(ca),
            "PYTHONPATH": str(root),
        }
        for command in commands:
            done = subprocess.run(
                command, capture_output=True, text=True, env=env, cwd=tmp_path, check=False, timeout=60
            )
            assert done.returncode == 1, done.stdout + done.stderr
            assert "_sender.py" in done.stdout + done.stderr
            nothing_shows(canary, command, done.stdout, done.stderr)
    assert len(server.heard) >= len(commands)


def test_what_asyncio_says_in_debug_mode(canary: Canary, caplog: pytest.LogCaptureFixture) -> None:
    """Slow steps, tasks whose errors nobody fetched."""
    said: list[str] = []

    async def main() -> None:
        asyncio.get_running_loop().slow_callback_duration = 0.0
        async with client(server.url, canary.text(), trusting()) as ac:
            task = asyncio.ensure_future(ac.contacts.get(1))
            await asyncio.sleep(0.01)
            said.extend([repr(task), repr(task.get_stack()), repr(task.get_coro())])
            await asyncio.wait([task])
            said.append(repr(task))
            del task  # with its error
            gc.collect()

    with hostile(lambda _: [answer(b"{}", status="500 No")]) as server:
        asyncio.run(main(), debug=True)
    assert "never retrieved" in caplog.text
    assert "took" in caplog.text
    nothing_shows(canary, "asyncio", *said, caplog.text)
