"""Every change of a use case."""

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, editing, subjects
from apps.core.actor import Actor
from apps.core.errors import NameTaken
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.evidence import facts
from apps.ledger.actions import record_on
from apps.people.models import Team, User
from apps.usecases.errors import NoSuchMove, PhaseNotReady, ReasonForGoingBack
from apps.usecases.models import Phase, UseCase

READY_TO_PILOT = 2
EDITABLE = ("name", "summary", "task", "success_measure", "risk_tier", "risk_reason")


def ref_of(use_case: UseCase) -> SubjectRef:
    return SubjectRef("use_case", use_case.pk)


def _taken(name: str) -> NameTaken:
    return NameTaken(
        _("The team has a use case “%(name)s” already. Choose another name.") % {"name": name},
        errors={"/name": [_("The team uses this name already.")]},
    )


@atomic
def create_use_case(team: Team, *, by: User, **values: Any) -> UseCase:
    """Create a use case of the team in the phase *assess*; raise ``NameTaken``."""
    access.require(by, "usecase.create", team.pk)
    try:
        with transaction.atomic():
            use_case = UseCase.objects.create(team=team, created_by=by, **values)
    except IntegrityError as error:
        raise _taken(values["name"]) from error
    record_on(
        "use_case.created",
        by=by,
        ref=ref_of(use_case),
        payload={name: editing.plain(getattr(use_case, name)) for name in (*EDITABLE, "phase")},
    )
    subjects.announce_change(ref_of(use_case), "use_case.created")
    return use_case


@atomic
def edit_use_case(pk: uuid.UUID, *, by: Actor, revision: int | None, **values: Any) -> UseCase:
    """Change a use case; raise ``StaleEdit`` when it is not at ``revision``, ``NameTaken`` for a double name."""
    use_case = editing.lock(UseCase.objects.select_related("team"), pk, revision)
    access.require(by, "usecase.edit", use_case.team_id)
    try:
        with transaction.atomic():
            changed = editing.apply(use_case, {name: values[name] for name in EDITABLE if name in values})
    except IntegrityError as error:
        raise _taken(values["name"]) from error
    if changed:
        record_on("use_case.edited", by=by, ref=ref_of(use_case), payload={"changed": changed})
        subjects.announce_change(ref_of(use_case), "use_case.edited")
    return use_case


MOVES = {Phase.ASSESS: (Phase.PILOT,), Phase.PILOT: (Phase.ASSESS,)}


@atomic
def move_phase(pk: uuid.UUID, to: str, *, by: Actor, reason: str = "") -> UseCase:
    """Move a use case from *assess* to *pilot*, which its readiness must allow, or back with a reason.

    Raise ``NoSuchMove``, ``PhaseNotReady`` or ``ReasonForGoingBack``.
    """
    use_case = editing.lock(UseCase.objects.select_related("team"), pk, None)
    access.require(by, "usecase.move_phase", use_case.team_id)
    if to not in MOVES.get(Phase(use_case.phase), ()):
        raise NoSuchMove(
            _("From %(now)s a use case moves to: %(known)s.")
            % {
                "now": use_case.get_phase_display().lower(),
                "known": ", ".join(str(phase.label).lower() for phase in MOVES.get(Phase(use_case.phase), ())) or "–",
            },
            errors={"/to": [_("Not a move from here.")]},
        )
    payload: dict[str, Any] = {"reason": reason.strip()}
    if to == Phase.PILOT:
        fact = facts.read(ref_of(use_case), use_case, ["usecase.readiness"]).get("usecase.readiness")
        if fact is None or fact.status != "known" or int(fact.figures["rank"]) < READY_TO_PILOT:
            raise PhaseNotReady(
                _("The pilot needs a signed assessment that says “ready to pilot”. %(now)s")
                % {"now": fact.sentence if fact else _("Readiness is not known.")}
            )
        payload["readiness"] = dict(fact.figures)
    elif not reason.strip():
        raise ReasonForGoingBack(_("Say why the use case goes back."), errors={"/reason": [_("Say why.")]})
    changed = editing.apply(use_case, {"phase": to})
    record_on("use_case.phase_moved", by=by, ref=ref_of(use_case), payload={"changed": changed, **payload})
    subjects.announce_change(ref_of(use_case), "use_case.phase_moved")
    return use_case
