"""Who may call an endpoint at all: signed in, with a token whose scope covers the act."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.core.errors import Refusal


class ScopeMissing(Refusal):
    code, status, title = "scope_missing", 403, lazy("The token's scope does not cover this")


class SignedInWithScope(BasePermission):
    """Ask for a signed-in user and, of a token, for ``read``, ``write`` or the view's ``required_scope``."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not (request.user and request.user.is_authenticated and request.user.is_active):
            return False
        scopes = getattr(request.auth, "scopes", None)
        if scopes is None:
            return True
        needed = getattr(view, "required_scope", None)
        if request.method in SAFE_METHODS:
            needed = "read"
        elif callable(needed):
            needed = needed(request)
        needed = needed or "write"
        if needed not in scopes:
            raise ScopeMissing(
                _("This call needs a token with the scope “%(scope)s”. Create one under Settings, Tokens.")
                % {"scope": needed}
            )
        return True
