from typing import Any

from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.agenda import due
from apps.core.pages import PageMixin


class MyWork(PageMixin, TemplateView):
    """What waits for the reader, most urgent first."""

    template_name = "agenda/my_work.html"
    nav_key = "my_work"
    title = _("My work")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(entries=due.for_user(self.request.user), **kwargs)
