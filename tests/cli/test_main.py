"""The command's frame: help without the client, one line for a bug, interrupts on both backends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import anyio
import pytest

from activecampaign_async import __version__, errors
from activecampaign_async.cli import main
from activecampaign_async.cli._errors import line
from activecampaign_async.cli._signals import Interrupted, until_signal


@pytest.mark.parametrize("argv", [["--help"], ["contacts", "export", "--help"], ["--version"], ["export"]])
def test_help_and_usage_load_neither_client_nor_sandbox(argv: list[str]) -> None:
    code = (
        "import sys; from activecampaign_async.cli import main\n"
        f"code = main({argv!r})\n"
        "heavy = {'httpx', 'httpcore', 'anyio', 'uvicorn', 'trustme'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == (2 if argv == ["export"] else 0), done.stderr


def test_help_says_what_the_options_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contacts", "export", "--help"]) == 0
    said = capsys.readouterr().out
    for option in ("--out", "--resume", "--force", "--sandbox", "--rate", "--lanes", "--updated-after"):
        assert option in said
    assert "--no-" not in said


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


def test_a_bug_is_one_line_that_shows_no_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(argv: object) -> int:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("activecampaign_async.cli._app.run", broken)
    assert main(["whoami"]) == 1
    said = capsys.readouterr().err
    assert said == "activecampaign: unexpected ZeroDivisionError, a bug; AC_DEBUG=1 shows where\n"
    monkeypatch.setenv("AC_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["whoami"])


def _all(kind: type[errors.ActiveCampaignError]) -> list[type[errors.ActiveCampaignError]]:
    return [kind, *(each for below in kind.__subclasses__() for each in _all(below))]


@pytest.mark.parametrize("kind", _all(errors.ActiveCampaignError))
def test_any_error_is_one_line(kind: type[errors.ActiveCampaignError]) -> None:
    error = kind("two\nlines, of ada@example.com")
    said = line(error)
    assert "two lines" in said or r"two\nlines" in said  # what may be a server's text is escaped
    assert "\n" not in said
    assert "ada@" not in said


@pytest.fixture
def _signals_as_before() -> Iterator[None]:
    """After the first signal of a command's run, the next one ends the process: not this one."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.anyio
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.usefixtures("_signals_as_before")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_cancels_the_work_and_lets_it_clean_up(sent: signal.Signals) -> None:
    cleaned = False

    async def work() -> None:
        nonlocal cleaned
        try:
            await anyio.sleep(0.01)
            os.kill(os.getpid(), sent)
            await anyio.sleep(30)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
                cleaned = True

    with pytest.raises(Interrupted) as stop:
        await until_signal(work)
    assert stop.value.code == 128 + sent
    assert cleaned


@pytest.mark.anyio
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.usefixtures("_signals_as_before")
async def test_a_signal_that_comes_when_the_work_is_done_takes_nothing_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the receiver of signals ends, Python's own handler is back for a moment."""
    receiver = anyio.open_signal_receiver

    @contextmanager
    def raising(*numbers: signal.Signals) -> Iterator[AsyncIterator[signal.Signals]]:
        with receiver(*numbers) as signals:
            try:
                yield signals
            finally:
                raise KeyboardInterrupt

    async def work() -> str:
        return "done"

    monkeypatch.setattr(anyio, "open_signal_receiver", raising)
    assert await until_signal(work) == "done"
    assert signal.getsignal(signal.SIGINT) not in (signal.SIG_DFL, signal.default_int_handler)


@pytest.mark.anyio
@pytest.mark.usefixtures("_signals_as_before")
async def test_results_and_errors_come_bare() -> None:
    async def good() -> int:
        return 5

    async def bad() -> int:
        raise LookupError("bare")

    assert await until_signal(good) == 5
    with pytest.raises(LookupError, match="bare"):
        await until_signal(bad)
