"""What is asked of every row that is decoded, and the normal form under which two wire values are the same."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

from activecampaign_async import resources
from activecampaign_async._model import Model, Row, plan
from activecampaign_async._paging import Page
from activecampaign_async._wire import encode, php_list

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


def check(made: Model, row: Any) -> None:
    """Nothing of the wire row is lost, and the attributes alone say what it says."""
    name = type(made).__name__
    assert not made.misfits, f"{name}: misfits {sorted(made.misfits)}"
    assert made.to_dict() == row, f"{name}: to_dict() is not the wire row"
    for f in plan(type(made)):
        wanted = normal(row.get(f.wire))
        if wanted is None:
            continue
        value = getattr(made, f.name)
        assert value is not None, f"{name}.{f.name} is None"
        assert normal(encode(value)) == wanted, f"{name}.{f.name} does not encode back"


def check_answer(result: Any, body: Any) -> list[tuple[str, set[str]]]:
    """`check` for every row of an answer, beside the result too. Gives (model, unknown keys) of each that has any."""
    found: list[tuple[str, set[str]]] = []
    made, rows = _main(result, body)
    assert len(made) == len(rows)
    pairs = list(zip(made, rows, strict=True))
    included = result.included if isinstance(result, (Page, Model)) else None
    if included is not None:
        for key, beside in included.items():
            model = BY_KEYS.get(key)
            assert included[key] == body[key]
            if model is not None and beside:
                rows = php_list(beside)
                pairs += zip(included.of(model), rows if isinstance(rows, list) else [rows], strict=True)
    for each, row in pairs:
        check(each, row)
        if each.extra:
            found.append((type(each).__name__, set(each.extra)))
    return found


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
