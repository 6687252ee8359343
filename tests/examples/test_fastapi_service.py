"""`examples/fastapi_service.py` under uvicorn: two workers, one account, and what callers get."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import anyio
import httpx
import pytest
from fastapi import Request

from activecampaign_async import (
    ActiveCampaignError,
    FieldError,
    KeyProviderError,
    RateLimitError,
    ValidationError,
    errors,
)
from activecampaign_async.sandbox import Sandbox
from examples.fastapi_service import ANSWERS, refused

from .support import ROOT, served, until

RATE = 40
CONTACTS = 1000
LATENCY = 100  # milliseconds, so that several requests of each worker are under way
SECONDS = 2.0  # the deadline of an upsert


@dataclass
class Service:
    sandbox: Sandbox
    url: str
    log: Path
    process: subprocess.Popen[bytes]
    workers: dict[str, list[httpx.Client]]
    """Connections that are kept open, by worker."""
    idle: dict[str, int]
    """Tasks of each worker that has nothing to do."""

    @property
    def clients(self) -> list[httpx.Client]:
        return [client for clients in self.workers.values() for client in clients]


@contextmanager
def service(sandbox: Sandbox, log: Path, *options: str, workers: int, told: int | None = None) -> Iterator[Service]:
    """`told`: of how many workers the service knows."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.examples.watched:app", "--port", str(port), *options]
    command += ["--timeout-keep-alive", "120"]
    if told is not None:
        command += ["--workers", str(workers)]
    with served(sandbox) as env, log.open("wb") as said:
        settings = {**env, "UPSERT_SECONDS": str(SECONDS), "WEB_CONCURRENCY": str(told or workers)}
        with subprocess.Popen(command, cwd=ROOT, env=settings, stdout=said, stderr=said) as process:
            try:
                until(lambda: log.read_text().count("Application startup complete") == workers)
                yield Service(sandbox, f"http://127.0.0.1:{port}", log, process, {}, {})
            finally:
                process.terminate()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def connect(stack: ExitStack, running: Service, each: int) -> None:
    """Connections until every worker has so many; which worker takes one is the system's choice."""
    for opened in count():
        assert opened < 200, "one worker takes them all"
        keep = httpx.Limits(keepalive_expiry=None)  # a connection stays with its worker
        client = stack.enter_context(httpx.Client(base_url=running.url, timeout=20, trust_env=False, limits=keep))
        theirs = running.workers.setdefault(client.get("/-/tasks").headers["x-worker"], [])
        if len(theirs) < each:
            theirs.append(client)
        if len(running.workers) == 2 and all(len(clients) == each for clients in running.workers.values()):
            return


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two workers, eight connections to each, and the account's rate learnt."""
    sandbox = Sandbox(contacts=CONTACTS, rate=RATE, rate_headers=True)
    log = tmp_path_factory.mktemp("service") / "log"
    with service(sandbox, log, workers=2) as running, ExitStack() as stack:
        connect(stack, running, 8)
        for clients in running.workers.values():
            assert upsert(clients[0], "warm").status_code == 200
        running.idle |= {worker: min(tasks(client) for client in all_) for worker, all_ in running.workers.items()}
        yield running


@pytest.fixture
def calm(two: Service) -> Iterator[Service]:
    """The same, with nothing asked so far; in the end nothing is left running, and nothing secret was said."""
    two.sandbox.requests.clear()
    yield two
    two.sandbox.heal()
    until(lambda: all(tasks(clients[1]) <= two.idle[worker] for worker, clients in two.workers.items()))
    assert "@" not in two.log.read_text()
    assert two.sandbox.key not in two.log.read_text()


def tasks(client: httpx.Client) -> int:
    running: int = client.get("/-/tasks").json()
    return running


@contextmanager
def fresh(running: Service) -> Iterator[httpx.Client]:
    """A connection that may break."""
    with httpx.Client(base_url=running.url, timeout=20, trust_env=False) as client:
        yield client


def upsert(client: httpx.Client, name: str, **more: object) -> httpx.Response:
    return client.put("/contacts", json={"email": f"{name}@example.org", "first_name": name, **more})


def statuses(sandbox: Sandbox) -> Counter[int | None]:
    return Counter(asked.status for asked in sandbox.requests)


def problem(answer: httpx.Response) -> dict[str, object]:
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, object] = answer.json()
    assert said["status"] == answer.status_code
    return said


def test_two_workers_keep_to_one_account(calm: Service) -> None:
    answers = side_by_side(calm, 6)
    assert [answer.status_code for answer in answers] == [200] * 96
    assert Counter(answer.headers["x-worker"] for answer in answers) == dict.fromkeys(calm.workers, 48)
    asked = calm.sandbox.requests
    assert calm.sandbox.processed == {"POST /contact/sync": 96}
    assert len(asked) - 96 <= 2, "429s: a late packet may cost one, not a share of them"
    assert in_any_second(calm.sandbox) <= RATE
    for answer in answers:
        contact = calm.sandbox.contact(answer.json()["id"])
        assert contact is not None
        assert contact["email"] == answer.json()["email"] == f"{contact['firstName']}@example.org"
    assert len({answer.json()["id"] for answer in answers}) == 96


