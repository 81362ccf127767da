"""What names a release: a digest over all that is decided on."""

from apps.core.canonical import digest_of
from apps.releases.models import Release


def release_digest(release: Release) -> str:
    """Return the digest of a release: where, which version, which prompts and configuration, what changes, which way
    back."""
    return digest_of(
        {
            "environment": [str(release.environment_id), release.environment.kind],
            "version": release.version.digest,
            "artefact": release.artefact_digest,
            "prompts": release.prompt_digest,
            "configuration": release.configuration_digest,
            "notes": release.notes,
            "change": release.change_digest,
            "rollback_target": str(release.rollback_target_id or ""),
        }
    )
