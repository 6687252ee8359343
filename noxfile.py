"""Every check of this project, one session each: `nox` runs all of them, `nox -s types` one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import nox

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)  # of the classifiers
HERE = Path(__file__).parent

nox.needs_version = ">=2025.2"
nox.options.error_on_missing_interpreters = False  # the Pythons found here are run, also on CI


def offer_pyenv_pythons() -> None:
    """Make pyenv's shims start every Python we test on: as they are, they know only the selected one."""
    pyenv = shutil.which("pyenv")
    if pyenv is None:
        return
    listed = subprocess.run([pyenv, "versions", "--bare"], capture_output=True, text=True, check=False)
    wanted = [name for name in listed.stdout.split() if name.rpartition(".")[0] in PYTHONS]
    os.environ.setdefault("PYENV_VERSION", ":".join(wanted) or "system")


def install(session: nox.Session, *groups: str, pins: Sequence[str] = ()) -> None:
    """This package with all its extras, editable, and the given dependency groups."""
    extras = ",".join(PROJECT["project"]["optional-dependencies"])
    session.install("-e", f".[{extras}]", *nox.project.dependency_groups(PROJECT, *groups), *pins)


offer_pyenv_pythons()


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    install(session, "test")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def tests_httpx2(session: nox.Session) -> None:
    """The whole suite again, with `import httpx` meaning httpx2."""
    install(session, "test", "httpx2")
    session.run("python", "-m", "pytest", "-p", "tests.httpx2_alias", *session.posargs)


@nox.session
def tests_lowest(session: nox.Session) -> None:
    """The suite with the oldest HTTPX, anyio and attrs that we accept."""
    lowest = [re.sub(r">=([\d.]+).*", r"==\1", wanted) for wanted in PROJECT["project"]["dependencies"]]
    install(session, "test", pins=lowest)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    install(session, "dev")
    session.run("mypy")
    session.run("basedpyright")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, try it alone and away from the sources, then run the main job with its extra."""
    out = session.create_tmp()
    for old in Path(out).glob("*.whl"):
        old.unlink()
    session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", out, ".")
    (built,) = Path(out).resolve().glob("*.whl")
    session.chdir(out)
    session.install("--force-reinstall", str(built))
    session.run("python", "-I", str(HERE / "tests" / "wheel_smoke.py"))
    session.install(f"{built}[cli]")
    out_file = "contacts.ndjson"
    session.run("activecampaign", "contacts", "export", "--sandbox", "300", "--out", out_file, "--force")
    rows = Path(out_file).read_text().count("\n")
    if rows != 300:
        session.error(f"the export wrote {rows} contacts, not 300")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site, strictly; it must ask nobody else for anything."""
    install(session, "docs")
    session.run("zensical", "build", "--clean", "--strict")
    for page in Path("site").rglob("*.html"):
        outside = re.findall(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?//[^"]+"', page.read_text())
        if outside:
            session.error(f"{page} asks for {outside[0]}")


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmarks: a small form, or what is given after `--`."""
    install(session, "test")  # for trio
    session.run("python", "-m", "benchmarks", *(session.posargs or ["--small"]))
