from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReleasesConfig(AppConfig):
    name = "apps.releases"
    label = "releases"

    def ready(self) -> None:
        from apps.agenda import due as agenda
        from apps.agenda import duties
        from apps.core import navigation, search, subjects
        from apps.core import panels as pages
        from apps.evaluations import live
        from apps.evidence import facts as registry
        from apps.gates import moves
        from apps.releases import (
            due,
            following,
            held_against,
            kinds,
            panels,
            trail,  # noqa: F401 — it registers itself
        )
        from apps.releases.facts import releases, usecases

        for kind in kinds.KINDS:
            subjects.register(kind)
        registry.register(releases.PROVIDER)
        registry.register(usecases.PROVIDER)
        subjects.on_change(following.follow_versions)
        subjects.on_change(following.follow_rehearsals)
        moves.follow(following.follow_gates)
        live.offer(held_against.versions)
        agenda.offer_all(due.OFFERS)
        duties.offer("releases", due.duties)
        pages.offer("use_case", panels.USE_CASE)
        pages.offer("model_version", panels.VERSION)
        search.offer(kinds.find_releases)
        navigation.offer(navigation.NavItem("releases", _("Releases"), "upload", "releases:environment_list", order=48))
