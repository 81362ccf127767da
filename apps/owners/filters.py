import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.owners.models import Ownership
from apps.owners.responsibilities import RESPONSIBILITIES


class OwnershipFilter(django_filters.FilterSet):
    responsibility = django_filters.ChoiceFilter(
        label=_("Responsibility"), choices=[(row.key, row.title) for row in RESPONSIBILITIES.values()]
    )
    holder = django_filters.UUIDFilter(field_name="holder_id", label=_("Holder"))
    subject_type = django_filters.CharFilter(label=_("Subject type"))
    subject_id = django_filters.UUIDFilter(label=_("Subject"))
    team = django_filters.UUIDFilter(field_name="team_id", label=_("Team"))
    active = django_filters.BooleanFilter(method="by_active", label=_("Held now"))
    search = django_filters.CharFilter(field_name="holder__name", lookup_expr="icontains", label=_("Name"))

    class Meta:
        model = Ownership
        fields: list[str] = []

    def by_active(self, rows: QuerySet[Ownership], name: str, value: bool) -> QuerySet[Ownership]:
        return rows.filter(ended_at__isnull=value)
