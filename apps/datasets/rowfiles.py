"""A version's files as the inspection's library reads them."""

from collections.abc import Sequence
from functools import partial
from typing import IO, cast

from django.core.files.storage import default_storage

from apps.datasets.inspection import SplitFile as Readable
from apps.datasets.inspection.reading import Format
from apps.datasets.models import DatasetVersion, SplitFile


def _open(storage_name: str) -> IO[bytes]:
    return cast(IO[bytes], default_storage.open(storage_name))


def readable(files: Sequence[SplitFile]) -> list[Readable]:
    """Return the files, in their order, as something to read rows from."""
    return [
        Readable(file.split, file.name, cast(Format, file.format), file.is_packed, partial(_open, file.storage_name))
        for file in files
    ]


def in_content_order(version: DatasetVersion) -> list[SplitFile]:
    """Return the version's files in the order of split and digest, which is the same for every equal content."""
    return sorted(version.files.all(), key=lambda file: (file.split, file.digest, file.position))
