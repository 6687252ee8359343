"""Models: wire JSON to frozen attrs objects and back. Pure, no I/O.

A model is an attrs class whose annotations say everything: the Python name is the wire name in snake_case
unless ``Annotated[..., Wire("cdate")]`` says otherwise, and the type picks the reader (`_wire`). A field
without a default must be there; every other one may be missing. The wire object itself is kept, so that
nothing is ever lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, get_type_hints

from attrs import NOTHING, field, fields, frozen

from . import _wire
from ._wire import UNSET, Links, Unset, Wire, camel, clone, encode, php_list
from .errors import DecodeError

if TYPE_CHECKING:
    from .resources.account_contacts import AccountContact
    from .resources.activities import ActivityRecipient
    from .resources.contact_automations import ContactAutomation
    from .resources.contact_deals import ContactDeal
    from .resources.contact_lists import ContactList
    from .resources.contact_tags import ContactTag
    from .resources.contacts import Contact
    from .resources.deals import Deal
    from .resources.field_values import FieldValue
    from .resources.fields import FieldOption, FieldRel
    from .resources.geo_ips import GeoAddress, GeoIp
    from .resources.notes import Note
    from .resources.score_values import ScoreValue
    from .resources.users import UserConversationsPermission, UserGroup

__all__ = ["UNSET", "Included", "Links", "Model", "Row", "Unset", "Wire", "decode"]

M = TypeVar("M", bound="Model")
T = TypeVar("T")
Json = Mapping[str, Any]
_log = logging.getLogger("activecampaign_async")


_HOMES = {
    "accountContacts": ("account_contacts", "AccountContact"),
    "activityRecipients": ("activities", "ActivityRecipient"),
    "contactAutomations": ("contact_automations", "ContactAutomation"),
    "contactDeals": ("contact_deals", "ContactDeal"),
    "contactLists": ("contact_lists", "ContactList"),
    "contactTags": ("contact_tags", "ContactTag"),
    "contacts": ("contacts", "Contact"),
    "deals": ("deals", "Deal"),
    "fieldOptions": ("fields", "FieldOption"),
    "fieldRels": ("fields", "FieldRel"),
    "fieldValues": ("field_values", "FieldValue"),
    "geoAddresses": ("geo_ips", "GeoAddress"),
    "geoIps": ("geo_ips", "GeoIp"),
    "notes": ("notes", "Note"),
    "scoreValues": ("score_values", "ScoreValue"),
    "userConversationsPermissions": ("users", "UserConversationsPermission"),
    "userGroups": ("users", "UserGroup"),
}
"""Where the models of side-loaded rows live: loaded when they are first asked for."""


class Included(Mapping[str, Any]):
    """Rows that came beside the result: models as attributes, wire objects by key (``["contact_tags"]``).

    A key may be a Python name or the wire's (``"contactTags"``); ``in`` tells whether such rows were loaded at all.

    Of an item it holds the rows that belong to that item, of a page those of the whole page.
    """

    __slots__ = ("_by_owner", "_lists", "_rows", "_whole")

    def __init__(self, rows: Json | None = None, *, strict: bool = False, whole: bool = False) -> None:
        """`whole`: all of it belongs to the one result beside it. `strict`: DecodeError for any misfit."""
        self._rows: Json = {} if rows is None else rows
        self._whole = whole
        self._lists: dict[str, list[Any]] = {}
        self._by_owner: dict[str, dict[str, dict[str, list[Any]]]] = {}
        if strict:
            for key in self._rows.keys() & _HOMES.keys():
                self._decode(_home(key), strict)

    def __getitem__(self, key: str) -> Any:
        name = self._name(key)
        if name is None:
            raise KeyError(key)
        return clone(self._rows[name])

    def __contains__(self, key: object) -> bool:
        return self._name(key) is not None  # a Mapping's own looks the rows up, which copies them

    def _name(self, key: object) -> str | None:
        """The wire's name of the rows that `key` stands for; None where they were not loaded."""
        if not isinstance(key, str):
            return None
        return next((name for name in (key, camel(key)) if name in self._rows), None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        counts = (f"{k}: {len(v)}" for k, v in self._rows.items() if isinstance(v, list))
        return f"<Included {', '.join(counts)}>"

    def of(self, model: type[M]) -> tuple[M, ...]:
        """The rows of that model; empty where none came. DecodeError for a row without its id."""
        return self._decode(model, strict=False)

    def _decode(self, model: type[M], strict: bool) -> tuple[M, ...]:
        rows = php_list(self._rows.get(model.KEYS) or [])
        rows = [rows] if isinstance(rows, dict) else rows  # a lone row instead of a list of one
        if not isinstance(rows, list):
            if strict:
                raise DecodeError(model.KEYS, f"a list was expected, not {type(rows).__name__}")
            return ()
        return each(rows, lambda row: decode(model, row, strict=strict), model.KEYS)

    def owned(self, owner: str, id: str, row: Json) -> Included:
        """The part that belongs to one item of a page: `owner` is the key by which rows name it."""
        if self._whole or not self._rows:
            return self
        if owner not in self._by_owner:  # once a page, not once an item
            lists = {key: rows for key, given in self._rows.items() if isinstance(rows := php_list(given), list)}
            self._lists = lists
            self._by_owner[owner] = {key: _group(rows, owner) for key, rows in lists.items()}
        mine = {
            key: groups.get(id) or _listed(self._lists[key], row.get(key) or [row.get(key.removesuffix("s"))])
            for key, groups in self._by_owner[owner].items()
        }
        named = [inner for rows in mine.values() for inner in rows if isinstance(inner, dict)]
        for key, rows in mine.items():
            if not rows:  # of an include of an include, as "contactTags.tag": named by what is the item's
                mine[key] = _listed(self._lists[key], [inner.get(key.removesuffix("s")) for inner in named])
        return Included(mine, whole=True)

    @property
    def account_contacts(self) -> tuple[AccountContact, ...]:
        """Which accounts a contact belongs to."""
        return self.of(_home("accountContacts"))

    @property
    def activity_recipients(self) -> tuple[ActivityRecipient, ...]:
        """Who activities happened to."""
        return self.of(_home("activityRecipients"))

    @property
    def contact_automations(self) -> tuple[ContactAutomation, ...]:
        """A contact's runs through automations."""
        return self.of(_home("contactAutomations"))

    @property
    def contact_deals(self) -> tuple[ContactDeal, ...]:
        """Secondary contacts of deals."""
        return self.of(_home("contactDeals"))

    @property
    def contact_lists(self) -> tuple[ContactList, ...]:
        """A contact's subscriptions."""
        return self.of(_home("contactLists"))

    @property
    def contact_tags(self) -> tuple[ContactTag, ...]:
        """Tags on a contact."""
        return self.of(_home("contactTags"))

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Contacts that the result is about."""
        return self.of(_home("contacts"))

    @property
    def deals(self) -> tuple[Deal, ...]:
        """Deals of a contact."""
        return self.of(_home("deals"))

    @property
    def field_options(self) -> tuple[FieldOption, ...]:
        """The options of custom fields."""
        return self.of(_home("fieldOptions"))

    @property
    def field_rels(self) -> tuple[FieldRel, ...]:
        """Which lists' contacts have a custom field."""
        return self.of(_home("fieldRels"))

    @property
    def field_values(self) -> tuple[FieldValue, ...]:
        """Values of custom fields."""
        return self.of(_home("fieldValues"))

    @property
    def geo_addresses(self) -> tuple[GeoAddress, ...]:
        """Places that a contact's IP addresses are in."""
        return self.of(_home("geoAddresses"))

    @property
    def geo_ips(self) -> tuple[GeoIp, ...]:
        """IP addresses that a contact was seen at."""
        return self.of(_home("geoIps"))

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes on activities."""
        return self.of(_home("notes"))

    @property
    def score_values(self) -> tuple[ScoreValue, ...]:
        """A contact's scores."""
        return self.of(_home("scoreValues"))

    @property
    def user_conversations_permissions(self) -> tuple[UserConversationsPermission, ...]:
        """Whether users may use conversations."""
        return self.of(_home("userConversationsPermissions"))

    @property
    def user_groups(self) -> tuple[UserGroup, ...]:
        """Which groups users are in."""
        return self.of(_home("userGroups"))


def _home(key: str) -> Any:
    area, name = _HOMES[key]
    return getattr(import_module(f".resources.{area}", __package__), name)


def _group(rows: list[Any], owner: str) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row in rows:
        name = row.get(owner) or row.get(f"{owner}id") if isinstance(row, dict) else None
        if isinstance(name, (str, int)):
            groups.setdefault(str(name), []).append(row)
    return groups


def _listed(rows: list[Any], ids: Any) -> list[Any]:
    """The rows that an item names by id (``"deals": ["1"]`` or ``"deal": "1"``), where they do not name the item."""
    if not isinstance(ids, list):
        return []
    wanted = {str(id) for id in ids if isinstance(id, (str, int))}
    return [row for row in rows if isinstance(row, dict) and str(row.get("id")) in wanted]


@frozen(kw_only=True, repr=False)
class Model:
    """Base of everything that comes off the wire. Equal when the typed fields are equal."""

    KEY: ClassVar[str] = ""  # of one:   {"tag": {...}}
    KEYS: ClassVar[str] = ""  # of many: {"tags": [...]}; both empty where the answer has no envelope

    _wire: Json = field(factory=dict, eq=False)
    _beside: Included = field(factory=Included, eq=False)
    _misfits: frozenset[str] = field(default=frozenset(), eq=False)
    _untouched: bool = field(init=False, default=False, eq=False)  # False after `attrs.evolve`

    @property
    def included(self) -> Included:
        """The rows beside the result that belong to this item."""
        owner = str(getattr(self, "id", ""))
        return self._beside.owned(self.KEY, owner, self._wire)

    @property
    def extra(self) -> dict[str, Any]:
        """The parts of the wire object that this model does not know."""
        known = {f.wire for f in plan(type(self))}
        return {key: clone(value) for key, value in self._wire.items() if key not in known}

    @property
    def misfits(self) -> frozenset[str]:
        """Fields (Python names) whose value did not fit: None here, and as it came in `to_dict`. Of a model within
        this one, by its path: ``owner.id``.
        """
        inner = {f"{name}.{misfit}" for name, model in self._within() for misfit in model.misfits}
        return frozenset(name for name in self._misfits if getattr(self, name) is None) | inner

    def _within(self) -> Iterator[tuple[str, Model]]:
        for f in plan(type(self)):
            value = getattr(self, f.name)
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, Model):
                    yield f.name, item

    def to_dict(self) -> dict[str, Any]:
        """The wire object: a deep copy of what came, with whatever `attrs.evolve` has changed since."""
        out: dict[str, Any] = clone(self._wire)
        if not self._untouched:
            for f in plan(type(self)):
                value = getattr(self, f.name)
                if value != _attempt(f, self._wire.get(f.wire))[0]:
                    out[f.wire] = encode(value)
        return out

    def __repr__(self) -> str:
        # No values: a repr ends up in logs, and these are about people. Nor may it fail on half an object.
        id = getattr(self, "id", None)
        return f"{type(self).__name__}({'' if id is None else f'id={id}'})"

    def __reduce__(self) -> tuple[Any, ...]:
        state = {a.name: getattr(self, a.name) for a in fields(type(self))}
        state["_beside"] = self.included  # its own rows, not the whole page's
        return _rebuild, (type(self), state)


