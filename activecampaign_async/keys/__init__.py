"""The account's key: held so that nothing shows it by accident, and asked for anew whenever it is needed."""

from __future__ import annotations

import re
from typing import NoReturn, Protocol, runtime_checkable

from ..errors import ConfigurationError

_LIKE_A_KEY = "(?=[A-Za-z]*[0-9])[A-Za-z0-9]{32,}"  # ActiveCampaign's have 72 characters


class Key:
    """A key that does not show itself: not in `repr`, `str`, `vars`, copies or pickles. `reveal()` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if (flaw := flaw_of(value)) is not None:
            del value  # error reporters show the locals of this frame
            raise ConfigurationError(f"the key: {flaw}")
        self._value = value

    def reveal(self) -> str:
        """The key itself."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """Eight digits by which people tell keys apart, in logs and tickets; of no use to whoever has nothing else."""
        from hashlib import sha256

        return sha256(self._value.encode()).hexdigest()[:8]

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if isinstance(other, Key) else NotImplemented

    def __hash__(self) -> int:
        return hash((Key, self._value))

    def __repr__(self) -> str:
        return "Key('**********')"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key cannot be pickled or copied; make the client anew where it is needed")

    __getstate__ = __reduce__  # what walks objects asks for that first, and then for what is in their slots


def flaw_of(value: object) -> str | None:
    """Why `value` cannot be a key, without showing it; None where it can."""
    if not isinstance(value, str):
        return f"a str was expected, not {type(value).__name__}"
    if not value:
        return "it is empty"
    if not all("\x21" <= c <= "\x7e" for c in value):
        return "printable ASCII without blanks or line ends was expected; copy it again"
    if value[0] == value[-1] and value[0] in "\"'`" and len(value) > 1:
        return "it is given with quotes around it; leave them out"
    if value.startswith(("https://", "http://")):
        return "it is a URL; Settings > Developer shows the key below that"
    return None


def looks_like_one(name: str) -> bool:
    """Whether what stands in the place of a name, path or host may be the key itself: then nothing shows it."""
    return "/" not in name and re.search(_LIKE_A_KEY, name) is not None


def shown(name: str) -> str:
    """A name as errors and `repr` show it."""
    return "<not shown: it looks like a key>" if looks_like_one(name) else repr(name)


def kind_of(given: object) -> str:
    """What was given, without showing it. A class in the place of an object is a common mistake."""
    return f"the class {given.__name__} itself" if isinstance(given, type) else type(given).__name__


class Credentials:
    """A key, and the base URL that it belongs to where that is kept beside it. Does not show the key."""

    __slots__ = ("base_url", "key")

    def __init__(self, key: Key | str, base_url: str | None = None) -> None:
        try:
            self.key = key if isinstance(key, Key) else Key(key)
        finally:
            del key
        self.base_url = base_url

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Credentials):
            return NotImplemented
        return self.key == other.key and self.base_url == other.base_url

    def __hash__(self) -> int:
        return hash((self.key, self.base_url))

    def __repr__(self) -> str:
        key, url = getattr(self, "key", None), getattr(self, "base_url", None)  # of one that is half made, neither
        return f"Credentials({key!r}{'' if url is None else ', base_url=…'})"  # that may be mistaken


@runtime_checkable
class KeyProvider(Protocol):
    """Gives the account's key each time it is asked: before every request. One method, so that your own is easily
    written; wrap it in `CachedKey` where asking costs something.

    It must be possible to cancel: what blocks belongs in a thread that may be left behind,
    ``anyio.to_thread.run_sync(..., abandon_on_cancel=True)``.

    A provider may have a `name`, a str, by which errors and logs call it; else they use the name of its class.
    """

    async def key(self, refused: Key | None = None) -> Key | Credentials | str:
        """The key as it is now. `refused` is one that it gave, and that ActiveCampaign does not accept (any more): a
        copy of that is worth nothing, so look at the source."""
