"""Whether two accounts are one person."""

import uuid
from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from apps.people.models import User


def _marks(users: Iterable[User]) -> dict[uuid.UUID, set[tuple[str, str]]]:
    """Return what names each person: confirmed addresses, and subjects at identity providers; two queries."""
    found = {user.pk: {("email", user.email.casefold())} for user in users}
    addresses = EmailAddress.objects.filter(user__in=found, verified=True).values_list("user_id", "email")
    for user_id, address in addresses:
        found[user_id].add(("email", address.casefold()))
    for user_id, provider, uid in SocialAccount.objects.filter(user__in=found).values_list(
        "user_id", "provider", "uid"
    ):
        found[user_id].add((provider, uid))
    return found


def same_as(user: User, others: Iterable[uuid.UUID]) -> User | None:
    """Return the first of the accounts that is the same person as ``user``; at most three queries.

    One person is: one account, one confirmed e-mail address, or one subject at an identity provider.
    """
    accounts = list(User.objects.filter(pk__in=list(others)).order_by("pk"))
    itself = next((account for account in accounts if account.pk == user.pk), None)
    if itself is not None or not accounts:
        return itself
    marks = _marks([user, *accounts])
    return next((account for account in accounts if marks[user.pk] & marks[account.pk]), None)


def same_person(first: User, second: User) -> bool:
    """Tell whether both accounts are one person."""
    return same_as(first, [second.pk]) is not None
