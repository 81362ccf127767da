"""Talk about single requirements."""

from typing import Any

from django.utils.translation import gettext as _

from apps.core import access
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.gates.actions import guards
from apps.gates.composing import policy_of
from apps.gates.errors import CommentRequired, NotYourThread, ThreadResolved
from apps.gates.models import Comment, Gate, SignOff, Thread, ThreadResolution
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.owners.models import Ownership
from apps.people.models import User

COMMENTS = "evidence.add"


def may_comment(gate: Gate, by: User, held: dict[str, Ownership]) -> bool:
    """Tell whether the user has a part in the gate: a role that adds evidence, or a responsibility here."""
    if by.is_active and by.may(COMMENTS, gate.team_id):
        return True
    return any(holders.may_sign(row, by) for row in held.values() if by.pk in (row.holder_id, row.deputy_id))


def _require_part(gate: Gate, by: User) -> None:
    if not may_comment(gate, by, holders.holders(gate.subject)):
        access.require(by, COMMENTS, gate.team_id)


@atomic
def open_thread(gate: Gate, *, by: User, requirement: str, text: str) -> Thread:
    """Ask something about one requirement; raise ``InvalidInput`` for one that the gate does not have."""
    _require_part(gate, by)
    guards.require_live(gate)
    return start_thread(gate, by=by, requirement=requirement, text=text)


def start_thread(gate: Gate, *, by: User, requirement: str, text: str, sign_off: SignOff | None = None) -> Thread:
    """Open the thread in the caller's transaction; with the request for changes that asks for it, if one does."""
    if requirement not in {row.id for row in policy_of(gate).requirements}:
        raise InvalidInput(
            _("This gate has no requirement “%(id)s”.") % {"id": requirement},
            errors={"/requirement": [_("Not a requirement of this gate.")]},
        )
    thread = Thread.objects.create(gate=gate, requirement=requirement, opened_by=by, sign_off=sign_off)
    _say(thread, gate, by, text)
    return thread


@atomic
def comment(thread: Thread, *, by: User, text: str) -> Comment:
    """Add to a thread; raise ``ThreadResolved`` when it is closed."""
    thread = _open(thread)
    _require_part(thread.gate, by)
    return _say(thread, thread.gate, by, text)


@atomic
def resolve_thread(thread: Thread, *, by: User) -> ThreadResolution:
    """Close a thread: who opened it does, or who signs the gate. Raise ``ThreadResolved`` or ``NotYourThread``."""
    thread = _open(thread)
    gate = thread.gate
    if not by.is_active or not (by.pk == thread.opened_by_id or signs(gate, by, holders.holders(gate.subject))):
        raise NotYourThread(
            _("%(name)s, who opened it, resolves this, or one who signs the gate.") % {"name": thread.opened_by.name}
        )
    row = ThreadResolution.objects.create(thread=thread, by=by, by_name=by.name, resolved_at=now())
    record_on("gate.thread_resolved", by=by, ref=gate.ref, obj=gate, payload=_described(thread))
    return row


def signs(gate: Gate, by: User, held: dict[str, Ownership]) -> bool:
    """Tell whether one of the gate's signatures is the user's to give today."""
    rows = [held.get(row.responsibility) for row in policy_of(gate).sign_offs]
    return any(row is not None and holders.may_sign(row, by) for row in rows)


def _open(thread: Thread) -> Thread:
    rows = Thread.objects.select_for_update(of=("self",)).select_related(
        "gate__policy_version", "gate__base_version", "gate__team", "opened_by"
    )
    found: Thread = rows.get(pk=thread.pk)
    if ThreadResolution.objects.filter(thread=found).exists():
        raise ThreadResolved(_("This thread is resolved. Open another one."))
    return found


def _say(thread: Thread, gate: Gate, by: User, text: str) -> Comment:
    if not text.strip():
        raise CommentRequired(_("Write what you want to say."), errors={"/text": [_("Write something.")]})
    row = Comment.objects.create(thread=thread, by=by, by_name=by.name, text=text.strip(), said_at=now())
    payload = {**_described(thread), "comment": str(row.pk), "text": row.text}
    record_on("gate.commented", by=by, ref=gate.ref, obj=gate, payload=payload)
    return row


def _described(thread: Thread) -> dict[str, Any]:
    return {"thread": str(thread.pk), "requirement": thread.requirement}
