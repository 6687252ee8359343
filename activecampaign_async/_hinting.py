"""Arguments that do not fit are told with those that may have been meant, and those behind ``**`` with their names."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, cleandoc, iscoroutinefunction, signature
from typing import Any, TypeVar, cast, get_args, get_type_hints

F = TypeVar("F", bound=Callable[..., Any])


def hinting(verb: F) -> F:
    """`verb`, whose own TypeError for arguments that do not fit says which may have been meant."""
    made = _awaited(verb) if iscoroutinefunction(verb) else _called(verb)
    made.__doc__ = _told(verb)
    return cast("F", made)


def _told(verb: Callable[..., Any]) -> str | None:
    """Its docstring, and what it takes by ``**``: `help` shows no more of that than the name of a TypedDict."""
    said = verb.__doc__
    for name, hint in verb.__annotations__.items():
        if said and str(hint).startswith("Unpack["):
            fields = verb.__globals__[hint[len("Unpack[") : -1]].__annotations__
            said = f"{cleandoc(said)}\n\n`{name}`: {', '.join(fields) or 'none'}."
    return said


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
    from ._given import OWN, nearest  # a client that is given what it takes never loads it

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
