"""The account's key, held so that nothing shows it by accident."""

from __future__ import annotations

from typing import NoReturn

from ..errors import ConfigurationError


class Key:
    """A key that does not show itself: not in `repr`, `str`, `vars`, copies or pickles. `reveal()` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise ConfigurationError(f"the key: a str was expected, not {type(value).__name__}")
        if not value or not all("\x21" <= c <= "\x7e" for c in value):
            raise ConfigurationError("the key: printable ASCII without blanks or line ends was expected; copy it again")
        if value[0] == value[-1] and value[0] in "\"'`" and len(value) > 1:
            raise ConfigurationError("the key: it is given with quotes around it; leave them out")
        self._value = value

    def reveal(self) -> str:
        """The key itself."""
        return self._value

    def __repr__(self) -> str:
        return "Key('**********')"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key cannot be pickled or copied; make the client anew where it is needed")
