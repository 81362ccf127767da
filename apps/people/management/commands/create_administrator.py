from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.core.actor import SYSTEM
from apps.ledger.actions import record
from apps.people.mail import invitation_link
from apps.people.models import User
from apps.people.roles import OrganisationRole


class Command(BaseCommand):
    help = "Create the first administrator of the organisation and print the link to choose a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(email__iexact=options["email"]).exists():
            raise CommandError("There is an account for this address already.")
        with transaction.atomic():
            user = User.objects.create_user(
                options["email"], None, name=options["name"], organisation_role=OrganisationRole.ADMINISTRATOR
            )
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
            record(
                "person.invited",
                by=SYSTEM,
                subject=("user", user.pk, user.name),
                team=None,
                payload={"name": user.name, "organisation_role": OrganisationRole.ADMINISTRATOR.value},
            )
        self.stdout.write(invitation_link(user))
