"""Drawing the rows of a sample audit: by a job, from a seed that nobody chooses."""

import secrets
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import jobs
from apps.core.clock import now
from apps.core.models import Job
from apps.core.transactions import atomic
from apps.datasets import inspection
from apps.datasets.actions.forgetting import refuse_erased
from apps.datasets.actions.inspecting import mapping_of
from apps.datasets.actions.reviewers import locked, refuse_lone_authors, require_lead, seat
from apps.datasets.actions.stopping import Stopped, while_asked
from apps.datasets.errors import AuditUnfinished, NothingRuns, SampleTooLarge
from apps.datasets.inspection import sampling
from apps.datasets.inspection.scan import where
from apps.datasets.inspection.statistics import sample_size
from apps.datasets.models import DatasetVersion, SampleAudit, SampledRow, SampledText
from apps.datasets.refs import audit_ref, version_ref
from apps.datasets.rowfiles import readable
from apps.datasets.storage import hold_bytes
from apps.ledger.actions import record_on
from apps.people.models import User

State = SampleAudit.State
MOST_ROWS = 5_000
MOST_CHARACTERS = 32_000_000
BATCH = 500


def sample_rows(version: DatasetVersion, confidence_percent: int, margin_percent: float) -> int:
    """Return how many rows the confidence and the margin (both in per cent) ask for."""
    return sample_size(confidence_percent / 100, margin_percent / 100, version.rows)


@atomic
def draw_sample(
    version: DatasetVersion,
    *,
    by: User,
    reviewers: Iterable[User],
    confidence_percent: int = 95,
    margin_percent: float = 5.0,
    reviewers_per_row: int = 1,
) -> SampleAudit:
    """Start a sample audit: its rows are drawn by a job, from a seed that nobody chooses.

    Raise ``NotTheHolder``, ``FilesErased``, ``SampleTooLarge``, ``ReviewersLack``, and ``AuditUnfinished`` while
    another audit of the version is not ended.
    """
    require_lead(version, by)
    hold_bytes()
    refuse_erased(version)
    rows = sample_rows(version, confidence_percent, margin_percent)
    if rows > MOST_ROWS:
        raise SampleTooLarge(
            _("That takes %(rows)s rows; people judge at most %(most)s. Choose a wider margin or a lower confidence.")
            % {"rows": f"{rows:,}", "most": f"{MOST_ROWS:,}"},
            errors={"/margin_percent": [_("This asks for %(rows)s rows.") % {"rows": f"{rows:,}"}]},
        )
    try:
        with transaction.atomic():
            audit = SampleAudit.objects.create(
                version=version,
                number=int(version.audits.aggregate(n=Max("number"))["n"] or 0) + 1,
                confidence_percent=confidence_percent,
                margin_percent=margin_percent,
                reviewers_per_row=reviewers_per_row,
                wanted_rows=rows,
                seed=secrets.token_hex(16),
                drawn_by=by,
            )
    except IntegrityError as error:
        raise AuditUnfinished(_("An audit of this version is not ended. Close it or withdraw it first.")) from error
    invited = seat(audit, reviewers, by)
    refuse_lone_authors(audit)
    _enqueue(audit, by)
    record_on(
        "sample_audit.asked",
        by=by,
        ref=version_ref(version),
        obj=version,
        payload={
            "audit": str(audit.pk),
            "number": audit.number,
            "seed": audit.seed,
            "rows": rows,
            "confidence_percent": confidence_percent,
            "margin_percent": margin_percent,
            "reviewers_per_row": reviewers_per_row,
            "reviewers": [user.name for user in invited],
        },
    )
    return audit


def _enqueue(audit: SampleAudit, by: User) -> None:
    job = jobs.enqueue(
        "draw_sample",
        key=f"{audit.pk}:{audit.attempt}",
        payload={"audit": str(audit.pk), "attempt": audit.attempt},
        by=by,
        team_id=audit.team.pk,
        subject=audit_ref(audit),
    )
    audit.job_id = job.pk
    audit.save(update_fields=["job_id"])


@atomic
def draw_again(audit: SampleAudit, *, by: User) -> SampleAudit:
    """Draw a sample whose job failed or was stopped once more, from the same seed."""
    audit = locked(audit)
    require_lead(audit.version, by)
    if not audit.is_undrawn:
        raise AuditUnfinished(_("Only a sample that could not be drawn is drawn again."))
    audit.state, audit.error, audit.attempt = State.DRAWING, "", audit.attempt + 1
    audit.save(update_fields=["state", "error", "attempt"])
    _enqueue(audit, by)
    record_on(
        "sample_audit.asked",
        by=by,
        ref=version_ref(audit.version),
        obj=audit.version,
        payload={"audit": str(audit.pk), "number": audit.number, "seed": audit.seed, "attempt": audit.attempt},
    )
    return audit


