from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.account.views import BaseReauthenticateView
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django import forms
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from requests import RequestException

from apps.people.single_sign_on.protocol import REAUTHENTICATE, Adapter


def _find_provider(request: HttpRequest, provider_id: str) -> Any:
    try:
        return get_adapter().get_provider(request, provider=provider_id)
    except SocialApp.DoesNotExist:
        raise Http404 from None


class CallbackView(OAuth2CallbackView):
    adapter: Adapter

    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.state = state
        return state, response


def _answer(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    """Answer by one of allauth's views; a provider that is away or answers nonsense gets the page that says so."""
    provider = _find_provider(request, provider_id)
    try:
        response: HttpResponse = view.adapter_view(Adapter(request, provider_id))(request)
    except (OAuth2Error, RequestException) as error:
        response = render_authentication_error(request, provider, exception=error)
    return response


def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Show where the sign-in leads; on POST go there."""
    return _answer(OAuth2LoginView, request, provider_id)


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take the person who comes back from the provider."""
    return _answer(CallbackView, request, provider_id)


class Reauthenticate(LoginRequiredMixin, BaseReauthenticateView):
    """Say that the provider will ask again; on POST go there."""

    form_class = forms.Form
    template_name = "socialaccount/reauthenticate.html"

    def form_valid(self, form: forms.Form) -> HttpResponse:
        provider = _find_provider(self.request, self.kwargs["provider_id"])
        try:
            response: HttpResponse = provider.redirect(
                self.request, REAUTHENTICATE, next_url=get_next_redirect_url(self.request)
            )
        except (OAuth2Error, RequestException) as error:
            response = render_authentication_error(self.request, provider, exception=error)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        provider = _find_provider(self.request, self.kwargs["provider_id"])
        return super().get_context_data(provider=provider, **kwargs)  # type: ignore[no-any-return]
