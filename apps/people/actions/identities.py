"""Which identities at the organisation's provider an account has."""

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.utils.translation import gettext as _

from apps.core.transactions import atomic
from apps.people.actions.accounts import record_on_user
from apps.people.errors import AccountDeactivated, OtherIdentity
from apps.people.models import User

VIA = "single sign-on"


@atomic
def connect_identity(user: User, identity: SocialAccount, address: str) -> SocialAccount:
    """Connect an account to the identity that the provider has just shown, and take its word for the address.

    Raise ``OtherIdentity`` when the account has another one: a provider may give an address to somebody else.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if not user.is_active:
        raise AccountDeactivated(_("Your account is deactivated. Ask an administrator of Fourgate to reactivate it."))
    known = SocialAccount.objects.filter(user=user, provider=identity.provider).first()
    if known is not None and known.uid == identity.uid:
        return known
    if known is not None:
        raise OtherIdentity(
            _(
                "The account of %(address)s belongs to another identity at the provider. If that is an old one of "
                "yours, sign in with your password and remove it; otherwise tell an administrator of Fourgate."
            )
            % {"address": address}
        )
    identity.user = user
    identity.save()
    first = not EmailAddress.objects.filter(user=user, primary=True).exists()
    EmailAddress.objects.get_or_create(user=user, email=address, defaults={"primary": first})[0].set_verified()
    user.via = VIA
    record_on_user("person.identity_connected", user, user, {"provider": identity.provider})
    return identity


@atomic
def disconnect_identity(identity: SocialAccount, *, by: User) -> None:
    """Take an identity away from one's own account."""
    user = User.objects.select_for_update(of=("self",)).get(pk=by.pk)
    SocialAccount.objects.get(pk=identity.pk, user=user).delete()
    record_on_user("person.identity_disconnected", user, by, {"provider": identity.provider})
