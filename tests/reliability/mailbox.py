"""A mail server on this machine that takes, refuses or holds what comes, as it is told."""

import re
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Mailbox(socketserver.ThreadingTCPServer):
    """``refuses`` answers 451 to every recipient. ``holds`` names the step whose answer is kept back until ``let_go``:
    ``HELLO``, when not a word was said; ``RCPT``, when nothing has arrived yet; ``DATA``, when the mail is here and its
    sender doesn't know.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.refuses, self.holds = False, ""
        self.taken: Counter[str] = Counter()
        self.held: list[str] = []
        self.refused = 0
        self._go = threading.Event()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def hold(self, step: str) -> None:
        self._go.clear()
        self.held, self.holds = [], step

    def let_go(self) -> None:
        self.holds = ""
        self._go.set()

    def passes(self, step: str, what: str) -> None:
        if self.holds == step:
            self.held.append(what)
            self._go.wait()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers who were killed."""


class _Session(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.server.passes("HELLO", "")
        self._say("220 ready")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"RCPT" and self.server.refuses:
                self.server.refused += 1
                self._say("451 4.3.0 Try again later")
            elif verb == b"RCPT":
                self.server.passes("RCPT", line.decode())
                self._say("250 ok")
            elif verb == b"DATA":
                self._say("354 go on")
                self._take(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                self._say("250 taken")
            else:
                self._say("221 bye" if verb == b"QUIT" else "250 ok")

    def _take(self, text: str) -> None:
        found = re.search(r"^Message-ID:\s*(\S+)", text, re.MULTILINE | re.IGNORECASE)
        assert found, text
        self.server.taken[found[1]] += 1
        self.server.passes("DATA", found[1])

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def receiving_mail() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    thread = threading.Thread(target=mailbox.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield mailbox
    finally:
        mailbox.let_go()
        mailbox.shutdown()
        mailbox.server_close()
        thread.join()
