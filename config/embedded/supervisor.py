"""Keeps the processes of Fourgate running, and stops them all."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded import binaries
from config.embedded.services import Service

LONGEST_PAUSE = 30.0


@dataclass
class Child:
    """One process and when it may start again after it has died."""

    name: str
    command: list[str]
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    pause: float = 1.0
    started: float = 0.0
    start_at: float = 0.0


@dataclass
class Supervisor:
    logs: Path
    children: list[Child] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)

    def start(self, children: list[Child]) -> None:
        self.children += children
        for child in children:
            self._start(child)

    def watch_services(self, services: list[Service]) -> None:
        self.services += services

    def _start(self, child: Child) -> None:
        with (self.logs / f"{child.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                child.command,
                env=child.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=binaries.die_with_parent,
            )
        child.started = time.monotonic()

    def tend(self) -> None:
        """Start again what has died: a service at once, a process after a pause that doubles."""
        for service in self.services:
            if service.process is not None and service.process.poll() is not None:
                print(f"fourgate: {service.name} stopped; starting it again …", flush=True)
                service.up(again=True)
        for child in self.children:
            moment = time.monotonic()
            if child.process is not None and child.process.poll() is not None:
                long_lived = moment - child.started > LONGEST_PAUSE
                child.pause = 1.0 if long_lived else min(child.pause * 2, LONGEST_PAUSE)
                child.start_at = moment + child.pause
                print(
                    f"fourgate: {child.name} stopped (code {child.process.returncode}); {self.logs / child.name}.log"
                    f" says why; starting it again in {child.pause:.0f} s",
                    flush=True,
                )
                child.process = None
            if child.process is None and moment >= child.start_at:
                self._start(child)

    def stop(self) -> None:
        """Stop every process, first those that take new work."""
        for child in self.children:
            self._signal(child, signal.SIGTERM)
        limit = time.monotonic() + 15
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._signal(child, signal.SIGKILL)
                child.process.wait()
            self._signal(child, signal.SIGKILL)

    @staticmethod
    def _signal(child: Child, number: signal.Signals) -> None:
        """Signal the process and its own children: each leads a session."""
        if child.process is None:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(child.process.pid, number)
            else:
                child.process.send_signal(number)
        except ProcessLookupError:
            pass
