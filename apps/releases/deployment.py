"""May this version be deployed here? Asked by pipelines before they deploy; what is not certain is not allowed."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.canonical import digest_of, moment_text
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.gates.models import GateState
from apps.ledger.models import head
from apps.registry.models import ModelVersion
from apps.releases.approval import Approval, approval_of, release_gate
from apps.releases.models import Environment, Release, ReleaseState, RollbackReview

KEPT_SECONDS = 20
MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a pipeline asks: names or identifiers; the digests that it is about to deploy, where it knows them."""

    model: str
    version: str
    environment: str
    artefact_digest: str = ""
    prompt_digest: str = ""
    configuration_digest: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, and the release gate that it rests on, whose dossier names the gates before it.

    ``checked_at`` is not part of ``etag``: the same answer a second later is the same answer.
    """

    allowed: bool
    reasons: tuple[tuple[str, str], ...]
    release: Release | None
    approval: Approval
    checked_at: Any

    @property
    def etag(self) -> str:
        return digest_of({key: value for key, value in self.as_dict().items() if key != "checked_at"})

    def as_dict(self) -> dict[str, Any]:
        return {
            "allowed": self.allowed,
            "reasons": [{"code": code, "sentence": sentence} for code, sentence in self.reasons],
            "release": str(self.release.pk) if self.release else None,
            "release_digest": self.release.digest if self.release else None,
            "gates": self._gates(),
            "checked_at": moment_text(self.checked_at),
        }

    def _gates(self) -> list[dict[str, str]]:
        gate = self.approval.gate
        if gate is None:
            return []
        state = str(self.approval.state)
        return [{"id": str(gate.pk), "kind": gate.kind, "state": state, "dossier_digest": gate.dossier_digest}]


_kept: dict[tuple[Asked, uuid.UUID, int], tuple[float, Answer]] = {}


def check(asked: Asked, user: Any) -> Answer:
    """Return whether the version may be deployed in the environment now; one query while nothing has happened.

    The gates are judged anew whenever anything at all was recorded since this process answered the same question, and
    after ``KEPT_SECONDS`` in any case, for files vanish and days pass without a word. What was stored of a gate is not
    trusted. Raise ``NotFound`` alike for what is not there and for what the user may not see, and ``InvalidInput`` for
    a name that means several things.
    """
    if connection.in_atomic_block:
        return _judged(asked, user)
    question = (asked, user.pk, head())
    at, answer = _kept.get(question, (0.0, None))
    if answer is None or time.monotonic() - at > KEPT_SECONDS:
        at, answer = time.monotonic(), _judged(asked, user)
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[question] = at, answer
    return answer


def _judged(asked: Asked, user: Any) -> Answer:
    """Read and judge everything that the answer rests on; a constant number of queries."""
    version = _version(asked, user)
    environment = _environment(asked, version, user)
    release = _release(version, environment)
    moment = now()
    if release is None:
        sentence = _("%(version)s was never proposed for %(environment)s.") % {
            "version": version,
            "environment": environment.name,
        }
        return Answer(False, (("not_proposed", sentence),), None, Approval(None, None), moment)
    own = approval_of(release_gate(release), moment)
    against = _objections(release, version, asked, own)
    reasons = tuple(against) or (_grounds(release),)
    return Answer(not against, reasons, release, own, moment)


def _objections(release: Release, version: ModelVersion, asked: Asked, own: Approval) -> list[tuple[str, str]]:
    found = []
    if release.state != ReleaseState.LIVE:
        how = release.get_ending_display() if release.ending else release.get_state_display()
        found.append(
            (
                release.ending or "not_live",
                _("%(release)s is not live: %(how)s.") % {"release": release, "how": str(how).lower()},
            )
        )
    if version.is_withdrawn:
        found.append(("version_withdrawn", _("%(version)s is withdrawn.") % {"version": version}))
    if release.restores_id is None:
        found += _unapproved(own)
    elif _is_contested(release):
        found.append(("rollback_contested", _("The governance owner contested the rollback that brought it back.")))
    found += [
        (code, sentence)
        for code, sentence, given, kept in (
            ("other_artefact", _("Another artefact than the released one."), asked.artefact_digest, "artefact"),
            ("other_prompts", _("Other prompts than the released ones."), asked.prompt_digest, "prompt"),
            (
                "other_configuration",
                _("Another configuration than the released one."),
                asked.configuration_digest,
                "configuration",
            ),
        )
        if given and given.lower() != getattr(release, f"{kept}_digest")
    ]
    return found


def _unapproved(own: Approval) -> list[tuple[str, str]]:
    if own.gate is None or own.state is None:
        return [("no_gate", _("It has no release gate that stands."))]
    if own.is_given:
        return []
    words = {"state": str(GateState(own.state).label).lower(), "why": own.gate.blocked_by}
    return [(f"gate_{own.state}", (_("Its release gate is %(state)s. %(why)s") % words).strip())]


def _is_contested(release: Release) -> bool:
    return RollbackReview.objects.filter(rollback__restored=release, verdict=RollbackReview.Verdict.CONTESTED).exists()


def _grounds(release: Release) -> tuple[str, str]:
    if release.restores_id is not None:
        return "live_by_rollback", _("%(release)s is live by a rollback, which waits for no gate.") % {
            "release": release
        }
    return "live_and_approved", _("%(release)s is live, and its release gate is approved.") % {"release": release}


def _named(text: str, names: tuple[str, ...]) -> Q:
    """Return the filter of what has this identifier or, without regard to case, this name."""
    try:
        return Q(**{f"{names[0]}pk": uuid.UUID(text)})
    except ValueError:
        return Q(**{f"{names[1]}__iexact": text})


def _one(rows: list[Any], pointer: str) -> Any:
    if not rows:
        raise NotFound(_("There is no such model version in such an environment, or you may not see it."))
    if len(rows) > 1:
        raise InvalidInput(
            _("This name means several things that you may see. Give the identifier."),
            errors={pointer: [_("Give the identifier.")]},
        )
    return rows[0]


def _version(asked: Asked, user: Any) -> ModelVersion:
    if asked.version.lower().startswith("sha256:"):
        wanted = Q(artefact_digest=asked.version.lower())
    else:
        wanted = _named(asked.version, ("", "number"))
    rows = ModelVersion.objects.visible_to(user).filter(wanted & _named(asked.model, ("model__", "model__name")))
    found: ModelVersion = _one(list(rows.select_related("model__use_case__team", "withdrawal")[:2]), "/model")
    return found


def _environment(asked: Asked, version: ModelVersion, user: Any) -> Environment:
    rows = Environment.objects.visible_to(user).filter(_named(asked.environment, ("", "name")), team=version.team)
    found: Environment = _one(list(rows[:2]), "/environment")
    return found


def _release(version: ModelVersion, environment: Environment) -> Release | None:
    """Return the live release of the version here, else the newest; one query."""
    rows = list(Release.objects.whole().filter(version=version, environment=environment).order_by("-id")[:50])
    return next((row for row in rows if row.state == ReleaseState.LIVE), rows[0] if rows else None)
