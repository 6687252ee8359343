"""What every area's verbs share: arguments that do not fit are told with those that may have been meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, iscoroutinefunction, signature
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args, get_type_hints

if TYPE_CHECKING:
    from .._call import Send

F = TypeVar("F", bound=Callable[..., Any])

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
            from .._given import nearest  # here and below: a client that is given what it takes never loads it

            raise AttributeError(f"{said}{nearest(name, meant | verbs)}")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, verb in list(vars(cls).items()):
            if not name.startswith("_") and callable(verb) and not isinstance(verb, type):
                setattr(cls, name, hinting(verb))


def hinting(verb: F) -> F:
    """`verb`, whose own TypeError for arguments that do not fit says which may have been meant."""
    return cast("F", _awaited(verb) if iscoroutinefunction(verb) else _called(verb))


def _awaited(verb: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(verb)
    async def awaited(*args: Any, **given: Any) -> Any:
        try:
            made = verb(*args, **given)
        except TypeError as error:  # of the signature: the body has not begun yet
            said = f"{error}{_hint(verb, args, given)}"
        else:
            return await made
        raise TypeError(said)

    return awaited


def _called(verb: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(verb)
    def called(*args: Any, **given: Any) -> Any:
        try:
            return verb(*args, **given)
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                raise  # the verb's own
            said = f"{error}{_hint(verb, args, given)}"
        finally:
            del args, given  # error reporters show the locals of this frame: a client is given its key
        raise TypeError(said)

    return called


def _hint(verb: Callable[..., Any], args: tuple[Any, ...], given: dict[str, Any]) -> str:
    from .._given import OWN, nearest

    known = {name: name for name in _arguments(verb)}
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        return f" ({unknown!r}{nearest(unknown, known)})"
    places = [name for name, p in signature(verb).parameters.items() if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
    wanted = [f"{name}=…" for name in known if name not in (*places, *OWN)] if len(args) > len(places) else []
    return f" (by keyword: {', '.join(wanted[:3])})" if wanted else ""


def _arguments(verb: Callable[..., Any]) -> list[str]:
    parameters = signature(verb).parameters.values()
    names = [p.name for p in parameters if p.kind is not Parameter.VAR_KEYWORD and p.name != "self"]
    for rest in (p for p in parameters if p.kind is Parameter.VAR_KEYWORD):
        (fields,) = get_args(get_type_hints(verb)[rest.name])  # Unpack[TagFields]
        names += get_type_hints(fields)
    return names
