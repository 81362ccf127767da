"""Signed attestations: an in-toto Statement v1 about a release, in a DSSE envelope.

Sources: in-toto Attestation Framework, Statement v1; DSSE protocol v1.0 (pre-authentication encoding and envelope).
"""

import base64
import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db.models import Q

from apps.core.canonical import moment_text
from apps.evaluations.reading import standings
from apps.gates.models import Gate, GateState, SignOff
from apps.ledger.keys import key_at
from apps.releases.models import Release, ReleaseAttestation

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://fourgate.local/attestations/release/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


def statement(release: Release) -> dict[str, Any]:
    """Return the statement about a release that goes live: the artefact, and what it went live on."""
    uses = list(release.version.run.datasets.order_by("digest").values_list("digest", "version_id"))
    gates = _gates(release, [version for _digest, version in uses])
    return {
        "_type": STATEMENT_TYPE,
        "subject": [
            {
                "name": str(release.version),
                "digest": {"sha256": release.artefact_digest.removeprefix("sha256:")},
            }
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "release": _release(release),
            "gates": [_gate(gate) for gate in gates],
            "approvers": _approvers(gates),
            "evaluations": [
                {"suite": row.version.digest, "run": row.run.digest}
                for row in standings(release.version)
                if row.run is not None
            ],
            "data": [digest for digest, _version in uses],
            "restores": str(release.restores_id) if release.restores_id else None,
        },
    }


def _release(release: Release) -> dict[str, Any]:
    return {
        "id": str(release.pk),
        "number": release.number,
        "digest": release.digest,
        "environment": {
            "id": str(release.environment_id),
            "name": release.environment.name,
            "kind": release.environment.kind,
        },
        "modelVersion": {"id": str(release.version_id), "name": str(release.version), "digest": release.version.digest},
        "run": release.version.run.digest,
        "prompts": release.prompt_digest,
        "configuration": release.configuration_digest,
        "change": release.change_digest,
        "liveFrom": moment_text(release.live_from) if release.live_from else "",
        "liveBy": release.live_by.name if release.live_by else "",
    }


def _gates(release: Release, data: list[Any]) -> list[Gate]:
    """Return the approved gates on the way to the release, from its data to itself; one query."""
    on_the_way = (
        Q(subject_type="dataset_version", subject_id__in=data)
        | Q(subject_type="training_run", subject_id=release.version.run_id)
        | Q(subject_type="model_version", subject_id=release.version_id)
        | Q(subject_type="release", subject_id=release.origin_id)
    )
    rows = Gate.objects.filter(Q(on_the_way, state=GateState.APPROVED) | Q(pk__in=[release.gate_id]))
    return list(rows.select_related("policy_version").order_by("id"))


def _gate(gate: Gate) -> dict[str, Any]:
    return {
        "id": str(gate.pk),
        "kind": gate.kind,
        "subject": {"type": gate.subject_type, "id": str(gate.subject_id), "label": gate.subject_label},
        "policy": {"number": gate.policy_version.number, "digest": gate.policy_version.digest},
        "state": gate.state,
        "dossier": gate.dossier_digest,
    }


def _approvers(gates: list[Gate]) -> list[dict[str, str]]:
    """Return who approved which dossier, by name and responsibility; one query."""
    current = {(gate.pk, gate.dossier_digest) for gate in gates}
    rows = SignOff.objects.filter(gate__in=gates, verdict=SignOff.Verdict.APPROVE).order_by("id")
    return [
        {
            "gate": str(row.gate_id),
            "name": row.by_name,
            "responsibility": row.responsibility,
            "standsInFor": row.stands_in_for,
            "dossier": row.dossier_digest,
            "signedAt": row.signed_at.astimezone(dt.UTC).isoformat(),
        }
        for row in rows
        if (row.gate_id, row.dossier_digest) in current
    ]


def signing_key() -> Ed25519PrivateKey:
    """Return the key of this instance that signs attestations, made on first use; it is not the notary's."""
    return key_at(Path(settings.ATTESTATION_KEY_FILE))


def key_id(key: Ed25519PrivateKey) -> str:
    """Return the SHA-256 of the public key (SubjectPublicKeyInfo, DER), hexadecimal."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()


def public_key() -> dict[str, str]:
    """Return what a stranger verifies attestations with."""
    key = signing_key()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {"keyid": key_id(key), "algorithm": "ed25519", "public_key": pem.decode()}


def encoded(payload_type: str, payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def envelope(kept: ReleaseAttestation) -> dict[str, Any]:
    """Return the kept statement in a DSSE envelope, signed with the key of this instance."""
    key, payload = signing_key(), kept.statement.encode()
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [
            {
                "keyid": key_id(key),
                "sig": base64.b64encode(key.sign(encoded(PAYLOAD_TYPE, payload))).decode(),
            }
        ],
    }
