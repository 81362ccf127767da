"""Every change of people, teams, roles, tokens, grants and absences."""

from apps.people.actions.absences import cancel_absence, record_absence
from apps.people.actions.accounts import (
    create_service_account,
    deactivate,
    edit_profile,
    end_session,
    invite,
    invite_again,
    reactivate,
    set_organisation_role,
)
from apps.people.actions.grants import give_grant, withdraw_grant
from apps.people.actions.identities import connect_identity, disconnect_identity
from apps.people.actions.teams import change_roles, create_team, edit_team
from apps.people.actions.tokens import create_token, revoke_token

__all__ = [
    "cancel_absence",
    "change_roles",
    "connect_identity",
    "create_service_account",
    "create_team",
    "create_token",
    "deactivate",
    "disconnect_identity",
    "edit_profile",
    "edit_team",
    "end_session",
    "give_grant",
    "invite",
    "invite_again",
    "reactivate",
    "record_absence",
    "revoke_token",
    "set_organisation_role",
    "withdraw_grant",
]
