from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def import_review_templates(sender: Any, **kwargs: Any) -> None:
    from apps.operations.actions import import_default_review_templates

    import_default_review_templates()


class OperationsConfig(AppConfig):
    name = "apps.operations"
    label = "operations"

    def ready(self) -> None:
        from apps.agenda import due as agenda
        from apps.agenda import duties
        from apps.core import navigation, subjects
        from apps.core import panels as pages
        from apps.evidence import facts as registry
        from apps.operations import (
            due,
            facts,
            kinds,
            panels,
            trail,  # noqa: F401 — it registers itself
        )

        for kind in kinds.KINDS:
            subjects.register(kind)
        registry.register(facts.PROVIDER)
        agenda.offer_all(due.OFFERS)
        duties.offer("operations", due.duties)
        pages.offer("use_case", panels.USE_CASE)
        post_migrate.connect(import_review_templates, sender=self)
        navigation.offer(navigation.NavItem("reviews", _("Reviews"), "calendar", "operations:review_list", order=49))
