"""An export as a Parquet file (extra `parquet`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import anyio
from anyio.to_thread import run_sync

from .._wire import MISFIT, only
from ..errors import ConfigurationError
from ._publish import mark_whole, put_together, whole
from ._replacing import replacing
from .checkpoint import Checkpoint
from .formats import NDJSON, Column
from .output import FileOutput

if TYPE_CHECKING:
    from typing import Self

    from .._paging import Pager

ROWS = ".rows"
GROUP = 10_000  # rows of a row group: so many are held while it is made
MOST_DIGITS = 38  # of a decimal in Parquet
_INT64 = range(-(2**63), 2**63)


class ParquetOutput:
    """A Parquet file of typed columns, made at the end.

    The footer of a Parquet file tells where everything stands, so that one that was torn off cannot be gone on with. So
    rows are gathered in ``FILE.rows``, as JSON and with a checkpoint beside it as of a `FileOutput`: a run goes on with
    that after any crash. When all are there the file is made of them in one piece, which takes no request and can be
    done again, and they are removed.

        output = ParquetOutput("contacts.parquet", columns_of(Contact), account=ac.base_url)
        await export_rows(ac.contacts.list(), output, format=output.format)

    A time becomes a timestamp in UTC, or one without a zone where the wire tells none; text where it sometimes does. A
    value that does not fit its column is null, and counted in `misfits`.

    Arguments: as of `FileOutput`; ConfigurationError where pyarrow is not installed.
    """

    def __init__(
        self,
        path: str | Path,
        columns: Sequence[Column],
        *,
        account: str,
        resume: bool = False,
        overwrite: bool = False,
    ) -> None:
        if find_spec("pyarrow") is None:
            raise ConfigurationError("Parquet needs pyarrow: pip install 'activecampaign_async[parquet]'")
        self.path, self.format = Path(path), NDJSON(columns)
        self._columns, self._account, self._resume, self._overwrite = columns, account, resume, overwrite
        rows = self.path.with_name(self.path.name + ROWS)
        self._rows = FileOutput(rows, account=account, resume=resume, overwrite=overwrite)
        self._whole: Checkpoint | None = None
        self.misfits: Counter[str] = Counter()
        """Values that are null because they did not fit, by column."""

    @property
    def state(self) -> Checkpoint:
        """See `Output`."""
        return self._whole or self._rows.state

    async def __aenter__(self) -> Self:
        await run_sync(self._look)
        if self._whole is None:
            await self._rows.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._whole is None:
            await self._rows.__aexit__(*exc)
        else:
            with anyio.CancelScope(shield=True):
                await self._rows.discard()

    async def write(self, lines: bytes, state: Checkpoint) -> None:
        """See `Output`."""
        if state.format != self.format.mark:
            raise ValueError("format: a ParquetOutput takes rows in its own: export_rows(…, format=output.format)")
        await self._rows.write(lines, state)

    async def save(self) -> None:
        """See `Output`."""
        await self._rows.save()

    async def finish(self) -> None:
        """Make the file. Once begun it is not cancelled."""
        if self._whole is None:
            await self._rows.finish()
            self._whole = await run_sync(self._make)

    # -- in a worker thread ----------------------------------------------------------------------------------

    def _look(self) -> None:
        begun = self._rows.checkpoint.exists() and self._rows.path.exists()
        if self._resume and not begun:  # else the run that begun anew has not come to its end yet
            self._whole = whole(self.path, self._account)
        elif not self._resume and not self._overwrite and self.path.exists() and self.path.stat().st_size:
            raise FileExistsError(f"{self.path} exists: resume it, or overwrite it")

    def _make(self) -> Checkpoint:
        with replacing(self.path) as file:
            self.misfits = write_parquet([self._rows.path], self._columns, file)
        return mark_whole(self.path, self._rows.state)


async def merge_parquet(
    parts: Sequence[Path],
    path: Path,
    pager: Pager[Any],
    columns: Sequence[Column],
    *,
    account: str,
    plan: Path | None = None,
) -> int:
    """As `merge`, to a Parquet file; the shards were written as ``NDJSON(columns)``."""

    def write(file: IO[bytes]) -> None:
        write_parquet(parts, columns, file)

    whole = Checkpoint(account=account, list=pager._source.mark, format=NDJSON(columns).mark)
    return await run_sync(put_together, parts, path, whole, write, plan)


def write_parquet(rows: Sequence[Path], columns: Sequence[Column], file: IO[bytes]) -> Counter[str]:
    """NDJSON to Parquet. What did not fit, by column."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    shapes = [_Shape(column) for column in columns]
    for row in _read(rows):
        for shape in shapes:
            shape.see(row.get(shape.name))
    misfits = Counter[str]()
    schema = pa.schema([(shape.name, shape.type(pa)) for shape in shapes])
    with pq.ParquetWriter(file, schema) as writer:
        source = _read(rows)
        while group := list(islice(source, GROUP)):
            values = {shape.name: [shape.value(row.get(shape.name), misfits) for row in group] for shape in shapes}
            writer.write_batch(pa.record_batch(values, schema=schema))
    return misfits


def _read(paths: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    for path in paths:
        with path.open("rb") as file:
            yield from map(json.loads, file)


class _Shape:
    """The type of a column: what the model says, and where that leaves something open, what the values say."""

    def __init__(self, column: Column) -> None:
        self.name, self._read = column.name, column.read
        self._kind, self._arrow = only(column.hint), column.arrow
        self._aware = self._naive = False
        self._before = self._after = 0  # the most digits before and after the point

    def see(self, raw: Any) -> None:
        if self._kind is datetime:
            with suppress(*MISFIT):
                if (time := self._read(raw)) is not None:
                    self._aware |= time.tzinfo is not None
                    self._naive |= time.tzinfo is None
        elif self._kind is Decimal:
            with suppress(*MISFIT):
                if (number := self._read(raw)) is not None:
                    after = max(0, -number.as_tuple().exponent)
                    self._after = max(self._after, after)
                    self._before = max(self._before, number.adjusted() + 1)

    @property
    def _is_text(self) -> bool:
        """Whether values stay as they came."""
        mixed = self._aware and self._naive
        return (
            mixed or self._before + self._after > MOST_DIGITS or self._kind not in (int, bool, date, datetime, Decimal)
        )

    def type(self, pa: Any) -> Any:
        """For pyarrow."""
        if self._arrow is not None:
            return self._arrow(pa)
        if self._is_text:
            return pa.string()
        if self._kind is datetime:
            return pa.timestamp("us") if self._naive else pa.timestamp("us", tz="UTC")
        if self._kind is Decimal:
            return pa.decimal128(max(1, self._before + self._after), self._after)
        return {int: pa.int64(), bool: pa.bool_(), date: pa.date32()}[self._kind]

    def value(self, raw: Any, misfits: Counter[str]) -> Any:
        if self._arrow is not None:
            try:
                return self._read(raw)
            except MISFIT:
                misfits[self.name] += 1
                return None
        if self._is_text:
            return raw if raw is None or isinstance(raw, str) else json.dumps(raw)
        try:
            value = self._read(raw)
            if isinstance(value, int) and value not in _INT64:
                raise ValueError("beyond 64 bits")
            return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value
        except MISFIT:
            misfits[self.name] += 1
            return None
