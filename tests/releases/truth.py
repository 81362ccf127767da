"""What is true of gates and releases at a moment, read from the tables and the words of the policies alone.

Nothing of ``apps.gates.judgement`` or of the facts of releases is asked: what they say is compared with this.
"""

import datetime as dt
import functools
import uuid
from dataclasses import dataclass, field
from typing import Any

import yaml
from django.db.models import Q

from apps.evidence.models import Document
from apps.gates.models import Condition, Gate, SignOff, Waiver
from apps.ledger.models import Entry
from apps.owners.models import Ownership
from apps.people.models import Absence, User
from apps.registry.models import ModelVersion, ModelVersionWithdrawal
from apps.releases.models import Rehearsal, Release, RollbackReview

DAY = dt.timedelta(days=1)
REHEARSAL_COUNTS = 90 * DAY
LIVING = ("open", "in_review", "approved", "lapsed")
Ref = tuple[str, uuid.UUID]


@functools.cache
def _words(source: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(source)
    return found


def words_of(gate: Gate) -> dict[str, Any]:
    """Return the policy of a gate as it is written."""
    return _words(gate.policy_version.source)


@functools.cache
def chain_of(subject_type: str, pk: uuid.UUID) -> list[Ref]:
    """Return the subject and what it belongs to, nearest first."""
    found: list[Ref] = []
    if subject_type == "release":
        found, pk = [("release", pk)], Release.objects.values_list("version_id", flat=True).get(pk=pk)
    version = ModelVersion.objects.select_related("model").get(pk=pk)
    above = [("model_version", version.pk), ("model", version.model_id), ("use_case", version.model.use_case_id)]
    return [*found, *above]


@dataclass
class Truth:
    """The tables at one moment, each thing read once; ``persons`` leads from a second account to the first one."""

    moment: dt.datetime
    persons: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    _states: dict[uuid.UUID, str] = field(default_factory=dict)
    _unmet: dict[uuid.UUID, set[str]] = field(default_factory=dict)
    _stands: dict[uuid.UUID, bool] = field(default_factory=dict)

    @functools.cached_property
    def owned(self) -> dict[tuple[str, uuid.UUID, str], Ownership]:
        rows = Ownership.objects.filter(ended_at=None).select_related("holder", "deputy")
        return {(row.subject_type, row.subject_id, row.responsibility): row for row in rows}

    @property
    def day(self) -> dt.date:
        return self.moment.date()

    def person(self, pk: Any) -> Any:
        return self.persons.get(pk, pk)

    def held(self, chain: list[Ref], responsibility: str) -> Ownership | None:
        return next((self.owned[*ref, responsibility] for ref in chain if (*ref, responsibility) in self.owned), None)

    def acts_under(self, row: Ownership | None, by: User) -> bool:
        """Tell whether the person holds it, or stands in on a day of the holder's absence."""
        if row is None or not User.objects.get(pk=by.pk).is_active:
            return False
        away = Absence.objects.filter(
            user=row.holder_id, cancelled_at=None, starts_on__lte=self.day, ends_on__gte=self.day
        )
        return row.holder_id == by.pk or (row.deputy_id == by.pk and away.exists())

    def authors(self, gate: Gate) -> set[Any]:
        """Return who made what the gate decides on, and who asked for it."""
        pk, found = gate.subject_id, {gate.opened_by_id}
        if gate.subject_type == "release":
            release = Release.objects.get(pk=pk)
            pk, found = release.version_id, found | {release.proposed_by_id}
        version = ModelVersion.objects.select_related("run").get(pk=pk)
        made = {version.registered_by_id, version.run.registered_by_id, version.run.trained_by_id}
        return {self.person(author) for author in found | made}

    def may_sign(self, gate: Gate, by: User, responsibility: str) -> bool:
        asked = {row["responsibility"]: row.get("not_author", True) for row in words_of(gate)["sign_offs"]}
        if responsibility not in asked:
            return False
        held = self.held(chain_of(gate.subject_type, gate.subject_id), responsibility)
        is_author = self.person(by.pk) in self.authors(gate)
        return self.acts_under(held, by) and not (asked[responsibility] and is_author)

    def living(self, kind: str, pk: uuid.UUID) -> Gate | None:
        rows = Gate.objects.filter(kind=kind, subject_id=pk, state__in=LIVING)
        return rows.select_related("policy_version").first()

    def is_approved(self, kind: str, pk: uuid.UUID) -> bool:
        gate = self.living(kind, pk)
        return gate is not None and self.state(gate) == "approved"

    def state(self, gate: Gate) -> str:
        if gate.pk not in self._states:
            self._states[gate.pk] = self._state(gate)
        return self._states[gate.pk]

    def _state(self, gate: Gate) -> str:
        if gate.withdrawn_by_id:
            return "withdrawn"
        rows = list(SignOff.objects.filter(gate=gate))
        if any(row.verdict == "reject" for row in rows):
            return "rejected"
        asked = any(row.verdict == "request_changes" and row.dossier_digest == gate.dossier_digest for row in rows)
        unmet = self.unmet(gate)
        if not unmet and not asked and self.is_signed(gate):
            return "approved"
        if Entry.objects.filter(subject_id=gate.pk, action="gate.approved").exists():
            return "lapsed"
        return "open" if unmet or asked else "in_review"

    def is_signed(self, gate: Gate) -> bool:
        """Tell whether each signature was given on the dossier as it is, each by a person of its own, and counts."""
        words = words_of(gate)
        rows = SignOff.objects.filter(gate=gate, dossier_digest=gate.dossier_digest, verdict="approve")
        given = {row.responsibility: row for row in rows.select_related("by")}
        needed = {row["responsibility"] for row in words["sign_offs"]}
        signers = {self.person(given[name].by_id) for name in needed & set(given)}
        if needed - set(given) or len(signers) < len(needed):
            return False
        made = [given[name] for name in needed]
        if not all(row.by.is_active and row.by.memberships.filter(team=gate.team_id).exists() for row in made):
            return False
        valid = words.get("valid_days")
        if valid and self.moment >= max(row.signed_at for row in made) + valid * DAY:
            return False
        return not any(self.is_missed(row) for row in Condition.objects.filter(sign_off__in=made))

    def is_missed(self, condition: Condition) -> bool:
        if self.day <= condition.due_on:
            return False
        answers = [row.answer for row in condition.fulfilments.all() if hasattr(row, "answer")]
        return not any(row.is_accepted and row.answered_at.date() <= condition.due_on for row in answers)

    def unmet(self, gate: Gate) -> set[str]:
        """Return the requirements that neither are met nor waived."""
        if gate.pk not in self._unmet:
            found = {row["id"] for row in words_of(gate)["requirements"] if not self.is_met(gate, row)}
            self._unmet[gate.pk] = {name for name in found if not self.is_waived(gate, name)}
        return self._unmet[gate.pk]

    def is_waived(self, gate: Gate, requirement: str) -> bool:
        row = next(row for row in words_of(gate)["requirements"] if row["id"] == requirement)
        newest = Waiver.objects.filter(gate=gate, requirement=requirement, revocation=None).order_by("id").last()
        return row.get("waivable", True) and newest is not None and newest.until >= self.day

    def is_met(self, gate: Gate, row: dict[str, Any]) -> bool:
        chain = chain_of(gate.subject_type, gate.subject_id)
        if "owners" in row:
            return all(self.held(chain, name) is not None for name in row["owners"])
        if "gate" in row:
            return self.is_approved(row["gate"], dict(chain)["model_version"])
        if "waiting_days" in row:
            return self.moment >= gate.created_at + row["waiting_days"] * DAY
        if "document" in row:
            return self._has_document(chain, row["document"], row.get("max_age_days"))
        if row["fact"] == "model_version.standing":
            return not self.is_withdrawn(dict(chain)["model_version"])
        if row["fact"] == "model_version.artefact":
            return True
        release = Release.objects.get(pk=gate.subject_id)
        return {
            "release.change": self._compares,
            "release.rollback": self._leads_back,
            "release.rehearsal": self._is_rehearsed,
        }[row["fact"]](release)

    @functools.cached_property
    def documents(self) -> list[Document]:
        return list(Document.objects.filter(withdrawal=None))

    def _has_document(self, chain: list[Ref], kind: str, max_age: int | None) -> bool:
        for row in self.documents:
            if row.kind != kind or (row.subject_type, row.subject_id) not in chain:
                continue
            dated = row.dated_on or row.created_at.date()
            too_old = max_age is not None and dated + max_age * DAY < self.day
            if not too_old and (row.valid_until is None or row.valid_until >= self.day):
                return True
        return False

    def is_withdrawn(self, version: uuid.UUID) -> bool:
        return ModelVersionWithdrawal.objects.filter(version=version).exists()

    def live_beside(self, release: Release) -> Release | None:
        return self.slot(release).filter(state="live").first()

    def slot(self, release: Release) -> Any:
        return Release.objects.filter(environment=release.environment_id, model=release.model_id)

    def _compares(self, release: Release) -> bool:
        live = self.live_beside(release)
        return release.state != "proposed" or release.compared_with_id == (live.pk if live else None)

    def _is_first(self, release: Release) -> bool:
        if release.rollback_target_id is not None:
            return False
        earlier = self.slot(release).exclude(live_from=None).exclude(pk=release.pk)
        return not (earlier.filter(live_from__lt=release.live_from) if release.live_from else earlier).exists()

    def _leads_back(self, release: Release) -> bool:
        if release.rollback_target_id is None:
            return self._is_first(release)
        return self.stands(Release.objects.get(pk=release.rollback_target_id))

    def _is_rehearsed(self, release: Release) -> bool:
        rows = Rehearsal.objects.filter(release__in=self.slot(release), document__withdrawal=None)
        newest = rows.order_by("rehearsed_at", "id").last()
        if self._is_first(release):
            return True
        return (
            newest is not None and newest.outcome == "passed" and newest.rehearsed_at + REHEARSAL_COUNTS > self.moment
        )

    def stands(self, target: Release) -> bool:
        """Tell whether one may go back to the release: approved once, and nothing but time speaks against it."""
        if target.pk not in self._stands:
            self._stands[target.pk] = self._still_stands(target.restores or target)
        return self._stands[target.pk]

    def _still_stands(self, origin: Release) -> bool:
        back = Release.objects.filter(Q(pk=origin.pk) | Q(restores=origin), ending="rolled_back")
        if back.exclude(rollback__review__verdict="contested").exists() or self.is_withdrawn(origin.version_id):
            return False
        return origin.gate_id is not None and not self._fell_for_cause(origin)

    def _fell_for_cause(self, origin: Release) -> bool:
        """Tell whether the approval ended by a decision, or because the proof that it rests on did."""
        asked = Gate.objects.filter(kind="release", subject_id=origin.pk)
        decided = asked.exclude(state__in=("open", "in_review")).order_by("id").last()
        if decided is None or decided.state in ("rejected", "withdrawn"):
            return True
        if decided.state == "approved" or not any("gate" in row for row in words_of(decided)["requirements"]):
            return False
        proof = self.living("proof", origin.version_id)
        return proof is None or self.state(proof) not in ("approved", "lapsed")

    def may_deploy(self, release: Release) -> bool:
        """Tell whether a live release covers a deployment."""
        if release.state != "live" or self.is_withdrawn(release.version_id):
            return False
        if release.restores_id is not None:
            return not RollbackReview.objects.filter(rollback__restored=release, verdict="contested").exists()
        return self.is_approved("release", release.pk)
