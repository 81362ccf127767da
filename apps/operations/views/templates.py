from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.pages import Crumb
from apps.operations import actions
from apps.operations.actions.templates import TEMPLATES
from apps.operations.models import ReviewTemplate
from apps.operations.template import known
from apps.owners.responsibilities import title
from apps.people.views import rules


class TemplatePages(rules.RulePages):
    rules = TEMPLATES
    routes = "operations:template"
    nav_key = "reviews"
    list_title = _("Review templates")

    def above(self) -> Sequence[Crumb]:
        return [(_("Reviews"), reverse("operations:review_list"))]


class TemplateList(TemplatePages, rules.RuleList):
    subtitle = _("What is gone through in each review. A published version never changes; a review keeps its own.")


class TemplateDetail(TemplatePages, rules.RuleDetail):
    template_name = "operations/template_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        template = known(self.version.source)
        return super().get_context_data(template=template, performer=title(template.responsibility), **kwargs)


class TemplateAct(TemplatePages, rules.RuleAct):
    verb = ""

    def act(self, form: Any) -> ReviewTemplate:
        if self.verb == "publish":
            return actions.publish_review_template(self.version, by=self.request.user)
        return actions.withdraw_review_template(self.version, by=self.request.user)


class TemplatePropose(TemplatePages, rules.RulePropose):
    title = _("Propose a review template")
    subtitle = _("Edit the newest version. A second governance lead publishes it.")

    def act(self, form: Any) -> ReviewTemplate:
        return actions.propose_review_template(self.text(form), by=self.request.user, note=form.cleaned_data["note"])
