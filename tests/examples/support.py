"""A sandbox over HTTPS for programs that run as processes of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from activecampaign_async.sandbox import Sandbox

ROOT = Path(__file__).parents[2]


@contextmanager
def served(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """The environment of a program that is to use it."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(sandbox.serve()) as server:
        yield {
            **os.environ,
            "AC_API_URL": server.url,
            "AC_API_TOKEN": sandbox.key,
            "SSL_CERT_FILE": server.ca_file,
            "PYTHONPATH": str(ROOT),
        }


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
