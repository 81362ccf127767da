"""Where result files and scores lie: in the storage, under their digest."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import IO, Any, cast

import orjson
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from apps.evaluations.errors import ResultTooLarge
from apps.evaluations.importing import Source
from apps.evaluations.models import EvaluationRun, RunFile
from apps.evidence.actions import plain_name
from apps.evidence.errors import FileGone

FOLDER = "evaluations/"
LARGEST_FILES = 256 * 1024 * 1024
MOST_FILES = 50
CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the storage."""

    name: str
    storage_name: str
    digest: str
    size: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def source(self) -> Source:
        return Source(self.name, partial(opened, self.storage_name))


def opened(storage_name: str) -> IO[bytes]:
    """Open a stored file; raise ``FileGone`` when it is not there any more."""
    try:
        return cast(IO[bytes], default_storage.open(storage_name))
    except FileNotFoundError as error:
        raise FileGone(_("The file is not in the storage any more. Ask for it to be restored.")) from error


def keep(file: IO[bytes], name: str, limit: int = LARGEST_FILES) -> Kept:
    """Put a file into the storage under its digest; raise ``ResultTooLarge`` beyond ``limit`` bytes."""
    found, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(CHUNK):
        found.update(chunk)
        size += len(chunk)
        if size > limit:
            raise ResultTooLarge(
                _("The files of one run hold at most %(n)d MB together.") % {"n": LARGEST_FILES // 1024**2},
                errors={"/files": [_("Too large.")]},
            )
    plain = found.hexdigest()
    storage_name = f"{FOLDER}{plain[:2]}/{plain}"
    if not default_storage.exists(storage_name):
        file.seek(0)
        storage_name = default_storage.save(storage_name, File(file))
    return Kept(plain_name(name), storage_name, f"sha256:{plain}", size)


def scores_of(run: EvaluationRun) -> Iterator[dict[str, Any]]:
    """Yield the scores that a run kept, as plain rows; nothing when it kept none."""
    file = next((row for row in run.files.all() if row.kind == RunFile.Kind.SCORES), None)
    if file is None:
        return
    with opened(file.storage_name) as stream:
        for line in stream:
            yield orjson.loads(line)


def score_line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
