"""Whose account it is: the one that was connected before, else the one of the verified address."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.utils.translation import gettext as _

from apps.people import actions
from apps.people.errors import AccountDeactivated, AddressNotVerified, NotInvited
from apps.people.models import User


def account_of(login: Any) -> User:
    """Return the active person whose account allauth's ``login`` names.

    Raise ``AddressNotVerified``, ``NotInvited`` or ``AccountDeactivated``.
    """
    if login.account.pk is not None:
        return _active(login.account.user)
    address = _address(login)
    if not address:
        raise AddressNotVerified(
            _(
                "%(name)s did not say that it verified your e-mail address, so nobody can tell which account is yours. "
                "Ask the people who run it."
            )
            % {"name": login.provider.name}
        )
    user = _by_address(address)
    if user is None:
        raise NotInvited(
            _("There is no account for %(address)s. Ask an administrator of Fourgate to invite this address.")
            % {"address": address}
        )
    return _active(user)


def connect(login: Any, user: User) -> None:
    """Connect the account to what the provider showed, once; raise ``OtherIdentity`` when it has something else."""
    if login.account.pk is None:
        login.account = actions.connect_identity(user, login.account, _address(login))
    login.user = user


def _address(login: Any) -> str:
    return next((row.email for row in login.email_addresses if row.verified), "")


def _active(user: User) -> User:
    if not user.is_active:
        raise AccountDeactivated(_("Your account is deactivated. Ask an administrator of Fourgate to reactivate it."))
    return user


def _by_address(address: str) -> User | None:
    """Return the person whose own address it is, else the one who verified it as a further address.

    An account whose address nobody has verified is found only while nobody has used it: afterwards, somebody else
    may have written the address in.
    """
    people = User.objects.filter(kind=User.Kind.PERSON)
    own = people.filter(email=address).first()
    verified = EmailAddress.objects.filter(email=address, verified=True)
    if own is not None:
        return own if not own.has_joined or verified.filter(user=own).exists() else None
    return people.filter(pk__in=verified.values("user")).first()


def is_connected(user: Any, provider: Any) -> bool:
    return bool(SocialAccount.objects.filter(user=user, provider=provider.sub_id).exists())
