"""What can go wrong between you and ActiveCampaign, as one tree. Catch as widely or as narrowly as you like.

ActiveCampaignError
├── ConfigurationError            the client was set up wrongly; nothing was sent
├── KeyProviderError              the key could not be fetched from where it is kept; nothing was sent
├── ReadOnlyError                 a call that writes, on a client made with read_only=True; nothing was sent
├── TransportError                no usable answer arrived
│   ├── ConnectFailedError        no connection; nothing was sent
│   ├── TLSError                  the server could not prove its identity; the key was not sent
│   ├── DeadlineError             the call's own timeout= passed
│   ├── ResponseTooLargeError     an answer beyond what this client reads
│   └── OutcomeUnknownError       a write may or may not have happened: look before you repeat it
├── DecodeError                   an answer that is not the documented shape
├── PaginationError               a list that cannot be read reliably
└── APIError                      ActiveCampaign refused the call (status 0: this client did, and sent nothing)
    ├── RedirectError             3xx: the base URL is not the account's own
    ├── AuthenticationError       the key was refused
    ├── PermissionDeniedError     the key is good, but its user or plan may not do this
    ├── PaymentRequiredError      402: the account has a payment problem
    ├── NotFoundError             404, or a 403 that says the same
    ├── ValidationError           422, or 400 with a list of errors
    │   └── DuplicateError        it already exists
    ├── RateLimitError            429, or the 400 that means the same
    └── ServerError               5xx, maintenance pages, answers that are marked as failed

Not in the tree: TypeError and ValueError for wrong arguments, before anything is sent; ResumeError and HeaderError
(both are a ValueError, in `activecampaign_async.jobs`) for a checkpoint or file that does not fit; LookupError if a
`find` matches several; RuntimeError for a client that is used after it was closed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._fanout import Found
    from .resources._find_many import FoundByEmail
    from .resources.imports import ImportReport

# As a URL has it, or HTML, and the wide and the small one: some readers of a log make an address of each of them again.
_AT = (
    r"(?:[@\uff20\ufe6b]|%(?:25)*(?:40|EF%(?:25)*BC%(?:25)*A0)|"
    r"&(?:amp;)*(?:#0*64(?![0-9])|#[xX]0*40(?![0-9a-fA-F])|commat);?)"
)
_WORD = r"""[^\s<>()\[\],"@\uff20\ufe6b]+"""
# A word without an address is passed over as a whole: looked at from each of its characters anew, a long one would hold
# the event loop for a time that grows with its square, and servers say how long it is.
_ADDRESS = rf"""(?P<address>(?:"[^"\n]*"|{_WORD}){_AT}[^\s<>()\[\],;"']+)|{_WORD}"""  # compiled with the first error
_UNSEEN = "\u00a0\u200c\u200d\u202f\u3000"  # what scripts need: blanks, and joiners of Arabic, Indic and emoji


def without_addresses(text: str) -> str:
    """`text` with e-mail addresses masked, and rather too much than too little: error strings end up in logs."""
    return re.sub(_ADDRESS, lambda found: "[e-mail]" if found["address"] else found[0], text)


def visible(text: str, kept: str = "") -> str:
    """`text` with what cannot be printed escaped, lest a server clear a terminal or write a log's next line; `kept`
    stays as it is."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept or c in _UNSEEN else repr(c)[1:-1] for c in text)


def path_without_addresses(path: str) -> str:
    """`path` with each segment masked that contains an e-mail address."""
    return "/".join("[e-mail]" if re.search(_AT, segment) else segment for segment in path.split("/"))


class FieldError(NamedTuple):
    """One entry of the list in the answer to a refused write."""

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
    """Base of everything that goes wrong between you and ActiveCampaign.

    Wrong arguments, files and checkpoints are a TypeError or ValueError instead (among these `jobs.ResumeError` and
    `jobs.HeaderError`), and a `find` that matches several is a LookupError.
    """

    method: str | None = None
    """HTTP verb of the call, if there was one."""
    path: str | None = None
    """Path of the call, below ``/api/3``."""
    attempts: int = 0
    """Requests spent on the call."""
    cursor: str | None = None
    """For an error between pages: `Pager.resume(cursor)` continues with exactly the items not yet given."""
    found: Found[Any] | FoundByEmail[Any] | Any = None
    """For an error of `get_many` or `find_many`: what had been read by then (`Found`, `FoundByEmail`); its `missing`
    has those not found so far. For one of `contacts.deleted`: a list of the ids that are surely gone. Else None."""
    report: ImportReport | None = None
    """For an error of `import_many`: what had become of the rows by then."""

    _line_ends = "\n"  # shown as they are: those of a message of ours

    def __init__(self, message: str = "") -> None:
        super().__init__(message)

    def __str__(self) -> str:
        said = visible(without_addresses(super().__str__()), self._line_ends)
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


class KeyProviderError(ActiveCampaignError):
    """The key could not be fetched from its provider: a vault is down, hangs, or denies access. Nothing was sent.

    The text names the provider, the secret's path and the kind of failure; never what the provider said.
    """

    def __init__(self, message: str = "", *, provider: str = "", transient: bool = True) -> None:
        super().__init__(message)
        self.provider = provider
        """Which one, with the secret's path: ``VaultSecret('apps/activecampaign')``."""
        self.transient = transient
        """False if trying again will not help: access denied, no such secret."""


class ReadOnlyError(ActiveCampaignError):
    """A call that writes, on a client made with ``read_only=True``. Nothing was sent."""


class TransportError(ActiveCampaignError):
    """No usable answer arrived, after all attempts that the retry policy and the call's time allowed."""

    _line_ends = ""

    def __init__(self, message: str = "", *, may_have_been_processed: bool = False, timed_out: bool = False) -> None:
        super().__init__(message)
        self.may_have_been_processed = may_have_been_processed
        """True if a call that writes was sent, so that ActiveCampaign may have acted on it. Never for a read."""
        self.timed_out = timed_out
        """True if a phase of the request (read, write) ran into its time limit."""


class ConnectFailedError(TransportError):
    """No connection could be made: DNS, refused, unreachable, proxy. Nothing was sent."""


class TLSError(TransportError):
    """The server could not prove its identity, or the TLS settings in use would not have checked it. The key was not
    sent, and the call is not retried."""


class DeadlineError(TransportError):
    """The call's ``timeout=`` passed. `may_have_been_processed` tells whether a write was under way."""


class ResponseTooLargeError(TransportError):
    """An answer larger than this client reads: more than 32 MB, compressed too much, too many chunks or headers. Not
    retried."""


class OutcomeUnknownError(TransportError):
    """A write that must not be repeated blindly was sent, and no clear answer came: check whether it happened."""

    def __init__(self, message: str = "", *, may_have_been_processed: bool = True, timed_out: bool = False) -> None:
        super().__init__(message, may_have_been_processed=may_have_been_processed, timed_out=timed_out)


class DecodeError(ActiveCampaignError):
    """An answer that is not the documented shape."""

    _line_ends = ""

    def __init__(self, where: str = "", reason: str = "") -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.where, self.reason = where, reason


class PaginationError(ActiveCampaignError):
    """A list that cannot be read reliably: a page came twice, an endpoint ignores paging or a filter, or far more rows
    came than the first page's total told of. `cursor` goes on behind those that were given."""


class APIError(ActiveCampaignError):
    """ActiveCampaign refused the call. Holds what it said, and none of the headers that were sent.

    `status` is that of the answer. 0, for a `RateLimitError`, means that this client refused the call itself, and sent
    nothing.
    """

    hint = ""
    _line_ends = ""

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
        """For ActiveCampaign's support."""
        self.body = body
        """The first 200 characters of an answer that is not JSON."""
        self.retry_after = retry_after
        """Seconds after which it is worth trying again, if known."""

    @property
    def pointers(self) -> tuple[str, ...]:
        """JSON pointers of the fields that were refused."""
        return tuple(e.pointer for e in self.errors if e.pointer)

    def __str__(self) -> str:
        text = f"{self.status} {super().__str__()}" if self.status else super().__str__()
        said = (e.pointer if e.title in self.message else f"{e.title} {e.pointer}".strip() for e in self.errors[:5])
        if more := "; ".join(filter(None, said)):
            text += f" [{visible(without_addresses(more))}]"
        if self.retry_after is not None:
            text += f" (try again in {self.retry_after:g} s)"
        if self.hint:
            text += f" ({self.hint})"
        return f"{text} (request id {visible(without_addresses(self.request_id))})" if self.request_id else text


class RedirectError(APIError):
    """The base URL answers with a redirect. It was not followed: the key goes only to the account's own origin."""

    hint = "use the API URL shown under Settings > Developer as base_url"
    location_host: str | None = None
    """The host that the redirect points to."""


class AuthenticationError(APIError):
    """The key was refused. After three times, further calls raise it with nothing sent; one a second tries again."""

    hint = "check the key (api_key=, or AC_API_TOKEN) under Settings > Developer, and that it belongs to this base URL"


class PermissionDeniedError(APIError):
    """The key is good, but its user's permissions or the account's plan do not allow this. On some paths it can also
    mean that the id does not exist.
    """

    hint = (
        "the key itself is accepted: its user's group or the account's plan does not allow this, or there is no such id"
    )


class PaymentRequiredError(APIError):
    """The account has a payment problem. For a minute, further calls of this account raise it with nothing sent."""

    hint = "the account has a payment problem, and answers no call until that is settled"


class NotFoundError(APIError):
    """There is nothing with that id, or no such path. On some paths `status` is 403, with a message that says so."""


class ValidationError(APIError):
    """The values were refused. `errors` and `pointers` tell which."""


class DuplicateError(ValidationError):
    """It already exists."""


class RateLimitError(APIError):
    """The account's request limit. With a `status` of 429 or 400, ActiveCampaign refused the call; with 0, the wait for
    the limit is longer than the call has, and nothing was sent.
    """


class ServerError(APIError):
    """ActiveCampaign failed: 5xx, a maintenance page, an answer that is marked as failed."""

    marked = False
    """True if the status was good, but the answer says that the call failed (``X-Ac-Error``)."""
