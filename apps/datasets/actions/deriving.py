"""Deriving a version without its sensitive data: decided by a person, done by a worker, registered once."""

import tempfile
from typing import IO, Any, cast
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core import access, jobs, subjects
from apps.core.canonical import digest_of
from apps.core.models import Job
from apps.core.transactions import atomic
from apps.datasets.actions.forgetting import refuse_erased
from apps.datasets.actions.uploads import take_file
from apps.datasets.actions.versions import FileOffer, register_version
from apps.datasets.errors import NothingToDerive
from apps.datasets.facts.sensitive import kinds_found
from apps.datasets.inspection import FileProblem
from apps.datasets.inspection.reading import Format
from apps.datasets.inspection.rewriting import Rewritten, Treatment, rewrite
from apps.datasets.inspection.sensitive import INDEX, KINDS
from apps.datasets.models import DatasetVersion, Derivation, Inspection, SensitiveDecision
from apps.datasets.refs import version_ref
from apps.datasets.storage import unreadable
from apps.evidence.errors import FileGone
from apps.ledger.actions import record_on
from apps.people.models import User

JOB = "derive_version"
READING = gettext_lazy("Rewriting rows")
Decision = SensitiveDecision.Decision
TREATED = (Decision.MASKED, Decision.EXCLUDED)


def treatment_of(version: DatasetVersion) -> dict[str, str]:
    """Return what the machine can do about the version: its kinds that are to be masked or left out."""
    return {
        row.key: row.decision.decision
        for row in kinds_found(version, Inspection.objects.select_related("result").get(version=version))
        if row.decision is not None and row.decision.decision in TREATED
    }


def _key(version: DatasetVersion, treatment: dict[str, str]) -> str:
    return f"{version.pk}:{digest_of(treatment)}"


def job_of(version: DatasetVersion) -> Job | None:
    """Return the job that derives what the standing decisions ask for, if it was started."""
    treatment = treatment_of(version)
    return Job.objects.filter(kind=JOB, key=_key(version, treatment)).first() if treatment else None


@atomic
def derive_version(version: DatasetVersion, *, by: User) -> Job:
    """Queue the making of a version in which what was decided is masked or left out.

    The same decisions again return the job that stands; a failed one starts again. Raise ``NothingToDerive`` while a
    kind is undecided, or when none is to be masked or left out.
    """
    access.require(by, "dataset.register", version.team.pk)
    refuse_erased(version)
    kinds = kinds_found(version, Inspection.objects.select_related("result").get(version=version))
    if undecided := [row.title for row in kinds if row.decision is None]:
        raise NothingToDerive(
            _("Not decided yet: %(names)s. The compliance reviewer decides on every kind first.")
            % {"names": ", ".join(undecided)}
        )
    treatment = treatment_of(version)
    if not treatment:
        raise NothingToDerive(_("No kind was decided to be masked or left out. This version needs no other one."))
    job = jobs.enqueue(
        JOB,
        key=_key(version, treatment),
        payload={"version": str(version.pk), "treatment": treatment},
        by=by,
        team_id=version.team.pk,
        subject=version_ref(version),
    )
    if job.state == Job.State.FAILED:
        jobs.retry(job)
        job.refresh_from_db()
    return job


