"""What encrypts at rest, with a key derived from SECRET_KEY; SECRET_KEY_FALLBACKS still open what older keys closed."""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def cipher(purpose: str) -> MultiFernet:
    """Return the cipher of one purpose; what another purpose encrypted, it does not open."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{purpose}{key}".encode()).digest())) for key in keys]
    )
