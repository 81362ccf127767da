"""Sample audits: drawn, staffed, closed or withdrawn."""

import secrets
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import jobs, subjects
from apps.core.clock import now
from apps.core.models import Job
from apps.datasets import auditing, inspection
from apps.datasets.actions.comparing import start_differences
from apps.datasets.errors import AuditEnded, AuditUnfinished, ReviewersLack, SampleTooLarge
from apps.datasets.inspection import sampling
from apps.datasets.inspection.rowfiles import split_place
from apps.datasets.models import AuditReviewer, DatasetVersion, SampleAudit, SampledRow, SampledText
from apps.datasets.refs import audit_ref, dataset_ref, version_ref
from apps.datasets.rowfiles import row_files
from apps.evidence.errors import NotTheHolder
from apps.ledger.actions import record_on
from apps.people.models import User

State = SampleAudit.State
MOST_ROWS = 5_000
MOST_CHARACTERS = 32_000_000
BATCH = 500


def require_lead(version: DatasetVersion, by: User) -> None:
    """Raise ``NotTheHolder`` unless the person is the dataset's review lead today."""
    if not auditing.leads(version, by):
        raise NotTheHolder(
            _("Only the review lead of the dataset can do this, or the deputy while the review lead is away.")
        )


def locked(audit: SampleAudit) -> SampleAudit:
    """Return the audit with its row locked until the transaction ends."""
    rows = SampleAudit.objects.select_for_update(of=("self",)).select_related("version__dataset__use_case__team")
    found: SampleAudit = rows.get(pk=audit.pk)
    return found


def sample_rows(version: DatasetVersion, confidence_percent: int, margin_percent: float) -> int:
    """Return how many rows the confidence and the margin (both in per cent) ask for."""
    return sampling.sample_size(version.rows, confidence_percent / 100, margin_percent / 100)


@transaction.atomic
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

    Raise ``NotTheHolder``, ``SampleTooLarge``, ``ReviewersLack``, and ``AuditUnfinished`` while another audit of the
    version is not ended.
    """
    require_lead(version, by)
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
    invited = _invite(audit, reviewers, by)
    _refuse_lone_authors(audit)
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


@transaction.atomic
def draw_again(audit: SampleAudit, *, by: User) -> SampleAudit:
    """Draw a sample whose job failed once more, from the same seed."""
    audit = locked(audit)
    require_lead(audit.version, by)
    if audit.state != State.FAILED:
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


@jobs.handler("draw_sample")
def draw_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Draw one sample and keep its texts; a second run of the same attempt changes nothing."""
    rows = SampleAudit.objects.select_related("version__dataset__use_case__team", "drawn_by")
    audit = rows.get(pk=job.payload["audit"])
    if audit.state != State.DRAWING or audit.attempt != job.payload["attempt"]:
        return {}
    version = audit.version
    files = list(version.files.all())
    try:
        drawn = sampling.draw(
            row_files(files),
            version.input_column,
            version.label_column,
            seed=audit.seed,
            rows=audit.wanted_rows,
            progress=lambda done: progress(done, 3 * version.rows, str(_("Drawing rows"))),
        )
        texts = dict(
            sampling.read_sample(
                row_files(files),
                version.input_column,
                version.label_column,
                drawn.places,
                longest=MOST_CHARACTERS // max(1, len(drawn.places)),
            )
        )
    except (inspection.FileProblem, OSError) as problem:
        gone = isinstance(problem, OSError)
        error = _("A file of this version is not in the storage any more.") if gone else str(problem)
        _fail(job, audit, error)
        return {"state": "failed", "error": error}
    _keep(job, audit, drawn, texts, [file.name for file in files])
    return {"state": "reviewing", "rows": len(drawn.places)}


@transaction.atomic
def _fail(job: Job, audit: SampleAudit, error: str) -> None:
    jobs.hold(job)
    audit = locked(audit)
    if audit.state == State.DRAWING:
        audit.state, audit.error = State.FAILED, error
        audit.save(update_fields=["state", "error"])


