"""Values of contacts' custom fields, read and written. https://developers.activecampaign.com/reference/fieldvalues"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from attrs import frozen

from .._call import id_text
from .._given import sendable
from .._model import Row, Wire

FieldInput: TypeAlias = str | int | Decimal | date | datetime | Sequence[str] | None
"""What a custom field can be set to: several choices as a list, a time with its zone, ``""`` to clear."""

FieldInputs: TypeAlias = Mapping[int, FieldInput] | Sequence[tuple[int, FieldInput]]
"""Field id -> value."""

BAR = "||"


@frozen(kw_only=True, repr=False)
class FieldValue(Row):
    """What one contact has in one custom field."""

    KEY, KEYS = "fieldValue", "fieldValues"

    contact: int | None = None
    field: int | None = None
    """Custom field id."""
    value: str | None = None
    """As text: several choices are one text with bars, see `values`."""
    owner: int | None = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("udate")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None

    @property
    def values(self) -> tuple[str, ...]:
        """The choices of a field that takes several (``||one||two||``), or the one value there is."""
        if not self.value:
            return ()
        if self.value.startswith(BAR) and self.value.endswith(BAR):
            return tuple(choice for choice in self.value.split(BAR) if choice)
        return (self.value,)


def field_inputs(given: Any, name: str) -> list[dict[str, str | None]]:
    """`FieldInputs` as the wire takes them inside a contact."""
    pairs = list(given.items()) if isinstance(given, Mapping) else given
    if not isinstance(pairs, (list, tuple)):
        raise TypeError(f"{name}: a mapping of field id to value was expected, not {type(given).__name__}")
    if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise TypeError(f"{name}: pairs of field id and value were expected")
    fields = [(id_text(id, f"{name}: field id"), value) for id, value in pairs]
    return [{"field": id, "value": _text(value, f"{name}[{id}]")} for id, value in fields]


def _text(value: Any, name: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        if not all(isinstance(choice, str) for choice in value):
            raise TypeError(f"{name}: a list of str was expected")
        if any(BAR in choice or not choice for choice in value):
            raise ValueError(f"{name}: a choice is neither empty nor holds {BAR}")
        value = f"{BAR}{BAR.join(value)}{BAR}" if value else ""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal, date)):
        fits = "str, int, Decimal, date, datetime or a list of str"
        raise TypeError(f"{name}: {fits} was expected, not {type(value).__name__}")
    return str(sendable(value, name))
