"""What the demo's people follow, and what they were told of what is due."""

from typing import Any

from apps.agenda import following, overview
from apps.agenda.reminding import remind
from apps.core.subjects import SubjectRef
from apps.usecases.models import UseCase


def tell(story: Any) -> None:
    support = UseCase.objects.get(name="Support assistant")
    for person in ("ines", "bruno"):
        following.follow(story.who(person), SubjectRef("use_case", support.pk))
    with story.later(minutes=1):
        remind()
        overview.count_today()
