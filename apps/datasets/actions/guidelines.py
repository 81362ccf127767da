"""Labelling guidelines: drafted, edited, and published by whoever holds the annotation owner's responsibility."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import access, editing, subjects
from apps.core.canonical import digest_of
from apps.core.clock import now
from apps.core.transactions import atomic
from apps.datasets.errors import (
    GuidelineDraftStands,
    GuidelineIncomplete,
    GuidelinePublished,
    SameGuideline,
)
from apps.datasets.models import Dataset, Guideline
from apps.datasets.refs import dataset_ref
from apps.evidence.errors import NotTheHolder
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.people.models import User

RESPONSIBILITY = "annotation_owner"
MOST_RULES, MOST_EXAMPLES = 200, 500
LONGEST_TEXT, LONGEST_LABEL = 2_000, 200
FIELDS = ("note", "rules", "examples")


def current_guideline(dataset: Dataset) -> Guideline | None:
    """Return the newest published version, or None; one query."""
    found: Guideline | None = dataset.guidelines.filter(state=Guideline.State.PUBLISHED).order_by("-number").first()
    return found


def content_digest(rules: Sequence[str], examples: Sequence[dict[str, str]]) -> str:
    """Return the digest of what a guideline says; its number and its note don't change it."""
    return digest_of({"rules": list(rules), "examples": list(examples)})


@atomic
def draft_guideline(
    dataset: Dataset,
    *,
    by: User,
    note: str = "",
    rules: Sequence[str] | None = None,
    examples: Sequence[dict[str, str]] | None = None,
) -> Guideline:
    """Begin the next version of the dataset's guideline; what is not given is taken from the newest one.

    Raise ``GuidelineDraftStands`` while there is a draft, and ``GuidelineIncomplete`` for a rule without words.
    """
    access.require(by, "dataset.edit", dataset.team.pk)
    Dataset.objects.select_for_update(of=("self",)).get(pk=dataset.pk)
    before = current_guideline(dataset)
    values = checked(
        {
            "note": note,
            "rules": rules if rules is not None else before.rules if before else [],
            "examples": examples if examples is not None else before.examples if before else [],
        }
    )
    number = int(dataset.guidelines.aggregate(n=Max("number"))["n"] or 0) + 1
    try:
        with transaction.atomic():
            guideline: Guideline = Guideline.objects.create(dataset=dataset, number=number, created_by=by, **values)
    except IntegrityError as error:
        standing = dataset.guidelines.filter(state=Guideline.State.DRAFT).first()
        raise GuidelineDraftStands(
            _("Version %(n)s is being written. Edit that draft.") % {"n": standing.number if standing else "?"},
            extra={"guideline": str(standing.pk)} if standing else {},
        ) from error
    record_on("guideline.drafted", by=by, ref=dataset_ref(dataset), payload=_payload(guideline))
    return guideline


@atomic
def edit_guideline(pk: uuid.UUID, *, by: User, revision: int | None, **values: Any) -> Guideline:
    """Change a draft's note, rules or examples; raise ``GuidelinePublished`` for one that is published."""
    guideline = editing.lock(Guideline.objects.select_related("dataset__use_case__team"), pk, revision)
    access.require(by, "dataset.edit", guideline.team.pk)
    if guideline.is_published:
        raise GuidelinePublished(_("Version %(n)d is published. Draft the next one.") % {"n": guideline.number})
    changed = editing.apply(guideline, checked({name: values[name] for name in FIELDS if name in values}))
    if changed:
        payload = {**_payload(guideline), "changed_parts": sorted(changed)}
        record_on("guideline.edited", by=by, ref=dataset_ref(guideline.dataset), payload=payload)
    return guideline


