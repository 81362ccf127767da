"""What one was told, and how one wants to be told."""

import uuid
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView, View

from apps.agenda import following, forms, mailing, preferences
from apps.agenda.filters import NotificationFilter
from apps.agenda.models import Mail, Notification, Preference
from apps.core import subjects
from apps.core.clock import now
from apps.core.errors import NotFound, NotPermitted
from apps.core.forms import EmptyForm
from apps.core.pages import ActionFormView, ListPage, PageMixin
from apps.core.subjects import SubjectRef
from apps.people.models import User


class NotificationList(ListPage):
    """What the reader was told, the newest first."""

    model = Notification
    template_name = "agenda/notification_list.html"
    title = lazy("Notifications")
    subtitle = lazy("Each says why you got it, and leads to the one thing to do.")
    filterset_class = NotificationFilter
    default_ordering = "-id"

    def get_queryset(self) -> QuerySet[Notification]:
        return Notification.objects.of(self.request.user).select_related("team")


class NotificationOpen(PageMixin, View):
    """Mark a notification as read and go to what it is about."""

    def post(self, request: Any, pk: uuid.UUID) -> HttpResponse:
        row = Notification.objects.of(request.user).filter(pk=pk).first()
        if row is None:
            raise NotFound(_("There is no such notification."))
        Notification.objects.filter(pk=row.pk, read_at=None).update(read_at=now())
        return HttpResponseRedirect(row.url)


class NotificationsRead(PageMixin, View):
    """Mark all that the reader was told as read."""

    def post(self, request: Any) -> HttpResponse:
        Notification.objects.of(request.user).unread().update(read_at=now())
        return HttpResponseRedirect(reverse("agenda:notification_list"))


class Bell(PageMixin, View):
    """The bell with its count, which asks for itself."""

    def get(self, request: Any) -> HttpResponse:
        count = Notification.objects.of(request.user).unread().count()
        return render(request, "agenda/bell.html", {"unread": count})


class Preferences(ActionFormView):
    """How the reader wants the mails of each kind."""

    title = lazy("Mails")
    subtitle = lazy("In Fourgate you are told at once, always. A mail comes once a day, at once, or not at all.")
    nav_key = "settings"
    form_class = forms.PreferencesForm
    submit_label = lazy("Save")
    success_message = lazy("Saved.")

    def get_initial(self) -> dict[str, Any]:
        ways = preferences.Ways([self.request.user])
        return {group: ways.of_group(self.request.user.pk, group) for group in preferences.GROUPS}

    def act(self, form: Any) -> None:
        for group, way in form.cleaned_data.items():
            preferences.choose(self.request.user, group, way)

    def success_url_for(self, result: Any) -> str:
        return reverse("agenda:preferences")


class Follow(ActionFormView):
    """Follow a subject that the reader may see, or follow it no more."""

    form_class = EmptyForm

    @cached_property
    def ref(self) -> SubjectRef:
        return SubjectRef.parse(self.kwargs["subject_type"], self.kwargs["subject_id"])

    @cached_property
    def subject(self) -> Any:
        return subjects.get(self.ref, self.request.user)

    @cached_property
    def follows(self) -> bool:
        return following.follows(self.request.user, self.ref)

    def get_title(self) -> str:
        label = {"label": subjects.kind(self.ref.type).label(self.subject)}
        return _("No longer follow %(label)s") % label if self.follows else _("Follow %(label)s") % label

    def get_subtitle(self) -> str:
        return _("Whoever follows a thing is told of what others do to it.")

    def act(self, form: Any) -> None:
        subjects.get(self.ref, self.request.user)
        (following.unfollow if self.follows else following.follow)(self.request.user, self.ref)

    def success_url_for(self, result: Any) -> str:
        return subjects.kind(self.ref.type).url(self.subject)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)
        return {
            **found,
            "submit_label": _("Follow no more") if self.follows else _("Follow"),
            "cancel_url": self.success_url_for(None),
        }


@method_decorator(csrf_exempt, name="dispatch")
class Unsubscribe(TemplateView):
    """The link at a mail's foot: asks a person, and obeys a mail program's one click (RFC 8058)."""

    template_name = "agenda/unsubscribe.html"

    def _who(self) -> tuple[User, str]:
        try:
            found = signing.loads(self.kwargs["token"], salt=mailing.UNSUBSCRIBE)
            user = User.objects.get(pk=found["user"])
        except (signing.BadSignature, User.DoesNotExist) as error:
            raise Http404(_("This link does not work. Choose in Fourgate, under Settings, Mails.")) from error
        return user, found["group"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        _user, group = self._who()
        return super().get_context_data(group=preferences.GROUPS[group][0], **kwargs)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        user, group = self._who()
        preferences.choose(user, group, Preference.Way.OFF)
        return self.render_to_response(self.get_context_data(is_done=True))


class MailList(ListPage):
    """The mails that left, wait or failed: for those who administer people."""

    model = Mail
    template_name = "agenda/mail_list.html"
    nav_key = "settings"
    title = lazy("Mails that were sent")
    subtitle = lazy("What Fourgate wrote to whom, and whether it left.")
    default_ordering = "-id"

    def get_queryset(self) -> QuerySet[Mail]:
        if not self.request.user.may("people.manage", None):
            raise NotPermitted(_("Only administrators of the organisation see the mails of others."))
        return Mail.objects.select_related("user")


class MailDetail(PageMixin, TemplateView):
    """One mail as it was written: to its reader, and to those who administer people."""

    template_name = "agenda/mail_detail.html"
    nav_key = "settings"

    @property
    def mail(self) -> Mail:
        rows = Mail.objects.select_related("user").filter(pk=self.kwargs["pk"])
        if not self.request.user.may("people.manage", None):
            rows = rows.filter(user=self.request.user)
        found = rows.first()
        if found is None:
            raise NotFound(_("There is no such mail, or you may not see it."))
        return found

    def get_title(self) -> str:
        return self.mail.subject

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(mail=self.mail, **kwargs)
