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

if TYPE_CHECKING:
    from typing import Self

    import httpx

    from ._answer import Reply
    from ._call import Call
    from ._paging import Pager
    from ._request import Params
    from .keys import Key
    from .limits import RateLimiter
    from .resources.contacts import Contacts
    from .resources.tags import Tags
    from .resources.users import Users


class AsyncClient:
    """One ActiveCampaign account.

    ::

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

    Raises ConfigurationError for settings that cannot work. May be opened in one task and closed in another.
    """

    contacts: Contacts
    """People. https://developers.activecampaign.com/reference/contact"""
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

        ::

            async for goal in ac.rows("/goals", "goals"): ...
        """
        from ._request import any_list

        return any_list(self._sender.send, path, key, params, limit, timeout)

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

    if not TYPE_CHECKING:  # hidden, so that a misspelt area is a type error

        def __getattr__(self, name: str) -> Any:
            if name not in (areas := AsyncClient.__annotations__):
                raise AttributeError(f"AsyncClient has no area {name!r}; there are {', '.join(sorted(areas))}")
            area = getattr(import_module(f".resources.{name}", __package__), areas[name])(self._sender.send)
            setattr(self, name, area)
            return area


def _who_am_i() -> Call[Any]:
    from ._call import Call

    return Call("GET", "/users/me", lambda answer: answer.data)
