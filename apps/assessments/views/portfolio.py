from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from apps.assessments.actions.assessments import KIND
from apps.assessments.actions.frameworks import FRAMEWORKS
from apps.assessments.filters import PortfolioFilter
from apps.assessments.framework import VERDICT_TITLES, Dimension, known
from apps.assessments.models import Readiness
from apps.assessments.waived import with_waivers
from apps.core.pages import ListPage
from apps.usecases.models import UseCase


def dimensions() -> tuple[Dimension, ...]:
    """Return the columns of the heat map: the dimensions of the newest published framework."""
    version = FRAMEWORKS.newest_published(KIND)
    return known(version.source).dimensions if version is not None else ()


def _level(row: UseCase, dimension: str) -> str:
    return str(row.readiness.dimensions.get(dimension, "")) if row.has_readiness else ""  # type: ignore[attr-defined]


class Portfolio(ListPage):
    """Use cases × dimensions as a heat map: which are ready, which are only experimenting, and what blocks each."""

    model = UseCase
    template_name = "assessments/portfolio.html"
    nav_key = "readiness"
    title = _("Readiness")
    subtitle = _(
        "Every use case by its weakest link. A picture of the newest signed assessment, or of the one under way."
    )
    filterset_class = PortfolioFilter
    orderings = {"name": "name", "risk_tier": "risk_tier", "phase": "phase", "created": "id"}
    csv_name = "readiness"

    @property
    def csv_columns(self) -> Any:  # type: ignore[override]
        return (
            (_("Use case"), lambda row: row.name),
            (_("Team"), lambda row: row.team.name),
            (_("Risk tier"), lambda row: row.risk_tier),
            (_("Phase"), lambda row: row.phase),
            (_("Verdict"), lambda row: row.readiness.verdict if row.has_readiness else ""),
            (_("Contradicted claims"), lambda row: row.readiness.contradicted if row.has_readiness else ""),
            (_("Waived requirements"), lambda row: row.waived),
            (_("What blocks it"), lambda row: row.readiness.blocking if row.has_readiness else ""),
            *((part.title, lambda row, name=part.id: _level(row, name)) for part in dimensions()),
        )

    def get_queryset(self) -> QuerySet[UseCase]:
        rows = UseCase.objects.visible_to(self.request.user).select_related("team", "readiness__assessment")
        return with_waivers(rows).annotate(has_readiness=Exists(Readiness.objects.filter(use_case=OuterRef("pk"))))

    def decorate(self, rows: list[Any]) -> list[Any]:
        self.columns = dimensions()
        return [
            {
                "use_case": row,
                "readiness": row.readiness if row.has_readiness else None,
                "cells": [
                    {"title": part.title, "level": level, "text": VERDICT_TITLES.get(level, "")}
                    for part in self.columns
                    for level in [_level(row, part.id)]
                ],
            }
            for row in rows
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        seen = UseCase.objects.visible_to(self.request.user).values_list("readiness__verdict")
        waived = with_waivers(UseCase.objects.visible_to(self.request.user)).aggregate(n=Sum("waived"))["n"] or 0
        by_level = dict(seen.annotate(n=Count("pk")).order_by())
        return super().get_context_data(
            columns=self.columns,
            summary=[(level, text, by_level.get(level, 0)) for level, text in VERDICT_TITLES.items()],
            unassessed=by_level.get(None, 0),
            waived=waived,
            **kwargs,
        )
