import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.agenda.models import Notification


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
