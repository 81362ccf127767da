import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.filters import YesNoFilter
from apps.people.models import Team, User
from apps.people.roles import Role


def visible_teams(request: object) -> QuerySet[Team]:
    user = getattr(request, "user", None)
    return Team.objects.visible_to(user) if user is not None and user.is_authenticated else Team.objects.none()


class PersonFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Name"))
    team = django_filters.ModelChoiceFilter(
        method="in_team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    role = django_filters.ChoiceFilter(method="with_role", choices=Role, label=_("Role"), empty_label=_("Every role"))
    is_active = YesNoFilter(label=_("Active"))
    kind = django_filters.ChoiceFilter(choices=User.Kind, label=_("Kind"), empty_label=_("Everybody"))

    class Meta:
        model = User
        fields: list[str] = []

    def in_team(self, rows: QuerySet[User], name: str, value: Team) -> QuerySet[User]:
        return rows.filter(pk__in=value.memberships.values("user_id"))

    def with_role(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return rows.filter(memberships__role=value).distinct()


class TeamFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Name"))

    class Meta:
        model = Team
        fields: list[str] = []
