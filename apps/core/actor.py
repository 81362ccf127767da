"""Who acts: what the lower floors need to know of a user without importing the people app."""

from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from django.db.models import Model, Q


@runtime_checkable
class Actor(Protocol):
    """Somebody, or something, that acts: a person, a service account, or the system itself."""

    id: UUID
    name: str
    kind: str
    is_active: bool

    @property
    def via(self) -> str:
        """How this actor was recognised: ``password``, ``passkey``, ``token fg_1a2b``, ``system``, ``demo``."""

    def may(self, permission: str, team_id: UUID | None) -> bool:
        """Tell whether one of this actor's roles carries ``permission`` on the team (None: organisation)."""

    def access_filter(self, model: type[Model], permission: str) -> Q:
        """Return the filter that leaves the rows of a team-owned ``model`` on which ``permission`` is held."""


class SystemActor:
    """Fourgate itself: migrations, the default policies, time that passes. It never signs."""

    id = UUID(int=0)
    name = "Fourgate"
    kind = "system"
    is_active = True
    via = "system"

    def may(self, permission: str, team_id: UUID | None) -> bool:
        return permission != "gate.sign"

    def access_filter(self, model: type[Model], permission: str) -> Q:
        return Q()

    def __repr__(self) -> str:
        return "<Fourgate itself>"


SYSTEM: Any = SystemActor()
