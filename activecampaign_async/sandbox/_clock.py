"""Time as the sandbox sees it, and the account's stamps: nothing else in here reads a clock."""

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from threading import get_ident
from typing import Protocol

import anyio

EPOCH = 1_767_607_200
"""Where an account's calendar starts, in Unix seconds: 2026-01-05T04:00:00-06:00."""

_WINTER = timezone(timedelta(hours=-6))
_SUMMER = timezone(timedelta(hours=-5))
_SUMMER_MONTHS = range(4, 11)
_SIXTY = [f"{number:02d}" for number in range(60)]


class Clock(Protocol):
    """What a sandbox needs of time. Seconds; any origin."""

    def now(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class EventLoopClock:
    """The running event loop's time, so virtual wherever the loop is virtual."""

    def now(self) -> float:
        return anyio.current_time()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Calendar:
    """Clock seconds since the first look, as a time of day that never runs backwards.

    Each thread has a beginning of its own: where the account is served, the event loop of the test and that of the
    server may have clocks that began at different times.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._starts: dict[int, float] = {}
        self._last = 0.0

    def elapsed(self) -> float:
        """Seconds since the first look; the last known figure where no event loop runs."""
        try:
            now = self._clock.now()
        except Exception:  # noqa: BLE001 - anyio has no one error for "no event loop here"
            return self._last
        start = self._starts.setdefault(get_ident(), now - self._last)
        self._last = max(self._last, now - start)
        return self._last

    def now(self) -> int:
        """The account's present, in Unix seconds."""
        return EPOCH + int(self.elapsed())


def stamp(seconds: int) -> str:
    """`2026-01-05T04:00:00-06:00`: US Central, as most accounts show it. Summer time by whole months."""
    hour, rest = divmod(seconds, 3600)
    minute, second = divmod(rest, 60)
    before, after = _hour(hour)
    return f"{before}{_SIXTY[minute]}:{_SIXTY[second]}{after}"


# a page of made-up contacts shares its hours: formatting each moment anew cost a third of it
@lru_cache(maxsize=4096)
def _hour(hour: int) -> tuple[str, str]:
    moment = datetime.fromtimestamp(hour * 3600, _SUMMER)
    if moment.month not in _SUMMER_MONTHS:
        moment = moment.astimezone(_WINTER)
    return moment.strftime("%Y-%m-%dT%H:"), moment.isoformat()[-6:]


def naive(iso: str) -> str:
    """The same moment as the older columns write it: `2026-01-05 04:00:00`."""
    return f"{iso[:10]} {iso[11:19]}"


def seconds_of(text: str) -> float | None:
    """Unix seconds of a date or time in a filter, or None; without a zone it is the account's."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_SUMMER if moment.month in _SUMMER_MONTHS else _WINTER)
    return moment.timestamp()


def http_date(seconds: int) -> str:
    """The `Date` header of an answer."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
