"""What a kind of row is: how it is called, and its columns when fresh."""

from dataclasses import dataclass, field
from typing import Final

from ._wire import Row

NOW: Final = "@now"
"""In a column: when the row was made, as `2026-01-05T04:00:00-06:00`."""
PLAIN: Final = "@plain"
"""The same as `2026-01-05 04:00:00`."""

STAMPS: Final[Row] = {
    "created_timestamp": PLAIN,
    "updated_timestamp": PLAIN,
    "created_by": None,
    "updated_by": None,
}
DATES: Final[Row] = {"cdate": NOW, "udate": NOW}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row."""

    plural: str
    singular: str
    name: str
    """The vendor's inner name: `SubscriberTag` in an error about a contactTag."""
    links: tuple[str, ...] | None
    """What a row links to; none at all for `()`, which PHP writes as `[]`; no such column for None."""
    columns: Row
    same: dict[str, str] = field(default_factory=dict)
    """Columns that say what another says: `{"user": "userid"}`."""
    paths: dict[str, str] = field(default_factory=dict)
    """Links that lead elsewhere than below the row, with its columns in braces."""
    numeric: bool = False
    """Its ids are JSON numbers."""
