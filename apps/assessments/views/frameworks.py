from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.assessments import actions
from apps.assessments.actions.frameworks import FRAMEWORKS
from apps.assessments.framework import VERDICT_TITLES, parse
from apps.assessments.models import FrameworkVersion
from apps.core.pages import Crumb
from apps.owners.responsibilities import title
from apps.people.views import rules


class FrameworkPages(rules.RulePages):
    rules = FRAMEWORKS
    routes = "assessments:framework"
    nav_key = "readiness"
    list_title = _("Frameworks")

    def above(self) -> Sequence[Crumb]:
        return [(_("Readiness"), reverse("assessments:portfolio"))]


class FrameworkList(FrameworkPages, rules.RuleList):
    subtitle = _("What is asked of every use case. A published version never changes; an assessment keeps its own.")


class FrameworkDetail(FrameworkPages, rules.RuleDetail):
    template_name = "assessments/framework_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        framework = parse(self.version.source)
        parts = [
            (
                dimension,
                [
                    {
                        "question": row,
                        "asked_of": title(row.asked_of),
                        "no": VERDICT_TITLES[row.caps["no"]],
                        "partly": VERDICT_TITLES[row.caps["partly"]],
                    }
                    for row in framework.questions
                    if row.dimension == dimension.id
                ],
            )
            for dimension in framework.dimensions
        ]
        return super().get_context_data(framework=framework, parts=parts, **kwargs)


class FrameworkAct(FrameworkPages, rules.RuleAct):
    verb = ""

    def act(self, form: Any) -> FrameworkVersion:
        if self.verb == "publish":
            return actions.publish_framework(self.version, by=self.request.user)
        return actions.withdraw_framework(self.version, by=self.request.user)


class FrameworkPropose(FrameworkPages, rules.RulePropose):
    title = _("Propose a framework")
    subtitle = _("Edit the newest version. A second governance lead publishes it.")

    def act(self, form: Any) -> FrameworkVersion:
        return actions.propose_framework(self.text(form), by=self.request.user, note=form.cleaned_data["note"])
