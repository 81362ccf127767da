"""Whether two accounts are one person."""

import uuid
from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from apps.people.models import User

Marks = set[tuple[str, str]]


def _marks(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Marks]:
    """Return what names each person: confirmed addresses, and subjects at identity providers; three queries."""
    wanted = list(ids)
    found: dict[uuid.UUID, Marks] = {
        pk: {("email", email.casefold())} for pk, email in User.objects.filter(pk__in=wanted).values_list("pk", "email")
    }
    addresses = EmailAddress.objects.filter(user__in=wanted, verified=True).values_list("user_id", "email")
    for pk, address in addresses:
        found[pk].add(("email", address.casefold()))
    accounts = SocialAccount.objects.filter(user__in=wanted).values_list("user_id", "provider", "uid")
    for pk, provider, uid in accounts:
        found[pk].add((provider, uid))
    return found


def same_person(first: User, second: User) -> bool:
    """Tell whether both are one account, share a confirmed e-mail address, or one subject at a provider."""
    return second.pk in accounts_of(first, {second.pk})


def accounts_of(person: User, among: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of the accounts that are this person's; at most three queries, however many there are."""
    others = set(among)
    found = others & {person.pk}
    if others - found:
        marks = _marks({person.pk, *others})
        own = marks.get(person.pk, set())
        found |= {pk for pk in others if own & marks.get(pk, set())}
    return found


def same_as(person: User, others: Iterable[uuid.UUID]) -> User | None:
    """Return the first of the accounts that is this person's; at most four queries."""
    found = accounts_of(person, others)
    return User.objects.filter(pk__in=found).order_by("pk").first() if found else None


def persons(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return for each account the one that stands for its person; at most three queries."""
    marks = _marks(ids)
    standing: dict[uuid.UUID, uuid.UUID] = {}
    seen: dict[tuple[str, str], uuid.UUID] = {}
    for pk in sorted(marks):
        known = {standing[seen[mark]] for mark in marks[pk] if mark in seen}
        first = min(known, default=pk)
        standing[pk] = first
        for other, leader in standing.items():
            if leader in known:
                standing[other] = first
        seen |= {mark: pk for mark in marks[pk] if mark not in seen}
    return standing
