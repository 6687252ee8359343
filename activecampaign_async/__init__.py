"""ActiveCampaign, awaited: typed, paced, honest.

    from activecampaign_async import AsyncClient

    async with AsyncClient() as ac:  # AC_API_URL, AC_API_TOKEN
        async for contact in ac.contacts.list():
            ...

Importing this loads nothing yet; each name loads its module when it is first used.
"""

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from ._auth import ApiTokenAuth
    from ._call import priority
    from ._fanout import Found
    from ._model import UNSET, Unset
    from ._observer import CallInfo, Observer, RequestInfo
    from ._paging import Page, Pager
    from ._request import Reply
    from ._retry import RetryPolicy
    from ._usage import Usage
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
        KeyProviderError,
        NotFoundError,
        OutcomeUnknownError,
        PaginationError,
        PaymentRequiredError,
        PermissionDeniedError,
        RateLimitError,
        ReadOnlyError,
        RedirectError,
        ResponseTooLargeError,
        ServerError,
        TLSError,
        TransportError,
        ValidationError,
    )
    from .keys import Credentials, Key, KeyProvider
    from .keys.aws import AWSSecret
    from .keys.cached import CachedKey
    from .keys.environment import EnvironmentKey
    from .keys.file import FileKey
    from .keys.google import GoogleSecret
    from .keys.vault import VaultSecret
    from .limits import RateLimiter
    from .limits.local import LocalLimiter
    from .limits.redis import RedisLimiter
    from .resources._changed import Changes
    from .resources._find_many import FoundByEmail
    from .resources._joined import Joined, JoinedContact, JoinPlan, ListMembership
    from .resources.contact_automations import ContactAutomation
    from .resources.contact_lists import ContactList, ListSource, ListStatus
    from .resources.contact_tags import ContactTag
    from .resources.contacts import Contact, ContactStatus
    from .resources.field_values import FieldInput, FieldInputs, FieldValue
    from .resources.fields import Field, FieldType
    from .resources.groups import Group
    from .resources.lists import List
    from .resources.notes import Note, NoteRelType
    from .resources.tags import Tag, TagType
    from .resources.users import User

_HOME = {
    "ActiveCampaignError": "errors",
    "APIError": "errors",
    "ApiTokenAuth": "_auth",
    "AsyncClient": "client",
    "AuthenticationError": "errors",
    "AWSSecret": "keys.aws",
    "CachedKey": "keys.cached",
    "CallInfo": "_observer",
    "Changes": "resources._changed",
    "ConfigurationError": "errors",
    "ConnectFailedError": "errors",
    "Contact": "resources.contacts",
    "ContactAutomation": "resources.contact_automations",
    "ContactList": "resources.contact_lists",
    "ContactStatus": "resources.contacts",
    "ContactTag": "resources.contact_tags",
    "Credentials": "keys",
    "DeadlineError": "errors",
    "DecodeError": "errors",
    "DuplicateError": "errors",
    "EnvironmentKey": "keys.environment",
    "Field": "resources.fields",
    "FieldError": "errors",
    "FieldInput": "resources.field_values",
    "FieldInputs": "resources.field_values",
    "FieldType": "resources.fields",
    "FieldValue": "resources.field_values",
    "FileKey": "keys.file",
    "Found": "_fanout",
    "FoundByEmail": "resources._find_many",
    "GoogleSecret": "keys.google",
    "Group": "resources.groups",
    "Joined": "resources._joined",
    "JoinedContact": "resources._joined",
    "JoinPlan": "resources._joined",
    "Key": "keys",
    "KeyProvider": "keys",
    "KeyProviderError": "errors",
    "List": "resources.lists",
    "ListMembership": "resources._joined",
    "ListSource": "resources.contact_lists",
    "ListStatus": "resources.contact_lists",
    "LocalLimiter": "limits.local",
    "Note": "resources.notes",
    "NoteRelType": "resources.notes",
    "NotFoundError": "errors",
    "Observer": "_observer",
    "OutcomeUnknownError": "errors",
    "Page": "_paging",
    "Pager": "_paging",
    "PaginationError": "errors",
    "PaymentRequiredError": "errors",
    "PermissionDeniedError": "errors",
    "priority": "_call",
    "RateLimiter": "limits",
    "RateLimitError": "errors",
    "ReadOnlyError": "errors",
    "RedirectError": "errors",
    "RedisLimiter": "limits.redis",
    "Reply": "_request",
    "RequestInfo": "_observer",
    "ResponseTooLargeError": "errors",
    "RetryPolicy": "_retry",
    "ServerError": "errors",
    "Tag": "resources.tags",
    "TagType": "resources.tags",
    "TLSError": "errors",
    "TransportError": "errors",
    "UNSET": "_model",
    "Unset": "_model",
    "Usage": "_usage",
    "User": "resources.users",
    "ValidationError": "errors",
    "VaultSecret": "keys.vault",
}
__all__ = [
    "UNSET",
    "APIError",
    "AWSSecret",
    "ActiveCampaignError",
    "ApiTokenAuth",
    "AsyncClient",
    "AuthenticationError",
    "CachedKey",
    "CallInfo",
    "Changes",
    "ConfigurationError",
    "ConnectFailedError",
    "Contact",
    "ContactAutomation",
    "ContactList",
    "ContactStatus",
    "ContactTag",
    "Credentials",
    "DeadlineError",
    "DecodeError",
    "DuplicateError",
    "EnvironmentKey",
    "Field",
    "FieldError",
    "FieldInput",
    "FieldInputs",
    "FieldType",
    "FieldValue",
    "FileKey",
    "Found",
    "FoundByEmail",
    "GoogleSecret",
    "Group",
    "JoinPlan",
    "Joined",
    "JoinedContact",
    "Key",
    "KeyProvider",
    "KeyProviderError",
    "List",
    "ListMembership",
    "ListSource",
    "ListStatus",
    "LocalLimiter",
    "NotFoundError",
    "Note",
    "NoteRelType",
    "Observer",
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
    "RedisLimiter",
    "Reply",
    "RequestInfo",
    "ResponseTooLargeError",
    "RetryPolicy",
    "ServerError",
    "TLSError",
    "Tag",
    "TagType",
    "TransportError",
    "Unset",
    "Usage",
    "User",
    "ValidationError",
    "VaultSecret",
    "__version__",
    "priority",
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
