"""`AsyncClient`: settings in, areas out."""

from __future__ import annotations

import ssl
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from ._account import accounts
from ._deadline import seconds
from ._hinting import hinting
from ._http import Http
from ._keyring import Keyring
from ._retry import RetryPolicy
from ._sender import Sender
from ._settings import account_of, key_from, origin_of
from ._usage import Usage
from .errors import ConfigurationError
from .keys import Key, KeyProvider, kind_of
from .keys._source import KeySource
from .keys.static import StaticKey
from .limits import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Self, TypedDict, Unpack

    import httpx

    from ._call import Call
    from ._observer import Observer, Telling
    from ._paging import Pager
    from ._request import Params, Reply
    from .resources.contact_automations import ContactAutomations
    from .resources.contact_deals import ContactDeals
    from .resources.contact_lists import ContactLists
    from .resources.contact_tags import ContactTags
    from .resources.contacts import Contacts
    from .resources.field_groups import FieldGroups
    from .resources.field_values import FieldValues
    from .resources.fields import Fields
    from .resources.groups import Groups
    from .resources.imports import Imports
    from .resources.lists import Lists
    from .resources.notes import Notes
    from .resources.scores import Scores
    from .resources.tags import Tags
    from .resources.users import Users

    class Options(TypedDict, total=False):
        """What a client takes beside base URL and key."""

        timeout: float | None
        rate_limiter: RateLimiter | None
        retry: RetryPolicy | None
        ssl_context: ssl.SSLContext | None
        proxy: str | None
        trust_env: bool
        transport: httpx.AsyncBaseTransport | None
        account: str | None
        read_only: bool
        strict: bool
        rotation_grace: float
        observer: Observer | None
        allowed_hosts: Collection[str] | None
        public_only: bool


