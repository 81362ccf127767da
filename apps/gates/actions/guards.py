"""What every decision on a gate asks first."""

import datetime as dt
from collections.abc import Mapping

from django.utils.translation import gettext as _

from apps.core.errors import NotPermitted
from apps.gates.differences import differences
from apps.gates.errors import GateNotInReview, NotTheHolder, ServiceAccountCannotSign, StaleDossier
from apps.gates.models import DossierSnapshot, Gate, GateState
from apps.owners import holders
from apps.owners.models import Ownership
from apps.owners.responsibilities import title
from apps.people.models import User


def require_person(by: User) -> None:
    """Refuse service accounts and who is deactivated; the person is locked against a deactivation at the same time."""
    if by.kind != User.Kind.PERSON:
        raise ServiceAccountCannotSign(_("A service account submits evidence; a named person signs."))
    if not User.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk).is_active:
        raise NotPermitted(_("This account is deactivated."))


def require_live(gate: Gate) -> None:
    if gate.state in (GateState.REJECTED, GateState.WITHDRAWN):
        raise GateNotInReview(
            _("This gate has ended: %(state)s. Open a new one.") % {"state": GateState(gate.state).label.lower()}
        )


def require_shown(gate: Gate, dossier_digest: str) -> None:
    """Refuse a decision on another dossier than the one that was rebuilt, with what changed between the two."""
    if gate.dossier_digest == dossier_digest:
        return
    digests = [dossier_digest, gate.dossier_digest]
    found = {row.digest: row.body for row in DossierSnapshot.objects.filter(gate=gate, digest__in=digests)}
    rows = differences(found[dossier_digest], found[gate.dossier_digest]) if dossier_digest in found else []
    raise StaleDossier(
        _("The evidence changed while you were reading. Look at what changed, then decide again."),
        extra={
            "dossier_digest": gate.dossier_digest,
            "changed": [{"what": row.what, "from": row.before, "to": row.after} for row in rows],
        },
    )


def require_holder(held: Mapping[str, Ownership], responsibility: str, by: User, day: dt.date) -> Ownership:
    """Return the ownership under which ``by`` may decide on the day."""
    ownership = held.get(responsibility)
    if ownership is None or not holders.may_sign(ownership, by, day):
        raise NotTheHolder(
            _("Only %(name)s signs as %(who)s; a deputy only on the days of a recorded absence.")
            % {
                "name": ownership.holder.name if ownership else _("the holder (nobody now)"),
                "who": str(title(responsibility)).lower(),
            }
        )
    return ownership


def stands_in(ownership: Ownership, by: User) -> str:
    """Return the name of the holder for whom somebody else decides, or nothing."""
    return ownership.holder.name if ownership.holder_id != by.pk else ""
