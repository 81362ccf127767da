"""Where dataset bytes live: a staging folder while they arrive, then the storage, under their digest."""

import hashlib
import os
import uuid
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from apps.datasets.errors import DigestDiffers, FileUnreadable, StorageKeyRefused, UploadTooLarge
from apps.datasets.inspection import FileProblem, FileShape, check_file, detect
from apps.datasets.inspection.reading import Format

CHUNK = 1024 * 1024


def staged(upload_id: uuid.UUID) -> Path:
    """Return the path of the upload's bytes while they arrive."""
    folder = Path(settings.FOURGATE_HOME) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / str(upload_id)


def append(path: Path, offset: int, stream: Any, limit: int) -> int:
    """Write the stream at ``offset`` and return the new length; what was acknowledged is on the disk.

    Raise ``UploadTooLarge`` beyond ``limit`` bytes; nothing is added then.
    """
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(offset)
        file.seek(offset)
        length = offset
        try:
            while chunk := stream.read(CHUNK):
                length += len(chunk)
                if length > limit:
                    file.truncate(offset)
                    raise UploadTooLarge(
                        _("More bytes came than the %(n)d that were announced. Start the upload again.") % {"n": limit}
                    )
                file.write(chunk)
        finally:
            file.flush()
            os.fsync(file.fileno())
    return length


def digest_of_file(stream: IO[bytes]) -> tuple[str, int]:
    """Return (digest, bytes) of a stream, read once."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return "sha256:" + digest.hexdigest(), size


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


def checked(stream: IO[bytes], name: str, declared: str = "") -> tuple[str, int, FileShape]:
    """Return (digest, bytes, shape) of a whole file; raise ``DigestDiffers`` or ``FileUnreadable``."""
    kind, packed = format_of(name)
    digest, size = digest_of_file(stream)
    if declared and declared != digest:
        raise DigestDiffers(
            _("%(name)s was declared as %(declared)s, but %(digest)s arrived. Upload it again.")
            % {"name": name, "declared": declared, "digest": digest},
            errors={"/file": [_("Another digest than declared.")]},
        )
    stream.seek(0)
    try:
        shape = check_file(stream, kind, packed)
    except FileProblem as problem:
        raise unreadable(name, problem) from problem
    return digest, size, shape


def keep(stream: IO[bytes], digest: str) -> str:
    """Put the file into storage under its digest and return its name there; equal bytes are kept once."""
    plain = digest.removeprefix("sha256:")
    name = f"datasets/{plain[:2]}/{plain}"
    if not default_storage.exists(name):
        stream.seek(0)
        name = default_storage.save(name, File(stream))
    return name


def checked_key(key: str) -> str:
    """Return a storage key that names a file inside the storage; raise ``StorageKeyRefused`` for tricks."""
    parts = key.split("/")
    if not key or key.startswith("/") or "\\" in key or "\x00" in key or any(part in ("", ".", "..") for part in parts):
        raise StorageKeyRefused(
            _("“%(key)s” is not the name of a file in the storage. Give it without “..” and without a leading “/”.")
            % {"key": key[:200]},
            errors={"/splits": [_("Not a storage key.")]},
        )
    if parts[0] not in settings.REFERENCE_FOLDERS:
        raise StorageKeyRefused(
            _("Files are taken by reference only from: %(folders)s.")
            % {"folders": ", ".join(settings.REFERENCE_FOLDERS)},
            errors={"/splits": [_("Not a folder for references.")]},
        )
    if not default_storage.exists(key):
        raise StorageKeyRefused(
            _("There is no file “%(key)s” in the storage.") % {"key": key[:200]},
            errors={"/splits": [_("No such file.")]},
        )
    return key
