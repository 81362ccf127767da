"""Where the notary keeps its key, and where everybody else reads the public one."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from apps.ledger.notes import VerifierKey


def load_or_make() -> Ed25519PrivateKey:
    """Return the notary's key, made with mode 0600 on first use; write its public part beside it."""
    path = Path(settings.NOTARY_KEY_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{path.name} holds no Ed25519 key.")
    else:
        key = Ed25519PrivateKey.generate()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = settings.NOTARY_FOLDER / "verifier.key"
    public.parent.mkdir(parents=True, exist_ok=True)
    public.write_text(f"{VerifierKey.of(settings.ORIGIN, key)}\n")
    return key


def verifier() -> VerifierKey | None:
    """Return the configured or published verifier key, or None before the notary's first start."""
    text: str = settings.NOTARY_VERIFIER_KEY
    path = settings.NOTARY_FOLDER / "verifier.key"
    if not text and path.exists():
        text = path.read_text()
    return VerifierKey.parse(text) if text.strip() else None
