from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvaluationsConfig(AppConfig):
    name = "apps.evaluations"
    label = "evaluations"

    def ready(self) -> None:
        from apps.agenda import due as agenda
        from apps.core import navigation, search, subjects
        from apps.evaluations import (
            actions,  # noqa: F401 — its jobs register themselves
            due,
            kinds,
            trail,  # noqa: F401 — it registers itself
        )
        from apps.evaluations.facts import FACTS, GOOD, usecases
        from apps.evidence import facts as registry
        from apps.registry import authors
        from apps.registry.views import facts as shown
        from apps.registry.views import versions

        for kind in kinds.KINDS:
            subjects.register(kind)
        registry.register(FACTS)
        registry.register(usecases.PROVIDER)
        shown.offer_good(GOOD)
        versions.offer_tab("evaluations:model_version", _("Evaluation"))
        authors.offer(kinds.authors_of)
        agenda.offer_all(due.OFFERS)
        search.offer(kinds.find_suites)
        navigation.offer(
            navigation.NavItem("evaluations", _("Evaluations"), "list-check", "evaluations:suite_list", order=45)
        )
