"""What every area's verbs share: arguments that do not fit are told with those that may have been meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._hinting import hinting

if TYPE_CHECKING:
    from .._call import Send

_CALLED_ELSEWHERE = {
    "add": "create",
    "all": "list",
    "delete_tag": "remove_tag",
    "edit": "update",
    "get_all": "list",
    "read": "get",
    "remove": "delete",
    "search": "find",
    "subscribe": "set_list_status",
    "tag": "add_tag",
    "unsubscribe": "set_list_status",
    "upsert": "sync",
}
"""What other libraries call a verb."""


class Verbs:
    """Base of every area, and of its parts."""

    _send: Send

    if not TYPE_CHECKING:  # hidden, so that a misspelt verb is a type error

        def __getattr__(self, name: str) -> Any:
            said = f"{type(self).__name__!r} object has no attribute {name!r}"
            if name.startswith("_"):
                raise AttributeError(said)
            verbs = {verb: verb for verb in dir(type(self)) if not verb.startswith("_")}
            meant = {called: verb for called, verb in _CALLED_ELSEWHERE.items() if verb in verbs}
            from .._given import nearest  # a rare path

            raise AttributeError(f"{said}{nearest(name, meant | verbs)}")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, verb in list(vars(cls).items()):
            if not name.startswith("_") and callable(verb) and not isinstance(verb, type):
                setattr(cls, name, hinting(verb))
