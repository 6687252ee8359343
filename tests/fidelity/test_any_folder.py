"""test_recordings.py judges whatever `AC_RECORDINGS` holds: other rows and people, operations nobody recorded yet."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .document import needs_document
from .judge import is_built, judge
from .made import EVERY_DOCUMENTED, as_jsonl, varied
from .recorded import FOLDER, ROOT, exchange_of, lines

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


@needs_document
@pytest.mark.parametrize(("name", "line"), [pytest.param(*made, id=made[0]) for made in EVERY_DOCUMENTED])
async def test_a_documented_exchange(name: str, line: dict[str, Any]) -> None:
    for one in (line, varied(line)):
        assert await judge(exchange_of(name, one)) == "passed"


async def test_recorded_exchanges_of_other_rows_and_people() -> None:
    every = list(lines(FOLDER))
    if not every:
        pytest.skip(f"no recordings in {FOLDER.name}: set AC_RECORDINGS")
    for name, line in every:
        exchange, other = exchange_of(name, line), exchange_of(name, varied(line))
        if is_built(exchange):
            assert await judge(exchange) == await judge(other)
            assert not exchange.asked.ids or exchange.asked.ids != other.asked.ids or not exchange.asked.id.isdigit()


def line(request: str, body: Any, status: int, answer: Any) -> dict[str, Any]:
    verb, path = request.split(" ")
    facts = {"method": verb, "path": path, "query": [], "request_body": body}
    return facts | {"status": status, "headers": {}, "response_body": answer}


GOOD = {
    "passed": [
        line("GET /api/3/tags/31337", None, 200, {"tag": {"id": "31337", "tag": "a"}}),
        line("POST /proxied/api/3/contact/sync", {"contact": {"email": "x+y@sub.example.org"}}, 201,
             {"contact": {"id": "123456", "email": "x+y@sub.example.org", "fieldValues": []}}),
        line("GET /users/email/x+y@sub.example.org", None, 200, {"user": {"id": "77", "email": "x+y@sub.example.org"}}),
        line("GET /activities?contact=5", None, 200, {"activities": [], "notes": []}),
    ],
    "refused": [line("POST /contactTags", {"contactTag": {"contact": 5}}, 400, {"errors": [{"title": "no tag"}]})],
    "no argument": [line("GET /tags?filters[colour]=red", None, 200, {"tags": [{"id": "1", "tag": "a"}]})],
    "by hand": [line("PUT /contactTags/5", {"contactTag": {"tag": 6}}, 200, {"contactTag": {"id": "5", "tag": "6"}})],
    "not built yet": [line("GET /webhooks/5", None, 200, {"webhook": {"id": "5"}})],
}  # fmt: skip
BAD = [
    line("GET /tags/5/contacts", None, 200, {"contacts": []}),
    line("PUT /scores/5", {"score": {"name": "a"}}, 200, {"score": {"id": "5"}}),
    line("GET /tags/5", None, 200, {"tag": {"id": "5", "colour": "red"}}),
    line("GET /tags/5", None, 200, {"tag": {"id": "5", "subscriber_count": "many"}}),
    line("POST /tags", {"tag": {"tag": "a", "colour": "red"}}, 201, {"tag": {"id": "5"}}),
    line("GET /contacts/5", None, 200, {"contact": {"id": "5"}, "deals": [{"id": "1", "colour": "red"}]}),
    line("GET /tags?filters[colour]=red", None, 200, {"tags": [{"id": "1", "colour": "red"}]}),
    line("GET /tags?colour=red", None, 200, {"tags": []}),
]


def run(folder: Path) -> tuple[int, str]:
    """test_recordings.py in a process of its own, since the folder is read at import."""
    command = [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", "tests/fidelity/test_recordings.py"]
    env = os.environ | {"AC_RECORDINGS": str(folder)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_folder_of_good_ones(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(as_jsonl(GOOD["passed"]) + "\n" + as_jsonl([{"type": "a webhook"}]))
    (tmp_path / "b.jsonl").write_text(
        as_jsonl(line for kind, some in GOOD.items() if kind != "passed" for line in some)
    )
    code, said = run(tmp_path)
    assert code == 0, said
    assert "| **all** | 4 | 1 | 1 | 1 | 1 |" in said
    assert "no argument: GET /tags?filters[colour]=red" in said


def test_a_folder_of_bad_ones(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(as_jsonl([*BAD, *GOOD["passed"]]))
    code, said = run(tmp_path)
    failed = sum(
        said.count(f"FAILED tests/fidelity/test_recordings.py::test_as_recorded[{b}") for b in ("asyncio", "trio")
    )
    assert (code, failed) == (1, 2 * len(BAD)), said
    assert "| **all** |" not in said
