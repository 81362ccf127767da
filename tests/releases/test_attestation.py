"""What is attested of a release, verified by code that knows nothing of Fourgate's."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from apps.releases import actions
from tests.api.client import Caller
from tests.releases.scenery import SIGNERS, make_environment, make_live, make_stage, propose, two_live
from tests.scenery import Scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_stage()


def verified(envelope: dict[str, Any], key: dict[str, str]) -> dict[str, Any]:
    """Return the statement of an envelope as the DSSE protocol asks: PAE first, then the signature over it."""
    public = load_pem_public_key(key["public_key"].encode())
    assert isinstance(public, Ed25519PublicKey)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    payload = base64.b64decode(envelope["payload"], validate=True)
    kind = envelope["payloadType"]
    pae = b" ".join([b"DSSEv1", str(len(kind)).encode(), kind.encode(), str(len(payload)).encode(), payload])
    (signature,) = envelope["signatures"]
    assert signature["keyid"] == key["keyid"] == hashlib.sha256(der).hexdigest()
    public.verify(base64.b64decode(signature["sig"]), pae)
    found: dict[str, Any] = json.loads(payload)
    return found


def test_a_stranger_verifies_what_went_live(scene: Scene) -> None:
    release = make_live(scene, make_environment(scene))
    caller = Caller(scene.engineer, "read")
    _status, envelope = caller.get(f"releases/{release.pk}/attestation/")
    _status, key = caller.get("releases/attestation-key/")
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    statement = verified(envelope, key)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    (subject,) = statement["subject"]
    assert "sha256:" + subject["digest"]["sha256"] == release.artefact_digest
    predicate = statement["predicate"]
    assert predicate["release"]["digest"] == release.digest
    assert predicate["release"]["environment"]["kind"] == "production"
    assert predicate["data"] == [scene.version.digest]
    gates = {row["kind"]: row for row in predicate["gates"]}
    assert set(gates) == {"proof", "release"}
    assert gates["release"]["dossier"] == release.dossier_digest
    signed = [row["responsibility"] for row in predicate["approvers"] if row["dossier"] == release.dossier_digest]
    assert signed == list(SIGNERS)


def test_a_changed_statement_or_signature_is_found(scene: Scene) -> None:
    release = make_live(scene, make_environment(scene))
    caller = Caller(scene.engineer, "read")
    _status, envelope = caller.get(f"releases/{release.pk}/attestation/")
    _status, key = caller.get("releases/attestation-key/")
    body = base64.b64decode(envelope["payload"]).replace(b"production", b"laboratory")
    for changed in (
        envelope | {"payload": base64.b64encode(body).decode()},
        envelope | {"payloadType": "text/plain"},
    ):
        with pytest.raises(InvalidSignature):
            verified(changed, key)


def test_it_says_what_stood_when_it_went_live(scene: Scene) -> None:
    first, second = two_live(scene)
    caller = Caller(scene.engineer, "read")
    before = caller.get(f"releases/{first.pk}/attestation/")[1]
    actions.withdraw_release(second, by=scene.engineer, reason="Down")
    assert caller.get(f"releases/{first.pk}/attestation/")[1] == before


def test_a_proposal_is_not_attested(scene: Scene) -> None:
    release = propose(scene, make_environment(scene))
    status, data = Caller(scene.engineer, "read").get(f"releases/{release.pk}/attestation/")
    assert (status, data["code"]) == (404, "nothing_attested")


def test_the_key_is_the_instances_own_and_readable_by_it_alone(scene: Scene, settings: Any) -> None:
    caller = Caller(scene.engineer, "read")
    first = caller.get("releases/attestation-key/")[1]
    assert caller.get("releases/attestation-key/")[1] == first
    path = Path(settings.ATTESTATION_KEY_FILE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path != Path(settings.NOTARY_KEY_FILE)
