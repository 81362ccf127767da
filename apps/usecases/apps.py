from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsecasesConfig(AppConfig):
    name = "apps.usecases"
    label = "usecases"

    def ready(self) -> None:
        from django.urls import reverse

        from apps.core import navigation, search, subjects
        from apps.evidence import facts as registry
        from apps.owners.responsibilities import held_on
        from apps.usecases import (
            facts,
            trail,  # noqa: F401 — it registers itself
        )
        from apps.usecases.models import UseCase

        subjects.register(
            subjects.SubjectKind(
                type="use_case",
                title=_("Use case"),
                visible=lambda user: UseCase.objects.visible_to(user).select_related("team"),
                all=lambda: UseCase.objects.select_related("team"),
                label=lambda use_case: use_case.name,
                url=lambda use_case: reverse("usecases:usecase_detail", args=[use_case.pk]),
                tier=lambda use_case: use_case.risk_tier,
                responsibilities=tuple(row.key for row in held_on("use_case")),
                icon="target",
            )
        )

        registry.register(facts.PROVIDER)

        def find(user: Any, text: str, limit: int) -> list[search.Hit]:
            rows = UseCase.objects.visible_to(user).filter(name__icontains=text).select_related("team")
            return [
                search.Hit(
                    row.name,
                    _("Use case"),
                    reverse("usecases:usecase_detail", args=[row.pk]),
                    row.team.name,
                    "target",
                )
                for row in rows.order_by("name")[:limit]
            ]

        search.offer(find)
        navigation.offer(navigation.NavItem("use_cases", _("Use cases"), "target", "usecases:usecase_list", order=20))
