"""Exports: a ZIP from which a stranger can check the entries without Fourgate."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.contrib.auth import get_user_model
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from apps.core import jobs
from apps.core.clock import now
from apps.core.models import Job
from apps.ledger import keys, notes, proofs, tree
from apps.ledger.errors import NothingSigned
from apps.ledger.filters import AskedBy, EntryFilter
from apps.ledger.models import Checkpoint, Entry, Export

OFFLINE = Path(__file__).parent / "offline"
PROOFS_AT_ONCE = 500


def is_whole(export_filters: dict[str, str], user: Any) -> bool:
    """Tell whether the export holds every entry: no filter, and a reader who may see them all."""
    return not any(export_filters.values()) and user.may("trail.export", None)


def _lines(rows: Any, size: int, whole: bool) -> Iterator[bytes]:
    """Yield one NDJSON line an entry; in a selection each carries its inclusion proof."""
    batch: list[Entry] = []
    for entry in rows.iterator(chunk_size=2000):
        if whole:
            yield _line(entry, None)
            continue
        batch.append(entry)
        if len(batch) == PROOFS_AT_ONCE:
            yield from _proven(batch, size)
            batch = []
    yield from _proven(batch, size)


def _proven(batch: list[Entry], size: int) -> Iterator[bytes]:
    if not batch:
        return
    wanted: list[tuple[int, int]] = []

    def note(level: int, position: int) -> bytes:
        wanted.append((level, position))
        return b""

    for entry in batch:
        tree.inclusion_proof(note, (entry.seq or 0) - 1, size)
    found = proofs.fetch(list(dict.fromkeys(wanted)))
    for entry in batch:
        proof = tree.inclusion_proof(lambda level, at: found[level, at], (entry.seq or 0) - 1, size)
        yield _line(entry, proof)


def _line(entry: Entry, proof: list[bytes] | None) -> bytes:
    line: dict[str, Any] = {"seq": entry.seq, "leaf": bytes(entry.leaf or b"").hex(), "body": entry.body}
    if proof is not None:
        line["proof"] = [step.hex() for step in proof]
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def write_zip(target: IO[bytes], export: Export, user: Any, progress: jobs.Progress) -> int:
    """Write the export into ``target`` and return how many entries it holds; memory stays flat."""
    checkpoint = proofs.newest_checkpoint(1)
    verifier = keys.verifier()
    if checkpoint is None or verifier is None:
        raise NothingSigned(_("The notary has not signed yet. Start it (manage.py notary) and try again."))
    notes.read(checkpoint.note, verifier)
    whole = is_whole(export.filters, user)
    rows = (
        EntryFilter(export.filters, queryset=Entry.objects.visible_to(user, "trail.export"), request=AskedBy(user))
        .qs.filter(seq__lte=checkpoint.size)
        .order_by("seq")
    )
    count = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        with archive.open("entries.ndjson", "w", force_zip64=True) as file:
            for line in _lines(rows, checkpoint.size, whole):
                file.write(line)
                count += 1
                if count % 500 == 0:
                    progress(count, checkpoint.size if whole else None)
        archive.writestr("checkpoint.txt", checkpoint.note)
        if whole:
            for earlier in Checkpoint.objects.filter(size__lt=checkpoint.size).order_by("size").iterator():
                archive.writestr(f"checkpoints/{earlier.size:012d}.txt", earlier.note)
        manifest = {
            "origin": verifier.origin,
            "entries": count,
            "tree_size": checkpoint.size,
            "whole": whole,
            "filters": export.filters,
            "export": str(export.pk),
        }
        archive.writestr("manifest.json", json.dumps(manifest, indent=2))
        archive.write(OFFLINE / "verify.py", "verify.py")
        archive.write(OFFLINE / "README.txt", "README.txt")
    return count


@jobs.handler("export_ledger")
def export_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    export = Export.objects.get(pk=job.payload["export"])
    user = get_user_model().objects.get(pk=export.requested_by)
    with tempfile.TemporaryFile() as file:
        count = write_zip(file, export, user, progress)
        size = file.tell()
        file.seek(0)
        digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        name = default_storage.save(f"exports/{export.pk}.zip", File(file))
    Export.objects.filter(pk=export.pk).update(file=name, size=size, entries=count, digest=digest, finished_at=now())
    return {"export": str(export.pk), "entries": count, "size": size}