@atomic
def cancel_draw(audit: SampleAudit, *, by: User) -> SampleAudit:
    """Stop the draw that runs; the worker lets go within seconds and keeps nothing. Raise ``NothingRuns``."""
    audit = locked(audit)
    require_lead(audit.version, by)
    if audit.state != State.DRAWING:
        raise NothingRuns(_("No sample of this audit is being drawn."))
    audit.state, audit.error = State.CANCELLED, _("Stopped by %(name)s.") % {"name": by.name}
    audit.save(update_fields=["state", "error"])
    record_on(
        "sample_audit.draw_stopped",
        by=by,
        ref=version_ref(audit.version),
        obj=audit.version,
        payload={"audit": str(audit.pk), "number": audit.number, "attempt": audit.attempt},
    )
    return audit


@jobs.handler("draw_sample")
def draw_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Draw one sample and keep its texts; a second run of the same attempt changes nothing."""
    rows = SampleAudit.objects.select_related("version__dataset__use_case__team", "drawn_by")
    audit = rows.get(pk=job.payload["audit"])
    if audit.state != State.DRAWING or audit.attempt != job.payload["attempt"]:
        return {}
    version = audit.version
    files = list(version.files.all())
    look = while_asked(SampleAudit.objects.filter(pk=audit.pk, state=State.DRAWING, attempt=audit.attempt))

    def say(done: int) -> None:
        look()
        progress(done, 3 * version.rows, str(_("Drawing rows")))

    try:
        drawn = sampling.draw(
            readable(files),
            mapping_of(version),
            seed=audit.seed,
            rows=audit.wanted_rows,
            progress=say,
        )
        texts = dict(
            sampling.read_sample(
                readable(files),
                mapping_of(version),
                drawn.places,
                longest=MOST_CHARACTERS // max(1, len(drawn.places)),
            )
        )
    except Stopped:
        return {"state": "stopped"}
    except (inspection.FileProblem, OSError) as problem:
        gone = isinstance(problem, OSError)
        error = _("A file of this version is not in the storage any more.") if gone else str(problem)
        _fail(job, audit, error)
        return {"state": "failed", "error": error}
    _keep(job, audit, drawn, texts, [file.name for file in files])
    return {"state": "reviewing", "rows": len(drawn.places)}


@atomic
def _fail(job: Job, audit: SampleAudit, error: str) -> None:
    jobs.hold(job)
    audit = locked(audit)
    if audit.state == State.DRAWING:
        audit.state, audit.error = State.FAILED, error
        audit.save(update_fields=["state", "error"])


@atomic
def _keep(
    job: Job, audit: SampleAudit, drawn: sampling.Sample, texts: dict[int, sampling.SampledText], names: list[str]
) -> None:
    jobs.hold(job)
    audit = locked(audit)
    if audit.state != State.DRAWING or audit.attempt != job.payload["attempt"]:
        return
    splits = [file.split for file in audit.version.files.all()]
    rows = []
    for position, place in enumerate(drawn.places, 1):
        file, row = where(place)["file"], where(place)["row"]
        rows.append(
            SampledRow(
                audit=audit,
                position=position,
                split=splits[file],
                label=texts[place].answer[: sampling.LONGEST_LABEL] if drawn.by_label else "",
                file_name=names[file],
                file=file,
                row=row,
                digest=texts[place].digest,
            )
        )
    SampledRow.objects.bulk_create(rows, batch_size=BATCH)
    SampledText.objects.bulk_create(
        [
            SampledText(sampled_row=row, text=texts[place].text, answer=texts[place].answer, others=texts[place].others)
            for row, place in zip(rows, drawn.places, strict=True)
        ],
        batch_size=BATCH,
    )
    audit.state, audit.drawn_at, audit.by_label = State.REVIEWING, now(), drawn.by_label
    audit.strata = [
        {"split": row.split, "label": row.label, "rows": row.rows, "drawn": row.drawn} for row in drawn.strata
    ]
    audit.save(update_fields=["state", "drawn_at", "by_label", "strata"])
    record_on(
        "sample_audit.drawn",
        by=audit.drawn_by,
        ref=version_ref(audit.version),
        obj=audit.version,
        payload={
            "audit": str(audit.pk),
            "number": audit.number,
            "seed": audit.seed,
            "rows": len(rows),
            "strata": len(audit.strata),
            "stratified_by_label": drawn.by_label,
        },
    )
