"""The page of a version's production feedback: what it is, and the data steward's decision."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Text
from apps.core.pages import ActionFormView
from apps.datasets import actions, forms
from apps.datasets.actions.feedback import RESPONSIBILITY, is_own, may_decide
from apps.datasets.facts import feedback as facts
from apps.datasets.models import FeedbackDecision
from apps.datasets.refs import version_ref
from apps.datasets.views.tabs import VersionPage
from apps.owners import holders


class VersionFeedback(VersionPage, ActionFormView):
    """Which files come from production feedback, what was decided, and the form for who may decide."""

    template_name = "datasets/version_feedback.html"
    title = _("Production feedback")
    form_class = forms.FeedbackForm
    submit_label = _("Record the decision")
    success_message = _("Your decision is recorded.")
    tab = "datasets:version_detail"

    def get_subtitle(self) -> Text:
        return facts.read(self.version, self.version.files.all()).sentence

    def act(self, form: Any) -> FeedbackDecision:
        return actions.decide_feedback(self.version, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse("datasets:version_feedback", args=[self.version.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("datasets:version_detail", args=[self.version.pk])
        version, user = self.version, self.request.user
        owner = holders.holders(version_ref(version)).get(RESPONSIBILITY)
        return super().get_context_data(
            files=facts.of_feedback(version.files.all()),
            may_decide=may_decide(version, user),
            is_own=is_own(version, user),
            steward=owner.holder if owner else None,
            history=version.feedback_decisions.select_related("decided_by").order_by("-id")[:50],
            **kwargs,
        )
