from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def import_frameworks(sender: Any, **kwargs: Any) -> None:
    from apps.assessments.actions import import_default_frameworks

    import_default_frameworks()


class AssessmentsConfig(AppConfig):
    name = "apps.assessments"
    label = "assessments"

    def ready(self) -> None:
        from django.urls import reverse

        from apps.agenda import due as agenda
        from apps.assessments import (
            due,
            facts,
            trail,  # noqa: F401 — it registers itself
        )
        from apps.assessments.actions import refresh_on_change
        from apps.assessments.models import Assessment
        from apps.core import navigation, subjects
        from apps.core.subjects import SubjectRef
        from apps.evidence import facts as registry

        subjects.register(
            subjects.SubjectKind(
                type="assessment",
                title=_("Assessment"),
                visible=lambda user: Assessment.objects.visible_to(user).select_related("use_case__team"),
                all=lambda: Assessment.objects.select_related("use_case__team"),
                label=str,
                url=lambda assessment: reverse("assessments:assessment_detail", args=[assessment.pk]),
                parent=lambda assessment: SubjectRef("use_case", assessment.use_case_id),
                ancestors=("use_case",),
                digest=lambda assessment: assessment.digest,
                icon="list-check",
            )
        )
        for provider in facts.PROVIDERS:
            registry.register(provider)
        subjects.on_settled(refresh_on_change)
        agenda.offer_all(due.OFFERS)
        post_migrate.connect(import_frameworks, sender=self)
        navigation.offer(
            navigation.NavItem("readiness", _("Readiness"), "list-check", "assessments:portfolio", order=25)
        )