@jobs.handler(JOB)
def derive_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Rewrite the files and register them; a second run of the same finds what the first one registered."""
    parent = DatasetVersion.objects.select_related("dataset__use_case__team").get(pk=job.payload["version"])
    treatment: dict[str, str] = job.payload["treatment"]
    known = Derivation.objects.filter(parent=parent, treatment_digest=digest_of(treatment)).first()
    if known is not None:
        return {"version": str(known.version_id)}
    refuse_erased(parent)
    files = list(parent.files.all())
    if gone := [file.name for file in files if not default_storage.exists(file.storage_name)]:
        raise FileGone(_("Not in the storage any more: %(names)s. Ask for it to be restored.") % {"names": gone[0]})
    by = User.objects.get(pk=cast(UUID, job.requested_by))
    whole, offers = Rewritten(), dict[str, list[FileOffer]]()
    for file in files:
        before = whole.rows + whole.removed
        done, offer = _rewritten(
            parent, file, treatment, by, lambda rows, before=before: progress(before + rows, parent.rows, str(READING))
        )
        whole.rows, whole.changed = whole.rows + done.rows, whole.changed + done.changed
        whole.removed += done.removed
        whole.masked.update(done.masked)
        if offer is not None:
            offers.setdefault(file.split, []).append(offer)
    if not whole.changed and not whole.removed:
        raise NothingToDerive(_("Nothing of what was decided was found in the files. Inspect the version again."))
    with transaction.atomic():
        jobs.hold(job)
        return {"version": str(_register(parent, treatment, offers, whole, by).pk)}


def _rewritten(
    parent: DatasetVersion, file: Any, treatment: dict[str, str], by: User, progress: Any
) -> tuple[Rewritten, FileOffer | None]:
    """Return what was done to a file, and what replaces it: nothing when no row is left."""
    kind, plan = cast(Format, file.format), cast(dict[str, Treatment], treatment)
    with (
        tempfile.TemporaryFile(dir=settings.FOURGATE_HOME) as target,
        default_storage.open(file.storage_name) as source,
    ):
        try:
            asked = tuple(settings.SENSITIVE_RECOGNISERS)
            done = rewrite(cast(IO[bytes], source), kind, file.is_packed, target, plan, progress, asked)
        except FileProblem as problem:
            raise unreadable(file.name, problem) from problem
        if not done.rows:
            return done, None
        size = target.tell()
        target.seek(0)
        taken = File(target, name=file.name)
        taken.size = size  # type: ignore[misc]
        upload = take_file(parent.dataset, taken, by=by)
        return done, FileOffer(upload=upload.pk, origin=file.origin, origin_column=file.origin_column)


def _register(
    parent: DatasetVersion, treatment: dict[str, str], offers: dict[str, list[FileOffer]], done: Rewritten, by: User
) -> DatasetVersion:
    version = register_version(
        parent.dataset,
        offers,
        by=by,
        note=note_of(parent, treatment, done)[:500],
        fewer_splits_reason=parent.fewer_splits_reason,
        input_column=parent.input_column,
        label_column=parent.label_column,
    )
    Derivation.objects.create(
        version=version,
        parent=parent,
        treatment=treatment,
        treatment_digest=digest_of(treatment),
        values_masked=dict(done.masked),
        rows_changed=done.changed,
        rows_removed=done.removed,
    )
    record_on(
        "dataset_version.derived",
        by=by,
        ref=version_ref(version),
        obj=version,
        payload={
            "parent": str(parent.pk),
            "parent_digest": parent.digest,
            "treatment": treatment,
            "values_masked": dict(done.masked),
            "rows_changed": done.changed,
            "rows_removed": done.removed,
        },
    )
    subjects.announce_change(version_ref(parent), "dataset_version.derived")
    return version


def note_of(parent: DatasetVersion, treatment: dict[str, str], done: Rewritten) -> str:
    """Return in words what was done to the parent."""
    parts = [_("Derived from version %(n)d.") % {"n": parent.number}]
    for decision, text in ((Decision.MASKED, _("Masked: %(names)s.")), (Decision.EXCLUDED, _("Left out: %(names)s."))):
        names = [KINDS[INDEX[key]].title for key, chosen in sorted(treatment.items()) if chosen == decision]
        if names:
            parts.append(text % {"names": ", ".join(names)})
    parts.append(ngettext("%(n)s row changed", "%(n)s rows changed", done.changed) % {"n": f"{done.changed:,}"} + ",")
    parts.append(ngettext("%(n)s row removed.", "%(n)s rows removed.", done.removed) % {"n": f"{done.removed:,}"})
    return " ".join(parts)
