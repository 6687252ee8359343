"""Long runs that survive a crash."""

from .checkpoint import Checkpoint, ResumeError
from .export import Progress, export_rows
from .output import FileOutput, Output, StreamOutput

__all__ = ["Checkpoint", "FileOutput", "Output", "Progress", "ResumeError", "StreamOutput", "export_rows"]
