"""Versions of a suite: drafted, edited, published, and their thresholds signed by the business owner."""

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import access, clock, editing, subjects
from apps.core.clock import now
from apps.core.errors import NotPermitted
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.datasets.models import DatasetVersion
from apps.evaluations.actions.following import announce_use_case
from apps.evaluations.content import Content, Task, parse
from apps.evaluations.digests import suite_digest
from apps.evaluations.errors import (
    NotTheThresholdsOwner,
    SameSuite,
    StaleSuite,
    SuiteDataUnknown,
    SuiteDraftStands,
    SuiteNotPublished,
    SuitePublished,
    SuiteRetired,
    ThresholdsSigned,
)
from apps.evaluations.models import Suite, SuiteDataset, SuiteVersion, ThresholdSignature
from apps.evaluations.refs import suite_ref, suite_version_ref
from apps.gates.errors import ServiceAccountCannotSign
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.owners.models import Ownership
from apps.people import confirmations
from apps.people.models import User

RESPONSIBILITY = "business_owner"
FIELDS = ("note", "source")
ROWS = "suite__use_case__team"


def newest_published(suite: Suite) -> SuiteVersion | None:
    found: SuiteVersion | None = suite.versions.filter(state=SuiteVersion.State.PUBLISHED).order_by("-number").first()
    return found


@atomic
def draft_suite_version(suite: Suite, *, by: User, source: str = "", note: str = "") -> SuiteVersion:
    """Begin the next version; without a source it starts as a copy of the newest published one.

    Raise ``SuiteDraftStands`` while there is a draft, ``SuiteRetired``, or ``SuiteInvalid``.
    """
    access.require(by, "evaluation.edit", suite.team.pk)
    suite = Suite.objects.select_for_update(of=("self",)).select_related("use_case__team").get(pk=suite.pk)
    _require_standing(suite)
    before = newest_published(suite)
    text = source or (before.source if before else "")
    parse(text)
    number = int(suite.versions.aggregate(n=Max("number"))["n"] or 0) + 1
    try:
        with transaction.atomic():
            version: SuiteVersion = SuiteVersion.objects.create(
                suite=suite, number=number, drafted_by=by, source=text, note=note.strip()
            )
    except IntegrityError as error:
        standing = suite.versions.filter(state=SuiteVersion.State.DRAFT).first()
        raise SuiteDraftStands(
            _("Version %(n)s is being written. Edit that draft.") % {"n": standing.number if standing else "?"},
            extra={"suite_version": str(standing.pk)} if standing else {},
        ) from error
    record_on("suite_version.drafted", by=by, ref=suite_version_ref(version), obj=version, payload={"note": note})
    return version


def _require_standing(suite: Suite) -> None:
    if suite.retired_at is not None:
        raise SuiteRetired(_("“%(suite)s” is retired: %(why)s") % {"suite": suite, "why": suite.retired_reason})


def _locked(pk: uuid.UUID, by: User, revision: int | None) -> SuiteVersion:
    """Return the locked version for somebody who may write it, as it was read at ``revision``."""
    rows = SuiteVersion.objects.select_related(ROWS)
    access.require(by, "evaluation.edit", rows.get(pk=pk).team.pk)
    return editing.lock(rows, pk, revision)


@atomic
def edit_suite_version(pk: uuid.UUID, *, by: User, revision: int | None, **values: Any) -> SuiteVersion:
    """Change a draft; raise ``SuitePublished``, ``StaleEdit``, or ``SuiteInvalid`` with a message for each line."""
    version = _locked(pk, by, revision)
    if version.is_published:
        raise SuitePublished(_("Version %(n)d is published. Draft the next one.") % {"n": version.number})
    found = {name: str(values[name]).strip() for name in FIELDS if name in values}
    if "source" in found:
        parse(found["source"])
    changed = editing.apply(version, found)
    if changed:
        payload = {"changed_parts": sorted(changed)}
        record_on("suite_version.edited", by=by, ref=suite_version_ref(version), obj=version, payload=payload)
    return version