@atomic
def publish_guideline(pk: uuid.UUID, *, by: User, revision: int | None) -> Guideline:
    """Publish the draft as it was read at ``revision``: from now on it does not change.

    Only who holds the annotation owner's responsibility on the dataset can, or the deputy while they are away. Raise
    ``NotTheHolder``, ``StaleEdit``, ``GuidelinePublished``, ``GuidelineIncomplete`` or ``SameGuideline``.
    """
    guideline = editing.lock(Guideline.objects.select_related("dataset__use_case__team"), pk, revision)
    dataset = guideline.dataset
    access.require(by, "view", guideline.team.pk)
    if not may_publish(dataset, by):
        raise NotTheHolder(
            _("Only the annotation owner of “%(name)s” publishes its guideline.") % {"name": dataset.name}
        )
    if guideline.is_published:
        raise GuidelinePublished(_("Version %(n)d is published already.") % {"n": guideline.number})
    if not guideline.rules:
        raise GuidelineIncomplete(
            _("Write at least one rule before you publish."), errors={"/rules": [_("There is no rule yet.")]}
        )
    before = current_guideline(dataset)
    digest = content_digest(guideline.rules, guideline.examples)
    if before is not None and before.digest == digest:
        raise SameGuideline(_("Version %(n)d says exactly this. Change a rule or an example.") % {"n": before.number})
    guideline.state, guideline.digest = Guideline.State.PUBLISHED, digest
    guideline.published_by, guideline.published_at = by, now()
    guideline.revision += 1
    guideline.updated_at = guideline.published_at
    guideline.save()
    record_on("guideline.published", by=by, ref=dataset_ref(dataset), payload=_payload(guideline))
    subjects.announce_change(dataset_ref(dataset), "guideline.published")
    return guideline


def may_publish(dataset: Dataset, user: User) -> bool:
    """Tell whether the user publishes the dataset's guidelines today: as its annotation owner, or for one away."""
    ownership = holders.holders(dataset_ref(dataset)).get(RESPONSIBILITY)
    return ownership is not None and holders.may_sign(ownership, user)


def _payload(guideline: Guideline) -> dict[str, Any]:
    return {
        "guideline": str(guideline.pk),
        "number": guideline.number,
        "note": guideline.note,
        "rules": len(guideline.rules),
        "examples": len(guideline.examples),
        "digest": content_digest(guideline.rules, guideline.examples),
    }


def checked(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with their texts trimmed; raise ``GuidelineIncomplete`` with the place of each mistake."""
    errors: dict[str, list[str]] = {}
    found = dict(values)
    if "note" in found:
        found["note"] = str(found["note"]).strip()
    if "rules" in found:
        found["rules"] = [str(rule).strip() for rule in found["rules"]]
        for index, rule in enumerate(found["rules"]):
            _check(errors, f"/rules/{index}", rule, LONGEST_TEXT)
        _count(errors, "/rules", found["rules"], MOST_RULES)
    if "examples" in found:
        found["examples"] = [
            {name: str(row.get(name, "")).strip() for name in ("text", "label", "why")} for row in found["examples"]
        ]
        for index, row in enumerate(found["examples"]):
            for name, most in (("text", LONGEST_TEXT), ("label", LONGEST_LABEL), ("why", LONGEST_TEXT)):
                _check(errors, f"/examples/{index}/{name}", row[name], most)
        _count(errors, "/examples", found["examples"], MOST_EXAMPLES)
    if errors:
        first = next(iter(errors))
        raise GuidelineIncomplete(
            _("Mend what is marked: %(where)s: %(why)s") % {"where": first, "why": errors[first][0]}, errors=errors
        )
    return found


def _check(errors: dict[str, list[str]], pointer: str, text: str, most: int) -> None:
    if not text:
        errors[pointer] = [_("Write something here, or take the row away.")]
    elif len(text) > most:
        errors[pointer] = [_("At most %(n)d characters.") % {"n": most}]


def _count(errors: dict[str, list[str]], pointer: str, rows: Sequence[Any], most: int) -> None:
    if len(rows) > most:
        errors[pointer] = [_("At most %(n)d of them.") % {"n": most}]
