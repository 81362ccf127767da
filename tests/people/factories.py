"""People, teams, tokens and confirmations for tests; made past the actions, for they are the scenery."""

import datetime as dt
import itertools
from typing import Any

from allauth.account.models import EmailAddress

from apps.people.models import ApiToken, Confirmation, Membership, Team, User

PASSWORD = "correct horse battery staple"
_count = itertools.count(1)


def make_team(name: str = "") -> Team:
    return Team.objects.create(name=name or f"Team {next(_count)}")


def make_user(name: str = "", **values: Any) -> User:
    name = name or f"Person {next(_count)}"
    email = values.pop("email", f"{name.lower().replace(' ', '.')}.{next(_count)}@example.org")
    user = User.objects.create_user(email, PASSWORD, name=name, **values)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    user.credential = "test"
    return user


def member(team: Team, *roles: str, name: str = "", **values: Any) -> User:
    user = make_user(name, **values)
    for role in roles or ("member",):
        Membership.objects.create(team=team, user=user, role=role)
    return user


def token_for(user: User, *scopes: str) -> str:
    """Return the value of an Authorization header."""
    _token, secret = ApiToken.objects.create(
        user, dt.timedelta(days=30), name="test", scopes=list(scopes or ("read", "write"))
    )
    return f"Token {secret}"


def confirmation_for(user: User, credential: str = "test") -> Confirmation:
    user.credential = credential
    return Confirmation.objects.create(
        user=user,
        credential=credential,
        method="password",
        expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10),
    )