@transaction.atomic
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
        file, row = split_place(place)
        rows.append(
            SampledRow(
                audit=audit,
                position=position,
                split=splits[file],
                label=texts[place].label,
                file_name=names[file],
                file=file,
                row=row,
                digest=texts[place].digest,
            )
        )
    SampledRow.objects.bulk_create(rows, batch_size=BATCH)
    SampledText.objects.bulk_create(
        [
            SampledText(sampled_row=row, text=texts[place].text, others=texts[place].others)
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


def _invite(audit: SampleAudit, users: Iterable[User], by: User) -> list[User]:
    """Add reviewers that are not there yet, and bring dismissed ones back; raise ``ReviewersLack``."""
    wanted = {user.pk for user in users}
    eligible = {user.pk: user for user in auditing.candidates(audit.version).filter(pk__in=wanted)}
    if wanted - eligible.keys():
        raise ReviewersLack(
            _("Reviewers are active people of the team. Choose others, or have them join the team first."),
            errors={"/reviewers": [_("Somebody here is not in the team.")]},
        )
    authors = subjects.kind("dataset_version").authors(audit.version)
    lead = auditing.lead_of(audit.version)
    deciding = {lead.holder_id, lead.deputy_id} if lead is not None else set()
    for user in eligible.values():
        if audit.reviewers_per_row == 1 and user.pk in authors:
            raise ReviewersLack(
                _("%(name)s made this version. With one reviewer a row, choose somebody who did not.")
                % {"name": user.name},
                errors={"/reviewers": [_("%(name)s made this version.") % {"name": user.name}]},
            )
        if audit.reviewers_per_row == 2 and user.pk in deciding:
            raise ReviewersLack(
                _("%(name)s decides where two reviewers differ, and so does not judge.") % {"name": user.name},
                errors={"/reviewers": [_("%(name)s decides disagreements.") % {"name": user.name}]},
            )
    standing = {row.user_id: row for row in audit.reviewers.all()}
    new = [user for pk, user in eligible.items() if pk not in standing or standing[pk].dismissed_at]
    for user in new:
        AuditReviewer.objects.update_or_create(
            audit=audit,
            user=user,
            defaults={"invited_by": by, "dismissed_at": None},
            create_defaults={"invited_by": by, "is_author": user.pk in authors},
        )
    return new


def _refuse_lone_authors(audit: SampleAudit) -> None:
    """Raise ``ReviewersLack`` unless the reviewers suffice for every row, authors being at most one of two."""
    standing = audit.reviewers.filter(dismissed_at=None)
    others = standing.filter(is_author=False).count()
    able = others + min(1, standing.filter(is_author=True).count())
    if others == 0 or able < audit.reviewers_per_row:
        raise ReviewersLack(
            ngettext(
                "Invite at least %(n)d reviewer who did not make the version.",
                "Invite at least %(n)d reviewers, at most one of whom made the version.",
                audit.reviewers_per_row,
            )
            % {"n": audit.reviewers_per_row},
            errors={"/reviewers": [_("Too few reviewers who did not make the version.")]},
        )


def _unfinished(audit: SampleAudit) -> SampleAudit:
    audit = locked(audit)
    if not audit.is_unfinished:
        raise AuditEnded(_("This audit has ended. Draw a new sample to look again."))
    return audit


@transaction.atomic
def invite_reviewers(audit: SampleAudit, users: Iterable[User], *, by: User) -> list[User]:
    """Invite more reviewers; return those who were not invited before."""
    audit = _unfinished(audit)
    require_lead(audit.version, by)
    invited = _invite(audit, users, by)
    if invited:
        names = sorted(user.name for user in invited)
        ref = audit_ref(audit)
        record_on("sample_audit.reviewers_invited", by=by, ref=ref, obj=audit, payload={"reviewers": names})
    return invited


@transaction.atomic
def dismiss_reviewer(audit: SampleAudit, user: User, *, by: User) -> None:
    """Let a reviewer judge no more rows; what they judged stays, what waited for them goes to the others."""
    audit = _unfinished(audit)
    require_lead(audit.version, by)
    row = audit.reviewers.filter(user=user, dismissed_at=None).first()
    if row is None:
        raise ReviewersLack(_("%(name)s does not review this audit.") % {"name": user.name})
    row.dismissed_at = now()
    row.save(update_fields=["dismissed_at"])
    _refuse_lone_authors(audit)
    payload = {"reviewer": user.name}
    record_on("sample_audit.reviewer_dismissed", by=by, ref=audit_ref(audit), obj=audit, payload=payload)


@transaction.atomic
def close_audit(audit: SampleAudit, *, by: User, conclusion: str) -> SampleAudit:
    """Close an audit all of whose rows are decided; its result becomes the fact and never changes."""
    audit = locked(audit)
    require_lead(audit.version, by)
    if not audit.is_reviewing:
        raise AuditEnded(_("Only an audit under review can be closed."))
    progress = auditing.progress(audit)
    if not progress.is_decided:
        raise AuditUnfinished(
            _("%(open)d rows are not judged yet and %(disputed)d are disputed. Every row needs its verdict first.")
            % {"open": progress.open, "disputed": progress.disputed},
            extra={"open_rows": progress.open, "disputed_rows": progress.disputed},
        )
    audit.result = auditing.result_of(audit)
    _end(audit, State.CLOSED, conclusion, by)
    overall = audit.result["overall"]
    record_on(
        "sample_audit.closed",
        by=by,
        ref=version_ref(audit.version),
        obj=audit.version,
        payload={
            "audit": str(audit.pk),
            "number": audit.number,
            "rows": overall["rows"],
            "defects": overall["defects"],
            "defect_percent": overall["percent"],
            "upper_bound_percent": overall["high"],
            "judgements": audit.result["digest"],
            "conclusion": audit.conclusion,
        },
    )
    subjects.announce_change(dataset_ref(audit.version.dataset), "sample_audit.closed")
    start_differences(audit.version.dataset, by)
    return audit


def _end(audit: SampleAudit, state: str, conclusion: str, by: User) -> None:
    audit.state, audit.conclusion, audit.ended_by, audit.ended_at = state, conclusion.strip(), by, now()
    audit.save(update_fields=["state", "result", "conclusion", "ended_by", "ended_at"])


@transaction.atomic
def withdraw_audit(audit: SampleAudit, *, by: User, reason: str) -> SampleAudit:
    """End an audit without a result; its rows and judgements stay readable."""
    audit = _unfinished(audit)
    require_lead(audit.version, by)
    _end(audit, State.WITHDRAWN, reason, by)
    record_on(
        "sample_audit.withdrawn",
        by=by,
        ref=version_ref(audit.version),
        obj=audit.version,
        payload={"audit": str(audit.pk), "number": audit.number, "reason": audit.conclusion},
    )
    return audit


@transaction.atomic
def erase_texts(audit: SampleAudit, *, by: User, reason: str) -> int:
    """Erase the sampled texts of an ended audit and return how many; places, digests and verdicts stay."""
    audit = locked(audit)
    require_lead(audit.version, by)
    if audit.is_unfinished:
        raise AuditUnfinished(_("The texts are needed until the audit has ended. Close it or withdraw it first."))
    erased, _by_table = SampledText.objects.filter(sampled_row__audit=audit).delete()
    if erased:
        payload = {"audit": str(audit.pk), "number": audit.number, "texts": erased, "reason": reason.strip()}
        ref = version_ref(audit.version)
        record_on("sample_audit.texts_erased", by=by, ref=ref, obj=audit.version, payload=payload)
    return erased
