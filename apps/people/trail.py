"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "person.invited": (_("was invited"), "user"),
        "person.invited_again": (_("was invited again"), "user"),
        "person.deactivated": (_("deactivated"), "lock"),
        "person.reactivated": (_("reactivated"), "user"),
        "person.identity_connected": (_("connected single sign-on to the account of"), "link"),
        "person.identity_disconnected": (_("disconnected single sign-on from the account of"), "link"),
        "person.edited": (_("edited the profile of"), "edit"),
        "person.roles_changed": (_("changed the roles of"), "users"),
        "person.organisation_role_changed": (_("changed the organisation role of"), "building"),
        "service_account.created": (_("created the service account"), "robot"),
        "session.ended": (_("ended a session of"), "logout"),
        "team.created": (_("created the team"), "users"),
        "team.edited": (_("edited the team"), "edit"),
        "token.created": (_("created the token"), "key"),
        "token.revoked": (_("revoked the token"), "lock"),
        "absence.recorded": (_("recorded an absence of"), "calendar"),
        "absence.cancelled": (_("cancelled an absence of"), "calendar"),
        "grant.given": (_("shared with somebody"), "link"),
        "grant.withdrawn": (_("stopped sharing"), "link"),
    }
)
