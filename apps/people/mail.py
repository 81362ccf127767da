"""The one e-mail that people send: an invitation."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.people.models import User


def invitation_link(user: User) -> str:
    """Return the path where the invited person chooses a password; it works once and for three days."""
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})


def send_invitation(user: User, inviter: str) -> None:
    link = settings.PUBLIC_URL.rstrip("/") + invitation_link(user)
    send_mail(
        _("%(name)s invites you to Fourgate") % {"name": inviter},
        _("Choose your password here: %(link)s\n\nThe link works for three days.") % {"link": link},
        settings.DEFAULT_FROM_EMAIL,
        [user.email],
    )
