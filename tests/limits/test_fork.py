"""A child process has the same account's limiter as its parent's clients, made anew."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, anyio
from activecampaign_async import AsyncClient
from activecampaign_async._account import accounts
from activecampaign_async.resources._contact_imports import paces

async def two_turns(limiter):
    begun = anyio.current_time()
    await limiter.acquire()
    await limiter.acquire()
    return anyio.current_time() - begun

before = AsyncClient("https://acme.api-us1.com", "some-key")
limiter = before._sender.line.limiter
pace = paces.of("acme")
for shared in (limiter, accounts, paces):
    shared._lock.acquire()       # as another thread may hold it
limiter._line.append("somebody in the parent")
child = os.fork()
if child == 0:
    after = AsyncClient("https://acme.activehosted.com", "some-key")
    assert after._sender.line.limiter is limiter
    assert paces.of("acme") is pace
    assert anyio.run(two_turns, limiter) > 0.15
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 0, ran.stderr
