"""Custom fields of contacts. https://developers.activecampaign.com/reference/fields"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NamedTuple, TypeAlias, TypedDict, Unpack

from attrs import frozen

from .._call import Call, id_text, many, one, under
from .._given import encode_fields
from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from .._wire import MISFIT, encode, read_date, read_datetime
from ._inputs import given_id, not_blank
from ._resource import Resource, RowOrder, only, removal, rows, same
from .field_values import BAR, choices, value_text


class FieldType(Enum):
    """What a custom field holds."""

    TEXT = "text"
    TEXTAREA = "textarea"
    HIDDEN = "hidden"
    DATE = "date"
    DATETIME = "datetime"
    NUMBER = "number"
    DROPDOWN = "dropdown"
    RADIO = "radio"
    CHECKBOX = "checkbox"
    LISTBOX = "listbox"


FieldData: TypeAlias = str | Decimal | date | datetime | tuple[str, ...] | None
"""The value of a custom field, according to its type: see `Field.parse`."""


@frozen(kw_only=True, repr=False)
class Field(Row):
    """A custom field. Its options and the lists it is for are in `included`.

    `parse` and `format` convert its text to the field's type, and back:

        born = field.parse(field_value.value)  # a date, where `field.type` is FieldType.DATE
        await ac.contacts.update(42, field_values={field.id: field.format(born)})
    """

    KEY, KEYS = "field", "fields"

    title: str | None = None
    type: FieldType | str | None = None
    description: Annotated[str | None, Wire("descript")] = None
    perstag: str | None = None
    """The personalization tag, without its percent signs."""
    default: Annotated[str | None, Wire("defval")] = None
    is_required: Annotated[bool | None, Wire("isrequired")] = None
    visible: bool | None = None
    """Whether forms offer it."""
    show_in_list: Annotated[bool | None, Wire("show_in_list")] = None
    rows: int | None = None
    cols: int | None = None
    service: str | None = None
    """What the field was made for, where that is another product."""
    order_num: Annotated[int | None, Wire("ordernum")] = None
    options: tuple[int, ...] | None = None
    """Ids only: the rows themselves are ``included.field_options``."""
    relations: tuple[int, ...] | None = None
    """Ids only: the rows themselves are ``included.field_rels``."""
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("udate")] = None
    created_timestamp: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_timestamp: Annotated[datetime | None, Wire("updated_timestamp")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None

    def parse(self, text: str | None) -> FieldData:
        """The value of this field, which a `FieldValue` holds as text, according to the field's type.

        A date, a datetime (with a time zone if the text has one), a Decimal for a number, a tuple of str for a field
        with several choices, else text. Empty text is None, or an empty tuple. Text that does not fit the field's
        type, as after a change of type, stays text.
        """
        form = _FORMS.get(self.type, _TEXT)
        try:
            return form.read(text)
        except MISFIT:
            return text

    def format(self, value: FieldData | int | Sequence[str]) -> str:
        """`value` as the text that this field takes: the reverse of `parse`. None gives "", which clears.

        A time without a time zone is written without one, as ActiveCampaign keeps it, and is in the account's own zone.
        TypeError for any type other than the field's. Text passes unchanged if `parse` can read it: else a ValueError
        names what fits. Choices must be among the values (not the labels) of the field's options, if these came along,
        as they do with `Fields.list`, `get` and `find`: else a ValueError names them.
        """
        text = self._text(value)
        options = [row.value for row in self.included.of(FieldOption) if row.value]
        if text and options and self.type in _OF_OPTIONS:
            chosen = choices(text) if _FORMS.get(self.type) is _CHOICES else (text,)
            if wrong := [choice for choice in chosen if choice not in options]:
                raise ValueError(f"value: {wrong[0]!r} is none of its options: {', '.join(map(repr, options))}")
        return text

    def _text(self, value: FieldData | int | Sequence[str]) -> str:
        if not value and (value is None or isinstance(value, str)):
            return ""
        form = _FORMS.get(self.type, _TEXT)
        kind = self.type.value if isinstance(self.type, Enum) else self.type
        if isinstance(value, str):
            if not _reads(form, value):
                fits = f"{form.takes}, or text like {form.like}: this is other text"
                raise ValueError(f"value: a {kind} field ({self.title or self.id}) takes {fits}")
            return value
        # To isinstance a bool is an int, and a datetime a date.
        other = isinstance(value, bool) or (isinstance(value, datetime) and form.kinds is not datetime)
        if other or not isinstance(value, form.kinds):
            raise TypeError(f"value: a {kind} field takes {form.takes}, not {type(value).__name__}")
        if isinstance(value, datetime):
            return str(encode(value))
        return value_text(value, "value") or ""


_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def _number(text: str | None) -> Decimal | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError("no plain number")
    return Decimal(text)


def _choices(text: str | None) -> tuple[str, ...]:
    found = choices(text)
    if any(BAR in choice for choice in found):
        raise ValueError("half a list of choices")
    return found


class _Form(NamedTuple):
    """How the values of a type of field are read, and what a caller gives for one."""

    read: Callable[[str | None], FieldData]
    kinds: type | tuple[type, ...]
    takes: str
    like: str = ""
    """Text that can be read."""


def _reads(form: _Form, text: str) -> bool:
    try:
        form.read(text)
    except MISFIT:
        return False
    return True


_TEXT = _Form(lambda text: text or None, (), "str")
_CHOICES = _Form(_choices, (list, tuple), "a list of str", "||one||two||")
_FORMS: Mapping[FieldType | str | None, _Form] = {
    FieldType.DATE: _Form(read_date, date, "date", "1990-05-17"),
    FieldType.DATETIME: _Form(read_datetime, datetime, "datetime", "2020-05-19T02:45:00-05:00"),
    FieldType.NUMBER: _Form(_number, (int, Decimal), "int or Decimal", "12.50"),
    FieldType.CHECKBOX: _CHOICES,
    FieldType.LISTBOX: _CHOICES,
}
_OF_OPTIONS = {FieldType.DROPDOWN, FieldType.RADIO, FieldType.CHECKBOX, FieldType.LISTBOX}


@frozen(kw_only=True, repr=False)
class FieldOption(Row):
    """An option of a custom field."""

    KEY, KEYS = "fieldOption", "fieldOptions"

    field: int | None = None
    value: str | None = None
    label: str | None = None
    order_id: Annotated[int | None, Wire("orderid")] = None
    is_default: Annotated[bool | None, Wire("isdefault")] = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("udate")] = None


@frozen(kw_only=True, repr=False)
class FieldRel(Row):
    """Which list's contacts have a custom field."""

    KEY, KEYS = "fieldRel", "fieldRels"

    field: int | None = None
    rel_id: Annotated[int | None, Wire("relid")] = None
    """Id of the list; 0: all lists."""
    dorder: int | None = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None


