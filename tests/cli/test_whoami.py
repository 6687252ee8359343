"""`activecampaign whoami`: says plainly which setting is wrong, and never shows the key."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest

from activecampaign_async.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = [sys.executable, "-m", "activecampaign_async.cli"]
EITHER = "key, or its user's permissions"


def run(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **settings}
    return subprocess.run([*COMMAND, *command], capture_output=True, text=True, check=False, timeout=60, env=env)


def against(sandbox: Sandbox, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run it against a sandbox over real HTTPS."""

    async def served() -> subprocess.CompletedProcess[str]:
        async with sandbox.serve() as server:
            given = {"AC_API_URL": server.url, "AC_API_TOKEN": sandbox.key, "SSL_CERT_FILE": server.ca_file}
            return await anyio.to_thread.run_sync(partial(run, *(command or ("whoami",)), **{**given, **settings}))

    done = anyio.run(served)
    assert sandbox.key not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert all(asked.method == "GET" for asked in sandbox.requests)
    return done


def test_good_settings() -> None:
    done = against(Sandbox())
    assert (done.returncode, done.stderr) == (0, "")
    assert "sandbox@example.com" in done.stdout
    assert "https://localhost:" in done.stdout
    assert "URL, TLS and key are good." in done.stdout


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("payment", {"kind": "402"}),
        ("key", {"kind": "401"}),
        (EITHER, {"kind": "403", "always": True}),
        ("URL", {"kind": "redirect"}),
        ("URL", {"kind": "custom", "status": 404, "body": "{}"}),
        ("URL or server", {"kind": "edit", "body": '{"users": []}'}),
        ("rate limit", {"kind": "429", "always": True, "retry_after": 300}),
    ],
)
def test_what_the_account_answers_is_told_apart(what: str, fault: dict[str, Any]) -> None:
    sandbox = Sandbox()
    sandbox.fail(**fault)
    done = against(sandbox)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"activecampaign: {what}: ")


def test_a_good_key_that_may_not_is_told_as_permission_or_plan() -> None:
    sandbox = Sandbox(contacts=5)
    sandbox.fail("403", path="/contacts", always=True)
    done = against(sandbox, "contacts", "export")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("activecampaign: permission or plan: ")
    assert "the key itself is accepted" in line
    assert against(sandbox).returncode == 0, "whoami asks for no contacts"


def _closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"https://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("what", "settings"),
    [
        (EITHER, lambda: {"AC_API_TOKEN": "another-key-than-it-should-be"}),
        ("settings", lambda: {"AC_API_TOKEN": ""}),
        ("settings", lambda: {"AC_API_TOKEN": "secret with blanks"}),
        ("settings", lambda: {"AC_API_URL": ""}),
        ("settings", lambda: {"AC_API_URL": "http://acme.api-us1.com"}),
        ("TLS", lambda: {"SSL_CERT_FILE": ""}),
        ("network", lambda: {"AC_API_URL": _closed_port()}),
        ("network", lambda: {"AC_API_URL": "https://no-such-host.invalid"}),
    ],
)
def test_wrong_settings_are_told_apart(what: str, settings: Callable[[], dict[str, str]]) -> None:
    given = settings()
    done = against(Sandbox(), **given)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"activecampaign: {what}: ")
    assert not given.get("AC_API_TOKEN") or given["AC_API_TOKEN"] not in line
