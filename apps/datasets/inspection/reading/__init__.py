"""Reading dataset files in batches of rows; what can't be read is named by row with what to do."""

from apps.datasets.inspection.reading.batches import Batch, FileShape, check_file, read_batches, read_rows
from apps.datasets.inspection.reading.bytes import FileProblem
from apps.datasets.inspection.reading.formats import FORMATS, Format, detect

__all__ = [
    "FORMATS",
    "Batch",
    "FileProblem",
    "FileShape",
    "Format",
    "check_file",
    "detect",
    "read_batches",
    "read_rows",
]
