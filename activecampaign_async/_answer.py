"""What came back, and which error it stands for. Pure: no I/O, and no body makes it fail."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from . import errors as e
from ._digits import whole_of

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = 200  # characters of a body that is not JSON
MOST = 1000  # entries of a list of errors that are kept; an import of 250 rows has a few for each at most


class Answer(NamedTuple):
    """An HTTP answer whose body was parsed. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    data: Any
    """The parsed JSON; None for an empty body."""
    text: str = ""
    """The first characters of a body that is not JSON."""
    strict: bool = False
    """Whether a value that does not fit its field is an error."""


_BY_STATUS: dict[int, type[e.APIError]] = {
    401: e.AuthenticationError,
    402: e.PaymentRequiredError,
    403: e.PermissionDeniedError,
    404: e.NotFoundError,
    408: e.ServerError,
    422: e.ValidationError,
    429: e.RateLimitError,
}


def refusal(answer: Answer) -> e.APIError | None:
    """The error that an answer stands for, or None when it is a success."""
    status, headers, data = answer.status, answer.headers, answer.data
    facts: dict[str, Any] = {"status": status, "request_id": headers.get("x-request-id"), "body": answer.text}
    if status >= 400:
        facts["retry_after"] = retry_after(headers)
    if 200 <= status < 300:
        return _marked_as_failed(answer, facts)
    if 300 <= status < 400:
        return _redirect(headers, facts)
    said, (listed, told) = _message(data), _field_errors(data)
    message = said or "; ".join(x.title or x.detail for x in listed if x.title or x.detail) or "no message"
    if told > MOST:
        message = f"{told} errors, of which the first {MOST} are kept: {message}"
    if status == 429 or (status == 400 and said.lower().startswith("rate limit")):
        return e.RateLimitError(message, errors=listed, **facts)
    kind = e.ServerError if status >= 500 else _BY_STATUS.get(status, e.APIError)
    if status == 403 and said.startswith("No Result found for "):
        kind = e.NotFoundError  # some paths say it so: documented for groups, lists, field values, notes, automations
    if status == 400 and listed:
        kind = e.ValidationError
    if status in (400, 409, 422) and _is_duplicate(data, listed):
        kind = e.DuplicateError
    return kind(message, errors=listed, **facts)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """`Retry-After` in seconds, or None where it is missing or nonsense. A date counts from the answer's own `Date`."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.replace(".", "", 1).isdigit() and len(value) < 20:
        return float(value)
    try:
        then = parsedate_to_datetime(value)
        sent = parsedate_to_datetime(headers["date"]) if "date" in headers else now or datetime.now(UTC)
        seconds = (_aware(then) - _aware(sent)).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(seconds, 0.0)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _marked_as_failed(answer: Answer, facts: dict[str, Any]) -> e.ServerError | None:
    if (code := answer.headers.get("x-ac-error")) is not None:
        error = e.ServerError(f"marked as failed: {code}", **facts)
        error.marked = True
        return error
    if answer.text:
        kind = "HTML" if answer.text.lstrip().startswith("<") else "text"
        return e.ServerError(f"{kind} instead of JSON", **facts)
    return None


def _redirect(headers: Mapping[str, str], facts: dict[str, Any]) -> e.RedirectError:
    try:
        host = urlsplit(headers.get("location", "")).hostname
    except ValueError:
        host = None
    error = e.RedirectError(f"redirected to {host or 'nowhere'}; not followed", **facts)
    error.location_host = host
    return error


def _message(data: Any) -> str:
    if not isinstance(data, dict):
        return ""
    said = next((data[k] for k in ("message", "error", "title") if isinstance(data.get(k), str) and data[k]), "")
    reasons = data.get("failureReasons")
    if isinstance(reasons, list) and reasons:
        said = f"{said} {'; '.join(_reason(r) for r in reasons[:5])}".strip()
    return said


def _reason(entry: Any) -> str:
    if isinstance(entry, dict):
        return f"contact {_text(entry.get('contact'))}: {_text(entry.get('failureReason'))}"
    return _text(entry)


def _field_errors(data: Any) -> tuple[tuple[e.FieldError, ...], int]:
    """The first of them, and how many there are."""
    listed, read = data.get("errors") if isinstance(data, dict) else None, _field_error
    if listed is None and isinstance(data, dict):
        listed, read = data.get("failureReasons"), _refused_row
    elif isinstance(listed, dict):
        listed = list(listed.values())
    return (tuple(map(read, listed[:MOST])), len(listed)) if isinstance(listed, list) else ((), 0)


def _field_error(entry: Any) -> e.FieldError:
    if not isinstance(entry, dict):
        return e.FieldError(title=_text(entry))
    title, code = (_text(entry.get(k) or entry.get("error")) for k in ("title", "code"))  # a code of 0 or false is none
    return e.FieldError(title, _text(entry.get("detail")), code, _pointer(entry.get("source")))


def _refused_row(entry: Any) -> e.FieldError:
    """A row of a bulk import, which counts them from 1; or what is said of them all."""
    if not isinstance(entry, dict):
        return e.FieldError(title=_text(entry))
    number, reason = entry.get("contact"), _text(entry.get("failureReason"))
    if row := whole_of(number):
        return e.FieldError(title=reason, pointer=f"/contacts/{row - 1}")
    return e.FieldError(title=reason, pointer=_text(number))


def _pointer(source: Any) -> str:
    said = [source.get(key) for key in ("pointer", "parameter")] if isinstance(source, dict) else []
    return next((_text(value) for value in said if value and isinstance(value, (str, int, float))), "")


def _text(value: Any) -> str:
    if value is None or isinstance(value, (str, int, float)):
        return "" if value is None else str(value)
    return f"({type(value).__name__})"  # what is nested may be nested too deep to be shown


def _is_duplicate(data: Any, listed: tuple[e.FieldError, ...]) -> bool:
    if any(x.code.lower() == "duplicate" for x in listed):
        return True
    wrong = data.get("error") if isinstance(data, dict) else None
    return isinstance(wrong, str) and wrong.startswith("Duplicate entry")
