"""Values of contacts' custom fields, read and written. https://developers.activecampaign.com/reference/fieldvalues"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias, TypedDict, Unpack

from attrs import frozen

from .._call import Call, id_text, one
from .._given import encode_fields, sendable
from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._inputs import given_id
from ._resource import Resource, RowOrder

FieldInput: TypeAlias = str | int | Decimal | date | datetime | Sequence[str] | Unset | None
"""What a custom field can be set to: several choices as a list, a time with its zone, ``""`` to clear. UNSET: it is
left out, as if it had not been given."""

FieldInputs: TypeAlias = Mapping[int, FieldInput] | Sequence[tuple[int, FieldInput]]
"""Field id -> value."""

BAR = "||"


@frozen(kw_only=True, repr=False)
class FieldValue(Row):
    """One contact's value in one custom field."""

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
        return choices(self.value)


def choices(text: str | None) -> tuple[str, ...]:
    """What a text with bars (``||one||two||``) says, or one without."""
    if not text or not text.strip("|"):
        return ()
    if text.startswith(BAR) and text.endswith(BAR):
        return tuple(choice for choice in text[2:-2].split(BAR) if choice)
    return (text,)


def field_inputs(given: Any, name: str) -> list[dict[str, str | None]]:
    """`FieldInputs` as the wire takes them inside a contact."""
    pairs = list(given.items()) if isinstance(given, Mapping) else given
    if not isinstance(pairs, (list, tuple)):
        raise TypeError(f"{name}: a mapping of field id to value was expected, not {type(given).__name__}")
    if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise TypeError(f"{name}: pairs of field id and value were expected")
    fields = [(_field_id(id, name), value) for id, value in pairs if value is not UNSET]
    return [{"field": id, "value": value_text(value, f"{name}[{id}]")} for id, value in fields]


def _field_id(given: Any, name: str) -> str:
    told = f" {given!r}" if isinstance(given, str) and len(given) <= 100 and "@" not in given else ""
    return id_text(given, f"{name}: field id{told}", "fields")


def value_text(value: Any, name: str) -> str | None:
    """A `FieldInput` as the wire takes it."""
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        if not all(isinstance(choice, str) for choice in value):
            raise TypeError(f"{name}: a list of str was expected")
        if any(BAR in choice or not choice for choice in value):
            raise ValueError(f"{name}: a choice is neither empty nor holds {BAR}")
        given, value = tuple(value), f"{BAR}{BAR.join(value)}{BAR}" if value else ""
        if choices(value) != given:  # a bar at a choice's end joins those between
            raise ValueError(f"{name}: a choice that ends in a bar would come back as another one")
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal, date)):
        fits = "str, int, Decimal, date, datetime or a list of str"
        raise TypeError(f"{name}: {fits} was expected, not {type(value).__name__}")
    return str(sendable(value, name))


class _Written(TypedDict, total=False):
    contact: Annotated[int | str, Wire("contact", given_id)]
    field: Annotated[int | str, Wire("field", given_id)]
    value: Annotated[FieldInput, Wire("value", value_text)]


class _Beside(TypedDict, total=False):
    use_defaults: bool


class FieldValueFilters(TypedDict, total=False):
    """Filters for values."""

    field: Annotated[int | str, Wire("filters[fieldid]", given_id)]
    """Id of a custom field."""
    value: Annotated[str, Wire("filters[val]")]


class FieldValues(Resource[FieldValue]):
    """``ac.field_values``"""

    _path, _model, _written, _filters = "/fieldValues", FieldValue, _Written, FieldValueFilters

    def list(
        self,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
        **filters: Unpack[FieldValueFilters],
    ) -> Pager[FieldValue]:
        """Values of all contacts: ``GET /fieldValues``. `limit` is the page size (1 to 100), `order_by` the order.

        https://developers.activecampaign.com/reference/list-all-custom-field-values
        """
        return self._list(filters, order_by=order_by, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> FieldValue:
        """Read one: ``GET /fieldValues/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/retrieve-a-fieldvalues
        """
        return await self._get(id, timeout)

    async def create(
        self,
        *,
        contact: int | str,
        field: int | str,
        value: FieldInput,
        use_defaults: bool | Unset = UNSET,
        timeout: float | None = None,
    ) -> FieldValue:
        """Set a contact's value in a custom field, whether it had one or not: ``POST /fieldValues``.
        Safe to repeat. The contact comes along in `included`.

        `field` is an id: personalization tags are refused. ValidationError if there is no such field, NotFoundError if
        there is no such contact. With `use_defaults` the contact's missing required fields get their default values.
        https://developers.activecampaign.com/reference/create-fieldvalue
        """
        body = self._value(contact, field, value, use_defaults)
        call = Call("POST", self._path, one(FieldValue), body=body, repeatable=True, timeout=timeout)
        return await self._send(call)

    async def update(
        self,
        id: int | str,
        *,
        contact: int | str,
        field: int | str,
        value: FieldInput,
        use_defaults: bool | Unset = UNSET,
        timeout: float | None = None,
    ) -> FieldValue:
        """As `create`: ``PUT /fieldValues/{id}``. Contact and field, not the `id`, decide which value is set: the
        answer may have another id.

        https://developers.activecampaign.com/reference/update-a-custom-field-value-for-contact
        """
        body = self._value(contact, field, value, use_defaults)
        return await self._send(Call("PUT", self._at(id), one(FieldValue), body=body, timeout=timeout))

    async def delete(self, id: int | str, *, timeout: float | None = None) -> None:
        """Delete one: ``DELETE /fieldValues/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/delete-a-fieldvalue-1
        """
        await self._delete(id, timeout)

    def _value(
        self, contact: int | str, field: int | str, value: FieldInput, use_defaults: bool | Unset
    ) -> dict[str, Any]:
        body = self._body({}, {"contact": contact, "field": field, "value": value})
        return body | encode_fields(_Beside, {"use_defaults": use_defaults})
