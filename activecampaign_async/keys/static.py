"""`StaticKey`: the key that was given as it is; what a client makes of a string."""

from __future__ import annotations

from . import Credentials, Key


class StaticKey:
    """A key in hand. `replace` puts another in its place, from the next request on."""

    __slots__ = ("current",)

    name = "api_key"

    def __init__(self, key: Key | str) -> None:
        try:
            self.current = key if isinstance(key, Key) else Key(key)
        finally:
            del key  # error reporters show the locals of this frame

    def replace(self, key: Key | str) -> None:
        """Give `key` from now on. ConfigurationError, and nothing is changed, for what cannot be one."""
        try:
            self.current = key if isinstance(key, Key) else Key(key)
        finally:
            del key

    async def key(self, refused: Key | None = None) -> Credentials:
        """The key."""
        return Credentials(self.current)

    def __repr__(self) -> str:
        return "StaticKey()"