class AsyncClient:
    """One ActiveCampaign account.

        async with AsyncClient() as ac:  # AC_API_URL, AC_API_TOKEN
            contact = await ac.contacts.get(42)

    Arguments:
        base_url: the API URL that Settings > Developer shows; else ``AC_API_URL``.
        api_key: the key that it shows beside, or a `KeyProvider` that is asked for it; else ``AC_API_TOKEN``.
        timeout: seconds for a whole call, waits and retries included, where the call gives none of its own. Without
            one a call waits for its turn at the rate limit as long as that takes, and is then tried as `retry` says.
        rate_limiter: paces the requests; by default one `LocalLimiter` for all clients of the account in this process.
        retry: how often a call is tried.
        ssl_context: verifies the server; one that would not is a ConfigurationError.
        proxy: URL of a proxy; by default from the environment.
        trust_env: take proxies, and ``SSL_CERT_FILE``, from the environment.
        transport: an HTTPX transport, for tests.
        account: name under which the request budget is shared in this process; by default from the host.
        read_only: refuse every call that writes.
        strict: raise DecodeError for a value that does not fit its field, where it is otherwise noted in `misfits`.
        rotation_grace: seconds for which a provider is asked for another key when the one it gave is refused; 0 asks
            once.
        observer: told of every call and every request.
        allowed_hosts: patterns (``*.api-us1.com``, ``*.example.org:8443``) one of which `base_url` must fit, where it
            comes from strangers.
        public_only: refuse a `base_url` that is an address, has a port that `allowed_hosts` does not name, or leads to
            an address that is not on the public internet: that shows at the call. Not together with a proxy.

    Areas: contacts, contact_automations, contact_deals, contact_lists, contact_tags, field_groups, field_values,
    fields, groups, imports, lists, notes, scores, tags, users. What has none is reached by `request` and `rows`.

    Raises ConfigurationError for settings that cannot work. May be opened in one task and closed in another.
    """

    contact_automations: ContactAutomations
    """Contacts in automations. https://developers.activecampaign.com/reference/contact-automations"""
    contact_deals: ContactDeals
    """Secondary contacts of deals. https://developers.activecampaign.com/reference/list-all-secondary-contacts"""
    contact_lists: ContactLists
    """Contacts on lists. https://developers.activecampaign.com/reference/update-list-status-for-contact"""
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
    imports: Imports
    """Contacts in bulk. https://developers.activecampaign.com/reference/bulk-import-contacts"""
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

    @hinting
    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | Key | KeyProvider | None = None,
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
        rotation_grace: float = 0.0,
        observer: Observer | None = None,
        allowed_hosts: Collection[str] | None = None,
        public_only: bool = False,
    ) -> None:
        try:
            origin, provider = origin_of(base_url), _provider(api_key)
        finally:
            del api_key, base_url  # error reporters show the locals of this frame
        try:
            if allowed_hosts is not None or public_only:
                from . import _strangers  # few need it

                _strangers.vetted(origin, allowed_hosts, public_only=public_only, proxy=proxy, trust_env=trust_env)
            if timeout is not None:
                seconds(timeout)
            _expect("rate_limiter", rate_limiter, RateLimiter, "a limiter such as LocalLimiter()")
            _expect("retry", retry, RetryPolicy, "a RetryPolicy")
            _expect("account", account, str, "a name")
            switches = {"trust_env": trust_env, "read_only": read_only, "strict": strict, "public_only": public_only}
            for name, switch in switches.items():
                _expect(name, switch, bool, "True or False")
            if (
                isinstance(rotation_grace, bool)
                or not isinstance(rotation_grace, (int, float))
                or not rotation_grace >= 0
            ):
                raise ConfigurationError("rotation_grace: seconds, 0 or more")
            if proxy is not None and transport is not None:
                raise ConfigurationError("proxy, transport: give one of them; a transport makes its own connections")
            self._origin = origin
            self._account = accounts.of(account or account_of(origin))
            http = Http(
                origin,
                ssl_context=ssl_context,
                proxy=proxy,
                trust_env=trust_env,
                transport=transport,
                public_only=public_only,
            )
        finally:
            del proxy  # its URL may hold a password
        self._sender = Sender(
            http,
            Keyring(KeySource(provider, origin_of, origin), rotation_grace),
            rate_limiter or self._account.limiter,
            retry or RetryPolicy(),
            self._account,
            _who_am_i,
            timeout=timeout,
            read_only=read_only,
            strict=strict,
            observer=_telling(observer),
        )

    @classmethod
    async def from_provider(
        cls, provider: KeyProvider, base_url: str | None = None, **options: Unpack[Options]
    ) -> Self:
        """A client whose base URL stands beside the key, in a secret that holds both; `options` as the client's own.
        `base_url` is for a secret that holds none, and must be the same where it does.

            async with await AsyncClient.from_provider(AWSSecret("prod/activecampaign")) as ac: ...

        ConfigurationError where the secret holds no URL, KeyProviderError where it cannot be had.
        """
        try:
            try:
                given = _provider(provider, environment=False)
                source = KeySource(given, origin_of, None if base_url is None else origin_of(base_url))
            finally:
                del provider, base_url
            await source.ask()
            return cls(source.origin, source.provider, **options)
        finally:
            del options  # of a proxy's URL, the password

    @property
    def usage(self) -> Usage:
        """What this client has spent so far."""
        return self._sender.log.usage

    def rotate(self, api_key: str | Key | KeyProvider) -> None:
        """Send another key, or ask another provider, from the next request on. Nothing that is under way is lost: what
        is refused with the old key goes again with this one. RuntimeError where the client is closed.
        """
        try:
            provider = _provider(api_key, environment=False)
        finally:
            del api_key
        self._sender.refuse_if_closed()
        self._sender.keys.rotate(provider)

    @property
    def key_fingerprint(self) -> str | None:
        """`Key.fingerprint` of the key in use, which says whether a rotation has come this far; None before the first
        call."""
        key = self._sender.keys.current
        return None if key is None else key.fingerprint

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
        """The wire objects of any list: ``GET /api/3{path}``, page by page.

            async for automation in ac.rows("/automations", "automations"): ...

        `key` names them in the answer.
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
        return f"AsyncClient({getattr(self, '_origin', None)!r})"  # error reporters show one that is half made, too

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
    if isinstance(given, type) or not (given is None or isinstance(given, kind)):  # a class has the verbs, too
        raise ConfigurationError(f"{name}: {what} was expected, not {kind_of(given)}")


def _telling(observer: Observer | None) -> Telling | None:
    if observer is None:
        return None
    from ._observer import Observer, Telling  # few have one

    _expect("observer", observer, Observer, "an Observer")
    return Telling(observer)


def _provider(given: str | Key | KeyProvider | None, *, environment: bool = True) -> KeyProvider:
    """What is asked for the key. None is the environment's where a client is made: later it would be a mistake, and
    the key there another account's."""
    try:
        if isinstance(given, (str, Key)) or (given is None and environment):
            return StaticKey(key_from(given))
        from .keys._ask import misfit  # who gives a str never loads it

        flaw = misfit(given, "a str, Key or KeyProvider")
        if given is None or flaw is not None:
            raise ConfigurationError(f"api_key: {flaw}")
        return given
    finally:
        del given


def _who_am_i() -> Call[Any]:
    from ._call import Call

    return Call("GET", "/users/me", lambda answer: answer.data)
