"""Looking at rows: every view is an entry of the ledger, written before anything is shown."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import access
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.core.transactions import atomic
from apps.datasets import samples
from apps.datasets.errors import NoSamples, ReasonNeeded
from apps.datasets.models import DatasetVersion, Inspection, SampleAudit, SampleView
from apps.datasets.refs import version_ref
from apps.ledger.actions import record_on
from apps.people.models import User


def _findings(version: DatasetVersion) -> dict[str, Any]:
    found = Inspection.objects.filter(version=version).select_related("result").first()
    return found.findings if found is not None else {}


@transaction.atomic
def note_samples_seen(seen: Iterable[tuple[DatasetVersion, str]], *, by: User) -> int:
    """Record that ``by`` sees rows of each version, there where the text beside it says; return what is new of it.

    Each is recorded once a person, version, place and hour; what is known already costs one query in all.
    """
    hour = now().replace(minute=0, second=0, microsecond=0)
    rows = {(version.pk, what): version for version, what in seen}
    views = SampleView.objects.filter(user=by, hour=hour, version__in=set(rows.values()))
    known, new = set(views.values_list("version", "what")), 0
    for (pk, what), version in rows.items():
        if (pk, what) in known:
            continue
        _view, is_new = SampleView.objects.get_or_create(version=version, user=by, hour=hour, what=what)
        if is_new:
            payload = {"what": what} if what else {}
            record_on("dataset_version.samples_viewed", by=by, ref=version_ref(version), obj=version, payload=payload)
            new += 1
    return new


def note_audit_seen(audit: SampleAudit, *, by: User) -> None:
    """Record that ``by`` sees texts of the audit's rows."""
    note_samples_seen([(audit.version, f"Audit {audit.number}")], by=by)


def note_items_seen(version: DatasetVersion, *, by: User) -> None:
    """Record that ``by`` sees items on which the version's annotators differ."""
    note_samples_seen([(version, "Items to decide")], by=by)


def note_comparisons_seen(newer: DatasetVersion, others: Iterable[DatasetVersion], *, by: User) -> None:
    """Record that ``by`` sees rows of both sides of each comparison."""
    pairs = [(row, other) for older in others for row, other in ((newer, older), (older, newer))]
    note_samples_seen([(row, f"Comparison with {other}") for row, other in pairs], by=by)


def view_samples(version: DatasetVersion, *, by: User) -> dict[str, Any]:
    """Return the findings with their sample rows, which the caller masks, and record that these were seen."""
    if not by.is_active or not DatasetVersion.objects.visible_to(by).filter(pk=version.pk).exists():
        raise NotFound(_("There is no such version, or you may not see it."))
    found = _findings(version)
    if samples.count(found):
        note_samples_seen([(version, "")], by=by)
    return found


@atomic
def unmask_samples(version: DatasetVersion, *, by: User, reason: str) -> dict[str, Any]:
    """Return the findings with their sample rows, to be shown as they are, recorded with the reason.

    Raise ``ReasonNeeded``, ``NoSamples``.
    """
    access.require(by, "samples.unmask", version.team.pk)
    if not reason.strip():
        raise ReasonNeeded(_("Say why you need to see the rows as they are."), errors={"/reason": [_("Say why.")]})
    found = _findings(version)
    rows = samples.count(found)
    if not rows:
        raise NoSamples(_("The inspection kept no sample rows of this version."))
    record_on(
        "dataset_version.samples_unmasked",
        by=by,
        ref=version_ref(version),
        obj=version,
        payload={"reason": reason.strip(), "rows": rows},
    )
    return found
