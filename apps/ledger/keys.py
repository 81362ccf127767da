"""Where signing keys are kept: the notary's, whose public part everybody else reads, and any other."""

import contextlib
import os
import threading
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


def key_at(path: Path) -> Ed25519PrivateKey:
    """Return the key in the file, made with mode 0600 on first use; whoever comes second takes the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(made)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path.name} holds no Ed25519 key.")
    return key


def load_or_make() -> Ed25519PrivateKey:
    """Return the notary's key; write its public part beside it."""
    key = key_at(Path(settings.NOTARY_KEY_FILE))
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
