"""`AsyncClient`: settings in, areas out."""

from __future__ import annotations

import ssl
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from ._account import account as shared_account
from ._auth import ApiTokenAuth
from ._http import Http
from ._retry import RetryPolicy
from ._sender import Sender, seconds
from ._settings import account_of, key_from, origin_of
from .errors import ConfigurationError
from .limits import RateLimiter

if TYPE_CHECKING:
    from typing import Self

    import httpx

    from ._answer import Reply
    from ._call import Call
    from ._paging import Pager
    from ._request import Params
    from .keys import Key
    from .resources.contact_automations import ContactAutomations
    from .resources.contact_deals import ContactDeals
    from .resources.contact_tags import ContactTags
    from .resources.contacts import Contacts
    from .resources.field_groups import FieldGroups
    from .resources.field_values import FieldValues
    from .resources.fields import Fields
    from .resources.groups import Groups
    from .resources.lists import Lists
    from .resources.notes import Notes
    from .resources.scores import Scores
    from .resources.tags import Tags
    from .resources.users import Users


class AsyncClient:
    """One ActiveCampaign account.

        async with AsyncClient() as ac:  # AC_API_URL, AC_API_TOKEN
            contact = await ac.contacts.get(42)

    Arguments:
        base_url: the API URL that Settings > Developer shows; else ``AC_API_URL``.
        api_key: the key that it shows beside; else ``AC_API_TOKEN``.
        timeout: seconds for a whole call, waits and retries included, where the call gives none of its own. Without
            one a call waits for its turn at the rate limit as long as that takes, and is then tried as `retry` says.
        rate_limiter: paces the requests; by default one `LocalLimiter` for all clients of the account in this process.
        retry: how often a call is tried.
        ssl_context: verifies the server; one that would not is a ConfigurationError.
        proxy: URL of a proxy; by default from the environment (`trust_env`).
        transport: an HTTPX transport, for tests.
        account: name under which the request budget is shared in this process; by default from the host.
        read_only: refuse every call that writes.
        strict: raise DecodeError for a value that does not fit its field, where it is otherwise noted in `misfits`.

    Areas: contacts, contact_automations, contact_deals, contact_tags, field_groups, field_values, fields, groups,
    lists, notes, scores, tags, users. What has none is reached by `request` and `rows`.

    Raises ConfigurationError for settings that cannot work. May be opened in one task and closed in another.
    """

    contact_automations: ContactAutomations
    """Contacts in automations. https://developers.activecampaign.com/reference/contact-automations"""
    contact_deals: ContactDeals
    """Secondary contacts of deals. https://developers.activecampaign.com/reference/list-all-secondary-contacts"""
    contact_tags: ContactTags
    """Tags on contacts. https://developers.activecampaign.com/reference/contact-tags"""
    contacts: Contacts
    """People. https://developers.activecampaign.com/reference/contact"""
    field_groups: FieldGroups
    """Groups of custom fields. https://developers.activecampaign.com/reference/create-a-custom-field-group"""
    field_values: FieldValues
    """What contacts have in custom fields. https://developers.activecampaign.com/reference/fieldvalues"""
    fields: Fields
    """Custom fields of contacts. https://developers.activecampaign.com/reference/fields"""
    groups: Groups
    """Groups of users. https://developers.activecampaign.com/reference/groups"""
    lists: Lists
    """What contacts subscribe to. https://developers.activecampaign.com/reference/lists"""
    notes: Notes
    """Texts about contacts, deals and accounts. https://developers.activecampaign.com/reference/notes"""
    scores: Scores
    """What points are counted for. https://developers.activecampaign.com/reference/scores"""
    tags: Tags
    """Labels. https://developers.activecampaign.com/reference/tags"""
    users: Users
    """The account's own users. https://developers.activecampaign.com/reference/users"""

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | Key | None = None,
        *,
        timeout: float | None = None,
        rate_limiter: RateLimiter | None = None,
        retry: RetryPolicy | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        trust_env: bool = True,
        transport: httpx.AsyncBaseTransport | None = None,
        account: str | None = None,
        read_only: bool = False,
        strict: bool = False,
    ) -> None:
        origin, key = origin_of(base_url), key_from(api_key)
        if timeout is not None:
            seconds(timeout)
        _expect("rate_limiter", rate_limiter, RateLimiter, "acquire() and observe()")
        _expect("retry", retry, RetryPolicy, "a RetryPolicy")
        _expect("account", account, str, "a name")
        for name, switch in (("trust_env", trust_env), ("read_only", read_only), ("strict", strict)):
            _expect(name, switch, bool, "True or False")
        if proxy is not None and transport is not None:
            raise ConfigurationError("proxy, transport: give one of them; a transport makes its own connections")
        self._origin = origin
        self._account = shared_account(account or account_of(origin))
        http = Http(
            origin,
            ApiTokenAuth(origin, key),
            ssl_context=ssl_context,
            proxy=proxy,
            trust_env=trust_env,
            transport=transport,
        )
        self._sender = Sender(
            http,
            key,
            rate_limiter or self._account.limiter,
            retry or RetryPolicy(),
            self._account,
            _who_am_i,
            timeout=timeout,
            read_only=read_only,
            strict=strict,
        )

    @property
    def base_url(self) -> str:
        """Scheme, host and port of the account."""
        return self._origin

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        repeatable: bool | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Anything that has no method of its own here, down the same road: ``METHOD /api/3{path}``.

        `path` starts with one ``/`` and holds no query (`params` is for that). `repeatable` says whether sending it
        twice does no harm: by default so for GET, PUT and DELETE. Raises what every call raises.
        """
        from ._request import any_call

        return await self._sender.send(any_call(method, path, params, json, repeatable, timeout))

    def rows(
        self,
        path: str,
        key: str,
        params: Params | None = None,
        *,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[dict[str, Any]]:
        """The wire objects of any list: ``GET /api/3{path}``, page by page; `key` names them in the answer.

        async for goal in ac.rows("/goals", "goals"): ...
        """
        from ._request import any_list

        return any_list(self._sender, path, key, params, limit, timeout)

    async def aclose(self) -> None:
        """Close the connections. A closed client stays closed."""
        await self._sender.aclose()

    async def __aenter__(self) -> Self:
        self._sender.refuse_if_closed()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncClient({self._origin!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an AsyncClient cannot be pickled or copied; make one where it is needed")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *AsyncClient.__annotations__})

    if not TYPE_CHECKING:  # hidden, so that a misspelt area is a type error

        def __getattr__(self, name: str) -> Any:
            if name not in (areas := AsyncClient.__annotations__):
                known = ", ".join(sorted(areas))
                raise AttributeError(f"AsyncClient has no area {name!r}; there are {known}, and rows() and request()")
            area = getattr(import_module(f".resources.{name}", __package__), areas[name])(self._sender)
            setattr(self, name, area)
            return area


def _expect(name: str, given: object, kind: type, what: str) -> None:
    if given is not None and not isinstance(given, kind):
        raise ConfigurationError(f"{name}: {what} was expected, not {type(given).__name__}")


def _who_am_i() -> Call[Any]:
    from ._call import Call

    return Call("GET", "/users/me", lambda answer: answer.data)
