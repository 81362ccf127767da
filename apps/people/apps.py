from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "apps.people"
    label = "people"

    def ready(self) -> None:
        from django.urls import reverse

        from apps.core import navigation, search, subjects
        from apps.people import (
            schema,  # noqa: F401 — it registers itself
            trail,  # noqa: F401 — it registers itself
        )
        from apps.people.models import Team, User
        from apps.people.visibility import visible_people

        subjects.register(
            subjects.SubjectKind(
                type="user",
                title=_("Person"),
                visible=visible_people,
                all=User.objects.all,
                label=lambda user: user.name,
                url=lambda user: reverse("people:person_detail", args=[user.pk]),
                team=lambda user: None,
                icon="user",
            )
        )
        subjects.register(
            subjects.SubjectKind(
                type="team",
                title=_("Team"),
                visible=Team.objects.visible_to,
                all=Team.objects.all,
                label=lambda team: team.name,
                url=lambda team: reverse("people:team_detail", args=[team.pk]),
                team=lambda team: team,
                icon="users",
            )
        )

        def find(user: Any, text: str, limit: int) -> list[search.Hit]:
            people = visible_people(user).filter(name__icontains=text).order_by("name")[:limit]
            return [
                search.Hit(found.name, _("Person"), reverse("people:person_detail", args=[found.pk]), "", "user")
                for found in people
            ]

        search.offer(find)
        navigation.offer(navigation.NavItem("settings", _("Settings"), "settings", "people:profile", order=90))
