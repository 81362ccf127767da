from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    name = "apps.registry"
    label = "registry"

    def ready(self) -> None:
        from apps.core import navigation, search, subjects
        from apps.datasets.lineage import registry as origins
        from apps.evidence import facts as registry
        from apps.gates import moves
        from apps.registry import (
            actions,  # noqa: F401 — its jobs register themselves
            following,
            kinds,
            lineage,
            trail,  # noqa: F401 — it registers itself
        )
        from apps.registry.facts import models, runs, versions

        for kind in kinds.KINDS:
            subjects.register(kind)
        for provider in (models.PROVIDER, runs.PROVIDER, versions.PROVIDER):
            registry.register(provider)
        for node_kind in lineage.KINDS:
            origins.offer_kind(node_kind)
        origins.offer(lineage.PROVIDER)
        subjects.on_change(following.follow_data)
        moves.follow(following.follow_start_gate)
        search.offer(kinds.find_models)
        navigation.offer(navigation.NavItem("models", _("Models"), "robot", "registry:model_list", order=40))
