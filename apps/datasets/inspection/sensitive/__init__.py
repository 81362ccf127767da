"""Personal data and secrets in texts: found by pattern, check digit and context, in batches or one by one."""

from apps.datasets.inspection.sensitive.kinds import INDEX, KINDS, LIKELY, Finding, Kind, Plugin
from apps.datasets.inspection.sensitive.masking import mask
from apps.datasets.inspection.sensitive.plugins import load, load_all, named
from apps.datasets.inspection.sensitive.scanning import Hits, Scanner, compiled, find

__all__ = [
    "INDEX",
    "KINDS",
    "LIKELY",
    "Finding",
    "Hits",
    "Kind",
    "Plugin",
    "Scanner",
    "compiled",
    "find",
    "load",
    "load_all",
    "mask",
    "named",
]
