from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def import_policies(sender: Any, **kwargs: Any) -> None:
    from apps.gates.actions import import_default_policies

    import_default_policies()


class GatesConfig(AppConfig):
    name = "apps.gates"
    label = "gates"

    def ready(self) -> None:
        from django.urls import reverse

        from apps.agenda import due as agenda
        from apps.agenda import duties
        from apps.core import navigation, search, subjects
        from apps.gates import (
            continuity,
            due,
            trail,  # noqa: F401 — it registers itself
        )
        from apps.gates import duties as gate_duties
        from apps.gates.actions import refresh_watching
        from apps.gates.models import Gate, PolicyVersion
        from apps.owners import continuity as drills

        subjects.register(
            subjects.SubjectKind(
                type="gate",
                title=_("Gate"),
                visible=lambda user: Gate.objects.visible_to(user).select_related("policy_version", "team"),
                all=lambda: Gate.objects.select_related("policy_version", "team"),
                label=str,
                url=lambda gate: reverse("gates:gate_detail", args=[gate.pk]),
                digest=lambda gate: gate.dossier_digest,
                icon="gavel",
            )
        )
        subjects.register(
            subjects.SubjectKind(
                type="policy_version",
                title=_("Policy"),
                visible=lambda user: PolicyVersion.objects.visible_to(user),
                all=PolicyVersion.objects.all,
                label=str,
                url=lambda version: reverse("gates:policy_detail", args=[version.pk]),
                team=lambda version: None,
                digest=lambda version: version.digest,
                icon="scale",
            )
        )
        subjects.on_change(refresh_watching)
        agenda.offer_all(due.OFFERS)
        duties.offer("gates", gate_duties.between)
        drills.offer("gates", continuity.PART)
        post_migrate.connect(import_policies, sender=self)

        def find(user: Any, text: str, limit: int) -> list[search.Hit]:
            rows = Gate.objects.visible_to(user).filter(subject_label__icontains=text)
            return [
                search.Hit(
                    str(row),
                    _("Gate"),
                    reverse("gates:gate_detail", args=[row.pk]),
                    row.get_state_display(),
                    "gavel",
                )
                for row in rows.select_related("policy_version").order_by("-id")[:limit]
            ]

        search.offer(find)
        navigation.offer(navigation.NavItem("gates", _("Gates"), "gavel", "gates:gate_list", order=50))
