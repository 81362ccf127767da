from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgendaConfig(AppConfig):
    name = "apps.agenda"
    label = "agenda"

    def ready(self) -> None:
        from apps.agenda import due, duties, offers, overview, vacancies
        from apps.core import navigation
        from apps.ledger import sentences

        due.offer("owners.offers", offers.due_for)
        duties.offer("owners.offers", offers.duties)
        due.offer("owners.vacancies", vacancies.due_for)
        navigation.offer(navigation.NavItem("my_work", _("My work"), "inbox", "agenda:my_work", order=10))
        navigation.offer(
            navigation.NavItem("due", _("What is due"), "clock", "agenda:overview", order=12, shown=overview.oversees)
        )
        sentences.offer({"duty.nudged": (_("nudged those who answer for"), "bell")})
