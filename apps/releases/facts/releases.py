"""What is known of a release: what it changes, which way leads back, whether that was rehearsed, what proved it.

No figure counts days: it would change every night, and with it every dossier that shows it.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.clock import now
from apps.evidence.facts import Fact, FactDefinition, FactProvider, Figure
from apps.gates.models import GateState
from apps.registry.refs import model_version_ref
from apps.releases import change as changes
from apps.releases import way_back
from apps.releases.approval import approval_of, live_gate
from apps.releases.models import Rehearsal, Release, ReleaseState

PROOF_KIND = "proof"
CHANGE = FactDefinition(
    "release.change",
    lazy("What changes"),
    lazy("What is different from the release that was live when this one was proposed."),
    {
        "compares_with_live": lazy("it was compared with what is live, or with what it replaced"),
        "first_release": lazy("nothing was live before it"),
        "data": lazy("Dataset versions that came or went"),
        "hyperparameters": lazy("Hyperparameters that differ"),
        "suites": lazy("Suites that are new or ask for something else"),
        "model": lazy("Base, code and artefact that differ"),
        "prompts": lazy("Prompts that differ"),
        "configuration": lazy("Configurations that differ"),
        "all": lazy("Changes in all"),
    },
)
ROLLBACK = FactDefinition(
    "release.rollback",
    lazy("Way back"),
    lazy("Whether the release that would be gone back to still stands."),
    {
        "first_release": lazy("nothing was live before, so there is nothing to go back to"),
        "target_named": lazy("a release to go back to is named"),
        "target_stands": lazy("nothing speaks against going back to it"),
        "target_there": lazy("its artefact is there, as far as Fourgate can look"),
        "artefact_checked": lazy("Fourgate has read the artefact's bytes itself"),
        "was_approved": lazy("it went live on an approved gate"),
        "lapsed_for_cause": lazy("its approval fell for another reason than time"),
        "withdrawn": lazy("its model version is withdrawn"),
    },
)
REHEARSAL = FactDefinition(
    "release.rehearsal",
    lazy("Rehearsal of the way back"),
    lazy("Whether somebody went back in this environment in the last 90 days, to see that it works."),
    {
        "first_release": lazy("nothing was live before, so there is nothing to rehearse"),
        "rehearsed": lazy("it was rehearsed"),
        "passed": lazy("the last rehearsal passed"),
        "fresh": lazy("the last rehearsal passed less than 90 days ago"),
    },
)
PROOF = FactDefinition(
    "release.proof_gate",
    lazy("Proof gate"),
    lazy("Whether the proof gate of the model version is approved now."),
    {"approved": lazy("the gate is approved"), "state": lazy("State of the gate")},
)


def _change(release: Release) -> Fact:
    found = changes.read(release)
    counted = changes.counts(found)
    compares = True
    if release.state == ReleaseState.PROPOSED:
        live = Release.objects.in_slot_of(release).live().values_list("pk", flat=True).first()
        compares = live == release.compared_with_id
    if not compares:
        sentence = _("Something else is live by now than what this was compared with. Compare it anew.")
    elif found["against"] is None:
        sentence = _("Nothing was live before.")
    else:
        sentence = ngettext(
            "%(n)d thing changes against %(live)s.", "%(n)d things change against %(live)s.", counted["all"]
        ) % {"n": counted["all"], "live": found["against"]["label"]}
    figures = {"compares_with_live": compares, "first_release": found["against"] is None, **counted}
    return Fact("release.change", "known", sentence, figures, {"change": release.change_digest})


def _rollback(release: Release, is_first: bool) -> Fact:
    figures = dict.fromkeys(ROLLBACK.figures, False) | {"first_release": is_first}
    target = way_back.target_of(release)
    if target is None:
        sentence = (
            _("The first release of this model here: there is nothing to go back to.")
            if is_first
            else _("Nobody said which release would be gone back to.")
        )
        return Fact("release.rollback", "known", sentence, figures)
    found = way_back.look_at(target)
    words = {"target": found.release}
    if found.problems:
        sentence = _("%(target)s can’t be gone back to: %(why)s") % {**words, "why": " ".join(found.problems)}
    elif found.artefact_checked:
        sentence = _("%(target)s stands, and its artefact was read.") % words
    else:
        sentence = _("%(target)s stands; its artefact is declared, not checked.") % words
    figures |= {
        "target_named": True,
        "target_stands": found.stands,
        "target_there": found.is_there,
        "artefact_checked": found.artefact_checked,
        "was_approved": found.was_approved,
        "lapsed_for_cause": found.lapsed_for_cause,
        "withdrawn": found.withdrawn,
    }
    return Fact("release.rollback", "known", sentence, figures, {"target": found.release.digest})


def _rehearsal(release: Release, is_first: bool) -> Fact:
    figures = dict.fromkeys(REHEARSAL.figures, False) | {"first_release": is_first}
    if is_first:
        sentence = _("The first release of this model here: there is nothing to rehearse.")
        return Fact("release.rehearsal", "known", sentence, figures)
    newest = way_back.newest_rehearsal(release)
    passed = newest is not None and newest.outcome == Rehearsal.Outcome.PASSED
    until = way_back.counts_until(newest) if newest is not None and passed else None
    fresh = until is not None and until > now()
    if newest is None:
        sentence = _("Nobody has rehearsed the way back yet.")
    elif not passed:
        sentence = _("The last rehearsal failed.")
    elif fresh:
        sentence = _("The way back was rehearsed less than 90 days ago.")
    else:
        sentence = _("The last rehearsal is older than 90 days. Rehearse again.")
    figures |= {"rehearsed": newest is not None, "passed": passed, "fresh": fresh}
    return Fact("release.rehearsal", "known", sentence, figures, turns_at=until if fresh else None)


def _proof(release: Release) -> Fact:
    gate = live_gate(model_version_ref(release.version), PROOF_KIND)
    approval = approval_of(gate, now())
    if gate is None or approval.state is None:
        sentence = _("%(version)s has no proof gate.") % {"version": release.version}
        return Fact("release.proof_gate", "known", sentence, {"approved": False, "state": "missing"})
    sentence = _("The proof gate of %(version)s: %(state)s.") % {
        "version": release.version,
        "state": str(GateState(approval.state).label).lower(),
    }
    figures: dict[str, Figure] = {"approved": approval.is_given, "state": str(approval.state)}
    return Fact("release.proof_gate", "known", sentence, figures, {"dossier": gate.dossier_digest})


def read(release: Release) -> list[Fact]:
    """Return the facts of a release in a constant number of queries."""
    is_first = release.rollback_target_id is None and way_back.is_first(release)
    return [_change(release), _rollback(release, is_first), _rehearsal(release, is_first), _proof(release)]


PROVIDER = FactProvider("release", (CHANGE, ROLLBACK, REHEARSAL, PROOF), read)
