"""Environments: created, and described."""

import unicodedata
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, editing, subjects
from apps.core.errors import InvalidInput, NameTaken
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.people.models import Team, User
from apps.releases.models import Environment
from apps.releases.refs import environment_ref

EDITABLE = ("name", "description")
ALIKE = {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC"}


def _taken(name: str) -> NameTaken:
    return NameTaken(
        _("The team has an environment “%(name)s” already. Choose another name.") % {"name": name},
        errors={"/name": [_("The team uses this name already.")]},
    )


def _named(name: str) -> str:
    """Return the name in Unicode NFKC; refuse one that could be taken for another.

    Source: Unicode Technical Standard 39, 5.2: letters of Latin, Greek and Cyrillic are not mixed.
    """
    found = unicodedata.normalize("NFKC", name).strip()
    if not found:
        raise InvalidInput(_("Give the environment a name."), errors={"/name": [_("Give a name.")]})
    scripts = {unicodedata.name(sign, "").partition(" ")[0] for sign in found if sign.isalpha()}
    if len(scripts & ALIKE) > 1 or any(unicodedata.category(sign).startswith("C") for sign in found):
        raise InvalidInput(
            _("This name could be taken for another. Write it in one alphabet, without invisible signs."),
            errors={"/name": [_("Looks like another name.")]},
        )
    return found


@atomic
def create_environment(team: Team, *, by: User, name: str, kind: str, description: str = "") -> Environment:
    """Create an environment of the team; its kind never changes. Raise ``NameTaken``."""
    access.require(by, "environment.edit", team.pk)
    name = _named(name)
    if kind not in Environment.Kind.values:
        raise InvalidInput(
            _("A kind is one of: %(names)s.") % {"names": ", ".join(Environment.Kind.values)},
            errors={"/kind": [_("Choose a kind.")]},
        )
    try:
        with transaction.atomic():
            environment = Environment.objects.create(
                team=team, name=name, kind=kind, description=description.strip(), created_by=by
            )
    except IntegrityError as error:
        raise _taken(name) from error
    record_on(
        "environment.created",
        by=by,
        ref=environment_ref(environment),
        obj=environment,
        payload={"name": name, "kind": kind, "description": environment.description},
    )
    subjects.announce_change(environment_ref(environment), "environment.created")
    return environment


@atomic
def edit_environment(pk: uuid.UUID, *, by: User, revision: int | None, **values: Any) -> Environment:
    """Rename or describe an environment anew; raise ``StaleEdit`` or ``NameTaken``."""
    environment = editing.lock(Environment.objects.select_related("team"), pk, revision)
    access.require(by, "environment.edit", environment.team_id)
    found = {name: str(values[name]).strip() for name in EDITABLE if name in values}
    if "name" in found:
        found["name"] = _named(found["name"])
    try:
        with transaction.atomic():
            changed = editing.apply(environment, found)
    except IntegrityError as error:
        raise _taken(found["name"]) from error
    if changed:
        record_on(
            "environment.edited",
            by=by,
            ref=environment_ref(environment),
            obj=environment,
            payload={"changed": changed},
        )
        subjects.announce_change(environment_ref(environment), "environment.edited")
    return environment
