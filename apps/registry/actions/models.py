"""Models: created, and kept true."""

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, editing, subjects
from apps.core.errors import NameTaken
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.people.models import User
from apps.registry.models import Model
from apps.registry.places import BASE_SCHEMES, checked_address
from apps.registry.refs import model_ref
from apps.registry.shapes import checked_digest
from apps.usecases.models import UseCase

FIELDS = (
    "name",
    "purpose",
    "base_model",
    "base_provider",
    "base_revision",
    "licence",
    "base_source",
    "base_digest",
    "provenance",
    "limitations",
)


def _taken(name: str) -> NameTaken:
    return NameTaken(
        _("The use case has a model “%(name)s” already. Choose another name.") % {"name": name},
        errors={"/name": [_("The use case uses this name already.")]},
    )


def _checked(values: dict[str, Any]) -> dict[str, str]:
    """Return the fields that were given, without blanks around them; raise ``DigestMalformed`` or ``PlaceRefused``."""
    found = {name: str(values[name]).strip() for name in FIELDS if name in values}
    if found.get("base_digest"):
        found["base_digest"] = checked_digest(found["base_digest"], "base_digest")
    if found.get("base_source"):
        found["base_source"] = checked_address(found["base_source"], BASE_SCHEMES, "base_source")
    return found


@atomic
def create_model(use_case: UseCase, *, by: User, **values: Any) -> Model:
    """Create a model of the use case, with its base; raise ``NameTaken``, ``DigestMalformed`` or ``PlaceRefused``."""
    access.require(by, "model.create", use_case.team_id)
    found = _checked(values)
    try:
        with transaction.atomic():
            model = Model.objects.create(use_case=use_case, created_by=by, **found)
    except IntegrityError as error:
        raise _taken(found["name"]) from error
    record_on(
        "model.created",
        by=by,
        ref=model_ref(model),
        payload={"use_case": use_case.name, **{name: getattr(model, name) for name in FIELDS}},
    )
    subjects.announce_change(model_ref(model), "model.created")
    return model


@atomic
def edit_model(pk: uuid.UUID, *, by: User, revision: int | None, **values: Any) -> Model:
    """Change a model; the gates of its runs and versions are judged anew."""
    model = editing.lock(Model.objects.select_related("use_case__team"), pk, revision)
    access.require(by, "model.edit", model.team.pk)
    found = _checked(values)
    try:
        with transaction.atomic():
            changed = editing.apply(model, found)
    except IntegrityError as error:
        raise _taken(found["name"]) from error
    if changed:
        record_on("model.edited", by=by, ref=model_ref(model), payload={"changed": changed})
        subjects.announce_change(model_ref(model), "model.edited")
    return model
