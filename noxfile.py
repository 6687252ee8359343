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
DONE_ELSEWHERE = os.environ.get("AC_TESTED_ON")  # the Python on which `.ci/run` runs the README's test command
PYTHONS = [python for python in nox.project.python_versions(PROJECT) if python != DONE_ELSEWHERE]  # of the classifiers
OWN_PROCESSES = ("--ignore=tests/cli", "--ignore=tests/examples")
"""Commands and examples are processes of their own: they know nothing of an alias, and take four minutes."""
PARALLEL = ("-n", "auto", "--dist", "worksteal")
HERE = Path(__file__).parent

nox.needs_version = ">=2025.10"
nox.options.error_on_missing_interpreters = False  # the Pythons found here are run, also on CI
nox.options.default_venv_backend = "uv|virtualenv"  # a tenth of the time, where it is installed
nox.options.download_python = "never"


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
    """On the newest Python with all of Hypothesis's examples, elsewhere with a third of them."""
    install(session, "test")
    thorough = {"AC_THOROUGH": "1"} if session.python == PYTHONS[-1] else {}
    session.run("python", "-m", "pytest", *PARALLEL, *session.posargs, env=thorough)


@nox.session
def tests_httpx2(session: nox.Session) -> None:
    """The whole suite again, with `import httpx` meaning httpx2."""
    install(session, "test", "httpx2")
    session.run("python", "-m", "pytest", "-p", "tests.httpx2_alias", *PARALLEL, *OWN_PROCESSES, *session.posargs)


@nox.session
def tests_lowest(session: nox.Session) -> None:
    """What stands on HTTPX, anyio and attrs, with the oldest that we accept: the road, and the areas' models."""
    lowest = [re.sub(r">=([\d.]+).*", r"==\1", wanted) for wanted in PROJECT["project"]["dependencies"]]
    install(session, "test", pins=lowest)
    road = sorted(str(path) for path in Path("tests").glob("test_*.py"))
    session.run("python", "-m", "pytest", *PARALLEL, *road, "tests/resources", "tests/limits", *session.posargs)


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
    session.run("python", "-m", "pytest", "-q", "tests/test_docs.py", "-k", "type_checker")


@nox.session(venv_backend="virtualenv")  # it has pip
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
    """Build the site, strictly, and open every page in Chromium: it must ask nobody else for anything.

    `AC_CHROMIUM` names the program, and makes it a must; without that, no page is opened where none is installed.
    """
    install(session, "docs", "lint", "test")  # ruff lays out the signatures
    session.run("zensical", "build", "--clean", "--strict")
    session.run("python", "-m", "pytest", "tests/test_site.py", *session.posargs, env={"AC_SITE": "site"})


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmarks: a small form, or what is given after `--`."""
    install(session, "test")  # for trio
    session.run("python", "-m", "benchmarks", *(session.posargs or ["--small"]))


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """Minutes under one percent of each fault, on both roads and backends. After `--`: seconds for each, else 60."""
    install(session, "test")
    for road in ("wire", "sockets"):
        for backend in ("asyncio", "trio"):
            session.run("python", "-m", "tests.reliability.soak", road, backend, *session.posargs)


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """100,000 cases down the whole road, half on asyncio, half on trio: 6 to 25 minutes. After `--`: another number."""
    install(session, "test")
    cases = int(session.posargs[0]) if session.posargs else 100_000
    patience = ["-o", "faulthandler_timeout=0"]  # one test, as long as it takes
    session.run(
        "python", "-m", "pytest", "-q", "-s", *patience, "tests/security/test_fuzz.py", env={"AC_FUZZ": f"{cases // 2}"}
    )


MUST_NOT_FAIL = ("errors.py", "_model.py", "_sender.py")
COVERING = ("sender", "rotation", "deadline", "proxy", "model", "answer", "scrub", "client", "http", "bulk")


@nox.session
def coverage(session: nox.Session) -> None:
    """Branches of the modules that everything passes through: 95 % at least, of each."""
    install(session, "test")
    session.install("coverage>=7.6")
    env = {"COVERAGE_FILE": str(Path(session.create_tmp()).resolve() / "coverage"), "AC_THOROUGH": "1"}
    tests = [*(f"tests/test_{name}.py" for name in COVERING), "tests/resources", "tests/security/test_fuzz.py"]
    session.run("coverage", "run", "-m", "pytest", "-q", *tests, env=env)
    for module in MUST_NOT_FAIL:
        include = f"--include=activecampaign_async/{module}"
        session.run("coverage", "report", "--show-missing", "--fail-under=95", include, env=env)


LICENCES = ("Apache", "BSD", "ISC", "MIT", "MPL-2.0", "MPL 2.0", "PSF-2.0")
"""What a service may build on without giving away its own source; MPL for files that are used as they are."""


@nox.session
def licences(session: nox.Session) -> None:
    """The licences of all that an installation with every extra brings along."""
    install(session)
    session.install("pip-licenses>=5.5")
    session.run("pip-licenses", "--partial-match", f"--allow-only={';'.join(LICENCES)}", "--order=license")


KNOWN_TO_BE_HOLED = "jinja2==2.10"


@nox.session(venv_backend="virtualenv")  # it has pip
def audit(session: nox.Session) -> None:
    """Known holes in what is installed. Skipped, loudly, where the index of holes cannot be reached: pip-audit finds
    none there, whatever is installed.
    """
    install(session)
    session.install("pip-audit>=2.9")
    wanted = Path(session.create_tmp()).resolve() / "wanted.txt"
    audit = ("pip-audit", "--strict", "--disable-pip", "--no-deps", "--progress-spinner=off", "-r", str(wanted))
    wanted.write_text(f"{KNOWN_TO_BE_HOLED}\n")
    said = session.run(*audit, success_codes=[0, 1], silent=True)
    if not re.search(r"\b(PYSEC|GHSA|CVE)-", str(said)):
        session.skip(f"NOTHING WAS AUDITED: not even the holes of {KNOWN_TO_BE_HOLED} were found: {said}")
    frozen = session.run("python", "-m", "pip", "freeze", "--exclude-editable", silent=True)
    wanted.write_text(str(frozen))
    session.run(*audit)
