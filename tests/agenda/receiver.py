"""A real receiver on this machine, which answers as it is told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """``answers`` are statuses, or (status, body, headers), used up one a request; afterwards it answers 204."""

    port: int = 0
    answers: list[Any] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)
    delay_seconds: float = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in?from=fourgate"

    @property
    def ids(self) -> list[str]:
        return [got.headers["webhook-id"] for got in self.got]


@contextmanager
def receiving(*answers: Any) -> Iterator[Receiver]:
    receiver = Receiver(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(Got(self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            time.sleep(receiver.delay_seconds)
            answer = receiver.answers.pop(0) if receiver.answers else 204
            status, text, headers = answer if isinstance(answer, tuple) else (answer, b"", {})
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of callers who hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
