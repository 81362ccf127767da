"""Going live, and being taken down: what was approved is looked at again in the transaction of the act."""

from django.utils.translation import gettext as _

from apps.core import access
from apps.core.clock import now
from apps.core.transactions import atomic
from apps.datasets.errors import ReasonNeeded
from apps.gates.actions.refresh import lock, refresh
from apps.gates.models import Gate, GateState
from apps.ledger.actions import record_on
from apps.people.models import User
from apps.releases import approval
from apps.releases.actions.attesting import attest
from apps.releases.actions.proposing import require_proposed
from apps.releases.actions.slots import announce, end, live_in_slot, lock_release
from apps.releases.digests import release_digest
from apps.releases.errors import (
    LiveReleaseChanged,
    ReleaseAltered,
    ReleaseEnded,
    ReleaseNotApproved,
    VersionNotReleasable,
)
from apps.releases.models import Ending, Release, ReleaseState
from apps.releases.refs import release_ref


@atomic
def go_live(release: Release, *, by: User) -> Release:
    """Bring a proposed release live, and end what was live before as superseded.

    The dossier of its gate is built anew now; what was stored of the gate is not trusted. Raise
    ``ReleaseNotProposed``, ``ReleaseAltered``, ``LiveReleaseChanged``, ``VersionNotReleasable`` or
    ``ReleaseNotApproved``.
    """
    access.require(by, "release.promote", release.team.pk)
    release = lock_release(release.pk)
    require_proposed(release)
    if release.digest != release_digest(release):
        raise ReleaseAltered(_("%(release)s is not what its digest names. Compare it anew.") % {"release": release})
    live = live_in_slot(release.environment, release.model_id)
    if release.compared_with_id != (live.pk if live else None):
        raise LiveReleaseChanged(
            _("%(live)s is live by now, and this was compared with something else. Compare it anew and have it signed.")
            % {"live": live or _("Nothing")},
            extra={"live": str(live.pk) if live else None},
        )
    if release.version.is_withdrawn:
        raise VersionNotReleasable(_("%(version)s is withdrawn.") % {"version": release.version})
    gate = _approved_gate(release)
    if live is not None:
        end(live, Ending.SUPERSEDED, by=by)
        record_on(
            "release.superseded",
            by=by,
            ref=release_ref(live),
            obj=live,
            payload={"by_release": str(release.pk), "digest": live.digest},
        )
    release.state, release.live_from, release.live_by = ReleaseState.LIVE, now(), by
    release.gate, release.dossier_digest = gate, gate.dossier_digest
    release.save(update_fields=["state", "live_from", "live_by", "gate", "dossier_digest"])
    record_on(
        "release.went_live",
        by=by,
        ref=release_ref(release),
        obj=release,
        payload={
            "digest": release.digest,
            "artefact": release.artefact_digest,
            "environment": {"id": str(release.environment_id), "name": release.environment.name},
            "gate": str(gate.pk),
            "dossier": gate.dossier_digest,
            "supersedes": str(live.pk) if live else None,
            "attestation": attest(release).digest,
        },
    )
    announce(release.environment, release.model_id, "release.went_live")
    return release


def _approved_gate(release: Release) -> Gate:
    """Return the locked gate of the release, judged anew in this transaction."""
    found = approval.release_gate(release)
    if found is None:
        raise ReleaseNotApproved(
            _("%(release)s has no release gate. Ask for it on the release’s page.") % {"release": release},
            extra={"gate": None, "gate_state": None},
        )
    gate = lock(found.pk)
    refresh(gate)
    if gate.state != GateState.APPROVED:
        state = GateState(gate.state).label.lower()
        sentence = _("The release gate is %(state)s, not approved.") % {"state": state}
        raise ReleaseNotApproved(
            f"{sentence} {gate.blocked_by}".strip(),
            extra={"gate": str(gate.pk), "gate_state": gate.state, "blocked_by": gate.blocked_by},
        )
    return gate


@atomic
def withdraw_release(release: Release, *, by: User, reason: str) -> Release:
    """Take a proposal back, or take a live release down with nothing in its place; raise ``ReleaseEnded``."""
    access.require(by, "release.promote", release.team.pk)
    if not reason.strip():
        raise ReasonNeeded(_("Say why the release is withdrawn."), errors={"/reason": [_("Say why.")]})
    release = lock_release(release.pk)
    if release.state == ReleaseState.ENDED:
        raise ReleaseEnded(
            _("%(release)s ended before: %(how)s.") % {"release": release, "how": release.get_ending_display().lower()},
            extra={"ending": release.ending},
        )
    was = release.state
    end(release, Ending.WITHDRAWN, by=by, reason=reason.strip()[:500])
    record_on(
        "release.withdrawn",
        by=by,
        ref=release_ref(release),
        obj=release,
        payload={"reason": release.ending_reason, "was": was, "digest": release.digest},
    )
    announce(release.environment, release.model_id, "release.withdrawn")
    return release
