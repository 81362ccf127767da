from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import View

from apps.core.canonical import sha256_digest
from apps.core.pages import ActionFormView, Crumb
from apps.operations import actions, forms
from apps.operations.feed import feed_of
from apps.operations.models import ReviewFeed
from apps.people.views.own import settings_crumb


class Feed(View):
    """The calendar of whoever has the token; no session is asked for, and nothing but this is open to it."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        rows = ReviewFeed.objects.filter(token_digest=sha256_digest(token.encode()), user__is_active=True)
        feed = rows.select_related("user").first()
        if feed is None:
            raise Http404(_("There is no such calendar feed. Renew it in Settings."))
        response = HttpResponse(feed_of(feed.user), content_type="text/calendar; charset=utf-8")
        response["Cache-Control"] = "private, max-age=300"
        response["Content-Disposition"] = 'inline; filename="fourgate-reviews.ics"'
        return response


class FeedRenew(ActionFormView):
    nav_key = "settings"
    title = lazy("Calendar feed")
    subtitle = lazy("Your reviews and follow-ups in the calendar that you use.")
    template_name = "operations/feed.html"
    form_class = forms.NothingForm

    def crumbs(self) -> Sequence[Crumb]:
        return [settings_crumb()]

    def form_valid(self, form: Any) -> HttpResponse:
        _feed, token = actions.renew_feed(by=self.request.user)
        address = settings.PUBLIC_URL + reverse("operations:feed", args=[token])
        response = self.render_to_response(self.get_context_data(form=form, address=address))
        response["Cache-Control"] = "no-store"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        feed = ReviewFeed.objects.filter(user=self.request.user).first()
        self.submit_label = _("Renew the address") if feed else _("Make the address")
        return super().get_context_data(feed=feed, **kwargs)
