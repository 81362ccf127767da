"""The sign-offs of a gate as they count at one moment."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from apps.core.clock import end_of
from apps.gates import conditions
from apps.gates.models import Gate, SignOff
from apps.gates.policy import Policy
from apps.gates.state import Signed, is_complete
from apps.gates.wording import instant
from apps.people.access import who_may


@dataclass(frozen=True, slots=True)
class Signatures:
    """What was signed, the moment at which time alone ends some of it on ``digest``, and why an approval ended."""

    digest: str
    rows: list[Signed]
    turns_at: dt.datetime | None
    ended: str

    def stopped_counting(self, digest: str) -> bool:
        return any(row.digest == digest and row.verdict == "approve" and not row.counts for row in self.rows)


def read(gate: Gate, policy: Policy, moment: dt.datetime) -> Signatures:
    """Return the gate's sign-offs as the state function wants them; two queries, four more with conditions.

    An approval counts while its signer is active and a member of the team, its condition is not missed, and the
    approval of the whole gate is not older than the policy's ``valid_days``.
    """
    made = list(gate.sign_offs.order_by("id").prefetch_related(*conditions.READ))
    counting = who_may("view", gate.team_id, {row.by_id for row in made}) if made else set()
    missed = {row.pk for row in made if _standing(row, moment) == conditions.Standing.MISSED}
    needed = [row.responsibility for row in policy.sign_offs]
    all_signed = [Signed(row.dossier_digest, row.by_id, row.responsibility, row.verdict) for row in made]
    rows, turns, ended = list[Signed](), list[dt.datetime](), ""
    for digest in dict.fromkeys(row.dossier_digest for row in made):
        of_this = [row for row in made if row.dossier_digest == digest]
        ends = runs_out(policy, of_this) if is_complete(needed, all_signed, digest) else None
        expired = ends is not None and ends <= moment
        if digest == gate.dossier_digest:
            turns += [ends] if ends and not expired else []
            turns += [end_of(row.condition.due_on) for row in of_this if _waits(row, moment)]
        if is_complete(needed, all_signed, digest):
            ended = _why_ended(of_this, missed, ends if expired else None, counting)
        rows += [
            replace(signed, counts=row.by_id in counting and row.pk not in missed and not expired)
            for row, signed in zip(made, all_signed, strict=True)
            if row.dossier_digest == digest
        ]
    return Signatures(gate.dossier_digest, rows, min(turns, default=None), ended)


def _standing(row: SignOff, moment: dt.datetime) -> str:
    return conditions.standing(row.condition, moment.date()) if hasattr(row, "condition") else ""


def _waits(row: SignOff, moment: dt.datetime) -> bool:
    return _standing(row, moment) in (conditions.Standing.OPEN, conditions.Standing.OFFERED)


def runs_out(policy: Policy, made: Sequence[SignOff]) -> dt.datetime | None:
    """Return when the approval that these sign-offs made runs out: it began with the last of them."""
    if policy.valid_days is None:
        return None
    last = max(row.signed_at for row in made if row.verdict == SignOff.Verdict.APPROVE)
    return last + dt.timedelta(days=policy.valid_days)


def _why_ended(
    made: Iterable[SignOff], missed: set[uuid.UUID], ran_out: dt.datetime | None, counting: set[uuid.UUID]
) -> str:
    for row in made:
        if row.pk in missed:
            words = {"text": row.condition.text, "day": row.condition.due_on.isoformat()}
            return _("The condition “%(text)s” was not fulfilled by %(day)s.") % words
    if ran_out is not None:
        return _("The approval ran out at %(at)s; it is signed anew.") % {"at": instant(ran_out)}
    gone = [row.by_name for row in made if row.by_id not in counting]
    return _("%(names)s signed it and no longer can.") % {"names": ", ".join(gone)} if gone else ""
