"""`--profile`: where accounts are named, and what is refused without showing a key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.cli.support import COMMAND, FAST, run
from tests.examples.support import served

Account = tuple[Sandbox, dict[str, str]]


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    sandbox = Sandbox(contacts=45, rate=None)
    with served(sandbox) as env:
        yield sandbox, env


def profiles(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "profiles.toml"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_a_profile_names_the_account(account: Account, tmp_path: Path) -> None:
    sandbox, env = account
    (tmp_path / "key").write_text(sandbox.key)
    url = env["AC_API_URL"]
    text = f"""
[environment]
url = "{url}"
key = {{ env = "THEIR_KEY" }}
[file]
url = "{url}"
key = {{ file = "{tmp_path}/key" }}
[plain]
url = "{url}"
key = "{sandbox.key}"
[beside]
key = {{ file = "{tmp_path}/both" }}
[wrong]
url = "{url}"
key = "another-key"
"""
    (tmp_path / "both").write_text(json.dumps({"api_key": sandbox.key, "base_url": url}))
    env = {**env, "AC_PROFILES": profiles(tmp_path, text), "THEIR_KEY": sandbox.key}
    del env["AC_API_URL"], env["AC_API_TOKEN"]
    for name in ("environment", "file", "plain", "beside"):
        done = run(env, *FAST, "--profile", name, "--fields", "id")
        assert (done.returncode, len(done.stdout.splitlines())) == (0, 45), done.stderr
    who = subprocess.run(
        [*COMMAND, "whoami", "--profile", "plain"], capture_output=True, text=True, check=False, env=env
    )
    assert who.returncode == 0
    for options, said in (
        (("--profile", "wrong"), "key, or its user's permissions"),
        (("--profile", "nobody"), "no profile 'nobody'"),
    ):
        done = run(env, *FAST, *options)
        assert done.returncode == 1
        assert said in done.stderr
        assert "another-key" not in done.stderr


def test_a_plain_key_that_others_may_read_is_refused(account: Account, tmp_path: Path) -> None:
    sandbox, env = account
    text = f'[plain]\nurl = "{env["AC_API_URL"]}"\nkey = "{sandbox.key}"\n'
    for mode in (0o644, 0o640, 0o604):
        done = run({**env, "AC_PROFILES": profiles(tmp_path, text, mode)}, "--profile", "plain")
        assert done.returncode == 1
        assert "others may read the file; chmod 600" in done.stderr
        assert sandbox.key not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a", "is no TOML"),
        ('[a]\nurl = "https://x.api-us1.com"', "say where it is, by one of env, file, aws, google, vault"),
        ('[a]\nkey = { env = "X", file = "y" }', "say where it is"),
        ('[a]\nkey = { env = "X", field = "y" }', "unknown beside env: field"),
        ('[a]\nkey = { env = "X" }\nkeys = 1', "unknown: keys"),
        ("[a]\nkey = { env = 7 }", "the name of an environment variable"),
        ('[a]\nkey = { env = "UNSET" }', "set the variable 'UNSET'"),
        ('a = "x"', "no profile 'a'"),
    ],
)
def test_a_profile_that_is_not_right_is_one_line(text: str, said: str, tmp_path: Path) -> None:
    env = {**os.environ, "AC_PROFILES": profiles(tmp_path, text)}
    done = run(env, "--profile", "a")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("activecampaign: settings: ")
    assert said in line


def test_where_profiles_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from activecampaign_async.cli._profiles import profiles_file

    monkeypatch.delenv("AC_PROFILES", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    if sys.platform != "win32":
        assert profiles_file() == tmp_path / "activecampaign" / "profiles.toml"
    monkeypatch.setenv("AC_PROFILES", str(tmp_path / "x"))
    assert profiles_file() == tmp_path / "x"
