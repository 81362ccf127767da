"""Base query sets: permission is a query, once."""

from typing import Any, ClassVar, Self, TypeVar

from django.db import models

from apps.core.actor import Actor

M = TypeVar("M", bound=models.Model)


class TeamOwned(models.Model):
    """A table whose rows belong to a team.

    ``TEAM_PATH`` is the ORM path from a row to its team's id. ``GRANT_PATHS`` lead to the rows on which an
    exceptional grant may stand: a dataset version is shared by sharing its dataset or its use case.
    """

    TEAM_PATH: ClassVar[str] = "team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True


class TeamOwnedQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Actor | Any, permission: str = "view") -> Self:
        """Leave what ``user`` may see; what they may not see does not exist for them."""
        return self.filter(user.access_filter(self.model, permission))
