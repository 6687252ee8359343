"""`EnvironmentKey`: the key as an environment variable has it, each time."""

from __future__ import annotations

import os
import re

from ..errors import ConfigurationError
from . import Credentials, Key, shown
from ._content import checked

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


class EnvironmentKey:
    """The key in an environment variable, read whenever it is asked for: what changes it is seen at once.

    ConfigurationError where it is not set, or cannot be a key.
    """

    __slots__ = ("_variable",)

    def __init__(self, variable: str = "AC_API_TOKEN") -> None:
        self._variable = variable if isinstance(variable, str) and _NAME.fullmatch(variable) else ""
        del variable  # error reporters show the locals of this frame: it may be the key
        if not self._variable:
            raise ConfigurationError("variable: the name of an environment variable was expected: AC_API_TOKEN")

    @property
    def name(self) -> str:
        """What errors and logs call it."""
        return f"EnvironmentKey({shown(self._variable)})"

    async def key(self, refused: Key | None = None) -> Credentials:
        """The key as the environment has it now."""
        if not os.environ.get(self._variable):
            said = f"no key: set the variable {shown(self._variable)}"
            raise ConfigurationError(f"{said} (Settings > Developer shows the key)")
        found = checked(os.environ[self._variable])
        if isinstance(found, Credentials):
            return found
        raise ConfigurationError(f"{self.name}: {found}")

    def __repr__(self) -> str:
        return self.name