@atomic
def publish_suite_version(pk: uuid.UUID, *, by: User, revision: int | None) -> SuiteVersion:
    """Publish the draft as it was read at ``revision``: from now on it does not change.

    The evaluation datasets are looked up by their digests among those that ``by`` may see in the team. Raise
    ``SuitePublished``, ``StaleEdit``, ``SuiteInvalid``, ``SuiteDataUnknown``, ``SuiteRetired`` or ``SameSuite``.
    """
    version = _locked(pk, by, revision)
    _require_standing(version.suite)
    if version.is_published:
        raise SuitePublished(_("Version %(n)d is published already.") % {"n": version.number})
    content = parse(version.source)
    data = _data(version, content, by)
    digest = suite_digest(version, content.as_dict())
    before = newest_published(version.suite)
    if before is not None and before.digest == digest:
        raise SameSuite(_("Version %(n)d says exactly this. Change something.") % {"n": before.number})
    told = {"created_at": clock.now()} if clock.is_replayed() else {}
    SuiteDataset.objects.bulk_create(
        SuiteDataset(version=version, task=task.key, dataset_version=row, split=task.split, digest=row.digest, **told)
        for task, row in data
    )
    version.state, version.content, version.digest = SuiteVersion.State.PUBLISHED, content.as_dict(), digest
    version.published_by, version.published_at = by, now()
    version.revision += 1
    version.updated_at = version.published_at
    version.save()
    record_on(
        "suite_version.published",
        by=by,
        ref=suite_version_ref(version),
        obj=version,
        payload={
            "digest": digest,
            "metrics": [row.key for row in content.metrics],
            "thresholds": len(content.thresholds),
            "datasets": [{"task": task.key, "version": str(row), "digest": row.digest} for task, row in data],
        },
    )
    refs = [suite_ref(version.suite), SubjectRef("use_case", version.suite.use_case_id)]
    subjects.announce_changes(refs, "suite_version.published")
    return version


def _data(version: SuiteVersion, content: Content, by: User) -> list[tuple[Task, DatasetVersion]]:
    """Return the dataset version of each task that names one; one query."""
    wanted = {task.dataset for task in content.tasks if task.dataset}
    rows = DatasetVersion.objects.visible_to(by).filter(dataset__use_case__team=version.team, digest__in=wanted)
    found = {row.digest: row for row in rows.prefetch_related("files").order_by("-pk")}
    pairs = []
    for task in content.tasks:
        if not task.dataset:
            continue
        row = found.get(task.dataset)
        if row is None or task.split not in {file.split for file in row.files.all()}:
            detail = _("“%(task)s” names data that is not registered in the team, or a split that it does not have.")
            raise SuiteDataUnknown(detail % {"task": task.title}, errors={"/source": [detail % {"task": task.title}]})
        pairs.append((task, row))
    return pairs


def meaning(version: SuiteVersion) -> str:
    """Return the one sentence that says what the signature means; it is stored with it."""
    return _(
        "As business owner I set the thresholds of “%(what)s” exactly as they stand here, before the evaluations that"
        " are judged by them."
    ) % {"what": version}


def thresholds_owner(version: SuiteVersion) -> Ownership | None:
    """Return who holds the responsibility of business owner on the suite's use case."""
    return holders.holders(suite_version_ref(version)).get(RESPONSIBILITY)


@atomic
def sign_thresholds(
    version: SuiteVersion, *, by: User, digest: str, confirmation_id: uuid.UUID | None, comment: str = ""
) -> ThresholdSignature:
    """Sign a published version's thresholds as business owner (or as deputy of an absent one), freshly confirmed.

    From this moment on evaluations count. Raise, in this order: ``ServiceAccountCannotSign``, ``SuiteNotPublished``,
    ``StaleSuite``, ``NotTheThresholdsOwner``, ``ThresholdsSigned``, or what ``confirmations.use`` raises.
    """
    if by.kind != User.Kind.PERSON:
        raise ServiceAccountCannotSign(_("A service account submits evidence; a named person signs."))
    if not User.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk).is_active:
        raise NotPermitted(_("This account is deactivated."))
    version = SuiteVersion.objects.select_for_update(of=("self",)).select_related(ROWS).get(pk=version.pk)
    if not version.is_published:
        raise SuiteNotPublished(_("Publish the version first; what can still change is not signed."))
    if digest != version.digest:
        raise StaleSuite(_("You were shown other thresholds. Read these, then sign."), extra={"digest": version.digest})
    ownership = thresholds_owner(version)
    if ownership is None or not holders.may_sign(ownership, by):
        raise NotTheThresholdsOwner(
            _("Only the business owner signs thresholds: %(name)s.")
            % {"name": ownership.holder.name if ownership else _("vacant")}
        )
    if ThresholdSignature.objects.filter(version=version).exists():
        raise ThresholdsSigned(_("These thresholds are signed. Other ones are another version."))
    confirmation = confirmations.use(confirmation_id, by)
    signature: ThresholdSignature = ThresholdSignature.objects.create(
        version=version,
        by=by,
        by_name=by.name,
        responsibility=RESPONSIBILITY,
        stands_in_for=ownership.holder.name if ownership.holder_id != by.pk else "",
        meaning=meaning(version),
        comment=comment.strip(),
        digest=digest,
        confirmed_by=confirmation.method,
        via=by.via,
        signed_at=now(),
    )
    record_on(
        "suite_version.thresholds_signed",
        by=by,
        ref=suite_version_ref(version),
        obj=version,
        payload={
            "signature": str(signature.pk),
            "digest": digest,
            "meaning": signature.meaning,
            "responsibility": RESPONSIBILITY,
            "stands_in_for": signature.stands_in_for,
            "confirmed_by": signature.confirmed_by,
            "comment": signature.comment,
        },
    )
    announce_use_case(version.suite.use_case_id, "suite_version.thresholds_signed")
    return signature
