"""Spans and metrics, as an SDK gets them, over real HTTPS: where they stand, and nothing in them is about people."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from activecampaign_async import AsyncClient, ConfigurationError, ConnectFailedError, DeadlineError, NotFoundError
from activecampaign_async.otel import OpenTelemetry, template
from activecampaign_async.sandbox import Sandbox
from tests.support import fast
from tests.test_reference import VERBS

pytest.importorskip("opentelemetry.sdk")
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricsData
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode

pytestmark = pytest.mark.anyio
ADDRESS, SECRET = "ann.canary@example.org", "key-canary-0815"


class Sdk:
    """What a process sets up, in memory."""

    def __init__(self) -> None:
        self.memory, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.memory))
        self.meters = MeterProvider([self.reader])
        self.tracer = self.tracers.get_tracer("the caller's")

    def observer(self, **options: Any) -> OpenTelemetry:
        return OpenTelemetry(tracer_provider=self.tracers, meter_provider=self.meters, **options)

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.memory.get_finished_spans())

    @property
    def ours(self) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name.startswith("activecampaign ")]

    def metrics(self) -> dict[str, list[Any]]:
        """Data points by name."""
        data = self.reader.get_metrics_data() or MetricsData([])
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
        return {metric.name: list(metric.data.data_points) for scope in scopes for metric in scope.metrics}

    def everything(self) -> str:
        """All that leaves the process."""
        data = self.reader.get_metrics_data()
        return "\n".join([*(span.to_json() for span in self.spans), data.to_json() if data else ""])


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    made = Sdk()
    yield made
    made.tracers.shutdown()
    made.meters.shutdown()


class Account:
    """A sandbox over HTTPS, and clients of it."""

    def __init__(self, sandbox: Sandbox, server: Any) -> None:
        self.sandbox, self._server = sandbox, server

    def client(self, **options: Any) -> AsyncClient:
        options.setdefault("rate_limiter", fast())
        context = self._server.ssl_context()
        return AsyncClient(self._server.url, SECRET, ssl_context=context, trust_env=False, **options)


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    sandbox = Sandbox(contacts=10, rate=1000, rate_headers=True)
    sandbox.key = SECRET
    sandbox.add_tag("one")
    async with sandbox.serve() as server:
        yield Account(sandbox, server)


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_span_of_a_call(account: Account, sdk: Sdk) -> None:
    async with account.client(observer=sdk.observer(attributes={"activecampaign.account": "acme"})) as ac:
        await ac.contacts.get(4)
    (span,) = sdk.spans
    assert (span.name, span.kind, span.status.status_code) == (
        "activecampaign GET /contacts/{id}",
        SpanKind.INTERNAL,
        StatusCode.UNSET,
    )
    assert attributes_of(span) == {
        "activecampaign.account": "acme",
        "activecampaign.area": "contacts",
        "activecampaign.attempts": 1,
        "activecampaign.priority": "interactive",
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.template": "/contacts/{id}",
    }
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == "activecampaign_async"


async def test_it_lies_between_the_callers_and_httpx_own(account: Account, sdk: Sdk) -> None:
    """Also where calls run side by side, and through retries."""
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.httpx")
    instrumentor = instrumentation.HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=sdk.tracers, meter_provider=sdk.meters)
    try:
        async with account.client(observer=sdk.observer()) as ac:
            account.sandbox.fail("drop_before", path="/contacts/3")

            async def one(number: int) -> None:
                with sdk.tracer.start_as_current_span(f"caller {number}"):
                    await ac.contacts.get(number)

            async with anyio.create_task_group() as tasks:
                for number in (1, 2, 3):
                    tasks.start_soon(one, number)
    finally:
        instrumentor.uninstrument()
    by_id = {span.context.span_id: span for span in sdk.spans if span.context}
    assert len(by_id) == 3 + 3 + 4
    assert [attributes_of(span)["activecampaign.attempts"] for span in sdk.ours].count(2) == 1
    of_httpx = [span for span in sdk.spans if span.kind is SpanKind.CLIENT]
    for span in of_httpx:
        assert span.parent is not None
        call = by_id[span.parent.span_id]
        assert call in sdk.ours
        assert call.parent is not None
        caller = by_id[call.parent.span_id]
        assert caller.name == f"caller {attributes_of(span)['http.url'].rpartition('/')[2]}"
        assert caller.parent is None


async def test_a_hook_cuts_the_query_from_httpx_own(account: Account, sdk: Sdk) -> None:
    """As docs/monitoring.md shows it; without one, an address in a query is in the span of HTTPX's instrumentation."""
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.httpx")

    async def without_query(span: Span, request: Any) -> None:
        span.set_attribute("http.url", str(request.url).partition("?")[0])

    for hook in (None, without_query):
        sdk.memory.clear()
        instrumentor = instrumentation.HTTPXClientInstrumentor()
        instrumentor.instrument(tracer_provider=sdk.tracers, async_request_hook=hook)
        try:
            async with account.client(observer=sdk.observer()) as ac:
                await ac.contacts.list(search=ADDRESS)
        finally:
            instrumentor.uninstrument()
        assert len(sdk.spans) == 2
        assert ("canary" in sdk.everything()) is (hook is None)
        assert SECRET not in sdk.everything()


async def test_an_error_is_its_class(account: Account, sdk: Sdk) -> None:
    account.sandbox.fail("custom", status=404, body=json.dumps({"message": f"no {ADDRESS} here"}))
    async with account.client(observer=sdk.observer()) as ac:
        with pytest.raises(NotFoundError, match="no "):
            await ac.tags.get(99)
    (span,) = sdk.spans
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())
    assert attributes_of(span)["error.type"] == "NotFoundError"
    assert attributes_of(span)["http.response.status_code"] == 404


