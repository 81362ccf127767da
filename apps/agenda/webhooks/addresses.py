"""Addresses that webhooks may have: public ones over https, unless WEBHOOK_ALLOWED_HOSTS names the host."""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from apps.agenda.errors import WebhookAddressRefused

LONGEST = 2000
PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
IPV4_IN_V6 = ipaddress.IPv6Network("64:ff9b::/96")
NEVER = [
    ipaddress.ip_network(block)
    for block in (
        "168.63.129.16/32",  # the host of a virtual machine in Azure
        "192.0.0.0/24",  # among them a metadata service
        "192.88.99.0/24",  # relays into IPv4
        "2002::/16",
    )
]


def _refused(detail: str) -> WebhookAddressRefused:
    return WebhookAddressRefused(detail, errors={"/url": [detail]})


def is_allowed(host: str) -> bool:
    """Tell whether the setting names the host: it may be private, and spoken to without TLS."""
    return host in settings.WEBHOOK_ALLOWED_HOSTS


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public internet, also inside an IPv6 address that stands for IPv4."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found in IPV4_IN_V6:
            found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        elif found not in PUBLIC_V6:
            return False
    blocked = any(found.version == block.version and found in block for block in NEVER)
    return found.is_global and not found.is_multicast and not blocked


def checked_url(url: str) -> SplitResult:
    """Return the parts of an address that a webhook may have; raise ``WebhookAddressRefused`` otherwise.

    What the host's name leads to is asked when something is sent, each time anew.
    """
    text = url.strip()
    if not text or len(text) > LONGEST or any(not "!" <= char <= "~" or char == "\\" for char in text):
        raise _refused(_("Give an address of at most 2,000 ASCII characters, without blanks and backslashes."))
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused(_("This is no address. Write it like https://host/path.")) from error
    if not host or port == 0:
        raise _refused(_("This is no address. Write it like https://host/path."))
    if parts.username is not None or parts.password is not None:
        raise _refused(_("Leave name and password out of the address; the signature shows who sends."))
    if parts.fragment:
        raise _refused(_("Leave “#” and what follows out of the address."))
    if parts.scheme != "https" and not (parts.scheme == "http" and is_allowed(host)):
        raise _refused(_("Give an address that begins with https://."))
    if not is_allowed(host) and _is_near(host):
        raise _refused(_("“%(host)s” is this machine or a private network.") % {"host": host[:100]})
    return parts


def _is_near(host: str) -> bool:
    name = host.rstrip(".")
    if ("." not in name and ":" not in name) or name.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not is_public(name)
    except ValueError:
        return name.rpartition(".")[2].isdigit()


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host, none of them private; raise ``WebhookAddressRefused`` or ``OSError``.

    One private address among public ones refuses them all. Connect to what is returned, not to the name: a name may
    lead elsewhere a moment later.
    """
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    if not is_allowed(host):
        for address in found:
            if not is_public(address):
                raise _refused(
                    _("“%(host)s” leads to %(address)s, which is this machine or a private network.")
                    % {"host": host[:100], "address": address}
                )
    return found
