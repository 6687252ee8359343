"""Long runs that survive a crash."""

from .checkpoint import Checkpoint, ResumeError
from .export import Progress, export_rows
from .failures import write_failures
from .formats import CSV, NDJSON, Column, Format, columns_of
from .importing import ReportFile
from .joined import joined_columns
from .output import FileOutput, Output, StreamOutput
from .parquet import ParquetOutput, merge_parquet
from .reading import HeaderError, RowFile, UnreadableRow
from .shards import Shard, export_shard, merge, shards
from .store import StateFile, Store
from .tables import TableFiles

__all__ = [
    "CSV",
    "NDJSON",
    "Checkpoint",
    "Column",
    "FileOutput",
    "Format",
    "HeaderError",
    "Output",
    "ParquetOutput",
    "Progress",
    "ReportFile",
    "ResumeError",
    "RowFile",
    "Shard",
    "StateFile",
    "Store",
    "StreamOutput",
    "TableFiles",
    "UnreadableRow",
    "columns_of",
    "export_rows",
    "export_shard",
    "joined_columns",
    "merge",
    "merge_parquet",
    "shards",
    "write_failures",
]