async def test_who_cancels_is_no_error(account: Account, sdk: Sdk) -> None:
    account.sandbox.fail("hang", always=True)
    async with account.client(observer=sdk.observer()) as ac:
        with anyio.move_on_after(0.05):
            await ac.tags.get(1)
        with pytest.raises(DeadlineError):
            await ac.tags.get(1, timeout=0.05)
    cancelled, late = sdk.spans
    assert cancelled.status.status_code is StatusCode.UNSET
    assert "Cancelled" in attributes_of(cancelled)["error.type"]
    assert late.status.status_code is StatusCode.ERROR
    assert attributes_of(late)["error.type"] == "DeadlineError"
    assert "http.response.status_code" not in attributes_of(late)
    requests = sdk.metrics()["activecampaign.requests"]
    assert {point.attributes["error.type"] for point in requests} == {"Cancelled", "TimedOut"}


async def test_metrics(account: Account, sdk: Sdk) -> None:
    account.sandbox.fail("429", retry_after=0, path="/tags/1")
    async with account.client(observer=sdk.observer(attributes={"activecampaign.account": "acme"})) as ac:
        await ac.tags.get(1)
        await ac.contacts.get(1)
        await ac.contacts.get(2)
        spent = ac.usage
    found = sdk.metrics()
    of_all = {"activecampaign.account": "acme", "http.request.method": "GET"}
    requests = {
        (point.attributes["activecampaign.area"], point.attributes["http.response.status_code"]): point
        for point in found["activecampaign.requests"]
    }
    assert {name: point.value for name, point in requests.items()} == {
        ("tags", 429): 1,
        ("tags", 200): 1,
        ("contacts", 200): 2,
    }
    assert requests["tags", 429].attributes["error.type"] == "RateLimitError"
    (retries,) = found["activecampaign.retries"]
    assert (retries.value, dict(retries.attributes)) == (1, {**of_all, "activecampaign.area": "tags"})
    waits = found["activecampaign.wait"]
    assert sum(point.count for point in waits) == spent.requests == 4
    assert sum(point.sum for point in waits) <= spent.waited
    assert all(point.explicit_bounds[0] < 1 for point in waits)
    assert sum(point.sum for point in found["activecampaign.request.duration"]) > 0
    (remaining,) = found["activecampaign.budget.remaining"]
    assert (remaining.value, dict(remaining.attributes)) == (spent.remaining, {"activecampaign.account": "acme"})


async def test_nothing_is_about_people(account: Account, sdk: Sdk) -> None:
    async with account.client(observer=sdk.observer()) as ac:
        made = await ac.contacts.sync(email=ADDRESS, first_name="Annabel")
        await ac.contacts.find(ADDRESS)
        await ac.contacts.list(search=ADDRESS).collect()
        for path in (
            f"/users/email/{ADDRESS}",
            "/users/email/ann.canary%40example.org",
            "/users/username/annabel",
            "/annabel",
            "/contacts/5f2c9a1e-annabel",
            "/customObjects/records/55/external/annabel",
        ):
            with pytest.raises(NotFoundError):
                await ac.request("GET", path, params={"who": ADDRESS})
        await ac.contacts.delete(made.id)
    said = sdk.everything().casefold()
    for about in ("canary", "annabel", "example.org", SECRET, "5f2c9a1e", "localhost"):
        assert about.casefold() not in said, about
    for span in sdk.ours:
        assert not re.search(r"\d", span.name)


async def test_a_connection_that_cannot_be_made(sdk: Sdk) -> None:
    ac = AsyncClient("https://localhost:1", SECRET, observer=sdk.observer(), trust_env=False, rate_limiter=fast())
    async with ac:
        with pytest.raises(ConnectFailedError):
            await ac.tags.get(1, timeout=0.3)
        assert ac.usage.requests == 0
        assert ac.usage.errors["ConnectFailedError"] >= 1
    (span,) = sdk.spans
    assert attributes_of(span)["error.type"] == "ConnectFailedError"
    assert "http.response.status_code" not in attributes_of(span)


PATHS = sorted({found for verb in VERBS.values() for found in re.findall(r"``[A-Z]+ (/[^`?]+)", verb.__doc__ or "")})


def test_there_are_paths() -> None:
    assert len(PATHS) > 50


@pytest.mark.parametrize("path", PATHS)
def test_every_word_of_our_own_paths_is_known(path: str) -> None:
    path = path.removeprefix("/api/3")
    assert template(re.sub(r"\{\w+\}", "42", path)) == re.sub(r"\{\w+\}", "{id}", path)


def test_without_the_extra_its_name_is_told() -> None:
    code = """if True:
        import sys
        sys.modules["opentelemetry"] = None
        import activecampaign_async, activecampaign_async.otel
        try:
            activecampaign_async.otel.OpenTelemetry()
        except activecampaign_async.ConfigurationError as error:
            print(error)
    """
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "pip install 'activecampaign_async[otel]'" in said


def test_attributes_that_are_none() -> None:
    with pytest.raises(ConfigurationError, match="attributes: a dict of names and values was expected, not str"):
        OpenTelemetry(attributes="x")  # type: ignore[arg-type]  # what a caller without a type checker may do


def test_without_an_sdk_it_does_nothing() -> None:
    OpenTelemetry()


def test_the_client_does_not_load_it() -> None:
    code = "import sys, activecampaign_async.client; print('opentelemetry' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "False\n"
