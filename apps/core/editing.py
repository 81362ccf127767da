"""Editing without overwriting: lock, compare the revision, say what changed."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import StaleEdit
from apps.core.models import Editable

E = TypeVar("E", bound=Editable)


def lock(rows: models.QuerySet[E], pk: uuid.UUID, revision: int | None) -> E:
    """Return the locked row; raise ``StaleEdit`` when it is not at ``revision`` (None: whatever it is at)."""
    obj = rows.select_for_update(of=("self",)).get(pk=pk)
    if revision is not None and obj.revision != revision:
        raise StaleEdit(
            _("“%(what)s” was changed in the meantime. Look at the newest state and apply your change again.")
            % {"what": obj},
            extra={"revision": obj.revision},
        )
    return obj


def plain(value: Any) -> Any:
    """Return a value as the ledger writes it: text, number, boolean, null or a list of them."""
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    return value


def apply(obj: Editable, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Set and save the fields that differ; return ``{field: {"from": …, "to": …}}``, empty for no change."""
    changed = {
        name: {"from": plain(getattr(obj, name)), "to": plain(value)}
        for name, value in values.items()
        if getattr(obj, name) != value
    }
    if changed:
        for name in changed:
            setattr(obj, name, values[name])
        obj.revision += 1
        obj.updated_at = now()
        obj.save(update_fields=[*changed, "revision", "updated_at"])
    return changed
