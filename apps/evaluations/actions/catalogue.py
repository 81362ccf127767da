"""Suites and baselines: created, kept true, retired."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, editing, subjects
from apps.core.clock import now
from apps.core.errors import InvalidInput, NameTaken
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.datasets.errors import ReasonNeeded
from apps.evaluations.actions.following import announce_use_case
from apps.evaluations.digests import baseline_digest
from apps.evaluations.errors import SameBaseline, SuiteRetired
from apps.evaluations.models import Baseline, Suite
from apps.evaluations.refs import baseline_ref, suite_ref
from apps.ledger.actions import record_on
from apps.people.models import User
from apps.registry.shapes import checked_object
from apps.usecases.models import UseCase

FIELDS = ("name", "purpose")


def _taken(name: str) -> NameTaken:
    return NameTaken(
        _("The use case has “%(name)s” already. Choose another name.") % {"name": name},
        errors={"/name": [_("The use case uses this name already.")]},
    )


@atomic
def create_suite(use_case: UseCase, *, by: User, name: str, purpose: str = "") -> Suite:
    """Create a suite of the use case, without a version yet; raise ``NameTaken``."""
    access.require(by, "evaluation.edit", use_case.team_id)
    try:
        with transaction.atomic():
            suite: Suite = Suite.objects.create(
                use_case=use_case, created_by=by, name=name.strip(), purpose=purpose.strip()
            )
    except IntegrityError as error:
        raise _taken(name) from error
    record_on("suite.created", by=by, ref=suite_ref(suite), payload={"purpose": suite.purpose})
    subjects.announce_changes([suite_ref(suite), SubjectRef("use_case", use_case.pk)], "suite.created")
    return suite


@atomic
def edit_suite(pk: uuid.UUID, *, by: User, revision: int | None, **values: Any) -> Suite:
    """Change a suite's name or purpose; raise ``StaleEdit`` or ``NameTaken``."""
    suite: Suite = editing.lock(Suite.objects.select_related("use_case__team"), pk, revision)
    access.require(by, "evaluation.edit", suite.team.pk)
    found = {name: str(values[name]).strip() for name in FIELDS if name in values}
    try:
        with transaction.atomic():
            changed = editing.apply(suite, found)
    except IntegrityError as error:
        raise _taken(found["name"]) from error
    if changed:
        record_on("suite.edited", by=by, ref=suite_ref(suite), payload={"changed": changed})
        subjects.announce_change(suite_ref(suite), "suite.edited")
    return suite


@atomic
def retire_suite(suite: Suite, *, by: User, reason: str) -> Suite:
    """Say that models are no longer judged by the suite; what was evaluated stays. Raise ``SuiteRetired``."""
    suite = editing.lock(Suite.objects.select_related("use_case__team"), suite.pk, None)
    access.require(by, "evaluation.edit", suite.team.pk)
    if not reason.strip():
        raise ReasonNeeded(_("Say why the suite is retired."), errors={"/reason": [_("Say why.")]})
    if suite.retired_at is not None:
        raise SuiteRetired(_("“%(suite)s” was retired before.") % {"suite": suite})
    editing.apply(suite, {"retired_at": now(), "retired_reason": reason.strip()})
    record_on("suite.retired", by=by, ref=suite_ref(suite), payload={"reason": suite.retired_reason})
    announce_use_case(suite.use_case_id, "suite.retired")
    return suite


@atomic
def register_baseline(
    use_case: UseCase,
    *,
    by: User,
    name: str,
    kind: str,
    description: str,
    model_name: str,
    prompts: str = "",
    configuration: Mapping[str, Any] | None = None,
) -> Baseline:
    """Register what the use case has without tuning, immutable from then on.

    Raise ``NameTaken``, ``SameBaseline``, or ``ObjectTooLarge`` for a configuration that can't be kept.
    """
    access.require(by, "evaluation.register", use_case.team_id)
    if kind not in Baseline.Kind.values:
        raise InvalidInput(_("A baseline is prompting or rag."), errors={"/kind": [_("Choose one.")]})
    baseline = Baseline(
        use_case=use_case,
        name=name.strip(),
        kind=kind,
        description=description.strip(),
        model_name=model_name.strip(),
        prompts=prompts.strip(),
        configuration=checked_object(configuration or {}, "configuration"),
        registered_by=by,
    )
    baseline.digest = baseline_digest(baseline)
    standing = Baseline.objects.filter(use_case=use_case, digest=baseline.digest).first()
    if standing is not None:
        raise SameBaseline(
            _("“%(name)s” is exactly this. Use that one.") % {"name": standing}, extra={"baseline": str(standing.pk)}
        )
    try:
        with transaction.atomic():
            baseline.save(force_insert=True)
    except IntegrityError as error:
        raise _taken(name) from error
    record_on(
        "baseline.registered",
        by=by,
        ref=baseline_ref(baseline),
        obj=baseline,
        payload={"digest": baseline.digest, "kind": kind, "model": baseline.model_name},
    )
    subjects.announce_change(baseline_ref(baseline), "baseline.registered")
    return baseline
