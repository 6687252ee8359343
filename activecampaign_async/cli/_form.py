"""In which form an export is written: format, fields, what belongs to a contact, and the output that goes with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from .._paging import Pager
from ..jobs import CSV, NDJSON, FileOutput, ParquetOutput, columns_of, merge
from ..jobs.formats import Column, Format
from ..jobs.joined import FIELD, joined_columns
from ..resources.contacts import Contact
from . import USAGE, Failure

if TYPE_CHECKING:
    from ..resources._joined import Joined, JoinedContact

BESIDE = ("tags", "lists", "fields")
Kind = Literal["ndjson", "csv", "parquet"]


@frozen
class Form:
    """As the options say."""

    kind: Kind
    fields: Sequence[str] | None = None
    guard: bool = False
    beside: Collection[str] = ()
    """Of tags, lists, fields."""

    def __attrs_post_init__(self) -> None:
        try:
            columns_of(Contact, self.fields)
        except ValueError as error:
            beside = [name for name in self.fields or () if name in BESIDE]
            said = f"{beside[0]!r} is no field; --with {','.join(beside)} brings it along" if beside else error
            raise Failure(f"--fields: {said}", USAGE) from None

    def format(self, joined: Joined | None = None) -> Format:
        """In which rows are gathered; of a Parquet file, before it is made."""
        if self.kind == "csv":
            return CSV(self.columns(joined), guard=self.guard)
        if self.kind == "parquet" or (self.fields is not None and joined is None):
            return NDJSON(self.columns(joined))
        return self._lines()

    def _lines(self) -> Format:
        """NDJSON, with what is beside."""
        if self.fields is None:
            return NDJSON()
        whole = [Column(name, partial(_whole, name)) for name in sorted(self.beside)]
        return NDJSON([*joined_columns(self.fields), *whole])

    def columns(self, joined: Joined | None = None) -> list[Column]:
        """Of a table."""
        if joined is None:
            return columns_of(Contact, self.fields)
        known = joined._known
        fields = {known.titles[id]: field for id, field in sorted(known.fields.items())} if known else {}
        return joined_columns(self.fields, fields=fields, tags="tags" in self.beside, lists="lists" in self.beside)

    def is_of(self, mark: str | None) -> bool:
        """Whether that stands for this form, together with what is beside, whichever custom fields there are."""
        columns = joined_columns(self.fields, tags="tags" in self.beside, lists="lists" in self.beside)
        if self.kind == "csv":
            ours: Format = CSV(columns, guard=self.guard)
        else:
            ours = NDJSON(columns) if self.kind == "parquet" else self._lines()
        return mark is not None and mark.split(f", {FIELD}")[0] == ours.mark

    def output(
        self, path: Path, account: str, joined: Joined | None, *, resume: bool, overwrite: bool
    ) -> FileOutput | ParquetOutput:
        if self.kind == "parquet":
            columns = self.columns(joined)
            return ParquetOutput(path, columns, account=account, resume=resume, overwrite=overwrite)
        return FileOutput(path, account=account, resume=resume, overwrite=overwrite)

    async def merge(self, parts: Sequence[Path], path: Path, pager: Pager[Any], account: str, plan: Path) -> int:
        """One file of those of all shards."""
        if self.kind == "parquet":
            from ..jobs.parquet import merge_parquet

            return await merge_parquet(parts, path, pager, self.columns(), account=account, plan=plan)
        return await merge(parts, path, pager, account=account, format=self.format(), plan=plan)


def _whole(name: str, item: JoinedContact) -> Any:
    return item.to_dict()[name]
