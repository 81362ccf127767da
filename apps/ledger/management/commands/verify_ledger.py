from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.ledger import keys, notes, verification


class Command(BaseCommand):
    help = "Hash every entry of the ledger and compare with its signed checkpoints."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--checkpoint", type=Path, help="a signed checkpoint that was kept elsewhere")
        parser.add_argument("--key", help="the verifier key that you pinned (default: the notary's)")

    def handle(self, *args: Any, **options: Any) -> None:
        pinned = None
        try:
            if options["checkpoint"]:
                verifier = notes.VerifierKey.parse(options["key"]) if options["key"] else keys.verifier()
                if verifier is None:
                    raise CommandError("There is no verifier key yet. Give one with --key.")
                pinned = notes.read(options["checkpoint"].read_text(encoding="utf-8"), verifier)
            found = verification.verify(pinned=pinned)
        except (verification.LedgerBroken, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{found.entries} entries, root {found.root}: as signed up to {found.signed} "
            f"by {found.checkpoints} checkpoints."
        )
