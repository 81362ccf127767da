"""Confirming at the provider that one is still there: allauth asks for passwords, codes and passkeys only."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows, resume_request
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from apps.people.errors import OtherIdentity
from apps.people.models import User
from apps.people.single_sign_on.accounts import is_connected
from apps.people.single_sign_on.protocol import REAUTHENTICATE


def methods(request: Any, user: Any) -> list[dict[str, Any]]:
    """Return allauth's description of confirming at the provider, for those whose account is connected to it."""
    return [
        {
            "id": "single_sign_on",
            "description": _("Confirm with %(name)s") % {"name": provider.name},
            "url": reverse("openid_connect_reauthenticate", kwargs={"provider_id": provider.sub_id}),
        }
        for provider in get_adapter().list_providers(request)
        if user.is_authenticated and is_connected(user, provider)
    ]


def is_due(request: Any) -> bool:
    """Tell whether a person who can confirm at the provider alone has not done so lately."""
    user = request.user
    if not user.is_authenticated or get_reauthentication_flows(user) or not methods(request, user):
        return False
    moments = [row["at"] for row in get_authentication_records(request, user) if row.get("reauthenticated")]
    return not moments or time.time() - moments[-1] >= app_settings.REAUTHENTICATION_TIMEOUT


def is_asked(login: Any) -> bool:
    return bool(login.state.get("process") == REAUTHENTICATE)


def require_same_person(request: Any, login: Any, user: User) -> None:
    """Raise ``OtherIdentity`` when somebody else than the person who is signed in confirms, or connects."""
    if (is_asked(login) or login.state.get("process") == AuthProcess.CONNECT) and user != request.user:
        raise OtherIdentity(
            _("At %(name)s you are signed in as somebody else than here. Nothing was changed. Sign out there first.")
            % {"name": login.provider.name}
        )


def complete(request: Any, login: Any) -> HttpResponse:
    """Note in the session that the person confirmed, and go on with what it was asked for."""
    record_authentication(
        request,
        request.user,
        "socialaccount",
        reauthenticated=True,
        provider=login.account.provider,
        uid=login.account.uid,
    )
    request.GET = QueryDict(urlencode({"next": login.state.get("next") or "/"}))
    response: HttpResponse | None = resume_request(request)
    return response or HttpResponseRedirect("/")
