"""Whether two accounts are one person."""

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from apps.people.models import User


def _marks(user: User) -> set[tuple[str, str]]:
    """Return what names the person: confirmed addresses, and subjects at identity providers."""
    addresses = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    accounts = SocialAccount.objects.filter(user=user).values_list("provider", "uid")
    return {("email", address.casefold()) for address in addresses} | set(accounts) | {("email", user.email.casefold())}


def same_person(first: User, second: User) -> bool:
    """Tell whether both are one account, share a confirmed e-mail address, or one subject at a provider."""
    return first.pk == second.pk or bool(_marks(first) & _marks(second))
