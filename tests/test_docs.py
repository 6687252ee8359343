"""What the README, the docs and the docstrings show runs, against a sandbox over HTTPS; so do the examples."""

from __future__ import annotations

import ast
import inspect
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from activecampaign_async import AsyncClient, FieldType
from activecampaign_async.resources import _import_watch
from activecampaign_async.resources.contacts import ContactFields, ContactFilters
from activecampaign_async.sandbox import FAULTS, Sandbox, _routes
from activecampaign_async.sandbox.__main__ import _furnish as furnish, _parser as command_line
from activecampaign_async.sandbox._faults import processed_by_default
from activecampaign_async.sandbox._of_contact import COLLECTIONS, OF_OTHERS

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(language: str) -> list[Any]:
    """The fenced blocks of a language, each a test's parameter named by page and number."""
    fence = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [
        pytest.param(block, id=f"{page.relative_to(ROOT).as_posix()}-{number}")
        for page in PAGES
        for number, block in enumerate(fence.findall(page.read_text(encoding="utf-8")), 1)
    ]


BLOCKS = blocks("(?:python|py)")
STARTED = "python -m activecampaign_async.sandbox --contacts 500"
"""What the docs tell a reader to start who has no account."""
SHELL = blocks("(?:sh|bash|shell|console)")

OF_THEIR_OWN = {path.name.removeprefix("test_") for path in (ROOT / "tests" / "examples").glob("test_*.py")}
SMALL = [path for path in sorted((ROOT / "examples").glob("*.py")) if path.name not in OF_THEIR_OWN]


@pytest.fixture
async def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Sandbox]:
    """An account as the environment names it, and as `STARTED` makes it."""
    asked = command_line().parse_args(shlex.split(STARTED)[3:])
    account = Sandbox(asked.contacts, rate=2000, rate_headers=True)  # the client learns the rate, and need not wait
    furnish(account, asked)
    account.imports.seconds = 0.3
    monkeypatch.setattr(_import_watch, "FIRST_LOOK", 0.4)
    async with account.serve() as server:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("AC_API_URL", server.url)
        monkeypatch.setenv("AC_API_TOKEN", account.key)
        monkeypatch.setenv("SSL_CERT_FILE", server.ca_file)
        yield account


def test_one_command_starts_the_account_that_blocks_run_against() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    said = re.findall(r"python -m activecampaign_async\.sandbox(?: --\w+ \d+)+", text)
    assert len(said) > 1
    assert set(said) == {STARTED}


@pytest.mark.parametrize("block", BLOCKS)
async def test_a_block_runs(block: str, account: Sandbox) -> None:
    if "pytestmark" in block:
        await anyio.to_thread.run_sync(run_as_tests, block)
        return
    await run(block, {})


async def run(block: str, names: Mapping[str, Any]) -> None:
    code = compile(block, "block", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if not code.co_flags & inspect.CO_COROUTINE:  # it may start a loop of its own
        await anyio.to_thread.run_sync(exec, code, {"__name__": "block", **names})
        return
    await eval(code, {**names})  # noqa: S307 - our own docs


def test_blocks_pass_the_type_checker(tmp_path: Path) -> None:
    """As strictly as our own code does. What awaits outside of a function is put into one."""
    pytest.importorskip("mypy", reason="mypy is not installed: the groups `typing` and `dev` have it")
    pages = tmp_path / "pages"
    pages.mkdir()
    for block in BLOCKS:
        text = str(block.values[0])
        if compile(text, "block", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT).co_flags & inspect.CO_COROUTINE:
            text = f"async def main() -> None:\n{textwrap.indent(text, '    ')}"
        (pages / re.sub(r"\W", "_", str(block.id))).with_suffix(".py").write_text(text, encoding="utf-8")
    options = [f"--cache-dir={tmp_path}", "--follow-imports=silent", "--ignore-missing-imports"]
    command = [sys.executable, "-m", "mypy", "--config-file=pyproject.toml", *options, str(pages)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def run_as_tests(block: str) -> None:
    Path("test_block.py").write_text(block, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "test_block.py"]
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths})
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout


