"""The one way into the ledger, and what people do with the ledger itself."""

import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from apps.core import jobs, subjects
from apps.core.actor import Actor
from apps.core.canonical import canonical_json, moment_text
from apps.core.clock import now
from apps.core.errors import NotPermitted
from apps.core.identifiers import new_id
from apps.core.models import Job
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.ledger.errors import FilterUnreadable
from apps.ledger.filters import AskedBy, EntryFilter
from apps.ledger.models import Entry, Export

VERSION = 1
LEDGER_ITSELF = ("ledger", uuid.UUID(int=0), "Ledger")


class Told(NamedTuple):
    """What an entry is about: (type, id, label as it is now); (id, name) of the team; plain JSON values."""

    subject: tuple[str, uuid.UUID, str]
    team: tuple[uuid.UUID, str] | None
    payload: dict[str, Any]


def record(
    action: str,
    *,
    by: Actor,
    subject: tuple[str, uuid.UUID, str],
    team: tuple[uuid.UUID, str] | None,
    payload: dict[str, Any],
) -> Entry:
    """Write one entry in the caller's transaction: no entry without the change, no change without the entry.

    ``subject`` is (type, id, label as it is now), ``team`` (id, name as it is now). The payload holds plain JSON
    values and no personal data other than names. Raise ``RuntimeError`` outside a transaction.
    """
    (entry,) = record_each(action, [Told(subject, team, payload)], by=by)
    return entry


def record_each(action: str, rows: Iterable[Told], *, by: Actor) -> list[Entry]:
    """Write one entry for each of the rows, all of one act at one moment; two queries. As ``record`` does it."""
    if not connection.in_atomic_block:
        raise RuntimeError("The ledger is written inside the transaction of the change that it records.")
    moment, entries = moment_text(now()), []
    for row in rows:
        subject_type, subject_id, label = row.subject
        identifier = new_id()
        body = {
            "v": VERSION,
            "id": str(identifier),
            "time": moment,
            "actor": {"id": str(by.id), "name": by.name, "kind": by.kind, "via": by.via},
            "action": action,
            "subject": {"type": subject_type, "id": str(subject_id), "label": label},
            "team": {"id": str(row.team[0]), "name": row.team[1]} if row.team else None,
            "payload": row.payload,
        }
        entries.append(Entry(id=identifier, body=canonical_json(body).decode()))
    return Entry.objects.bulk_create(entries)


def record_on(action: str, *, by: Actor, ref: SubjectRef, payload: dict[str, Any], obj: Any = None) -> Entry:
    """Write one entry about a registered subject; label and team are read from the subject."""
    kind = subjects.kind(ref.type)
    obj = obj if obj is not None else subjects.get(ref)
    team = kind.team(obj)
    return record(
        action,
        by=by,
        subject=(ref.type, ref.id, kind.label(obj)),
        team=(team.pk, team.name) if team is not None else None,
        payload=payload,
    )


def _require_anywhere(by: Actor, permission: str) -> None:
    if not by.is_active or not may_anywhere(by, permission):
        raise NotPermitted(
            _("This needs the permission “%(permission)s” in a team or in the organisation.")
            % {"permission": permission}
        )


def may_anywhere(by: Any, permission: str) -> bool:
    """Tell whether the user holds the permission in the organisation or in one of their teams."""
    return bool(by.may(permission, None)) or any(by.may(permission, team.pk) for team in by.teams_list)


@atomic
def request_export(filters: dict[str, str], *, by: Any, reason: str = "") -> Export:
    """Queue an export of what ``filters`` leave of the entries that the requester may export.

    Moments without an offset are the requester's; the export keeps them in UTC.
    Raise ``NotPermitted``, ``FilterUnreadable``.
    """
    _require_anywhere(by, "trail.export")
    asked = EntryFilter(filters, queryset=Entry.objects.none(), request=AskedBy(by))
    if not asked.is_valid():
        raise FilterUnreadable(
            _("Mend the filter: %(why)s") % {"why": asked.errors.as_text()},
            errors={f"/filters/{name}": texts for name, texts in asked.errors.items()},
        )
    for name in {"since", "until"} & filters.keys():
        if filters[name]:
            filters = {**filters, name: moment_text(asked.form.cleaned_data[name])}
    export = Export.objects.create(
        requested_by=by.id, requested_by_name=by.name, filters=filters, reason=reason.strip()
    )
    job = jobs.enqueue("export_ledger", key=str(export.pk), payload={"export": str(export.pk)}, by=by)
    export.job_id = job.pk
    export.save(update_fields=["job_id"])
    record(
        "ledger.exported",
        by=by,
        subject=LEDGER_ITSELF,
        team=None,
        payload={"export": str(export.pk), "filters": filters, "reason": export.reason},
    )
    return export


@atomic
def request_verification(*, by: Any) -> Job:
    """Queue a verification of the whole ledger against its checkpoints."""
    _require_anywhere(by, "trail.verify")
    job = jobs.enqueue("verify_ledger", key=str(new_id()), by=by)
    record("ledger.verified", by=by, subject=LEDGER_ITSELF, team=None, payload={"job": str(job.pk)})
    return job
