"""The sandbox over HTTPS in a process of its own, so that its work is not charged to the client.

`python -m activecampaign_async.sandbox` does the same; this one takes orders while it runs: rows that come and go
after every page, another latency, a report of what was asked.
"""

from __future__ import annotations

import json
import random
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import anyio
from attrs import define, field

from activecampaign_async import AsyncClient, LocalLimiter
from activecampaign_async.sandbox import Sandbox

if TYPE_CHECKING:
    from activecampaign_async.sandbox._wire import Asked


@define
class Record:
    """What was asked of a sandbox. With `churn`, so many rows are deleted, and as many made, after every page."""

    sandbox: Sandbox
    churn: int = 0
    requests: int = 0
    refused: int = 0
    ids: list[int] = field(factory=list)
    gone: list[int] = field(factory=list)
    dice: random.Random = field(factory=lambda: random.Random(8))

    def __attrs_post_init__(self) -> None:
        self.ids = self.sandbox.contact_ids() if self.churn else []
        self.sandbox.after(self.note)

    def note(self, asked: Asked) -> None:
        self.requests += 1
        self.refused += asked.status == 429
        if not self.churn or asked.status != 200:
            return
        for _ in range(self.churn):
            self.gone.append(leaving := self.ids.pop(self.dice.randrange(len(self.ids))))
            self.sandbox.delete_contact(leaving)
            self.sandbox.add_contact()


class Server:
    """The parent's end."""

    def __init__(self, said: dict[str, str], orders: IO[str], answers: IO[str]) -> None:
        self.url, self.key, self.ca_file = said["url"], said["key"], said["ca_file"]
        self._orders, self._answers = orders, answers

    def ssl_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)

    def client(self, rate: float = 1e9, *, read_only: bool = True) -> AsyncClient:
        """Ours, by default never waiting for its turn."""
        limiter, context = LocalLimiter(rate), self.ssl_context()
        return AsyncClient(self.url, self.key, ssl_context=context, rate_limiter=limiter, read_only=read_only)

    def latency(self, milliseconds: float) -> None:
        self._ask({"latency": milliseconds})

    def report(self) -> dict[str, Any]:
        """`requests`, `refused`, `gone` so far."""
        return self._ask({})

    def _ask(self, order: dict[str, float]) -> dict[str, Any]:
        print(json.dumps(order), file=self._orders, flush=True)
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer


@contextmanager
def serving(*, churn: int = 0, imports: Any = None, **options: Any) -> Iterator[Server]:
    """A sandbox with these options, until the block ends, or the parent does. `imports`: of its bulk imports."""
    asked = json.dumps({"options": options, "churn": churn, "imports": imports or {}})
    command = [sys.executable, "-m", "benchmarks._server", asked]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        said = child.stdout.readline()
        if not said:
            raise RuntimeError("the sandbox did not start")
        try:
            yield Server(json.loads(said), child.stdin, child.stdout)
        finally:
            child.stdin.close()  # its sign to end


async def _serve(asked: dict[str, Any]) -> None:
    sandbox = Sandbox(keep=0, **asked["options"])
    for name, value in asked["imports"].items():
        setattr(sandbox.imports, name, value)
    record = Record(sandbox, churn=asked["churn"])
    async with sandbox.serve() as server:
        _say({"url": server.url, "key": sandbox.key, "ca_file": server.ca_file})
        async for order in anyio.wrap_file(sys.stdin):
            sandbox.latency = json.loads(order).get("latency", sandbox.latency)
            _say({"requests": record.requests, "refused": record.refused, "gone": record.gone})


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    anyio.run(_serve, json.loads(sys.argv[1]))