@pytest.mark.parametrize("example", SMALL, ids=lambda path: path.name)
async def test_an_example_runs(example: Path, account: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    await anyio.to_thread.run_sync(lambda: runpy.run_path(str(example), run_name="__main__"))
    assert capsys.readouterr().out
    assert account.requests


# -- in a shell

NOT_RUN = {
    "--workers 4 --redis": "speaks of a Redis server: tests/cli start one",
    "taskiq worker": "the same: tests/examples start one, and workers",
    "-m pytest": "the test suite itself: it would run itself again. CI's script runs this block",
}
"""What a block holds that cannot be run here, and why."""
SERVERS = {"-m activecampaign_async.sandbox": "export SSL_CERT_FILE=", "uvicorn ": "Application startup complete"}
"""What serves until it is stopped, and what it says once it does."""
SHORTER = {"--sandbox 20000": "--sandbox 300"}  # forty seconds of five requests each


@pytest.fixture
def shell(account: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the reader has it: a clone's examples, and programs that are this environment's own.

    Nothing is installed: `pip` only checks that what is asked for can be had.
    """
    programs = tmp_path / "programs"
    programs.mkdir()
    package = "activecampaign_async"
    for name, runs in {
        "python": "",
        "activecampaign": f"-m {package}.cli",
        "uvicorn": "-m uvicorn",
        "pip": shlex.join([str(Path(__file__).resolve()), "pip"]),
    }.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {runs} "$@"\n')
        program.chmod(0o755)
    (programs / "python3").write_text('#!/bin/sh\n[ "$*" = "-m venv .venv" ]\n')
    (programs / "python3").chmod(0o755)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(programs)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "people.ndjson").write_text('{"email": "ann@example.org", "first_name": "Ann"}\n')
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    monkeypatch.setenv("UVICORN_PORT", "0")
    return tmp_path


@pytest.mark.parametrize("anyio_backend", [("asyncio", {})])  # of the account's server; the shell knows of neither
@pytest.mark.parametrize("block", SHELL)
async def test_a_shell_block_runs(block: str, shell: Path) -> None:
    if reason := next((reason for command, reason in NOT_RUN.items() if command in block), None):
        pytest.skip(reason)
    for long, short in SHORTER.items():
        block = block.replace(long, short)
    serves = next((said for command, said in SERVERS.items() if command in block), None)
    await anyio.to_thread.run_sync(run_in_shell, block, shell, serves)


def run_in_shell(block: str, folder: Path, until: str | None) -> None:
    """Each line must succeed. What serves is interrupted, as by Ctrl-C, when it said that it does."""
    command = ["bash", "-euo", "pipefail", "-c", block]
    ran = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    said = []
    assert ran.stdout is not None
    with ran, ran.stdout:
        for line in ran.stdout:
            said.append(line)
            if until is not None and until in line:
                os.killpg(ran.pid, signal.SIGINT)
    assert ran.returncode in ((0, -signal.SIGINT, 128 + signal.SIGINT) if until else (0,)), "".join(said)
    assert until is None or any(until in line for line in said), "".join(said)


def pip(arguments: list[str]) -> int:
    """What `pip install` would do, less the installing: 0 where all that is asked for is ours to give."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    if arguments[:1] != ["install"]:
        return 2
    todo = [each for each in arguments[1:] if each not in ("-q", "-U", "-e")]
    while todo:
        asked = todo.pop(0)
        if asked == "--group":
            if todo.pop(0) not in groups:
                return 1
        elif asked not in ("pip", "fastapi"):
            ours = re.fullmatch(r"(?:activecampaign_async|\.)(?:\[([\w,]+)\])?", asked)
            if ours is None or not set(filter(None, (ours[1] or "").split(","))) <= extras.keys():
                return 1
    return 0


@pytest.mark.parametrize("command", [*NOT_RUN, *SERVERS, *SHORTER])
def test_what_is_run_in_another_way_is_there_and_not_everywhere(command: str) -> None:
    assert 1 <= sum(command in block.values[0] for block in SHELL) < len(SHELL) / 2


WRONG = ["list", "install .[no-such]", "install -e . --group none", "install other"]


@pytest.mark.parametrize("asked", WRONG)
def test_asking_pip_for_what_is_not_ours_fails_a_block(asked: str) -> None:
    assert pip(asked.split()) != 0
    assert pip(["install", "-q", "activecampaign_async[cli]"]) == 0


# -- in docstrings


def examples_in(docstring: str) -> Iterator[str]:
    """What is indented as code is, in a docstring that is written as Markdown."""
    for block in re.findall(r"(?:\A|\n\n)((?: {4}.*(?:\n|\Z)|\n(?= {4}))+)", docstring):
        yield textwrap.dedent(block)


def docstrings() -> Iterator[tuple[str, str]]:
    """Name and text of each in the package."""
    for path in sorted((ROOT / "activecampaign_async").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{path.stem}.{getattr(node, 'name', '')}".rstrip("."), ast.get_docstring(node) or ""


IN_DOCSTRINGS = [
    pytest.param(example, id=f"{name}-{number}")
    for name, text in docstrings()
    for number, example in enumerate(examples_in(text), 1)
]


ELSEWHERE = {
    "RedisLimiter(": "speaks of a Redis server: tests/limits start one",
    "AWSSecret(": "speaks of a secret at AWS: tests/keys have one",
    "RowFile(": "speaks of a file of the reader's: docs/bulk-import.md makes one",
    "OpenTelemetry(": "makes no request: tests/test_otel.py does",
}
"""What a docstring's example holds that is not on this machine, and why it is only read."""


@pytest.mark.parametrize("example", IN_DOCSTRINGS)
async def test_an_example_of_a_docstring_runs(example: str, account: Sandbox) -> None:
    if "ParquetOutput(" in example:
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    if reason := next((reason for needs, reason in ELSEWHERE.items() if needs in example), None):
        compile(example, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        pytest.skip(reason)
    account.add_field("Birthday", "date", id=8)
    async with AsyncClient() as ac:
        known = await what_it_speaks_of(ac)
        before = len(account.requests)
        await run(example, known)
    assert len(account.requests) > before


async def what_it_speaks_of(ac: AsyncClient) -> dict[str, Any]:
    """Names that stand for what a reader has by then."""
    import activecampaign_async
    from activecampaign_async import jobs

    known = {name: getattr(activecampaign_async, name) for name in activecampaign_async.__all__}
    field = await ac.fields.get(8)
    assert field.type is FieldType.DATE
    value = await ac.field_values.create(contact=42, field=8, value="1990-05-17")
    return {**known, **vars(jobs), "ac": ac, "pager": ac.contacts.list(), "field": field, "field_value": value}


# -- what the tables say


START = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
SANDBOX = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
PAGING = (ROOT / "docs" / "paging.md").read_text(encoding="utf-8")


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, less its head."""
    rows = re.findall(r"^\|(.*)\|$", page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0], re.MULTILINE)
    rows = [[cell.strip().strip("`") for cell in row.split("|")] for row in rows]
    ends = next((place for place, row in enumerate(rows[2:], 2) if set(row[0]) == {"-"}), len(rows) + 1)
    return rows[2 : ends - 1]


def served() -> dict[str, tuple[list[str], list[str]]]:
    """By path: the verbs that the sandbox answers there, and with an id behind."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    plain: dict[str, Iterable[str]] = {"GET": _routes._LISTS, "POST": (*_routes._MAKES, "groupDefinitions")}
    with_id: dict[str, Iterable[str]] = {"GET": _routes._READS, "PUT": _routes._CHANGES, "DELETE": _routes._DELETES}
    for place, verbs in enumerate((plain, with_id)):
        for verb, paths in verbs.items():
            for path in paths:
                found.setdefault(f"/{path}", ([], []))[place].append(verb)
    below = [f"/{name}/{{id}}/{rest}" for name, rest in OF_OTHERS]
    for path in ("/users/me", "/users/email/{email}", "/users/username/{name}", *below):
        found[path] = (["GET"], [])
    return found


def test_the_sandbox_serves_what_its_page_says() -> None:
    said = {path: (listed(plain), listed(with_id)) for path, plain, with_id in table(SANDBOX, "What it serves")}
    assert said == served()
    below = re.search(r"Below `/contacts/\{id\}/`, to read: (.*)\.", SANDBOX)
    assert below
    assert set(re.findall(r"`(\w+)`", below[1])) == set(COLLECTIONS)


def listed(cell: str) -> list[str]:
    return cell.split(", ") if cell else []


def test_the_faults_are_told() -> None:
    said = {kind: carried == "yes" for kind, _, carried in table(SANDBOX, "What can go wrong")}
    assert said == {kind: processed_by_default(kind) for kind in FAULTS}
    options = set(inspect.signature(Sandbox.fail).parameters) - {"self", "kind"}
    assert options <= set(re.findall(r"`(\w+)=`", SANDBOX.partition("\n## What can go wrong\n")[2]))


def test_the_options_are_told() -> None:
    said = " ".join(f"`{option}`" for option, _, _ in table(SANDBOX, "Its options"))
    assert set(re.findall(r"(\w+)=", said)) == set(inspect.signature(Sandbox).parameters)
    assert set(re.findall(r"--\w+", said)) == set(re.findall(r"--\w+", command_line().format_help())) - {"--help"}


def test_the_arguments_of_a_client_are_told() -> None:
    said = " ".join(names for names, _ in table(START, "The client"))
    assert set(re.findall(r"\w+", said)) == set(inspect.signature(AsyncClient).parameters)


def test_the_filters_of_contacts_are_told() -> None:
    said = " ".join(names for names, _ in table(PAGING, "Filters of contacts"))
    assert sorted(re.findall(r"\w+", said)) == sorted(ContactFilters.__annotations__)


def test_what_can_be_written_of_a_contact_is_told() -> None:
    said = re.search(r"^Beside `email`, a contact takes (.*)\.$", START, re.MULTILINE)
    assert said
    assert set(re.findall(r"`(\w+)`", said[1])) == set(ContactFields.__annotations__)


def test_what_a_test_does_with_it_is_told() -> None:
    told = set(re.findall(r"`\.(\w+)", SANDBOX))
    assert {name for name in dir(Sandbox) if not name.startswith("_")} - told <= BESIDE
    assert told <= {*dir(Sandbox(0)), "Fault"}


BESIDE = {"before_sending", "handle", "move"}  # for the transports


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    """Of the site the build looks at links, and tests/test_site.py."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_readme_names_every_page() -> None:
    named = set(re.findall(r"\(docs/([\w-]+\.md)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named == {page.name for page in (ROOT / "docs").glob("*.md")}


def test_there_is_something_of_each_kind() -> None:
    assert len(BLOCKS) >= 25
    assert len(SHELL) >= 8
    assert len(IN_DOCSTRINGS) >= 6


if __name__ == "__main__" and sys.argv[1:2] == ["pip"]:
    sys.exit(pip(sys.argv[2:]))
