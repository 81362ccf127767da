"""Pages of rules as versioned data: the list, one version with what changed, proposing, publishing, taking back.

An app subclasses them with its ``rules`` and the prefix of its routes (``gates:policy``).
"""

import difflib
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, PageMixin
from apps.ledger.actions import may_anywhere
from apps.people.four_eyes import Rules, RuleVersion
from apps.people.identity import same_person


class RuleForm(forms.Form):
    note = forms.CharField(label=_("What changes and why"), max_length=500)
    source = forms.CharField(
        label=_("Text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 28, "class": "code", "spellcheck": "false"}),
        help_text=_("YAML. Mistakes are named with their line."),
    )


class ConfirmForm(forms.Form):
    """A form with a button and no fields."""


class RulePages(PageMixin):
    rules: ClassVar[Rules]
    routes: ClassVar[str] = ""
    list_title: ClassVar[Text] = ""

    def route(self, name: str, *arguments: Any) -> str:
        return reverse(f"{self.routes}_{name}", args=arguments)

    def above(self) -> Sequence[Crumb]:
        return ()

    def crumbs(self) -> Sequence[Crumb]:
        return [*self.above(), (self.list_title, self.route("list"))]

    def versions(self) -> Any:
        """Return the versions that the reader may see."""
        return self.rules.model.objects.select_related("proposed_by", "published_by")

    def may(self, verb: str) -> bool:
        return may_anywhere(self.request.user, f"{self.rules.act}.{verb}")

    @cached_property
    def version(self) -> Any:
        found = self.versions().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such version."))
        return found


class RuleList(RulePages, TemplateView):
    template_name = "people/rule_list.html"

    def get_title(self) -> Text:
        return self.list_title

    def crumbs(self) -> Sequence[Crumb]:
        return self.above()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = self.versions().order_by(*self.rules.model._meta.ordering)
        kinds = sorted({row.kind for row in rows})
        return super().get_context_data(
            rows=[(row, self.route("detail", row.pk)) for row in rows],
            proposals=[(kind, self.route("propose", kind)) for kind in kinds] if self.may("propose") else [],
            **kwargs,
        )


class RuleDetail(RulePages, TemplateView):
    def get_title(self) -> Text:
        return str(self.version)

    def get_subtitle(self) -> Text:
        return str(self.version.note)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.version.state}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version, user = self.version, self.request.user
        previous = version.siblings().filter(number=version.number - 1).first()
        proposed = version.state == RuleVersion.State.PROPOSED
        is_second = version.proposed_by is not None and not same_person(version.proposed_by, user)
        return super().get_context_data(
            version=version,
            subject_type=self.rules.subject_type,
            changed=_changed_lines(previous.source, version.source) if previous else [],
            previous=previous,
            publish_url=self.route("publish", version.pk) if proposed and is_second and self.may("publish") else "",
            withdraw_url=self.route("withdraw", version.pk) if proposed and self.may("propose") else "",
            propose_url=self.route("propose", version.kind) if self.may("propose") else "",
            **kwargs,
        )


def _changed_lines(before: str, after: str) -> list[dict[str, str]]:
    return [
        {"line": line[2:], "kind": {"+": "to", "-": "from"}[line[0]], "sign": line[0]}
        for line in difflib.ndiff(before.splitlines(), after.splitlines())
        if line[0] in "+-"
    ]


class RuleAct(RulePages, ActionFormView):
    """Publish or take back a proposed version; a refusal shows on the same page."""

    form_class = ConfirmForm

    def get_title(self) -> Text:
        return str(self.version)

    def success_url_for(self, result: Any) -> str:
        return self.route("detail", result.pk)


class RulePropose(RulePages, ActionFormView):
    form_class: type[forms.Form] = RuleForm
    submit_label = _("Propose")
    success_message = _("Proposed. Somebody else publishes it.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.rules.require(request.user, "propose")
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        newest = self.rules.model.objects.filter(kind=self.kwargs["kind"]).order_by("-number").first()
        return {"source": newest.source if newest else ""}

    def text(self, form: Any) -> str:
        return str(form.cleaned_data["source"]).replace("\r\n", "\n")

    def success_url_for(self, result: Any) -> str:
        return self.route("detail", result.pk)
