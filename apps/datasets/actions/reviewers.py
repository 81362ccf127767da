"""Who may act on a sample audit: its review lead, and the reviewers that the lead invites."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import subjects
from apps.core.clock import now
from apps.core.transactions import atomic
from apps.datasets import auditing
from apps.datasets.errors import AuditEnded, ReviewersLack
from apps.datasets.models import AuditReviewer, DatasetVersion, SampleAudit
from apps.datasets.refs import audit_ref
from apps.evidence.errors import NotTheHolder
from apps.ledger.actions import record_on
from apps.people.models import User


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


def unfinished(audit: SampleAudit) -> SampleAudit:
    audit = locked(audit)
    if not audit.is_unfinished:
        raise AuditEnded(_("This audit has ended. Draw a new sample to look again."))
    return audit


def seat(audit: SampleAudit, users: Iterable[User], by: User) -> list[User]:
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


def refuse_lone_authors(audit: SampleAudit) -> None:
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


@atomic
def invite_reviewers(audit: SampleAudit, users: Iterable[User], *, by: User) -> list[User]:
    """Invite more reviewers; return those who were not invited before."""
    audit = unfinished(audit)
    require_lead(audit.version, by)
    invited = seat(audit, users, by)
    if invited:
        names = sorted(user.name for user in invited)
        ref = audit_ref(audit)
        record_on("sample_audit.reviewers_invited", by=by, ref=ref, obj=audit, payload={"reviewers": names})
    return invited


@atomic
def dismiss_reviewer(audit: SampleAudit, user: User, *, by: User) -> None:
    """Let a reviewer judge no more rows; what they judged stays, what waited for them goes to the others."""
    audit = unfinished(audit)
    require_lead(audit.version, by)
    row = audit.reviewers.filter(user=user, dismissed_at=None).first()
    if row is None:
        raise ReviewersLack(_("%(name)s does not review this audit.") % {"name": user.name})
    row.dismissed_at = now()
    row.save(update_fields=["dismissed_at"])
    refuse_lone_authors(audit)
    payload = {"reviewer": user.name}
    record_on("sample_audit.reviewer_dismissed", by=by, ref=audit_ref(audit), obj=audit, payload=payload)