def side_by_side(running: Service, each: int) -> list[httpx.Response]:
    """So many upserts over every connection."""
    running.sandbox.latency = LATENCY

    def work(client: httpx.Client, lane: int) -> list[httpx.Response]:
        return [upsert(client, f"p{lane}.{n}") for n in range(each)]

    with ThreadPoolExecutor(16) as threads:
        rows = list(threads.map(work, running.clients, range(16)))
    running.sandbox.latency = 0
    return [answer for row in rows for answer in row]


def in_any_second(sandbox: Sandbox) -> int:
    """The most that were let through."""
    times = sorted(asked.time for asked in sandbox.requests if asked.processed)
    return max(sum(start <= time < start + 1 for time in times) for start in times)


def test_without_a_share_they_would_not(tmp_path: Path) -> None:
    """What the test above can see."""
    sandbox = Sandbox(rate=RATE, rate_headers=True)
    with service(sandbox, tmp_path / "log", workers=2, told=1) as running, ExitStack() as stack:
        connect(stack, running, 8)
        side_by_side(running, 4)
    assert statuses(sandbox)[429] > 5


def test_what_is_left_out_is_kept_and_blank_clears(calm: Service) -> None:
    client = calm.clients[0]
    id = upsert(client, "ann", last_name="Lee", phone="1").json()["id"]
    assert client.put("/contacts", json={"email": "ann@example.org", "phone": ""}).json()["id"] == id
    contact = calm.sandbox.contact(id)
    assert contact is not None
    assert (contact["firstName"], contact["lastName"], contact["phone"]) == ("ann", "Lee", "")


@pytest.mark.parametrize("body", [{}, {"email": "nobody"}, {"email": "a@b.org", "firstName": "A"}, {"email": None}])
def test_bad_input_costs_no_request(calm: Service, body: dict[str, object]) -> None:
    assert calm.clients[0].put("/contacts", json=body).status_code == 422
    assert not calm.sandbox.requests


def test_refused_values_are_422_and_say_which(calm: Service) -> None:
    entry = {"title": "No, ann@example.org", "source": {"pointer": "/data/attributes/phone"}}
    calm.sandbox.fail("custom", status=422, body=json.dumps({"errors": [entry]}))
    said = problem(upsert(calm.clients[0], "ann"))
    assert said["status"] == 422
    assert said["pointers"] == ["/data/attributes/phone"]
    assert said["request_id"]
    assert "ann" not in str(said)


def test_the_deadline_is_504(calm: Service) -> None:
    calm.sandbox.fail("hang_after")
    said = problem(upsert(calm.clients[0], "ann"))
    assert (said["status"], said["may_have_been_processed"]) == (504, True)
    assert upsert(calm.clients[0], "ann").status_code == 200


def test_more_than_can_be_done_in_time_is_429_at_once(calm: Service) -> None:
    """A queue longer than the deadline refuses, with nothing sent; what it takes, it does."""

    def work(name: str) -> httpx.Response:
        with fresh(calm) as client:
            return upsert(client, name)

    with ThreadPoolExecutor(160) as threads:
        answers = list(threads.map(work, (f"q{n}" for n in range(160))))
    got = Counter(answer.status_code for answer in answers)
    assert set(got) <= {200, 429, 504}  # the last in line may start in time, and not end
    assert got[429] > 5  # fewer the longer a busy machine takes to ask
    assert got[200] > 20
    for answer in answers:
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["retry-after"]) <= 5
            assert problem(answer)["title"]
    assert got[200] <= calm.sandbox.processed["POST /contact/sync"] <= got[200] + got[504]


