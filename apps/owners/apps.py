from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OwnersConfig(AppConfig):
    name = "apps.owners"
    label = "owners"

    def ready(self) -> None:
        from django.urls import reverse

        from apps.core import navigation, subjects
        from apps.owners import (
            checks,  # noqa: F401 — it registers itself
            trail,  # noqa: F401 — it registers itself
        )
        from apps.owners.actions import vacate_all
        from apps.owners.models import ContinuityDrill, Ownership
        from apps.people import hooks

        subjects.register(
            subjects.SubjectKind(
                type="continuity_drill",
                title=_("Continuity drill"),
                visible=lambda user: ContinuityDrill.objects.visible_to(user),
                all=ContinuityDrill.objects.all,
                label=str,
                url=lambda drill: reverse("owners:drill_detail", args=[drill.pk]),
                team=lambda drill: None,
                digest=lambda drill: drill.digest,
                icon="shield-check",
            )
        )

        def links(person: Any, user: Any) -> list[hooks.Link]:
            """Offer what follows from somebody's leaving, on the page of somebody who holds something."""
            held = Ownership.objects.active().visible_to(user).filter(holder=person)
            if not held.exists():
                return []
            found = [hooks.Link(_("If they left"), f"{reverse('owners:drill_run')}?people={person.pk}", "shield-check")]
            mine = user.pk == person.pk or held.filter(user.access_filter(Ownership, "owner.assign")).exists()
            if mine:
                url = reverse("owners:person_hand_over", args=[person.pk])
                found.append(hooks.Link(_("Hand over what they hold"), url, "arrow-right"))
            return found

        hooks.on_deactivation(vacate_all)
        hooks.offer_links(links)
        navigation.offer(navigation.NavItem("owners", _("Owners"), "users", "owners:ownership_list", order=60))