def _rebuild(model: type[M], state: dict[str, Any]) -> M:
    self = object.__new__(model)
    for name, value in state.items():
        object.__setattr__(self, name, value)
    return self


@frozen(kw_only=True, repr=False)
class Row(Model):
    """A model that is stored under an id, and has links."""

    id: int
    links: Links | None = field(default=None, hash=False)
    """Related collections and their URLs."""


class Field(NamedTuple):
    """What is known of one field of a model."""

    name: str
    wire: str
    hint: Any
    read: _wire.Read
    required: bool


_PLANS: dict[type[Model], tuple[Field, ...]] = {}


def plan(model: type[Model]) -> tuple[Field, ...]:
    """The fields of `model` as the wire knows them."""
    if model not in _PLANS:
        hints = get_type_hints(model, include_extras=True)
        own = [a for a in fields(model) if not a.name.startswith("_")]
        _PLANS[model] = tuple(_field(a.name, hints[a.name], a.default is NOTHING) for a in own)
    return _PLANS[model]


def _field(name: str, hint: Any, required: bool) -> Field:
    return Field(name, _wire.wire_mark(name, hint).name, hint, _wire.reader(hint, _nested), required)


def _nested(hint: Any) -> _wire.Read | None:
    if not (isinstance(hint, type) and issubclass(hint, Model)):
        return None
    return lambda value: None if value in (None, "", []) else decode(hint, value)


