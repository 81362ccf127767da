from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasetsConfig(AppConfig):
    name = "apps.datasets"
    label = "datasets"

    def ready(self) -> None:
        from apps.agenda import due as agenda
        from apps.core import navigation, search, subjects
        from apps.datasets import kinds, trail  # noqa: F401 — the trail's sentences register themselves
        from apps.datasets.due import inspections
        from apps.datasets.due import sensitive as sensitive_due
        from apps.datasets.facts import sensitive, usecases, versions
        from apps.evidence import facts as registry

        for kind in kinds.KINDS:
            subjects.register(kind)
        registry.register(versions.PROVIDER)
        registry.register(usecases.PROVIDER)
        registry.register(sensitive.PROVIDER)
        agenda.offer("datasets.inspections", inspections.failed_inspections)
        agenda.offer("datasets.sensitive", sensitive_due.undecided_kinds)
        search.offer(kinds.find_datasets)
        navigation.offer(navigation.NavItem("datasets", _("Datasets"), "database", "datasets:dataset_list", order=30))
