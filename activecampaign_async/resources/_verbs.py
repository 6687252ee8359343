"""What every area's verbs share: a misspelt argument is told with the nearest known one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, iscoroutinefunction, signature
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from .._given import nearest

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
            raise AttributeError(f"{said}{nearest(name, meant | verbs)}")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, verb in list(vars(cls).items()):
            if not name.startswith("_") and callable(verb) and not isinstance(verb, type):
                setattr(cls, name, _hinting(verb))


def _hinting(verb: Callable[..., Any]) -> Callable[..., Any]:
    if iscoroutinefunction(verb):

        @wraps(verb)
        async def awaited(*args: Any, **given: Any) -> Any:
            try:
                made = verb(*args, **given)
            except TypeError as error:  # of the signature: the body has not begun yet
                said = f"{error}{_hint(verb, given)}"
            else:
                return await made
            raise TypeError(said)

        return awaited

    @wraps(verb)
    def called(*args: Any, **given: Any) -> Any:
        try:
            return verb(*args, **given)
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                raise  # the verb's own
            said = f"{error}{_hint(verb, given)}"
        raise TypeError(said)

    return called


def _hint(verb: Callable[..., Any], given: dict[str, Any]) -> str:
    known = {name: name for name in _arguments(verb)}
    unknown = next((name for name in given if name not in known), None)
    return "" if unknown is None else f" ({unknown!r}{nearest(unknown, known)})"


def _arguments(verb: Callable[..., Any]) -> list[str]:
    parameters = signature(verb).parameters.values()
    names = [p.name for p in parameters if p.kind is not Parameter.VAR_KEYWORD and p.name != "self"]
    for rest in (p for p in parameters if p.kind is Parameter.VAR_KEYWORD):
        (fields,) = get_args(get_type_hints(verb)[rest.name])  # Unpack[TagFields]
        names += get_type_hints(fields)
    return names
