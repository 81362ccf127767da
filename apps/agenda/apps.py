from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgendaConfig(AppConfig):
    name = "apps.agenda"
    label = "agenda"

    def ready(self) -> None:
        from django.urls import reverse

        from apps.agenda import (
            due,
            duties,
            offers,
            overview,
            trail,  # noqa: F401 — it registers itself
            vacancies,
        )
        from apps.agenda.models import Webhook
        from apps.core import navigation, subjects
        from apps.ledger import sentences

        due.offer("owners.offers", offers.due_for, offers.signs)
        duties.offer("owners.offers", offers.duties)
        due.offer("owners.vacancies", vacancies.due_for, vacancies.signs)
        subjects.register(
            subjects.SubjectKind(
                type="webhook",
                title=_("Webhook"),
                visible=lambda user: Webhook.objects.visible_to(user).select_related("team"),
                all=lambda: Webhook.objects.select_related("team"),
                label=lambda webhook: webhook.name,
                url=lambda webhook: reverse("agenda:webhook_detail", args=[webhook.pk]),
                icon="link",
            )
        )
        navigation.offer(navigation.NavItem("my_work", _("My work"), "inbox", "agenda:my_work", order=10))
        navigation.offer(
            navigation.NavItem("due", _("What is due"), "clock", "agenda:overview", order=12, shown=overview.oversees)
        )
        sentences.offer(
            {
                "duty.nudged": (_("nudged those who answer for"), "bell"),
                "duty.reminded": (_("reminded of"), "bell"),
            }
        )