# -- decoding


def decode(model: type[M], row: Any, included: Included | None = None, strict: bool = False) -> M:
    """One wire object as `model`. A value that does not fit is noted in `misfits`.

    DecodeError where `strict`, where a required field is missing, or where `row` is no object.
    """
    beside = _NOTHING if included is None else included
    fill = _FILLERS.get(model) or _filler(model)
    try:
        made: M = fill(row, beside)
    except (*_wire.MISFIT, DecodeError):
        pass
    else:
        return _strictly(made) if strict else made
    return _patiently(model, row, beside, strict)


def _strictly(made: M) -> M:
    """`made`, unless something within it did not fit."""
    for misfit in sorted(made.misfits):
        raise DecodeError(f"{type(made).__name__}.{misfit}", "does not fit its type")
    return made


_NOTHING = Included()
_told: set[tuple[str, str]] = set()


def _patiently(model: type[M], row: Any, beside: Included, strict: bool) -> M:
    """The fast way failed: field by field."""
    if not isinstance(row, dict):
        raise DecodeError(model.__name__, f"an object was expected, not {type(row).__name__}")
    values: dict[str, Any] = {}
    misfits: list[str] = []
    for f in plan(model):
        raw = row.get(f.wire)
        values[f.name], fits = _attempt(f, raw)
        if f.required and values[f.name] is None:
            raise DecodeError(f"{model.__name__}.{f.name}", "is missing" if fits else _found(raw))
        if fits:
            continue
        if strict:
            raise DecodeError(f"{model.__name__}.{f.name}", _found(raw))
        misfits.append(f.name)
        if (model.__name__, f.name) not in _told:
            _told.add((model.__name__, f.name))
            _log.warning("%s.%s: %s; None, and told once", model.__name__, f.name, _found(raw))
    state = {"_wire": row, "_beside": beside, "_misfits": frozenset(misfits), "_untouched": True}
    made = _rebuild(model, values | state)
    return _strictly(made) if strict else made


