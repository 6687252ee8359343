"""The sentinel: a test runs on the backend that its name says.

pytest-asyncio in auto mode would run all of them on asyncio, and they would pass.
"""

from __future__ import annotations

import asyncio

import pytest
import sniffio
import trio

pytestmark = pytest.mark.anyio


@pytest.fixture
async def of_an_async_fixture() -> str:
    return _running()


def _running() -> str:
    """The backend by its own word; sniffio's is a variable that others set."""
    try:
        trio.lowlevel.current_task()
    except RuntimeError:
        assert asyncio.current_task() is not None
        return "asyncio"
    return "trio"


async def test_runs_on_the_backend_of_its_name(
    request: pytest.FixtureRequest, anyio_backend_name: str, of_an_async_fixture: str
) -> None:
    assert f"[{anyio_backend_name}]" in request.node.name
    assert sniffio.current_async_library() == _running() == of_an_async_fixture == anyio_backend_name
