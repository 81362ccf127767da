from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "apps.ledger"
    label = "ledger"

    def ready(self) -> None:
        from apps.core import navigation
        from apps.ledger import exporting, verification  # noqa: F401 — they register their jobs

        navigation.offer(navigation.NavItem("trail", _("Trail"), "history", "ledger:trail", order=70))
