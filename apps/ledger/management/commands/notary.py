import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, connections

from apps.ledger import keys
from apps.ledger.notary import Notary, Rewritten


class Command(BaseCommand):
    help = "Sign a checkpoint of the ledger whenever there is something new, and watch that its past stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="sign what is new and stop")
        parser.add_argument("--every", type=float, default=3, help="seconds between looks (default 3)")

    def handle(self, *args: Any, **options: Any) -> None:
        alias = "notary" if "notary" in connections.settings else "default"
        stop = threading.Event()
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda *_: stop.set())
        try:
            notary = Notary(keys.load_or_make(), alias)
            if options["once"]:
                notary.tick()
                return
            self._with_patience(stop, notary.check_all)
            while not stop.is_set():
                self._with_patience(stop, notary.tick)
                stop.wait(options["every"])
        except Rewritten as error:
            raise CommandError(f"The ledger was rewritten; nothing is signed any more. {error}") from error

    def _with_patience(self, stop: threading.Event, act: Any) -> None:
        """Do it; while the database is away wait for it."""
        while not stop.is_set():
            try:
                act()
                return
            except (OperationalError, InterfaceError) as error:
                self.stderr.write(f"The database does not answer: {error}")
                connections.close_all()
                stop.wait(2)
