from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgendaConfig(AppConfig):
    name = "apps.agenda"
    label = "agenda"

    def ready(self) -> None:
        from apps.agenda import due, offers, vacancies
        from apps.core import navigation

        due.offer("owners.offers", offers.due_for)
        due.offer("owners.vacancies", vacancies.due_for)
        navigation.offer(navigation.NavItem("my_work", _("My work"), "inbox", "agenda:my_work", order=10))
