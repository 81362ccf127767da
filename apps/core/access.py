"""Permission of an act, asked in one place."""

from uuid import UUID

from django.utils.translation import gettext as _

from apps.core.actor import Actor
from apps.core.errors import NotPermitted


def require(actor: Actor, permission: str, team_id: UUID | None) -> None:
    """Raise ``NotPermitted`` unless ``actor`` is active and holds ``permission`` on the team."""
    if not actor.is_active:
        raise NotPermitted(_("This account is deactivated. Ask an administrator to reactivate it."))
    if not actor.may(permission, team_id):
        raise NotPermitted(
            _("This needs the permission “%(permission)s” in the team. Ask a governance lead or an administrator.")
            % {"permission": permission},
            extra={"permission": permission},
        )
