from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.people.models import User
from config.demo.story import Story, accounts


class Command(BaseCommand):
    help = "Load the demo organisation, made through the actions; only on the embedded services."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ACCOUNTS_ALLOWED:
            raise CommandError("Demo accounts exist on the embedded services alone. Nothing was changed.")
        if not User.objects.exists():
            with transaction.atomic():
                Story().tell()
            call_command("notary", "--once")
        path = Path(settings.FOURGATE_HOME) / "demo-accounts.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(accounts(), encoding="utf-8")
        self.stdout.write(accounts())