MOST_ROWS = 100_000  # a page has 100, a list that knows no pages some thousands; decoding them holds the event loop


def each(rows: Sequence[Any], read: Callable[[Any], T], key: str) -> tuple[T, ...]:
    """`rows` as models. A DecodeError names the row by its place: ``contacts[1].id``."""
    if len(rows) > MOST_ROWS:
        raise DecodeError(key, f"more than {MOST_ROWS:,} rows in one answer")
    made: list[T] = []
    try:
        for row in rows:
            made.append(read(row))  # noqa: PERF401 - how many there are tells which one it was
    except DecodeError as error:
        field, reason = error.where.partition(".")[2], error.reason
    else:
        return tuple(made)
    raise DecodeError(f"{key}[{len(made)}]{field and '.'}{field}", reason)


def _attempt(f: Field, raw: Any) -> tuple[Any, bool]:
    try:
        return f.read(raw), True
    except (*_wire.MISFIT, DecodeError):
        return None, False


def _found(raw: Any) -> str:
    return f"does not fit its type (found: {type(raw).__name__})"  # never the value: it may be about a person


# Inline code by type: what a value mostly is costs no call. Anything else raises, or goes to the reader.
_INLINE = {
    str: "v if (v := get({wire!r})).__class__ is str or v is None else read{i}(v)",
    int: "INTS[get({wire!r})]",
    bool: "BOOLS[get({wire!r})]",
}
# An empty one (0000-00-00) goes to the reader, and so does what Python takes for a date, too: 20240102, 2024-W01-2.
_TIMES = "None if (v := get({wire!r})) is None else {kind}(v) if v > '0001' and v[7] == '-' else read{i}(v)"


_FILLERS: dict[type[Model], Callable[[Any, Included], Any]] = {}


def _filler(model: type[M]) -> Callable[[Any, Included], M]:
    """A function that makes a `model` of a wire object: in a small part of the time of its `__init__`."""
    scope: dict[str, Any] = {"INTS": _wire.INTS, "BOOLS": _wire.BOOLS}
    scope |= {"date": date.fromisoformat, "datetime": datetime.fromisoformat}
    scope |= {"model": model, "draft": _draft(model), "new": object.__new__, "none": frozenset()}
    scope["become"] = vars(object)["__class__"].__set__
    reads, writes = [], []
    for i, f in enumerate(plan(model)):
        kind = _wire.only(f.hint)
        line = _INLINE.get(kind, "None if (v := get({wire!r})) is None else read{i}(v)")
        if kind in (datetime, date):
            line = _TIMES
        reads.append(f" v{i} = {line.format(wire=f.wire, i=i, kind=getattr(kind, '__name__', ''))}")
        if f.required:
            reads.append(f" if v{i} is None: raise ValueError")
        writes.append(f" self.{f.name} = v{i}")
        scope[f"read{i}"] = f.read
    # Values first, then the object: no frame ever holds half a model.
    source = ["def fill(row, beside):", " get = row.get", *reads, " self = new(draft)", *writes]
    source += [" self._wire, self._beside, self._misfits, self._untouched = row, beside, none, True"]
    source += [" become(self, model)", " return self"]
    exec("\n".join(source), scope)  # noqa: S102  # from our own annotations only, as attrs does for its methods
    fill: Callable[[Any, Included], M] = scope["fill"]
    _FILLERS[model] = fill
    return fill


def _draft(model: type[Model]) -> type:
    """`model` with plain assignment: of the same layout, so that what was filled in can become a `model`.

    Through the frozen class each field costs a call, which is most of the time of decoding (measured).
    """
    plain = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    space = {"__slots__": vars(model)["__slots__"], **plain}
    return type(f"_{model.__name__}Draft", model.__bases__, space)
