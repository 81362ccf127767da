"""Looking at rows: every view is an entry of the ledger, written before anything is shown."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import access
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.datasets import samples
from apps.datasets.errors import NoSamples, ReasonNeeded
from apps.datasets.models import DatasetVersion, Inspection, SampleView
from apps.datasets.refs import version_ref
from apps.ledger.actions import record_on
from apps.people.models import User


def _findings(version: DatasetVersion) -> dict[str, Any]:
    found = Inspection.objects.filter(version=version).select_related("result").first()
    return found.findings if found is not None else {}


@transaction.atomic
def note_samples_seen(version: DatasetVersion, *, by: User) -> bool:
    """Record that ``by`` sees sample rows, once a version and hour; return whether it was recorded now."""
    hour = now().replace(minute=0, second=0, microsecond=0)
    _view, is_new = SampleView.objects.get_or_create(version=version, user=by, hour=hour)
    if is_new:
        record_on("dataset_version.samples_viewed", by=by, ref=version_ref(version), obj=version, payload={})
    return is_new


def view_samples(version: DatasetVersion, *, by: User) -> dict[str, Any]:
    """Return the findings with their sample rows, which the caller masks, and record that these were seen."""
    if not by.is_active or not DatasetVersion.objects.visible_to(by).filter(pk=version.pk).exists():
        raise NotFound(_("There is no such version, or you may not see it."))
    found = _findings(version)
    if samples.count(found):
        note_samples_seen(version, by=by)
    return found


@transaction.atomic
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
