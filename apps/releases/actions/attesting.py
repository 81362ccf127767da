"""What is attested of a release, written down when it goes live."""

from apps.core.canonical import canonical_json, sha256_digest
from apps.releases.attestation import statement
from apps.releases.models import Release, ReleaseAttestation


def attest(release: Release) -> ReleaseAttestation:
    """Keep the statement about a release that goes live, in the transaction of the act."""
    body = canonical_json(statement(release))
    return ReleaseAttestation.objects.create(release=release, statement=body.decode(), digest=sha256_digest(body))