class FieldFields(TypedDict, total=False):
    """What can be written besides title and type."""

    description: Annotated[str | None, Wire("descript")]
    perstag: str
    """The personalization tag; else made of the title."""
    default: Annotated[str | None, Wire("defval")]
    is_required: Annotated[bool, Wire("isrequired")]
    visible: bool
    """Whether forms offer it."""
    service: str | None
    order_num: Annotated[int, Wire("ordernum")]
    show_in_list: Annotated[bool, Wire("show_in_list")]
    """Deprecated by ActiveCampaign."""
    rows: int
    """Deprecated by ActiveCampaign."""
    cols: int
    """Deprecated by ActiveCampaign."""


class _Written(FieldFields, total=False):
    title: Annotated[str, Wire("title", not_blank)]
    type: FieldType | str


class FieldFilters(TypedDict, total=False):
    """By what custom fields can be filtered."""

    perstag: Annotated[str, Wire("filters[perstag]")]
    """The personalization tag."""


class _OptionValue(TypedDict):
    value: str


class FieldOptionDetails(TypedDict, total=False):
    """What can be written of an option besides its value."""

    label: str
    order_id: Annotated[int, Wire("orderid")]
    is_default: Annotated[bool, Wire("isdefault")]


class FieldOptionFields(_OptionValue, FieldOptionDetails):
    """A new option: its value and details."""


