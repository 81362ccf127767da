"""Signed checkpoints: C2SP tlog-checkpoint in a C2SP signed note, Ed25519.

Source: C2SP, tlog-checkpoint v1 and signed-note v1.
"""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ALGORITHM = b"\x01"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a checkpoint says: this tree (``origin``) had this root at this size."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """What an auditor pins: the origin and its public key, written ``origin+hash+key``."""

    origin: str
    key: bytes

    @property
    def key_hash(self) -> bytes:
        return hashlib.sha256(self.origin.encode() + b"\n" + ALGORITHM + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.origin}+{self.key_hash.hex()}+{base64.b64encode(ALGORITHM + self.key).decode()}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read ``origin+hash+key``; raise ``ValueError`` when it is none or contradicts itself."""
        origin, key_hash, key = text.strip().split("+", 2)
        raw = base64.b64decode(key, validate=True)
        found = cls(origin, raw[1:])
        if raw[:1] != ALGORITHM or len(raw) != 33 or found.key_hash.hex() != key_hash:
            raise ValueError("The verifier key contradicts itself.")
        return found

    @classmethod
    def of(cls, origin: str, key: Ed25519PrivateKey) -> "VerifierKey":
        return cls(origin, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign(statement: Statement, key: Ed25519PrivateKey) -> str:
    """Return the signed note of the statement."""
    verifier = VerifierKey.of(statement.origin, key)
    text = statement.text()
    signature = base64.b64encode(verifier.key_hash + key.sign(text.encode())).decode()
    return f"{text}\n— {statement.origin} {signature}\n"


def read(note: str, verifier: VerifierKey) -> Statement:
    """Return what the note says; raise ``ValueError`` unless it is signed by the verifier's key."""
    text, separator, signatures = note.partition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if not separator or len(lines) < 4 or lines[0] != verifier.origin:
        raise ValueError("The note is of another origin, or not a checkpoint.")
    for line in signatures.splitlines():
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or parts[1] != verifier.origin:
            continue
        raw = base64.b64decode(parts[2], validate=True)
        if raw[:4] != verifier.key_hash:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(verifier.key).verify(raw[4:], text.encode())
        except InvalidSignature:
            raise ValueError("The signature does not fit the note.") from None
        return Statement(lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True))
    raise ValueError("The note is not signed with this key.")
