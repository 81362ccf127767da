"""Where dataset bytes live: a staging folder while they arrive, then the storage, under their digest."""

import fcntl
import hashlib
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection
from django.utils.translation import gettext as _

from apps.datasets.errors import (
    DigestDiffers,
    FileUnreadable,
    OffsetDiffers,
    StorageKeyRefused,
    UploadNotReady,
    UploadTooLarge,
)
from apps.datasets.inspection import FileProblem, FileShape, check_file, detect
from apps.datasets.inspection.reading import Format

CHUNK = 1024 * 1024
OWN_FOLDER = "datasets/"
_BYTES_LOCK = 0x464F5552


def hold_bytes(*, alone: bool = False) -> None:
    """Keep stored bytes from being deleted until the transaction ends; ``alone``: be the one who deletes."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{'' if alone else '_shared'}(%s)", [_BYTES_LOCK])


def staged(upload_id: uuid.UUID) -> Path:
    """Return the path of the upload's bytes while they arrive."""
    folder = Path(settings.FOURGATE_HOME) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / str(upload_id)


@contextmanager
def receiving(upload_id: uuid.UUID) -> Iterator[Path]:
    """Hold the upload's staged file for one writer; raise ``OffsetDiffers`` while another one writes."""
    path = staged(upload_id)
    try:
        file = path.open("r+b")
    except FileNotFoundError as error:
        raise UploadNotReady(_("This upload takes no more bytes. Start it again.")) from error
    with file as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OffsetDiffers(_("Another piece of this file is arriving. Wait, then ask where to go on.")) from error
        yield path


def append(path: Path, offset: int, stream: Any, limit: int, digest: str = "") -> int:
    """Write the stream at ``offset`` and return the new length; what was acknowledged is on the disk.

    Raise ``UploadTooLarge`` beyond ``limit`` bytes, ``DigestDiffers`` when the piece is not what ``digest`` says;
    nothing is added then.
    """
    found, length = hashlib.sha256(), offset
    with path.open("r+b") as file:
        file.truncate(offset)
        file.seek(offset)
        try:
            while chunk := stream.read(CHUNK):
                length += len(chunk)
                if length > limit:
                    file.truncate(offset)
                    raise UploadTooLarge(
                        _("More bytes came than the %(n)d that were announced. Start the upload again.") % {"n": limit}
                    )
                found.update(chunk)
                file.write(chunk)
            if digest and digest != "sha256:" + found.hexdigest():
                file.truncate(offset)
                raise DigestDiffers(
                    _("This piece arrived changed. Send it again from byte %(n)d.") % {"n": offset},
                    extra={"offset": offset},
                )
        finally:
            file.flush()
            os.fsync(file.fileno())
    return length


class _Digesting:
    """A stream that hashes what is read from it and says how far it is."""

    def __init__(self, stream: IO[bytes], progress: Callable[[int], None]) -> None:
        self.stream, self.progress = stream, progress
        self.sha256, self.size = hashlib.sha256(), 0

    def read(self, size: int = CHUNK) -> bytes:
        data = self.stream.read(size)
        self.sha256.update(data)
        self.size += len(data)
        self.progress(self.size)
        return data

    def digest(self) -> str:
        """Return the digest of the whole stream; reads what is left of it."""
        while self.read():
            pass
        return "sha256:" + self.sha256.hexdigest()


def format_of(name: str) -> tuple[Format, bool]:
    try:
        return detect(name)
    except FileProblem as problem:
        raise unreadable(name, problem) from problem


def unreadable(name: str, problem: FileProblem) -> FileUnreadable:
    return FileUnreadable(
        f"{name}: {problem}",
        errors={"/file": [f"{name}: {problem}"]},
        extra={"file": name, "row": problem.row},
    )


def checked(
    stream: IO[bytes], name: str, declared: str = "", progress: Callable[[int], None] = lambda size: None
) -> tuple[str, int, FileShape]:
    """Return (digest, bytes, shape) of a file, read once; raise ``DigestDiffers`` or ``FileUnreadable``.

    Another digest than declared goes before what is wrong inside: bytes lost on the way explain the rest.
    """
    kind, packed = format_of(name)
    reading = _Digesting(stream, progress)
    problem: FileProblem | None = None
    shape = FileShape((), 0)
    try:
        if kind == "parquet":
            reading.digest()
            stream.seek(0)
        shape = check_file(stream if kind == "parquet" else cast(IO[bytes], reading), kind, packed)
    except FileProblem as found:
        problem = found
    if problem is None or declared:
        digest = reading.digest()
        if declared and declared != digest:
            raise DigestDiffers(
                _("%(name)s was declared as %(declared)s, but %(digest)s arrived. Upload it again.")
                % {"name": name, "declared": declared, "digest": digest},
                errors={"/file": [_("Another digest than declared.")]},
            )
    if problem is not None:
        raise unreadable(name, problem) from problem
    return digest, reading.size, shape


def is_own(name: str) -> bool:
    """Tell whether the stored name is one that Fourgate gave; another one was taken by reference."""
    return name.startswith(OWN_FOLDER)


def keep(stream: IO[bytes], digest: str) -> str:
    """Put the file into storage under its digest and return its name there; equal bytes are kept once."""
    plain = digest.removeprefix("sha256:")
    name = f"{OWN_FOLDER}{plain[:2]}/{plain}"
    if not default_storage.exists(name):
        stream.seek(0)
        name = default_storage.save(name, File(stream))
    return name


def checked_key(key: str, pointer: str = "/splits") -> str:
    """Return a storage key that names a file inside the storage; raise ``StorageKeyRefused`` for tricks."""
    parts = key.split("/")
    if not key or key.startswith("/") or "\\" in key or "\x00" in key or any(part in ("", ".", "..") for part in parts):
        raise StorageKeyRefused(
            _("“%(key)s” is not the name of a file in the storage. Give it without “..” and without a leading “/”.")
            % {"key": key[:200]},
            errors={pointer: [_("Not a storage key.")]},
        )
    if parts[0] not in settings.REFERENCE_FOLDERS:
        raise StorageKeyRefused(
            _("Files are taken by reference only from: %(folders)s.")
            % {"folders": ", ".join(settings.REFERENCE_FOLDERS)},
            errors={pointer: [_("Not a folder for references.")]},
        )
    if not default_storage.exists(key):
        raise StorageKeyRefused(
            _("There is no file “%(key)s” in the storage.") % {"key": key[:200]},
            errors={pointer: [_("No such file.")]},
        )
    return key
