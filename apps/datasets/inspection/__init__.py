"""The machine's own reading of dataset files: a pure library, streaming, in bounded memory."""

from apps.datasets.inspection.files import Progress, SplitFile
from apps.datasets.inspection.mapping import Mapping, guess_mapping
from apps.datasets.inspection.policy import Policy
from apps.datasets.inspection.reading import FileProblem, FileShape, check_file, detect, read_rows
from apps.datasets.inspection.text import normalise

__all__ = [
    "FileProblem",
    "FileShape",
    "Mapping",
    "Policy",
    "Progress",
    "SplitFile",
    "check_file",
    "detect",
    "guess_mapping",
    "normalise",
    "read_rows",
]
