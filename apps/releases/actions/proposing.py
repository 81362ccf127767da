"""Releases are proposed: a version for an environment, compared with what is live there, with the way back named."""

from typing import Any

from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.people.models import User
from apps.registry.models import ModelVersion
from apps.registry.shapes import checked_digest
from apps.releases import change as changes
from apps.releases import way_back
from apps.releases.actions.slots import live_in_slot, lock_environment, lock_release, next_number
from apps.releases.digests import release_digest
from apps.releases.errors import (
    AnotherTeamsEnvironment,
    ReleaseNotProposed,
    ReleaseStands,
    TargetNotPossible,
    VersionNotReleasable,
)
from apps.releases.models import Environment, Release, ReleaseState
from apps.releases.refs import release_ref


@atomic
def propose_release(
    version: ModelVersion,
    environment: Environment,
    *,
    by: User,
    prompt_digest: str = "",
    configuration_digest: str = "",
    notes: str = "",
    rollback_target: Release | None = None,
) -> Release:
    """Propose a model version for an environment; without a target, the way back leads to what is live now.

    Raise ``AnotherTeamsEnvironment``, ``VersionNotReleasable``, ``ReleaseStands``, ``TargetNotPossible`` or
    ``DigestMalformed``.
    """
    access.require(by, "release.propose", environment.team_id)
    environment = lock_environment(environment.pk)
    if version.team.pk != environment.team_id:
        raise AnotherTeamsEnvironment(
            _("%(version)s is of the team “%(team)s”. Choose one of its environments.")
            % {"version": version, "team": version.team.name},
            errors={"/environment": [_("Of another team.")]},
        )
    if version.is_withdrawn:
        raise VersionNotReleasable(
            _("%(version)s is withdrawn. Propose another version.") % {"version": version},
            errors={"/version": [_("This version is withdrawn.")]},
        )
    prompts = checked_digest(prompt_digest, "prompt_digest")
    configuration = checked_digest(configuration_digest, "configuration_digest")
    _refuse_double(version, environment, prompts, configuration)
    live = live_in_slot(environment, version.model_id)
    release = Release(
        environment=environment,
        model=version.model,
        version=version,
        number=next_number(environment, version.model_id),
        artefact_digest=version.artefact_digest,
        prompt_digest=prompts,
        configuration_digest=configuration,
        notes=notes.strip(),
        proposed_by=by,
    )
    _compare(release, live, rollback_target)
    release.save(force_insert=True)
    record_on("release.proposed", by=by, ref=release_ref(release), obj=release, payload=_told(release))
    subjects.announce_change(release_ref(release), "release.proposed")
    return release


@atomic
def compare_anew(release: Release, *, by: User, rollback_target: Release | None = None) -> Release:
    """Compare a proposal with what is live now, and name the way back anew; what was signed of it is void where it
    differs. Raise ``ReleaseNotProposed`` or ``TargetNotPossible``."""
    access.require(by, "release.propose", release.team.pk)
    release = lock_release(release.pk)
    require_proposed(release)
    before = release.digest, release.change_digest, release.rollback_target_id
    _compare(release, live_in_slot(release.environment, release.model_id), rollback_target)
    if (release.digest, release.change_digest, release.rollback_target_id) != before:
        release.save(update_fields=["compared_with", "change", "change_digest", "rollback_target", "digest"])
        record_on("release.compared", by=by, ref=release_ref(release), obj=release, payload=_told(release))
    subjects.announce_change(release_ref(release), "release.compared")
    return release


def require_proposed(release: Release) -> None:
    if release.state != ReleaseState.PROPOSED:
        raise ReleaseNotProposed(
            _("%(release)s is %(state)s. Propose the version again.")
            % {"release": release, "state": release.get_state_display().lower()},
            extra={"state": release.state},
        )


def _refuse_double(version: ModelVersion, environment: Environment, prompts: str, configuration: str) -> None:
    rows = Release.objects.filter(version=version, environment=environment).exclude(state=ReleaseState.ENDED)
    same = rows.filter(prompt_digest=prompts, configuration_digest=configuration).first()
    if same is not None:
        raise ReleaseStands(
            _("%(version)s with these prompts and this configuration is %(state)s here already. Go on there.")
            % {"version": version, "state": same.get_state_display().lower()},
            extra={"release": str(same.pk)},
        )


def _compare(release: Release, live: Release | None, target: Release | None) -> None:
    """Set what changes against the live one, and where the way back leads."""
    new = changes.Proposed(release.version, release.prompt_digest, release.configuration_digest)
    release.compared_with = live
    release.change, release.change_digest = changes.generate(new, live)
    release.rollback_target = _checked_target(release, target) if target is not None else live
    release.digest = release_digest(release)


def _checked_target(release: Release, target: Release) -> Release:
    found = Release.objects.whole().in_slot_of(release).filter(pk=target.pk, live_from__isnull=False).first()
    if found is None or found.pk == release.pk:
        raise TargetNotPossible(
            _("Go back to a release of this model that was live in this environment."),
            errors={"/rollback_target": [_("It was never live here.")]},
        )
    seen = way_back.look_at(found)
    if seen.problems:
        raise TargetNotPossible(" ".join(seen.problems), errors={"/rollback_target": list(seen.problems)})
    return found


def _told(release: Release) -> dict[str, Any]:
    """Return what the ledger keeps of a proposal."""
    return {
        "environment": {"id": str(release.environment_id), "name": release.environment.name},
        "version": {"id": str(release.version_id), "name": str(release.version), "digest": release.version.digest},
        "artefact": release.artefact_digest,
        "prompts": release.prompt_digest,
        "configuration": release.configuration_digest,
        "compared_with": str(release.compared_with_id) if release.compared_with_id else None,
        "rollback_target": str(release.rollback_target_id) if release.rollback_target_id else None,
        "change": release.change_digest,
        "digest": release.digest,
    }
