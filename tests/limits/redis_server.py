"""A real Redis on a free loopback port, to be killed, frozen and started again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "p@ss/w:rd"  # has to be percent-encoded in a URL
KEY = "activecampaign:{acme}:pace"


class RedisServer:
    """Skips the test where `redis-server` is not installed. Keeps nothing on disk, so that a restart forgets all."""

    def __init__(self, folder: Path, *options: str) -> None:
        if shutil.which("redis-server") is None:
            if os.environ.get("AC_REDIS") == "must":
                pytest.fail("redis-server is not installed, and AC_REDIS says that it must be")
            pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        listening = () if "--tls-port" in options else ("--port", str(self.port))
        fixed = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder))
        self._command = ["redis-server", *fixed, "--requirepass", PASSWORD, *listening]
        self._command += [option.replace("PORT", str(self.port)) for option in options]
        self.url = f"redis://:p%40ss%2Fw%3Ard@127.0.0.1:{self.port}/3"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._listens():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError("redis-server did not start")
            time.sleep(0.01)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def cli(self, *command: str) -> str:
        """What `redis-cli` answers, in database 3."""
        base = ["redis-cli", "-p", str(self.port), "-n", "3", "--no-auth-warning", "-a", PASSWORD]
        ran = subprocess.run([*base, *command], capture_output=True, text=True, check=True, timeout=10)
        return ran.stdout.strip()

    def state(self) -> dict[str, Any]:
        """What the script keeps."""
        kept: dict[str, Any] = json.loads(self.cli("GET", KEY) or "{}")
        return kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()
