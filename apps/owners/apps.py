from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OwnersConfig(AppConfig):
    name = "apps.owners"
    label = "owners"

    def ready(self) -> None:
        from apps.core import navigation
        from apps.owners import trail  # noqa: F401 — it registers itself
        from apps.owners.actions import vacate_all
        from apps.people import hooks

        hooks.on_deactivation(vacate_all)
        navigation.offer(navigation.NavItem("owners", _("Owners"), "users", "owners:ownership_list", order=60))