def test_all_contacts_are_streamed(calm: Service) -> None:
    answer = calm.clients[0].get("/contacts.ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [int(row["id"]) for row in rows] == calm.sandbox.contact_ids()
    assert rows[0].keys() >= {"email", "firstName", "cdate", "udate"}
    pages = -(-len(rows) // 100)
    assert len(calm.sandbox.requests) <= pages + 1
    assert calm.clients[0].get("/contacts.ndjson", params={"after": rows[-1]["id"]}).text == ""
    assert calm.clients[0].get("/contacts.ndjson", params={"after": "x"}).status_code == 422


def test_an_error_before_the_first_line_has_its_status(calm: Service) -> None:
    calm.sandbox.fail("custom", status=422, body='{"errors": []}', path="/contacts")
    assert problem(calm.clients[0].get("/contacts.ndjson"))["status"] == 422


def test_an_error_later_breaks_the_stream_off_and_it_goes_on(calm: Service) -> None:
    calm.sandbox.fail("custom", status=422, body='{"errors": []}', path="/contacts", skip=2)
    got = bytearray()
    with fresh(calm) as client, pytest.raises(httpx.RemoteProtocolError):  # noqa: PT012 - what came before it counts
        with client.stream("GET", "/contacts.ndjson") as answer:
            for piece in answer.iter_bytes():
                got += piece
    ids = [int(json.loads(line)["id"]) for line in got.splitlines()]
    assert len(ids) == 200
    rest = calm.clients[0].get("/contacts.ndjson", params={"after": ids[-1]})
    ids += [int(json.loads(line)["id"]) for line in rest.text.splitlines()]
    assert ids == calm.sandbox.contact_ids()


@pytest.mark.parametrize("reads", [1, 100])
def test_a_reader_that_goes_away_leaves_nothing_behind(calm: Service, reads: int) -> None:
    """The service waits for a slow reader, or for the account, when the reader goes."""
    calm.sandbox.fail("hang", path="/contacts", skip=1)
    with fresh(calm) as client, client.stream("GET", "/contacts.ndjson") as answer:
        worker = answer.headers["x-worker"]
        pieces, got = answer.iter_bytes(), b""
        while got.count(b"\n") < reads:
            got += next(pieces)
        other = calm.workers[worker][1]
        asked = 1 if reads == 1 else 2  # what is not read yet fills the buffers on the way; seldom they hold a page
        until(lambda: len(calm.sandbox.requests) >= asked)
        assert tasks(other) > calm.idle[worker]
    until(lambda: tasks(other) <= calm.idle[worker])
    for n in range(20):  # more than the client has slots
        assert upsert(other, f"after{n}").status_code == 200
    assert len(calm.sandbox.requests) <= 2 + 20  # it did not read on for nobody


def test_an_orderly_end(tmp_path: Path) -> None:
    """What is under way is answered, a stream that nobody reads is given up, the process ends with 0."""
    sandbox = Sandbox(contacts=100_000, rate=1000, rate_headers=True, latency=200)
    options = ("--timeout-graceful-shutdown", "1")
    with service(sandbox, tmp_path / "log", *options, workers=1) as running:
        with fresh(running) as client, ThreadPoolExecutor(1) as threads:
            assert upsert(client, "warm").status_code == 200
            with client.stream("GET", "/contacts.ndjson") as answer:
                next(answer.iter_bytes())
                late = threads.submit(upsert, client, "late")
                until(lambda: any(b"late" in json.dumps(asked.body).encode() for asked in sandbox.requests))
                running.process.send_signal(signal.SIGTERM)
                assert late.result().status_code == 200
                assert running.process.wait(10) in (0, -signal.SIGTERM)
    said = running.log.read_text()
    assert "Application shutdown complete" in said
    assert not re.search(r"Task was destroyed|never (awaited|closed)|unclosed", said)
    assert sandbox.find("late@example.org")


# -- the handler alone -------------------------------------------------------------------------------------------------

EXPECTED = {
    "RateLimitError": 429,
    "NotFoundError": 404,
    "DuplicateError": 409,
    "ValidationError": 422,
    "DeadlineError": 504,
    "OutcomeUnknownError": 502,
    "ConnectFailedError": 503,
    "KeyProviderError": 503,
    "TLSError": 502,
    "ResponseTooLargeError": 502,
    "TransportError": 502,
    "ServerError": 502,
    "DecodeError": 502,
    "PaginationError": 502,
    "RedirectError": 500,
    "AuthenticationError": 500,
    "PermissionDeniedError": 500,
    "PaymentRequiredError": 500,
    "APIError": 500,
    "ReadOnlyError": 500,
    "ConfigurationError": 500,
    "ActiveCampaignError": 500,
}


def answered(error: ActiveCampaignError) -> httpx.Response:
    async def answer() -> httpx.Response:
        told = await refused(Request({"type": "http"}), error)
        return httpx.Response(told.status_code, headers=dict(told.headers), content=bytes(told.body))

    return anyio.run(answer)


@pytest.mark.parametrize(("name", "status"), EXPECTED.items())
def test_each_error_has_its_answer(name: str, status: int) -> None:
    error = getattr(errors, name)("secret words about ann@example.org")
    answer = answered(error)
    assert answer.status_code == status
    assert "secret" not in answer.text
    assert problem(answer)["title"]


def test_a_key_that_no_later_try_will_find_is_ours_to_mend() -> None:
    denied = KeyProviderError("denied", provider="VaultSecret('secret/path')", transient=False)
    answer = answered(denied)
    assert answer.status_code == 500
    assert "path" not in answer.text


def test_no_error_is_forgotten() -> None:
    def tree(kind: type[ActiveCampaignError]) -> set[str]:
        return {kind.__name__}.union(*(tree(below) for below in kind.__subclasses__()))

    assert tree(ActiveCampaignError) == set(EXPECTED)
    assert ANSWERS[-1][0] is ActiveCampaignError


@pytest.mark.parametrize(("seconds", "header"), [(None, "1"), (0.2, "1"), (2.0, "2"), (2.1, "3")])
def test_retry_after_is_in_whole_seconds_rounded_up(seconds: float | None, header: str) -> None:
    assert answered(RateLimitError(retry_after=seconds)).headers["retry-after"] == header


def test_pointers_are_told() -> None:
    error = ValidationError(status=422, errors=(FieldError("t", pointer="/data/attributes/email"),), request_id="r")
    said = problem(answered(error))
    assert (said["pointers"], said["request_id"]) == (["/data/attributes/email"], "r")
