"""Forgetting the rows of a version: every text of them that the database keeps besides the files."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, Func, Q
from django.utils.translation import gettext as _

from apps.core.canonical import digest_of
from apps.datasets import samples
from apps.datasets.actions.ending import forget_texts, withdraw
from apps.datasets.errors import FilesErased
from apps.datasets.models import (
    ContestedItem,
    Copy,
    CopyDeletion,
    DatasetVersion,
    Inspection,
    InspectionResult,
    SampleAudit,
    VersionDifference,
    files_deleted,
)
from apps.people.models import User


def erased(version: DatasetVersion) -> CopyDeletion | None:
    """Return the deletion of the version's own files, where there was one."""
    rows = CopyDeletion.objects.filter(copy__version=version, copy__kind=Copy.Kind.REGISTERED)
    return rows.select_related("recorded_by").first()


def erased_among(versions: Iterable[DatasetVersion]) -> set[UUID]:
    """Return the keys of those versions whose own files were deleted; one query."""
    rows = CopyDeletion.objects.filter(copy__version__in=list(versions), copy__kind=Copy.Kind.REGISTERED)
    return set(rows.values_list("copy__version", flat=True))


def refuse_erased(version: DatasetVersion) -> None:
    """Raise ``FilesErased`` when the version's own files were deleted, whoever else still needs the bytes."""
    deletion = erased(version)
    if deletion is not None:
        raise FilesErased(
            _("The files of %(version)s were deleted on %(day)s by %(name)s. Only facts and digests are left.")
            % {
                "version": version,
                "day": deletion.created_at.date().isoformat(),
                "name": deletion.recorded_by.name,
            }
        )


def forget_rows(version: DatasetVersion, *, by: User) -> dict[str, int]:
    """Forget the texts of the version's rows in the caller's transaction; return how many went, by where they were.

    Figures, places, digests and verdicts stay. An audit that is not ended is withdrawn, for its rows can't be judged
    any more. What another standing version of equal content needs stays for that one.
    """
    inspected = _forget_samples(version)
    audits, texts = _forget_audits(version, by)
    items = ContestedItem.objects.filter(table__version=version).exclude(item="").update(item="")
    return {
        "inspection_samples": inspected,
        "audits_withdrawn": audits,
        "audit_texts": texts,
        "annotation_items": items,
        "difference_samples": _forget_differences(version),
    }


def _forget_audits(version: DatasetVersion, by: User) -> tuple[int, int]:
    reason = _("The files of %(version)s were deleted.") % {"version": version}
    rows = SampleAudit.objects.select_for_update(of=("self",)).select_related("version__dataset__use_case__team")
    withdrawn = texts = 0
    for audit in rows.filter(version=version).order_by("number"):
        if audit.is_unfinished:
            withdraw(audit, reason, by)
            withdrawn += 1
        texts += forget_texts(audit, reason, by)
    return withdrawn, texts


def needs_rows(digest: str, but: DatasetVersion) -> bool:
    """Tell whether another version of the same content still has its files."""
    twins = DatasetVersion.objects.filter(digest=digest).exclude(pk=but.pk)
    return twins.exclude(files_deleted("pk")).exists()


def is_forgotten(version: DatasetVersion) -> bool:
    """Tell whether nothing may keep rows of this content any more."""
    return erased(version) is not None and not needs_rows(version.digest, version)


def _forget_differences(version: DatasetVersion) -> int:
    if needs_rows(version.digest, version):
        return 0
    ends = Q(older_digest=version.digest) | Q(newer_digest=version.digest)
    found = VersionDifference.objects.select_for_update().filter(ends, state=VersionDifference.State.DONE)
    rows = {row.pk: samples.count_shown(row.result) for row in found}
    emptied = Func(F("result"), function="datasets_difference_without_rows")
    VersionDifference.objects.filter(pk__in=rows).update(result=emptied)
    return sum(rows.values())


def _forget_samples(version: DatasetVersion) -> int:
    found = Inspection.objects.select_for_update(of=("self",)).select_related("result").get(version=version)
    if found.result is None:
        return 0
    shown = samples.count(found.result.findings)
    emptied = without_rows(found.result, version)
    gone = shown if emptied.pk == found.result_id else 0
    found.result = emptied
    found.save(update_fields=["result"])
    return gone + _forget_earlier(emptied)


def _forget_earlier(result: InspectionResult) -> int:
    """Empty the results of earlier questions about the same rows, unless a standing version has such rows."""
    content: Any = result.findings["fingerprint"]["content"]
    same = InspectionResult.objects.filter(findings__fingerprint__content=content)
    if Inspection.objects.filter(result__in=same).exclude(files_deleted("version")).exclude(result=result).exists():
        return 0
    earlier = {row.pk: samples.count(row.findings) for row in same.exclude(pk=result.pk).select_for_update()}
    InspectionResult.objects.filter(pk__in=earlier).update(findings=_EMPTIED)
    return sum(earlier.values())


_EMPTIED = Func(F("findings"), function="datasets_without_rows")


def without_rows(result: InspectionResult, version: DatasetVersion) -> InspectionResult:
    """Return a result without its sample rows, with the digest of what was found.

    It is the same row, emptied (the one change that the database allows), unless another version with equal content
    still stands: then it is a row beside it.
    """
    users = Inspection.objects.filter(result=result).exclude(version=version)
    if users.exclude(files_deleted("version")).exists():
        beside, _created = InspectionResult.objects.get_or_create(
            key=digest_of([result.key, "without rows"]),
            defaults={
                "digest": result.digest,
                "findings": samples.without(result.findings),
                "engine": result.engine,
            },
        )
        return beside
    InspectionResult.objects.filter(pk=result.pk).update(findings=_EMPTIED)
    result.refresh_from_db()
    return result
