"""What is asked of every row that is decoded, and the normal form under which two wire values are the same."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import attrs

from activecampaign_async import resources
from activecampaign_async._model import Included, Model, Row, plan
from activecampaign_async._paging import Page, Pager
from activecampaign_async._wire import encode, php_list

from .calls import PATHS

TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d.*))?", re.DOTALL)
DIGITS = re.compile(r"-?\d+", re.ASCII)


def _models() -> Iterator[type[Model]]:
    for module in pkgutil.iter_modules(resources.__path__):
        for kind in vars(import_module(f"{resources.__name__}.{module.name}")).values():
            if isinstance(kind, type) and issubclass(kind, Model) and kind not in (Model, Row):
                yield kind


MODELS: list[type[Model]] = sorted(set(_models()), key=lambda model: model.__name__)
BY_KEY: dict[str, type[Model]] = {model.KEY: model for model in MODELS if model.KEY}
BY_KEYS: dict[str, type[Model]] = {model.KEYS: model for model in MODELS if model.KEYS}


def normal(value: Any) -> Any:
    """What a wire value means, as docs/fidelity.md has it. None: nothing."""
    if value in (None, "", [], {}):
        return None
    match value:
        case bool() | int():
            return str(int(value))
        case float():
            return format(Decimal(str(value)), "f")
        case str():
            return _text(value)
        case list():
            return [normal(item) for item in value]
        case dict():
            return {key: inner for key, item in value.items() if (inner := normal(item)) is not None} or None
    raise TypeError(f"no JSON: {type(value).__name__}")


def _text(text: str) -> str | None:
    if DIGITS.fullmatch(text):
        return str(int(text))
    time = TIME.fullmatch(text)
    if time is None:
        return text
    day, clock = time.groups()
    if day == "0000-00-00":
        return None
    if clock is None or re.fullmatch(r"00:00(:00)?(\.0+)?", clock):
        return day
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return text


def sent(value: Any) -> Any:
    """A body, its scalars in the normal form. What is empty stays what it is: null, "" and [] are told apart."""
    if isinstance(value, list):
        return [sent(item) for item in value]
    if isinstance(value, dict):
        return {key: sent(item) for key, item in value.items()}
    return value if value is None or value == "" else normal(value)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1, "1" and true are three things."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def told(value: Any) -> Any:
    """An attribute as the wire writes it. Of a model only its own attributes say what it is: no wire object."""
    if isinstance(value, Model):
        return {f.wire: told(getattr(value, f.name)) for f in plan(type(value))}
    if isinstance(value, tuple):
        return [told(item) for item in value]
    if isinstance(value, Mapping):
        return {key: told(item) for key, item in value.items()}
    return encode(value)


def check(made: Model, row: Any) -> None:
    """Nothing of the wire row is lost or unknown, and the attributes alone say what it says, no more and no less."""
    name = type(made).__name__
    for part in parts(made):
        assert not part.misfits, f"{name}: misfits {sorted(part.misfits)} of {type(part).__name__}"
        assert not part.extra, f"{name}: no field for {sorted(part.extra)} of {type(part).__name__}"
    assert same(made.to_dict(), row), f"{name}: to_dict() is not the wire row"
    assert same(attrs.evolve(made).to_dict(), row), f"{name}: to_dict() of a copy is not the wire row"
    for f in plan(type(made)):
        value, wanted = getattr(made, f.name), normal(row.get(f.wire))
        assert wanted is None or value is not None, f"{name}.{f.name} is None"
        assert normal(told(value)) == wanted, f"{name}.{f.name} does not encode back"


def parts(value: Any) -> Iterator[Model]:
    """A model, and those inside it."""
    if isinstance(value, Model):
        yield value
        for f in plan(type(value)):
            yield from parts(getattr(value, f.name))
    elif isinstance(value, (tuple, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from parts(item)


def check_type(result: Any, hint: Any) -> None:
    """The result is what its method says that it gives."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        hint = NoneType if result is None else next(arg for arg in args if arg is not NoneType)
    if origin is Pager:
        assert type(result) is Page
        assert {type(item) for item in result.items} <= set(args)
    elif origin is tuple:
        assert type(result) is tuple
        assert {type(item) for item in result} <= {args[0]}
    else:
        assert type(result) is hint, f"{type(result).__name__}, not {hint}"


def check_answer(result: Any, body: Any) -> None:
    """`check` for every row of an answer, beside the result too. Of areas that are not built there are no models for
    the rows beside: those stand as they came.
    """
    made, rows = _main(result, body)
    assert len(made) == len(rows)
    pairs = list(zip(made, rows, strict=True))
    included = result.included if isinstance(result, (Page, Model)) else Included()
    for key, beside in included.items():
        assert same(beside, body[key])
        model = BY_KEYS.get(key)
        assert model is not None or key not in PATHS, f"no model for the rows beside: {key}"
        if beside and model is not None:
            several = php_list(beside)
            pairs += zip(included.of(model), several if isinstance(several, list) else [several], strict=True)
    for each, row in pairs:
        check(each, row)


def _main(result: Any, body: Any) -> tuple[list[Model], list[Any]]:
    if isinstance(result, Model):
        return [result], [body.get(result.KEY, body)]
    made = list(result.items) if isinstance(result, Page) else list(result or ())
    if not made:
        beside = {"meta", *(result.included if isinstance(result, Page) else ())}
        own = [value for key, value in body.items() if key not in beside] if isinstance(body, dict) else [body]
        assert not any(own), "rows that came to nothing"
        return [], []
    return made, php_list(body[made[0].KEYS])
