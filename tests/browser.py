"""A headless Chromium, spoken to over its debugging pipe: no driver, no websocket, nothing to install beside it."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 30  # seconds for one answer
QUIET = 0.15  # seconds: a page that told nothing for so long is done
OPTIONS = [
    "--headless",
    "--no-sandbox",  # CI runs as root, and only our own pages are opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
]


def chromium() -> str | None:
    """The program: what `AC_CHROMIUM` names, else the first that is installed."""
    return os.environ.get("AC_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """One tab. `events` has what the browser told since they were last taken."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back, self._rest, self._last = to, back, b"", 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        self._last += 1
        asked = {"id": self._last, "method": method, "params": params}
        message = json.dumps(asked | ({"sessionId": self._session} if self._session else {})).encode() + b"\0"
        while message:
            message = message[os.write(self._to, message) :]
        while (told := self._read()).get("id") != self._last:
            self.events.append(told)
        if "error" in told:
            raise RuntimeError(f"{method}: {told['error']['message']}")
        return told["result"]

    def _read(self) -> dict[str, Any]:
        if (told := self._hear(PATIENCE)) is None:
            raise RuntimeError(f"the browser said nothing for {PATIENCE} s")
        return told

    def _hear(self, seconds: float) -> dict[str, Any] | None:
        until = time.monotonic() + seconds
        while b"\0" not in self._rest:
            readable, _, _ = select.select([self._back], [], [], max(0, until - time.monotonic()))
            if not readable:
                return None
            got = os.read(self._back, 1 << 16)
            if not got:
                raise RuntimeError("the browser is gone")
            self._rest += got
        told, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(told)
        return message

    def size(self, width: int, height: int = 900) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def evaluate(self, script: str) -> Any:
        """What it comes to; a promise is awaited."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise RuntimeError(told["exceptionDetails"].get("exception", {}).get("description", "the script failed"))
        return told["result"].get("value")

    def open(self, url: str) -> list[dict[str, Any]]:
        """Load a page; everything that the browser told until it was loaded, and quiet."""
        self.events = []
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read())
        while (told := self._hear(QUIET)) is not None:
            self.events.append(told)
        return self.events


@contextmanager
def running(program: str) -> Iterator[Browser]:
    """The browser, for as long as it is needed."""
    import fcntl  # not everywhere, as the pipe is not

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        theirs_in, to = os.pipe()
        back, theirs_out = os.pipe()
        # The browser reads from 3 and writes to 4: out of the way of these first.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (theirs_in, theirs_out)]
        quiet = os.open(os.devnull, os.O_RDWR)
        moves = [
            (os.POSIX_SPAWN_DUP2, fd, place) for fd, place in zip((*high, quiet, quiet), (3, 4, 1, 2), strict=True)
        ]
        arguments = [program, *OPTIONS, f"--user-data-dir={home}", "about:blank"]
        child = os.posix_spawnp(program, arguments, os.environ, file_actions=moves, setsid=True)
        for fd in (theirs_in, theirs_out, quiet, *high):
            os.close(fd)
        try:
            yield Browser(to, back)
        finally:
            os.close(to)
            os.close(back)
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
