"""What can go wrong, as one tree. Catch as widely or as narrowly as you like.

ActiveCampaignError
├── ConfigurationError            the client was set up wrongly; nothing was sent
├── ReadOnlyError                 a call that writes, on a client made with read_only=True; nothing was sent
├── TransportError                no usable answer came
│   ├── ConnectFailedError        no connection; nothing was sent
│   ├── TLSError                  the server could not prove who it is; the key was not sent
│   ├── DeadlineError             the call's own timeout= passed
│   └── OutcomeUnknownError       a write may or may not have happened: look before you repeat it
├── DecodeError                   an answer that is not the documented shape
├── PaginationError               a list that cannot be gone through rightly
└── APIError                      ActiveCampaign answered, and refused
    ├── RedirectError             3xx: the base URL is not the account's own
    ├── AuthenticationError       the key is refused
    ├── PermissionDeniedError     the key is good, but its user or plan may not do this
    ├── PaymentRequiredError      402: the account has a payment problem
    ├── NotFoundError             404
    ├── ValidationError           422, or 400 with a list of errors
    │   └── DuplicateError        it exists already
    ├── RateLimitError            429, and its other faces
    └── ServerError               5xx, maintenance pages, answers that are marked as failed
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_AT = r"(?:@|%(?:25)*40)"
_ADDRESS = re.compile(rf"""(?:"[^"\n]*"|[^\s<>()\[\],"@]+){_AT}[^\s<>()\[\],;"']+""")
_SEGMENT = re.compile(rf"[^/]*{_AT}[^/]*")


def without_addresses(text: str) -> str:
    """`text` with e-mail addresses masked, as a whole and a little more: error strings end up in logs."""
    return _ADDRESS.sub("[e-mail]", text)


def path_without_addresses(path: str) -> str:
    """`path` with each segment masked that holds an e-mail address."""
    return _SEGMENT.sub("[e-mail]", path)


class FieldError(NamedTuple):
    """One entry of the list that a refused write answers with."""

    title: str = ""
    detail: str = ""
    code: str = ""
    pointer: str = ""
    """JSON pointer to the field, e.g. ``/data/attributes/email``."""


def _rebuild(cls: type[ActiveCampaignError], args: tuple[Any, ...], state: dict[str, Any]) -> ActiveCampaignError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ActiveCampaignError(Exception):
    """Base of everything that this library raises on purpose."""

    method: str | None = None
    """HTTP verb of the call, where one was made."""
    path: str | None = None
    """Path of the call below ``/api/3``."""
    attempts: int = 0
    """Requests spent on the call."""
    cursor: str | None = None
    """Of an error between pages: `Pager.resume(cursor)` goes on with exactly the items not yet given."""
    found: Sequence[Any] | None = None
    """Of an error of `get_many`: what had been read by then. Its `missing` are the ids that were not found so far."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)

    def __str__(self) -> str:
        said = without_addresses(super().__str__())
        if self.method is None:
            return said
        tries = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        return f"{self.method} {path_without_addresses(self.path or '')}{tries}: {said}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"  # error reporters show it: no address of anybody here, either

    def __reduce__(self) -> tuple[Callable[..., ActiveCampaignError], tuple[Any, ...]]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))


class ConfigurationError(ActiveCampaignError):
    """The client was set up wrongly. The text says what to write instead. Nothing was sent."""


class ReadOnlyError(ActiveCampaignError):
    """A call that writes, on a client made with ``read_only=True``. Nothing was sent."""


class TransportError(ActiveCampaignError):
    """No usable answer came, after all attempts that the retry policy and the call's time allowed."""

    def __init__(self, message: str = "", *, may_have_been_processed: bool = False, timed_out: bool = False) -> None:
        super().__init__(message)
        self.may_have_been_processed = may_have_been_processed
        """True where a request left, so that ActiveCampaign may have acted on it."""
        self.timed_out = timed_out
        """True where a phase of the request (read, write) ran into its time limit."""


class ConnectFailedError(TransportError):
    """No connection could be made: DNS, refused, unreachable, proxy. Nothing was sent."""


class TLSError(TransportError):
    """The server could not prove who it is, or the TLS settings in use would not have checked. The key was not
    sent, and nothing is tried again."""


class DeadlineError(TransportError):
    """The call's ``timeout=`` passed. `may_have_been_processed` tells whether a request was under way."""


class OutcomeUnknownError(TransportError):
    """A write that may not be repeated blindly was sent, and no clear answer came: look whether it happened."""

    def __init__(self, message: str = "", *, may_have_been_processed: bool = True, timed_out: bool = False) -> None:
        super().__init__(message, may_have_been_processed=may_have_been_processed, timed_out=timed_out)


class DecodeError(ActiveCampaignError):
    """An answer that is not the documented shape."""

    def __init__(self, where: str = "", reason: str = "") -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.where, self.reason = where, reason


class PaginationError(ActiveCampaignError):
    """A list that cannot be gone through rightly: a page that comes again, an endpoint that ignores how it is paged."""


class APIError(ActiveCampaignError):
    """ActiveCampaign answered, and refused. Carries what it said, and no header of ours."""

    hint = ""

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        errors: tuple[FieldError, ...] = (),
        request_id: str | None = None,
        body: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.request_id = request_id
        """Tell it to ActiveCampaign's support."""
        self.body = body
        """The first 200 characters of an answer that is not JSON."""
        self.retry_after = retry_after
        """Seconds after which it is worth trying again, where known."""

    @property
    def pointers(self) -> tuple[str, ...]:
        """JSON pointers of the fields that were refused."""
        return tuple(e.pointer for e in self.errors if e.pointer)

    def __str__(self) -> str:
        text = f"{self.status} {super().__str__()}" if self.status else super().__str__()
        said = (e.pointer if e.title in self.message else f"{e.title} {e.pointer}".strip() for e in self.errors[:5])
        if more := "; ".join(filter(None, said)):
            text += f" [{without_addresses(more)}]"
        if self.retry_after is not None:
            text += f" (try again in {self.retry_after:g} s)"
        if self.hint:
            text += f" ({self.hint})"
        return f"{text} (request id {self.request_id})" if self.request_id else text


class RedirectError(APIError):
    """The base URL answers with a redirect. It was not followed: the key goes to the account's own origin only."""

    hint = "use the API URL shown under Settings > Developer as base_url"
    location_host: str | None = None
    """The host that the redirect points to."""


class AuthenticationError(APIError):
    """The key is refused."""

    hint = "check the key (AC_API_TOKEN) under Settings > Developer, and that it belongs to this base URL"


class PermissionDeniedError(APIError):
    """The key is good, but its user's permissions or the account's plan do not allow this."""

    hint = "the key itself is accepted: its user's group or the account's plan does not allow this"


class PaymentRequiredError(APIError):
    """The account has a payment problem. For a minute, further calls of this account raise it with nothing sent."""

    hint = "the account has a payment problem, and answers no call until that is settled"


class NotFoundError(APIError):
    """There is none with that id, or no such path."""


class ValidationError(APIError):
    """The values were refused. `errors` and `pointers` tell which."""


class DuplicateError(ValidationError):
    """It exists already."""


class RateLimitError(APIError):
    """The account's request limit: refused, or known to outlast the call's time, with nothing sent."""


class ServerError(APIError):
    """ActiveCampaign failed: 5xx, a maintenance page, an answer that is marked as failed."""

    marked = False
    """A good status whose answer says of itself that it failed (``X-Ac-Error``)."""