class _Option(FieldOptionFields, total=False):
    field: Annotated[int | str, Wire("field", given_id)]


class _OptionWritten(FieldOptionDetails, total=False):
    value: Annotated[str, Wire("value", not_blank)]


class Fields(Resource[Field]):
    """``ac.fields``"""

    _path, _model, _written, _filters = "/fields", Field, _Written, FieldFilters

    def list(
        self,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
        **filters: Unpack[FieldFilters],
    ) -> Pager[Field]:
        """Custom fields, each with its options and relations in `included`: ``GET /fields``. `limit` is the page size
        (1 to 100). https://developers.activecampaign.com/reference/retrieve-fields
        """
        return self._list(filters, order_by=order_by, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> Field:
        """Read one, with its options and relations in `included`: ``GET /fields/{id}``. NotFoundError if there
        is none. https://developers.activecampaign.com/reference/retrieve-a-custom-field-contact
        """
        return await self._get(id, timeout)

    async def create(
        self, *, title: str, type: FieldType | str, timeout: float | None = None, **fields: Unpack[FieldFields]
    ) -> Field:
        """Create a custom field: ``POST /fields``. DuplicateError if the title already exists.

        It can be used once it has a relation (`create_relation`) and, for a field with choices, options.
        https://developers.activecampaign.com/reference/create-a-contact-custom-field
        """
        return await self._create({"title": title, "type": type}, fields, timeout)

    async def update(
        self,
        id: int | str,
        *,
        title: str | Unset = UNSET,
        type: FieldType | str | Unset = UNSET,
        timeout: float | None = None,
        **fields: Unpack[FieldFields],
    ) -> Field:
        """Change only what is given: ``PUT /fields/{id}``.

        https://developers.activecampaign.com/reference/update-a-field
        """
        return await self._update(id, {"title": title, "type": type, **fields}, timeout)

    async def delete(self, id: int | str, *, timeout: float | None = None) -> None:
        """Delete one: ``DELETE /fields/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/delete-a-field
        """
        await self._delete(id, timeout)

    async def find(self, title_or_perstag: str, *, timeout: float | None = None) -> Field | None:
        """The field with that title or personalization tag, or None, ignoring case, percent signs and surrounding
        blanks: ``GET /fields``, all pages. LookupError if several have it.

        https://developers.activecampaign.com/reference/retrieve-fields
        """
        wanted = not_blank(title_or_perstag, "title_or_perstag")
        tag = wanted.strip().strip("%")  # as it stands in mails

        def fits(field: Field) -> bool:
            return same(field.title, wanted) or same(field.perstag, tag)

        return await only(self.list(), fits, "fields have that title or personalization tag", timeout)

    # -- what can be chosen

    async def create_options(
        self,
        field: int | str,
        options: Sequence[str | FieldOptionFields],
        *,
        timeout: float | None = None,
    ) -> tuple[FieldOption, ...]:
        """Add options, one or many, to a field: ``POST /fieldOption/bulk``. A str is both value and label.
        NotFoundError if there is no such field.

            await ac.fields.create_options(8, ["red", {"value": "g", "label": "Green", "is_default": True}])

        https://developers.activecampaign.com/reference/create-custom-field-options
        """
        if not isinstance(options, (list, tuple)):
            raise TypeError(f"options: a list was expected, not {type(options).__name__}")
        if not options:
            raise ValueError("options: is empty")
        body = {"fieldOptions": [_option(field, option, f"options[{i}]") for i, option in enumerate(options)]}
        call = Call("POST", "/fieldOption/bulk", many(FieldOption), body=body, timeout=timeout)
        return await self._send(call)

    def options(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[FieldOption]:
        """The options of all fields: ``GET /fieldOptions``. `limit` is the page size (1 to 100), `order_by` the order.
        Undocumented by ActiveCampaign.

        Those of one field stand in its `included`.
        """
        return rows(self._send, "/fieldOptions", FieldOption, order_by=order_by, limit=limit, timeout=timeout)

    async def get_option(self, option: int | str, *, timeout: float | None = None) -> FieldOption:
        """Read one option, by its own id: ``GET /fieldOptions/{id}``. NotFoundError if there is none.

        Undocumented by ActiveCampaign.
        """
        path = under("/fieldOptions", id_text(option, "option"))
        return await self._send(Call("GET", path, one(FieldOption), timeout=timeout))

    async def update_option(
        self,
        option: int | str,
        *,
        value: str | Unset = UNSET,
        timeout: float | None = None,
        **details: Unpack[FieldOptionDetails],
    ) -> FieldOption:
        """Change only what is given of one option, by its own id: ``PUT /fieldOptions/{id}``. Undocumented by
        ActiveCampaign.
        """
        row = encode_fields(_OptionWritten, {"value": value, **details})
        if not row:
            raise ValueError("nothing to change was given")
        path = under("/fieldOptions", id_text(option, "option"))
        body = {"fieldOption": row}
        return await self._send(Call("PUT", path, one(FieldOption), body=body, timeout=timeout))

    async def delete_option(self, option: int | str, *, timeout: float | None = None) -> None:
        """Delete one option, by its own id: ``DELETE /fieldOptions/{id}``. NotFoundError if there is none.

        Undocumented by ActiveCampaign. One account was seen to answer it with an internal error: ServerError.
        """
        await self._send(removal(under("/fieldOptions", id_text(option, "option")), timeout, missing_is_done=False))

    # -- for whom it is

    async def create_relation(self, field: int | str, list: int | str = 0, *, timeout: float | None = None) -> FieldRel:
        """Give a field to the contacts of a list, or of all lists (0): ``POST /fieldRels``.
        PermissionDeniedError also if there is no such field or list.

        https://developers.activecampaign.com/reference/create-a-custom-field-relationship-to-lists
        """
        every = isinstance(list, (int, str)) and not isinstance(list, bool) and str(list) == "0"
        row = {"field": given_id(field, "field"), "relid": list if every else given_id(list, "list")}
        call = Call("POST", "/fieldRels", one(FieldRel), body={"fieldRel": row}, timeout=timeout)
        return await self._send(call)

    def relations(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[FieldRel]:
        """The relations of all fields: ``GET /fieldRels``. `limit` is the page size (1 to 100), `order_by` the order.
        Undocumented by ActiveCampaign.

        Those of one field stand in its `included`.
        """
        return rows(self._send, "/fieldRels", FieldRel, order_by=order_by, limit=limit, timeout=timeout)

    async def get_relation(self, relation: int | str, *, timeout: float | None = None) -> FieldRel:
        """Read one relation, by its own id: ``GET /fieldRels/{id}``. NotFoundError if there is none.

        Undocumented by ActiveCampaign.
        """
        path = under("/fieldRels", id_text(relation, "relation"))
        return await self._send(Call("GET", path, one(FieldRel), timeout=timeout))

    async def delete_relation(self, relation: int | str, *, timeout: float | None = None) -> None:
        """Take a field from a list, by the relation's own id: ``DELETE /fieldRels/{id}``. Also succeeds if it is
        already gone. https://developers.activecampaign.com/reference/delete-a-custom-field-relationship-to-lists
        """
        path = under("/fieldRels", id_text(relation, "relation"))
        await self._send(removal(path, timeout, missing_is_done=True))


def _option(field: int | str, given: Any, name: str) -> dict[str, Any]:
    given = {"label": given, "value": given} if isinstance(given, str) else given
    if not isinstance(given, Mapping):
        raise TypeError(f"{name}: a str or a mapping was expected, not {type(given).__name__}")
    if "value" not in given:
        raise TypeError(f"{name}: has no value")
    not_blank(given["value"], f"{name}: value")
    if "field" in given:
        raise TypeError(f"{name}: the field is the verb's own argument")
    return encode_fields(_Option, {"field": field, **given})
