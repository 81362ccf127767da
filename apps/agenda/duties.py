"""What somebody has to do by a moment, told without asking for whom."""

import datetime as dt
import uuid
from dataclasses import dataclass

from apps.core.errors import Text
from apps.core.subjects import SubjectRef


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing that is due at ``due_at`` from the people who may do it; nobody, where the responsibility is vacant."""

    kind: str
    subject: SubjectRef
    title: str
    reason: Text
    url: str
    team_id: uuid.UUID
    responsibility: str
    person_ids: tuple[uuid.UUID, ...]
    due_at: dt.datetime
