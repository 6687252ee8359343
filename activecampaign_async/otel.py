"""`OpenTelemetry`: spans and metrics of what a client does. The only module that knows OpenTelemetry's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from ._observer import CallInfo, Observer, RequestInfo
from ._usage import OTHER
from ._version import __version__
from .errors import ConfigurationError

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

Attributes: TypeAlias = dict[str, str | int]

NAME = "activecampaign_async"
WAITS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)  # seconds: bounds of the histograms' buckets
ANSWERS = (0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60)
# The words of all known paths. What is none of them may be about people: an id, an address, a name.
_KNOWN = """
accountContacts accountCustomFieldData accountCustomFieldMeta accounts activities addressGroups addressLists addresses
automationEntryCounts automations bounceLogs brandings bulk bulkCreate bulkUpdate bulk_delete bulk_import bulkdelete
calendars campaign campaigns child code config configs connections contact contactAutomations contactData contactDeals
contactGoals contactLists contactLogs contactTags contacts content copy customObjects dealActivities
dealCustomFieldData dealCustomFieldMeta dealGroup dealGroups dealRoles dealStages dealTasks dealTasktypes deals
ecomCustomers ecomOrderProducts ecomOrders edit editorMarkup email emailActivities eventTracking eventTrackingEvents
events exclusions external fieldOption fieldOptions fieldRels fieldValues fields form forms geoAddress geoIps
get_inaccessible_deal_groups groupDefinitions groupLimits groupMembers groups import info links listGroups lists
localevent lock me messages notes optin orderProducts organization personalizationTags personalizations plusAppend
prism public records savedResponses schemas scoreValues scores segments siteTracking stripo sync tags taskNotifications
taskOutcomes tasktypeOutcomeRels templates trackingLogs unlock urlWhitelistings username users webhook webhooks
"""
WORDS = frozenset(_KNOWN.split())


class OpenTelemetry(Observer):
    """One span a call, and metrics of its requests, for the SDK that the process has set up. Extra ``otel``.

        async with AsyncClient(observer=OpenTelemetry()) as ac: ...

    A span is of kind INTERNAL and lies between the caller's and those of an instrumented HTTPX. Nothing in it is about
    people: an id is ``{id}``, and there is no query and no text of an error.

    Arguments:
        attributes: put on every span and metric, such as the account's name where there are several.
        tracer_provider: by default the global one.
        meter_provider: likewise.

    Raises ConfigurationError where opentelemetry-api is not installed.
    """

    def __init__(
        self,
        *,
        attributes: Mapping[str, str] | None = None,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        try:
            from opentelemetry import metrics, trace
        except ImportError:
            said = "OpenTelemetry needs its API: pip install 'activecampaign_async[otel]'"
            raise ConfigurationError(said) from None

        own: object = attributes or {}
        if not isinstance(own, Mapping):
            raise ConfigurationError(f"attributes: a dict of names and values was expected, not {type(own).__name__}")
        self._own: Attributes = {**own}
        self._failed = trace.StatusCode.ERROR
        self._tracer = trace.get_tracer(NAME, __version__, tracer_provider)
        meter = metrics.get_meter(NAME, __version__, meter_provider)
        self._requests = meter.create_counter("activecampaign.requests", "{request}", "Requests, failed ones included")
        self._retries = meter.create_counter("activecampaign.retries", "{request}", "Those not the first of their call")
        self._wait = meter.create_histogram(
            "activecampaign.wait",
            "s",
            "Time before a request left: in line for the rate limit, for the key and the connection",
            explicit_bucket_boundaries_advisory=WAITS,
        )
        self._duration = meter.create_histogram(
            "activecampaign.request.duration",
            "s",
            "From a request's departure to the end of its answer",
            explicit_bucket_boundaries_advisory=ANSWERS,
        )
        self._remaining = meter.create_gauge(
            "activecampaign.budget.remaining", "{request}", "RateLimit-Remaining of the latest answer that told it"
        )

    @contextmanager
    def call(self, info: CallInfo) -> Iterator[None]:
        """A span around a call."""
        path = template(info.path)
        attributes = self._of(info)
        attributes |= {"url.template": path, "activecampaign.priority": info.priority}
        with self._tracer.start_as_current_span(
            f"activecampaign {info.method} {path}",
            attributes=attributes,
            record_exception=False,  # its text is of the server
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                if isinstance(error, Exception):  # who cancels is no error
                    span.set_status(self._failed)
                raise
            finally:
                span.set_attribute("activecampaign.attempts", info.attempts)
                if info.status:
                    span.set_attribute("http.response.status_code", info.status)

    def request(self, info: RequestInfo) -> None:
        """Metrics of one request."""
        of_all = self._of(info)
        attributes = of_all.copy()
        if info.status:
            attributes["http.response.status_code"] = info.status
        if info.error is not None:
            attributes["error.type"] = info.error
        self._requests.add(1, attributes)
        if info.attempt > 1:
            self._retries.add(1, of_all)
        self._wait.record(info.waited, of_all)
        self._duration.record(info.seconds, attributes)
        if info.remaining is not None:
            self._remaining.set(info.remaining, self._own)

    def _of(self, info: CallInfo | RequestInfo) -> Attributes:
        area = info.area if info.area in WORDS else OTHER
        return {**self._own, "http.request.method": info.method, "activecampaign.area": area}


def template(path: str) -> str:
    """``/contacts/42/notes`` -> ``/contacts/{id}/notes``."""
    return "/" + "/".join(each if each in WORDS else "{id}" for each in path[1:].split("/"))
