"""One POST to an address outside: no redirects, no proxies, a checked IP address, ten seconds for all of it."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext as _

from apps.agenda.errors import WebhookAddressRefused
from apps.agenda.webhooks import addresses

TIMEOUT_SECONDS = 10.0
MOST_READ_BYTES = 4096
MOST_KEPT = 500
GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try: the status and the beginning of the text, or an error sentence. ``duration_ms`` is whole."""

    status: int | None
    text: str
    error: str
    duration_ms: int

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class _Connection(http.client.HTTPConnection):
    """Connects to one of the checked addresses, whatever the host's name leads to by now."""

    def __init__(self, parts: SplitResult, port: int, deadline: float) -> None:
        super().__init__(parts.hostname or "", port)
        self.is_secure = parts.scheme == "https"
        self.default_port = 443 if self.is_secure else 80  # so that the Host header names no usual port
        self.deadline = deadline

    def connect(self) -> None:
        found = addresses.resolve(self.host, self.port)
        plain = self._reach(found)
        plain.settimeout(max(0.1, self.deadline - time.monotonic()))
        self.sock = plain
        if self.is_secure:
            context = ssl.create_default_context()
            secure = context.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = secure
            secure.do_handshake()

    def _reach(self, found: list[str]) -> socket.socket:
        error: OSError = TimeoutError()
        for address in found:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            try:
                return socket.create_connection((address, self.port), timeout=left)
            except OSError as failed:
                error = failed
        raise error

    def cut(self) -> None:
        """End the exchange from another thread: whoever reads or writes is woken."""
        sock: Any = self.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send the body and return what was answered; never raise for what the other side or the network does."""
    begun = time.monotonic()
    status, text, error = None, "", ""
    try:
        status, text = _exchange(urlsplit(url), body, headers, begun + TIMEOUT_SECONDS)
    except WebhookAddressRefused as refusal:
        error = str(refusal.detail)
    except TimeoutError:
        error = _("No answer within %(n)d seconds.") % {"n": TIMEOUT_SECONDS}
    except socket.gaierror:
        error = _("The host’s name leads nowhere.")
    except ssl.SSLCertVerificationError as failed:
        error = _("The certificate was not accepted: %(why)s") % {"why": failed.verify_message}
    except (OSError, http.client.HTTPException, ValueError) as failed:
        error = _("The connection failed: %(why)s") % {"why": f"{type(failed).__name__} {failed}".strip()}
    if status is not None and 300 <= status < 400:
        error = _("Redirects are not followed. Give the address that it leads to.")
    return Answer(status, text, error[:300], int((time.monotonic() - begun) * 1000))


def _exchange(parts: SplitResult, body: bytes, headers: Mapping[str, str], deadline: float) -> tuple[int, str]:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _Connection(parts, port, deadline)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    watch = threading.Timer(max(0.1, deadline - time.monotonic()), connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", path, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        if time.monotonic() >= deadline:
            raise TimeoutError  # the headers ended because the connection was cut
        return response.status, _beginning(response)
    except (OSError, http.client.HTTPException) as error:
        if time.monotonic() >= deadline:
            raise TimeoutError from error
        raise
    finally:
        watch.cancel()
        connection.close()


def _beginning(response: http.client.HTTPResponse) -> str:
    """Return the beginning of the answer; what breaks while it comes does not undo the status."""
    data = b""
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        while len(data) < MOST_READ_BYTES and (piece := response.read1(MOST_READ_BYTES - len(data))):
            data += piece
    return data.decode("utf-8", "replace").replace("\x00", "�")[:MOST_KEPT]
