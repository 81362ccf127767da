import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.agenda.models import Notification, Webhook, WebhookDelivery
from apps.core.filters import YesNoFilter
from apps.people.filters import visible_teams


class NotificationFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="title", lookup_expr="icontains", label=_("About"))
    unread = django_filters.BooleanFilter(
        method="only_unread",
        label=_("Read"),
        widget=forms.Select(choices=[("", _("Read or not")), ("true", _("Unread")), ("false", _("Read"))]),
    )

    def only_unread(self, rows: QuerySet[Notification], name: str, value: bool) -> QuerySet[Notification]:
        return rows.filter(read_at__isnull=value)

    class Meta:
        model = Notification
        fields: list[str] = []


class WebhookFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Name"))
    team = django_filters.ModelChoiceFilter(queryset=visible_teams, label=_("Team"), empty_label=_("Every team"))
    format = django_filters.ChoiceFilter(choices=Webhook.Format, label=_("Format"), empty_label=_("Every format"))
    is_active = YesNoFilter(label=_("Active"))

    class Meta:
        model = Webhook
        fields: list[str] = []


class DeliveryFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=WebhookDelivery.State, label=_("State"), empty_label=_("Every state"))

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []
