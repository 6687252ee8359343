"""What a user gets: the public names, cheap imports, extras that name themselves, and the wheel."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

import activecampaign_async

ROOT = Path(__file__).parent.parent


def python(code: str, *, without: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run `code` in a Python of its own where the packages `without` are not installed."""
    hidden = "import sys\n" + "".join(f"sys.modules[{name!r}] = None\n" for name in without)
    command = [sys.executable, "-c", hidden + code]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)


def loaded_by(code: str) -> set[str]:
    """The modules that `code` loads, in a Python of its own."""
    done = python(code + "\nprint(*sys.modules)")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_httpx_under_test_is_the_one_asked_for() -> None:
    wanted = os.environ.get("EXPECTED_HTTPX", "httpx")
    ours = activecampaign_async.ApiTokenAuth.__mro__[1]
    assert httpx.__name__ == wanted
    assert ours is importlib.import_module(wanted).Auth


@pytest.mark.parametrize("name", activecampaign_async.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(activecampaign_async, name) is not None
    assert name in dir(activecampaign_async)


def test_nothing_else_is_public() -> None:
    shown = {name for name in dir(activecampaign_async) if not name.startswith("_")}
    modules = {path.stem for path in (ROOT / "activecampaign_async").iterdir() if not path.name.startswith("_")}
    assert shown - set(activecampaign_async.__all__) <= modules


def test_a_name_that_is_not_there() -> None:
    misspelt = "AsyncCleint"
    with pytest.raises(AttributeError, match=misspelt):
        getattr(activecampaign_async, misspelt)


def test_importing_the_package_loads_little() -> None:
    loaded = loaded_by("import activecampaign_async")
    assert not loaded & {"attrs", "attr", "orjson", "rich", "cyclopts", "uvicorn", "trustme", "trio"}


def test_importing_the_client_loads_no_event_loop() -> None:
    loaded = loaded_by("import activecampaign_async; activecampaign_async.AsyncClient")
    assert not (loaded - loaded_by("import httpx")) & {"asyncio", "trio", "attrs", "attr"}


def test_importing_the_sandbox_does_not_load_the_client() -> None:
    loaded = loaded_by("import activecampaign_async.sandbox")
    ours = {name for name in loaded if name.startswith("activecampaign_async.")}
    assert {name for name in ours if not name.startswith("activecampaign_async.sandbox")} <= {
        "activecampaign_async._version"
    }
    assert not loaded & {"attrs", "attr", "rich", "cyclopts"}


COMMAND = "from activecampaign_async.cli import main; sys.argv = ['activecampaign', 'whoami']; sys.exit(main())"
SANDBOX = "import runpy; runpy.run_module('activecampaign_async.sandbox', run_name='__main__')"


@pytest.mark.parametrize(
    ("extra", "missing", "code"),
    [
        pytest.param("cli", "cyclopts", COMMAND, id="command-cyclopts"),
        pytest.param("cli", "rich", COMMAND, id="command-rich"),
        pytest.param("sandbox", "uvicorn", SANDBOX, id="sandbox-uvicorn"),
        pytest.param("sandbox", "trustme", SANDBOX, id="sandbox-trustme"),
    ],
)
def test_a_missing_extra_is_named(extra: str, missing: str, code: str) -> None:
    done = python(code, without=(missing,))
    assert done.returncode not in (0, 2)
    assert f"activecampaign_async[{extra}]" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_client_works_without_any_extra() -> None:
    everything = ("orjson", "rich", "cyclopts", "uvicorn", "trustme")
    client = "activecampaign_async.AsyncClient('https://example.api-us1.com', 'key')"
    done = python(f"import activecampaign_async\n{client}.contacts.list()", without=everything)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    info = f"activecampaign_async-{activecampaign_async.__version__}.dist-info"
    assert {name.partition("/")[0] for name in names} == {"activecampaign_async", info}
    assert "activecampaign_async/py.typed" in names
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "activecampaign_async").rglob("*.py")}
    assert sources <= set(names)


def test_the_wheel_asks_for_three_packages(wheel: zipfile.ZipFile) -> None:
    (metadata,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    lines = wheel.read(metadata).decode().splitlines()
    required = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    base = [Requirement(line) for line in required if "extra ==" not in line]
    assert {requirement.name for requirement in base} == {"anyio", "attrs", "httpx"}
    extras = {line.removeprefix("Provides-Extra: ") for line in lines if line.startswith("Provides-Extra: ")}
    assert extras == {"aws", "cli", "google", "otel", "parquet", "redis", "sandbox", "speed", "vault"}
