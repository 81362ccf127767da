from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasetsConfig(AppConfig):
    name = "apps.datasets"
    label = "datasets"

    def ready(self) -> None:
        from apps.agenda import due as agenda
        from apps.agenda import duties
        from apps.core import navigation, search, subjects
        from apps.datasets import checks, kinds, trail  # noqa: F401 — checks and the trail's sentences register themselves
        from apps.datasets.due import audits as due_audits
        from apps.datasets.due import copies as due_copies
        from apps.datasets.due import feedback as feedback_due
        from apps.datasets.due import offers
        from apps.datasets.due import sensitive as sensitive_due
        from apps.datasets.facts import annotations, audits, copies, lineage, sensitive, usecases, versions
        from apps.datasets.lineage import providers
        from apps.datasets.lineage import registry as origins
        from apps.evidence import facts as registry

        for kind in kinds.KINDS:
            subjects.register(kind)
        registry.register(versions.PROVIDER)
        registry.register(usecases.PROVIDER)
        registry.register(annotations.PROVIDER)
        registry.register(lineage.PROVIDER)
        for node_kind in providers.KINDS:
            origins.offer_kind(node_kind)
        for provider in providers.PROVIDERS:
            origins.offer(provider)
        registry.register(copies.PROVIDER)
        duties.offer("datasets.copies", due_copies.duties)
        registry.register(audits.PROVIDER)
        duties.offer("datasets.audits", due_audits.duties)
        registry.register(sensitive.PROVIDER)
        agenda.offer_all(offers.OFFERS)
        agenda.offer("datasets.led_audits", due_audits.led)
        agenda.offer("datasets.sensitive", sensitive_due.undecided_kinds)
        agenda.offer("datasets.feedback", feedback_due.proposed_versions)
        search.offer(kinds.find_datasets)
        navigation.offer(navigation.NavItem("datasets", _("Datasets"), "database", "datasets:dataset_list", order=30))
