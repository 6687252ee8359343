"""What an import would do, found out without sending anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from attrs import Factory, define

from .._paging import MAX_LIMIT
from ..jobs import RowFile, UnreadableRow
from ..jobs._text import is_undecoded
from ..resources._contact_imports import LARGEST
from ..resources._import_account import CATALOGUES, Names
from ..resources._import_find import SAMPLES
from ..resources._import_rows import Refused, Row, Seen, checked, goes_alone, named
from ..resources._import_sort import ENVELOPE, Group, Sorter
from ..resources._import_state import Left
from ..resources._import_watch import FIRST_LOOK
from ..resources.imports import MOST
from ._meter import counted, duration

if TYPE_CHECKING:
    from ..client import AsyncClient

SHOWN = 10  # problems
PER_MINUTE, PER_SECOND = 100, 5
KINDS = 10_000  # of rows, by the tags, fields and lists that they name
ENCODING = "--encoding cp1252"
LABELS = {"fields": "custom fields"}
Named = tuple[str, str]
"""A kind of thing, and the name of one."""
_KEYS = [(what, key) for what, (_, keys) in CATALOGUES.items() for key in keys]


@define
class Plan:
    """Of a whole file."""

    rows: int = 0
    refused: int = 0
    """Rows that our own checks keep back."""
    problems: list[str] = Factory(list)
    """The first of them."""
    batches: int = 0
    singles: int = 0
    """Rows that go one by one: the last few, where automations run."""
    ties: int = 0
    """Requests for the tags and lists of those, which are not taken along: at most, since some may be on a list."""
    looks: int = 0
    """Requests that ask which lists they are on, or have left."""
    gone: int = 0
    """Rows that an earlier run has dealt with."""
    kinds: Counter[frozenset[Named]] = Factory(Counter)
    """What rows name, of tags, fields and lists -> how many do."""
    lacking: frozenset[Named] = frozenset()
    """What rows name and the account does not have, once that was asked."""
    doomed: int = 0
    """Rows that name it."""
    undecoded: int = 0
    """Lines that are not UTF-8, where nobody said what the file is."""
    beyond_ascii: bool = False
    """Whether others show that they are."""
    per_minute: int = PER_MINUTE
    per_second: float = PER_SECOND

    @property
    def ready(self) -> int:
        return self.rows - self.gone - self.refused - self.doomed

    @property
    def requests(self) -> int:
        """That send something."""
        return self.batches + self.singles + self.ties

    @property
    def questions(self) -> int:
        """At least: what the account has of what rows name, or else the time; which lists contacts are on; how far a
        batch is, and whose its ids.
        """
        named = len({what for kind in self.kinds for what, _ in kind})
        if not self.batches:
            return named + self.looks
        return max(named, 1) + self.looks + self.batches + ceil(self.batches * SAMPLES / MAX_LIMIT)

    @property
    def seconds(self) -> float:
        """At the account's limit, and at the import's own: what may go in a minute at once, then that of the next. A
        batch is not asked for at once.
        """
        minutes = max(self.batches - 1, 0) // self.per_minute
        last = self.batches - minutes * self.per_minute + self.singles + self.ties + self.looks
        sent = minutes * 60 + last / self.per_second
        return max(sent + (FIRST_LOOK if self.batches else 0), (self.requests + self.questions) / self.per_second)

    def problem(self, line: int, reason: str) -> None:
        self.refused += 1
        if len(self.problems) < SHOWN:
            self.problems.append(f"line {line}: {reason}")


def planned(
    rows: RowFile,
    left: Left | None,
    *,
    run_automations: bool,
    per_minute: int,
    per_second: float = PER_SECOND,
    lacking: frozenset[Named] = frozenset(),
) -> Plan:
    """Read the file once, as an import would that goes on with what an earlier one `left`."""
    plan, seen = Plan(per_minute=per_minute, per_second=per_second, lacking=lacking), Seen()
    alone = partial(goes_alone, run_automations=run_automations)
    sorter = Sorter(MOST, LARGEST, alone)
    read, unsent = (0, frozenset[int]()) if left is None else (left.read, frozenset(left.unsent))
    for number, given in enumerate(rows, 1):
        plan.rows += 1
        _check_encoding(plan, given, rows.encoding)
        refused, is_doomed = "", False
        try:
            row = checked(number, given, run_automations=run_automations, most=LARGEST - ENVELOPE)
            kind = frozenset((what, name) for what, key in _KEYS for name in named(row.wire, key))
            is_doomed = not lacking.isdisjoint(kind)
            if not is_doomed and not seen.add(row.key):
                raise Refused("email: a row before has the same address")
        except Refused as error:
            refused = str(error)
        if number <= read and number not in unsent:
            plan.gone += 1
        elif refused:
            plan.problem(rows.line(number), refused)
        elif is_doomed:
            plan.doomed += 1
        else:
            if kind in plan.kinds or len(plan.kinds) < KINDS:
                plan.kinds[kind] += 1
            sorter.add([row])
            _count(plan, sorter, alone, last=False)
    _count(plan, sorter, alone, last=True)
    return plan


def _check_encoding(plan: Plan, given: object, encoding: str) -> None:
    """Whether the encoding is right, where nobody said it."""
    if encoding != "utf-8":
        return
    if isinstance(given, UnreadableRow):
        plan.undecoded += is_undecoded(str(given))
    elif not plan.beyond_ascii:
        plan.beyond_ascii = not str(given).isascii()


def told_encoding(plan: Plan) -> list[str]:
    """In lines to print. Not where other lines are UTF-8, which another encoding would garble."""
    if not plan.undecoded or plan.beyond_ascii:
        return []
    are = f"{counted(plan.undecoded, 'line')} {'is' if plan.undecoded == 1 else 'are'}"
    return [f"{are} not UTF-8: the whole file may be in another encoding, as spreadsheets save it: {ENCODING}"]


def _count(plan: Plan, sorter: Sorter, alone: Callable[[Row], bool], *, last: bool) -> None:
    while (group := sorter.take(last=last)) is not None:
        _count_group(plan, group, alone)
        sorter.taken(group)


def _count_group(plan: Plan, group: Group, alone: Callable[[Row], bool]) -> None:
    row = group.rows[0]
    if len(group) > 1 or not alone(row):
        plan.batches += 1
    else:
        plan.singles += 1
        plan.ties += sum(len(named(row.wire, key)) for key in ("tags", "subscribe", "unsubscribe"))
        plan.looks += bool(named(row.wire, "subscribe"))


async def missing(plan: Plan, client: AsyncClient, *, create_tags: bool) -> Counter[Named]:
    """What the rows name and the account does not have -> how many do. Asks for what the rows speak of."""
    lacking = Counter[Named]()
    account = Names(client.contacts._send, create_tags=create_tags)
    for what in CATALOGUES:
        names = Counter[str]()
        for kind, count in plan.kinds.items():
            names.update({name: count for each, name in kind if each == what})
        if not names or (what == "tags" and create_tags):
            continue
        for name, count in names.items():
            if await account.find(what, name) is None:
                lacking[what, name] = count
    return lacking


def told_missing(lacking: Counter[Named]) -> list[str]:
    """In lines to print."""
    lines = []
    for what in CATALOGUES:
        if unknown := Counter({name: count for (each, name), count in lacking.items() if each == what}):
            said = ", ".join(f"{name!r} ({counted(count, 'row')})" for name, count in unknown.most_common(SHOWN))
            more = f" and {len(unknown) - SHOWN:,} more" if len(unknown) > SHOWN else ""
            hint = "; --create-tags makes them" if what == "tags" else ""
            lines.append(f"{LABELS.get(what, what)} that are not there: {said}{more}{hint}")
    return lines


def told(plan: Plan, name: str, *, run_automations: bool) -> list[str]:
    """In lines to print."""
    before = f", {plan.gone:,} dealt with before" if plan.gone else ""
    to_import = f"{plan.ready:,} {'left' if plan.gone else 'of them'} to import"
    lines = [f"{name}: {counted(plan.rows, 'row')}{before}, {to_import}" + (":" if plan.problems else "")]
    lines += [f"  {problem}" for problem in plan.problems]
    if plan.refused > len(plan.problems):
        lines.append(f"  and {plan.refused - len(plan.problems):,} more")
    lines += told_encoding(plan)
    automations = "automations run" if run_automations else "no automations"
    requests = f"{counted(plan.requests, 'request')} to send, and {plan.questions:,} or more to ask"
    took = duration(ceil(plan.seconds))
    lines.append(f"{requests}: about {took} at ActiveCampaign's limits for imports; {automations}")
    return lines
