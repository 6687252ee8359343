"""ActiveCampaign, awaited: typed, paced, unbreakable.

    from activecampaign_async import AsyncClient

    async with AsyncClient() as ac:  # AC_API_URL, AC_API_TOKEN
        async for contact in ac.contacts.list():
            ...

Importing this loads nothing yet; each name loads its module when it is first used.
"""

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from ._answer import Reply
    from ._auth import ApiTokenAuth
    from ._fanout import Found
    from ._model import UNSET, Unset
    from ._paging import Page, Pager
    from ._retry import RetryPolicy
    from .client import AsyncClient
    from .errors import (
        ActiveCampaignError,
        APIError,
        AuthenticationError,
        ConfigurationError,
        ConnectFailedError,
        DeadlineError,
        DecodeError,
        DuplicateError,
        FieldError,
        NotFoundError,
        OutcomeUnknownError,
        PaginationError,
        PaymentRequiredError,
        PermissionDeniedError,
        RateLimitError,
        ReadOnlyError,
        RedirectError,
        ServerError,
        TLSError,
        TransportError,
        ValidationError,
    )
    from .keys import Key
    from .limits import RateLimiter
    from .limits.local import LocalLimiter
    from .resources.contact_automations import ContactAutomation
    from .resources.contact_lists import ContactList, ListStatus
    from .resources.contact_tags import ContactTag
    from .resources.contacts import Contact, ContactStatus
    from .resources.field_values import FieldValue
    from .resources.fields import Field, FieldType
    from .resources.groups import Group
    from .resources.lists import List
    from .resources.notes import Note
    from .resources.tags import Tag, TagType
    from .resources.users import User

_HOME = {
    "ActiveCampaignError": "errors",
    "APIError": "errors",
    "ApiTokenAuth": "_auth",
    "AsyncClient": "client",
    "AuthenticationError": "errors",
    "ConfigurationError": "errors",
    "ConnectFailedError": "errors",
    "Contact": "resources.contacts",
    "ContactAutomation": "resources.contact_automations",
    "ContactList": "resources.contact_lists",
    "ContactStatus": "resources.contacts",
    "ContactTag": "resources.contact_tags",
    "DeadlineError": "errors",
    "DecodeError": "errors",
    "DuplicateError": "errors",
    "Field": "resources.fields",
    "FieldError": "errors",
    "FieldType": "resources.fields",
    "FieldValue": "resources.field_values",
    "Found": "_fanout",
    "Group": "resources.groups",
    "Key": "keys",
    "List": "resources.lists",
    "ListStatus": "resources.contact_lists",
    "LocalLimiter": "limits.local",
    "Note": "resources.notes",
    "NotFoundError": "errors",
    "OutcomeUnknownError": "errors",
    "Page": "_paging",
    "Pager": "_paging",
    "PaginationError": "errors",
    "PaymentRequiredError": "errors",
    "PermissionDeniedError": "errors",
    "RateLimiter": "limits",
    "RateLimitError": "errors",
    "ReadOnlyError": "errors",
    "RedirectError": "errors",
    "Reply": "_answer",
    "RetryPolicy": "_retry",
    "ServerError": "errors",
    "Tag": "resources.tags",
    "TagType": "resources.tags",
    "TLSError": "errors",
    "TransportError": "errors",
    "UNSET": "_model",
    "Unset": "_model",
    "User": "resources.users",
    "ValidationError": "errors",
}
__all__ = [
    "UNSET",
    "APIError",
    "ActiveCampaignError",
    "ApiTokenAuth",
    "AsyncClient",
    "AuthenticationError",
    "ConfigurationError",
    "ConnectFailedError",
    "Contact",
    "ContactAutomation",
    "ContactList",
    "ContactStatus",
    "ContactTag",
    "DeadlineError",
    "DecodeError",
    "DuplicateError",
    "Field",
    "FieldError",
    "FieldType",
    "FieldValue",
    "Found",
    "Group",
    "Key",
    "List",
    "ListStatus",
    "LocalLimiter",
    "NotFoundError",
    "Note",
    "OutcomeUnknownError",
    "Page",
    "Pager",
    "PaginationError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "RateLimitError",
    "RateLimiter",
    "ReadOnlyError",
    "RedirectError",
    "Reply",
    "RetryPolicy",
    "ServerError",
    "TLSError",
    "Tag",
    "TagType",
    "TransportError",
    "Unset",
    "User",
    "ValidationError",
    "__version__",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if (home := _HOME.get(name)) is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f".{home}", __name__), name)
        return value

    def __dir__() -> list[str]:
        return __all__
