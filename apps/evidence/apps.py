from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "apps.evidence"
    label = "evidence"

    def ready(self) -> None:
        from apps.agenda import duties
        from apps.evidence import (
            due,
            trail,  # noqa: F401 — it registers itself
        )

        duties.offer("evidence", due.duties)
