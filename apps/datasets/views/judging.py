"""One row at a time: judged by reviewers, decided by the review lead, with a key or a button."""

from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core.errors import InvalidInput, NotFound, NotPermitted, Refusal, Text
from apps.core.pages import PageMixin
from apps.datasets import actions, auditing, forms
from apps.datasets.actions.access import note_audit_seen
from apps.datasets.actions.reviewers import require_lead
from apps.datasets.errors import NotInvited
from apps.datasets.models import Adjudication, AuditReviewer, Defect, Judgement, SampledRow, Verdict
from apps.datasets.views.audits import OneAudit
from apps.datasets.views.findings import masked
from apps.evidence.errors import NotTheHolder

CHOICES = (
    ("g", Verdict.GOOD, _("Good")),
    *((str(number), kind, kind.label) for number, kind in enumerate(Defect, 1)),
    ("u", Verdict.UNSURE, _("Unsure")),
)


def ruling(choice: str) -> dict[str, str]:
    """Return verdict and defect of what a button says; raise ``InvalidInput`` for what no button says."""
    if choice in Defect.values:
        return {"verdict": Verdict.DEFECTIVE, "defect": choice}
    if choice in (Verdict.GOOD, Verdict.UNSURE):
        return {"verdict": choice, "defect": ""}
    raise InvalidInput(_("Choose one of the buttons."))


class JudgingPage(OneAudit, PageMixin, TemplateView):
    """The page of one row; after each ruling the next row comes, until none is left."""

    template_name = "datasets/audit_judging.html"
    refusal: Refusal | None = None
    typed = ""

    def rows(self) -> QuerySet[Any]:
        return auditing.with_outcomes(self.audit.rows.all())

    def waiting(self) -> QuerySet[Any]:
        """Return the rows that wait for this person, in the order in which they come."""
        raise NotImplementedError

    def rule(self, position: int, choice: str, note: str) -> None:
        raise NotImplementedError

    def own(self) -> QuerySet[Any]:
        """Return the rulings of this person, the newest first: the way back."""
        raise NotImplementedError

    def choices(self) -> list[dict[str, Any]]:
        return [{"key": key, "value": str(value), "text": text} for key, value, text in CHOICES]

    def _asked(self) -> int | None:
        text = self.request.GET.get("row", "")
        return int(text) if text.isdigit() and len(text) < 10 else None

    @cached_property
    def row(self) -> SampledRow | None:
        rows: Any = self.waiting() if self._asked() is None else self.rows().filter(position=self._asked())
        found: SampledRow | None = rows.select_related("content").first()
        if found is None and self._asked() is not None:
            raise NotFound(_("The sample has no such row."))
        return found

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = forms.RulingForm(request.POST)
        if not form.is_valid():
            raise InvalidInput(_("Choose one of the buttons."))
        data = form.cleaned_data
        try:
            self.rule(data["row"], data["choice"], data["note"])
        except (NotFound, NotPermitted, NotInvited, NotTheHolder):
            raise
        except Refusal as refusal:
            return self._again(data["row"], refusal, data["note"])
        return HttpResponseRedirect(request.path)

    def _again(self, position: int, refusal: Refusal, note: str) -> HttpResponse:
        """Show the same row with the refusal and what was typed."""
        self.refusal, self.typed = refusal, note
        self.row = self.rows().filter(position=position).select_related("content").first()
        answer = self.render_to_response(self.get_context_data())
        answer.status_code = refusal.status
        return answer

    def get_subtitle(self) -> Text:
        return str(self.audit)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, left, done = self.row, self.waiting().count(), self.own().count()
        newest = [ruled.sampled_row.position for ruled in self.own().select_related("sampled_row")[:200]]
        here = newest.index(row.position) + 1 if row is not None and row.position in newest else 0
        said = self.own().filter(sampled_row=row).first() if row is not None else None
        content = getattr(row, "content", None)
        if content is not None:
            note_audit_seen(self.audit, by=self.request.user)
        return super().get_context_data(
            audit=self.audit,
            row=row,
            row_text=masked(content.text) if content is not None else "",
            row_answer=masked(content.answer) if content is not None else "",
            others=[(name, masked(text)) for name, text in content.others.items()] if content is not None else [],
            choices=self.choices(),
            said=said,
            note=self.typed or (said.note if said is not None else ""),
            refusal=self.refusal,
            left=left,
            done=done,
            back=newest[here] if here < len(newest) else None,
            **kwargs,
        )


class AuditReview(JudgingPage):
    title = _("Judge rows")

    @cached_property
    def reviewer(self) -> AuditReviewer:
        found = self.audit.reviewers.filter(user=self.request.user, dismissed_at=None).first()
        if found is None:
            raise NotPermitted(_("You are not among the reviewers of this audit. Ask the review lead to invite you."))
        return found

    def waiting(self) -> QuerySet[Any]:
        """Each reviewer starts at another place of the sample, so that two of them rarely meet at one row."""
        standing = list(self.audit.reviewers.order_by("id").values_list("user_id", flat=True))
        start = 1 + standing.index(self.reviewer.user_id) * self.audit.wanted_rows // len(standing)
        turn = Case(When(position__lt=start, then=Value(1)), default=Value(0), output_field=IntegerField())
        rows = self.rows() if self.audit.is_reviewing else self.rows().none()
        return auditing.waiting_for(self.request.user, rows, is_author=self.reviewer.is_author).order_by(
            turn, "position"
        )

    def own(self) -> QuerySet[Any]:
        return Judgement.objects.filter(sampled_row__audit=self.audit, reviewer=self.request.user).order_by(
            "-judged_at"
        )

    def rule(self, position: int, choice: str, note: str) -> None:
        actions.judge(self.audit, position, by=self.request.user, note=note, **ruling(choice))


class AuditAdjudicate(JudgingPage):
    title = _("Decide where reviewers differ")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        require_lead(self.audit.version, request.user)
        return super().get(request, *args, **kwargs)

    def choices(self) -> list[dict[str, Any]]:
        return [choice for choice in super().choices() if choice["value"] != Verdict.UNSURE]

    def waiting(self) -> QuerySet[Any]:
        return self.rows().filter(outcome=auditing.DISPUTED).order_by("position")

    def own(self) -> QuerySet[Any]:
        return Adjudication.objects.filter(sampled_row__audit=self.audit).order_by("-decided_at")

    def rule(self, position: int, choice: str, note: str) -> None:
        actions.adjudicate(self.audit, position, by=self.request.user, note=note, **ruling(choice))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        judgements = row.judgements.select_related("reviewer").order_by("judged_at") if row is not None else []
        return super().get_context_data(decides=True, judgements=judgements, **kwargs)
