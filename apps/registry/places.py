"""Addresses of artefacts, base models and code: kept and shown, never fetched, so that none is a trick or a secret."""

import ipaddress
import re
import unicodedata
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from apps.datasets import storage
from apps.registry.errors import PlaceRefused

ARTEFACT_SCHEMES = ("s3", "gs", "abfss", "https", "oci", "hf", "file")
BASE_SCHEMES = ("https", "s3", "gs", "abfss", "oci", "hf")
CODE_SCHEMES = ("https", "ssh")
OVER_SSH = re.compile(r"git@[A-Za-z0-9.-]+:[A-Za-z0-9._/~-]+")


def _refused(field: str, detail: str) -> PlaceRefused:
    return PlaceRefused(detail, errors={f"/{field}": [detail]})


def checked_address(address: str, schemes: tuple[str, ...], field: str) -> str:
    """Return the address without blanks around it; raise ``PlaceRefused`` for another scheme, for one without a host,
    with a password, with a query (a signed link is a secret), or to this machine or a private network."""
    found = address.strip()
    if any(unicodedata.category(char)[0] in "CZ" or char == "\\" for char in found):
        raise _refused(field, _("Give the address without blanks, backslashes and control characters."))
    try:
        parts = urlsplit(found)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused(
            field, _("This is no address. Write it like %(scheme)s://….") % {"scheme": schemes[0]}
        ) from error
    if parts.scheme not in schemes:
        known = ", ".join(f"{scheme}://" for scheme in schemes)
        raise _refused(field, _("Addresses are kept that begin with: %(known)s.") % {"known": known})
    if parts.password is not None or (parts.username is not None and parts.scheme not in ("ssh", "abfss")):
        raise _refused(field, _("Leave name and password out of the address."))
    if parts.query or parts.fragment:
        raise _refused(
            field, _("Give the address without “?” and “#”: a signed link would put a secret into the trail.")
        )
    if not host or not parts.path.strip("/") or port == 0:
        raise _refused(field, _("Name the host or bucket, and the path in it."))
    if _is_near(host):
        raise _refused(field, _("“%(host)s” is this machine or a private network.") % {"host": host[:100]})
    if ".." in unquote(parts.path).split("/"):
        raise _refused(field, _("Give the path without “..”."))
    return found


def _is_near(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return bool(re.fullmatch(r"[0-9.]+|0[xX][0-9a-fA-F.xX]+", host))


def checked_code(address: str, field: str = "code_repository") -> str:
    """Return a repository's address: https, ssh, or ``git@host:path``."""
    found = address.strip()
    return found if OVER_SSH.fullmatch(found) else checked_address(found, CODE_SCHEMES, field)


def checked_place(place: str, field: str = "place") -> str:
    """Return where an artefact lies; a file must be one of the storage that may be taken by reference.

    Raise ``PlaceRefused``, and ``StorageKeyRefused`` for a file that is not there or not allowed.
    """
    found = place.strip()
    key = storage_key(found)
    if key is None and found.startswith("file:"):
        raise _refused(field, _("Write a file of Fourgate’s storage as file:///folder/name."))
    if key is None:
        return checked_address(found, ARTEFACT_SCHEMES, field)
    if any(char in key for char in "?#%") or any(unicodedata.category(char)[0] == "C" for char in key):
        raise _refused(
            field, _("Give the file's name as it is, without “?”, “#”, percent signs and control characters.")
        )
    storage.checked_key(key, f"/{field}")
    return found


def storage_key(place: str) -> str | None:
    """Return the name in Fourgate's storage that a ``file:///`` place means, or None for a place elsewhere."""
    return place.removeprefix("file:///") if place.startswith("file:///") else None
