"""The gates of a subject or of everything under it, as a lane of four."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core import subjects
from apps.core.errors import Text
from apps.core.subjects import SubjectRef
from apps.gates.models import Gate

KINDS: tuple[tuple[str, Text, Text], ...] = (
    ("start", _("Start"), _("Dataset approval")),
    ("build", _("Build"), _("Training review")),
    ("proof", _("Proof"), _("Validation")),
    ("release", _("Release"), _("Promotion")),
)


@dataclass(frozen=True, slots=True)
class LaneStop:
    kind: str
    title: Text
    subtitle: Text
    gates: list[Gate]

    @property
    def newest(self) -> Gate | None:
        return self.gates[0] if self.gates else None


def before(chain: Sequence[tuple[SubjectRef, Any]]) -> list[SubjectRef]:
    """Return a subject, what it belongs to, and all that lies upstream of them: there are the gates before its own.

    ``chain`` is the subject and what it belongs to; two queries a step upstream.
    """
    found = dict.fromkeys(ref for ref, _obj in chain)
    level = list(chain)
    while level:
        named = [above for ref, obj in level for above in subjects.kind(ref.type).upstream(obj)]
        fresh = [ref for ref in dict.fromkeys(named) if ref not in found]
        found.update(dict.fromkeys(fresh))
        level = list(subjects.find(ref for ref in fresh if subjects.kind(ref.type).names_upstream).items())
    return list(found)


def lane(refs: Iterable[SubjectRef], *, user: Any, under: uuid.UUID | None = None) -> list[LaneStop]:
    """Return the four gates' newest runs on the subjects (or under a root subject); one query."""
    wanted = Q(pk__in=[])
    for ref in refs:
        wanted |= Q(subject_type=ref.type, subject_id=ref.id)
    if under is not None:
        wanted |= Q(root_id=under)
    rows = list(Gate.objects.visible_to(user).filter(wanted).select_related("policy_version").order_by("-id")[:40])
    return [
        LaneStop(kind, title, subtitle, [row for row in rows if row.kind == kind]) for kind, title, subtitle in KINDS
    ]
