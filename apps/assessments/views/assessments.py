import json
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.assessments import actions, forms, reading
from apps.assessments.actions.assessments import meaning, submitted_verdict, use_case_ref
from apps.assessments.comparing import compare
from apps.assessments.errors import StaleAnswer
from apps.assessments.framework import LEVEL_TITLES, VERDICT_TITLES, Question
from apps.assessments.models import Assessment
from apps.assessments.reading import Reading
from apps.assessments.verdict import Judged
from apps.core import access
from apps.core.errors import NotFound, Refusal, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, PageMixin
from apps.evidence.models import Attestation, Document
from apps.owners import holders
from apps.owners.responsibilities import title
from apps.people import confirmations
from apps.usecases.models import UseCase

State = Assessment.State


def visible(user: Any) -> QuerySet[Assessment]:
    rows: QuerySet[Assessment] = Assessment.objects.visible_to(user).select_related(
        "framework", "use_case__team", "started_by", "submitted_by", "signed_by", "reopened_from"
    )
    return rows


def crumbs(use_case: UseCase) -> list[Crumb]:
    return [
        (_("Readiness"), reverse("assessments:portfolio")),
        (use_case.name, reverse("assessments:history", args=[use_case.pk])),
    ]


def line(row: Judged, found: Reading) -> dict[str, Any]:
    """Return one question as its line shows it: claimed, proven, counted, and why."""
    claim, proven = row.standing.claim, row.standing.proven
    return {
        "judged": row,
        "question": row.question,
        "answer": found.answers.get(row.question.id),
        "fact": found.facts.get(row.question.fact),
        "asked_of": title(row.question.asked_of),
        "claim": LEVEL_TITLES[claim] if claim else None,
        "proven": LEVEL_TITLES[proven] if proven else None,
        "counts": LEVEL_TITLES[row.level],
        "allows": VERDICT_TITLES[row.cap],
        "holds_down": row in found.verdict.reasons,
        "why": reading.why(row),
    }


class AssessmentDetail(DetailPage):
    """Four dimensions and four resources, claimed beside proven, and the verdict with its weakest link."""

    model = Assessment
    template_name = "assessments/assessment_detail.html"
    context_name = "assessment"
    nav_key = "readiness"

    def get_queryset(self) -> QuerySet[Assessment]:
        return visible(self.request.user)

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs(self.object.use_case)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.object.state}, {"text": self.object.use_case.team.name}]

    def get_subtitle(self) -> Text:
        return str(self.object.framework)

    @cached_property
    def found(self) -> Reading:
        return reading.read(self.object)

    def _shows(self, row: Judged) -> bool:
        if self.request.GET.get("show") == "mine":
            return row.question.asked_of in self._held
        return self.request.GET.get("show") != "open" or row in self.found.verdict.reasons

    @cached_property
    def _held(self) -> set[str]:
        held = holders.holders(use_case_ref(self.object))
        return {name for name, row in held.items() if row.holder_id == self.request.user.pk}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assessment, user, found = self.object, self.request.user, self.found
        team = assessment.use_case.team_id
        may_manage = user.may("assessment.manage", team)
        verdict = found.verdict
        parts = [
            {
                "dimension": dimension,
                "level": verdict.dimensions[dimension.id],
                "text": VERDICT_TITLES[verdict.dimensions[dimension.id]],
                "lines": [
                    line(row, found)
                    for row in verdict.judged
                    if row.question.dimension == dimension.id and self._shows(row)
                ],
            }
            for dimension in found.framework.dimensions
        ]
        submitted = submitted_verdict(assessment) if assessment.snapshot else ""
        return super().get_context_data(
            parts=parts,
            verdict=verdict,
            verdict_text=VERDICT_TITLES[verdict.level],
            reasons=[line(row, found) for row in verdict.reasons],
            next_step=line(verdict.next_step, found) if verdict.next_step else None,
            contradicted=[line(row, found) for row in verdict.contradicted],
            fit=found.recommendation,
            show=self.request.GET.get("show", ""),
            submitted_text=VERDICT_TITLES.get(submitted, ""),
            differs=bool(submitted) and submitted != verdict.level,
            is_open=assessment.state == State.OPEN,
            may_answer=assessment.state == State.OPEN and user.may("assessment.answer", team),
            may_submit=assessment.state == State.OPEN and may_manage,
            may_reopen=assessment.state in (State.SUBMITTED, State.SIGNED)
            and may_manage
            and not assessment.use_case.assessments.filter(state=State.OPEN).exists(),
            sign_form=self._sign_form(),
            meaning=meaning(assessment, submitted) if submitted else "",
            others=assessment.use_case.assessments.exclude(pk=assessment.pk).order_by("-number")[:8],
            **kwargs,
        )

    def _sign_form(self) -> forms.SignForm | None:
        assessment, user = self.object, self.request.user
        if assessment.state != State.SUBMITTED or assessment.submitted_by_id == user.pk:
            return None
        ownership = holders.holders(use_case_ref(assessment)).get("governance_owner")
        if ownership is None or not holders.may_sign(ownership, user):
            return None
        return forms.SignForm(initial={"digest": assessment.digest})


class OneAssessment:
    """A page about one assessment that the reader may see."""

    request: Any
    kwargs: dict[str, Any]

    @cached_property
    def assessment(self) -> Assessment:
        found = visible(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such assessment, or you may not see it."))
        return found

    def crumbs(self) -> Sequence[Crumb]:
        return [*crumbs(self.assessment.use_case), (str(self.assessment), self.page_url())]

    def page_url(self) -> str:
        return reverse("assessments:assessment_detail", args=[self.kwargs["pk"]])

    def success_url_for(self, result: Any) -> str:
        return self.page_url()


class AnswerQuestion(OneAssessment, ActionFormView):
    """Answer one question; a claim that came in between is shown beside what was typed."""

    nav_key = "readiness"
    template_name = "assessments/answer.html"
    submit_label = _("Answer")

    @cached_property
    def question(self) -> Question:
        found = reading.framework_of(self.assessment).question(self.kwargs["question"])
        if found is None:
            raise NotFound(_("This framework has no such question."))
        return found

    @cached_property
    def found(self) -> Reading:
        return reading.read(self.assessment)

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "assessment.answer", self.assessment.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> Text:
        return self.question.text

    def get_form(self, form_class: Any = None) -> forms.AnswerForm:
        ref = use_case_ref(self.assessment)
        evidence = [(str(row.pk), row.title) for row in Document.objects.on(ref).standing().order_by("title")]
        evidence += [(str(row.pk), str(row)) for row in Attestation.objects.on(ref).standing().order_by("id")]
        before = self.found.answers.get(self.question.id)
        initial = {
            "revision": before.revision if before else 0,
            "level": before.level if before else "",
            "comment": before.comment if before else "",
            "evidence": [row["id"] for row in before.evidence] if before else [],
        }
        data = self.request.POST if self.request.method == "POST" else None
        return forms.AnswerForm(data, question=self.question, evidence=evidence, initial=initial)

    def act(self, form: Any) -> Any:
        data = form.cleaned_data
        return actions.answer(
            self.assessment,
            self.question.id,
            data["level"],
            by=self.request.user,
            revision=data["revision"],
            comment=data["comment"],
            evidence_ids=data.get("evidence", ()),
            link=data["link"],
        )

    def refuse(self, form: Any, refusal: Refusal) -> HttpResponse:
        """Keep what was typed; after a conflict the form answers the newer claim."""
        if isinstance(refusal, StaleAnswer):
            data = form.data.copy()
            data[form.add_prefix("revision")] = str(refusal.extra["revision"])
            form.data = data
        return super().refuse(form, refusal)

    def success_url_for(self, result: Any) -> str:
        return f"{self.page_url()}#{self.question.id}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = f"{self.page_url()}#{self.question.id}"
        row = next(row for row in self.found.verdict.judged if row.question.id == self.question.id)
        return super().get_context_data(assessment=self.assessment, line=line(row, self.found), **kwargs)


class FitPage(OneAssessment, ActionFormView):
    """What the task is like, which rules apply, and what they speak for."""

    nav_key = "readiness"
    template_name = "assessments/fit.html"
    title = _("Use-case fit")
    submit_label = _("Weigh it")
    success_message = _("The task is described.")

    @cached_property
    def found(self) -> Reading:
        return reading.read(self.assessment)

    def get_subtitle(self) -> Text:
        return str(self.assessment.use_case.name)

    def get_form(self, form_class: Any = None) -> forms.FitForm:
        statement = self.found.statement
        initial = {"revision": statement.revision if statement else 0, **(statement.values if statement else {})}
        data = self.request.POST if self.request.method == "POST" else None
        return forms.FitForm(data, fit=self.found.framework.fit, initial=initial)

    def act(self, form: Any) -> Any:
        return actions.state_fit(
            self.assessment, form.values(), by=self.request.user, revision=form.cleaned_data["revision"]
        )

    def success_url_for(self, result: Any) -> str:
        return reverse("assessments:fit", args=[self.assessment.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.page_url()
        assessment = self.assessment
        may_answer = assessment.state == State.OPEN and self.request.user.may(
            "assessment.answer", assessment.use_case.team_id
        )
        return super().get_context_data(
            assessment=assessment,
            fit=self.found.recommendation,
            rules=self.found.framework.fit.rules,
            options={row.id: row.title for row in self.found.framework.fit.options},
            statement=self.found.statement,
            may_answer=may_answer,
            **kwargs,
        )


class Start(PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        use_case = UseCase.objects.visible_to(request.user).filter(pk=pk).first()
        if use_case is None:
            raise NotFound(_("There is no such use case, or you may not see it."))
        assessment = actions.start(use_case, by=request.user)
        return HttpResponseRedirect(reverse("assessments:assessment_detail", args=[assessment.pk]))


class Submit(OneAssessment, PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        actions.submit(self.assessment, by=request.user)
        messages.success(request, _("Submitted. The governance owner signs it."))
        return HttpResponseRedirect(self.page_url())


class Sign(OneAssessment, PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        secret, user = request.POST.get("password", ""), request.user
        confirmation = (
            confirmations.confirm(user, password=secret, code=secret)
            if secret
            else confirmations.from_reauthentication(request, user)
        )
        actions.sign(
            self.assessment,
            by=user,
            digest=request.POST.get("digest", ""),
            confirmation_id=confirmation.pk if confirmation else None,
        )
        messages.success(request, _("Signed."))
        return HttpResponseRedirect(self.page_url())


class Reopen(OneAssessment, ActionFormView):
    nav_key = "readiness"
    title = _("Assess again")
    subtitle = _("A new assessment starts with the answers of this one; this one stays as it is.")
    form_class = forms.ReasonForm
    submit_label = _("Assess again")

    def act(self, form: Any) -> Assessment:
        return actions.reopen(self.assessment, by=self.request.user, reason=form.cleaned_data["reason"])

    def success_url_for(self, result: Any) -> str:
        return reverse("assessments:assessment_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.page_url()
        return super().get_context_data(**kwargs)


class Compare(OneAssessment, PageMixin, TemplateView):
    """Two assessments of one use case side by side; what differs first."""

    template_name = "assessments/compare.html"
    nav_key = "readiness"
    title = _("Compare")

    @cached_property
    def other(self) -> Assessment:
        rows = visible(self.request.user).filter(use_case=self.assessment.use_case)
        found = rows.filter(pk=self.kwargs["other"]).first()
        if found is None:
            raise NotFound(_("There is no such assessment of this use case."))
        return found

    def get_subtitle(self) -> Text:
        return str(self.assessment.use_case.name)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        earlier, later = sorted((self.assessment, self.other), key=lambda row: row.number)
        compared = compare(earlier, later)
        sides = [
            {"assessment": earlier, "verdict": compared.earlier},
            {"assessment": later, "verdict": compared.later},
        ]
        return super().get_context_data(sides=sides, compared=compared, **kwargs)


class History(PageMixin, TemplateView):
    """Every assessment of one use case."""

    template_name = "assessments/history.html"
    nav_key = "readiness"

    @cached_property
    def use_case(self) -> UseCase:
        found = UseCase.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such use case, or you may not see it."))
        return found

    def get_title(self) -> Text:
        return self.use_case.name

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Readiness"), reverse("assessments:portfolio"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = list(visible(self.request.user).filter(use_case=self.use_case).order_by("-number")[:100])
        listed = [(row, VERDICT_TITLES[json.loads(row.snapshot)["verdict"]] if row.snapshot else None) for row in rows]
        may_start = self.request.user.may("assessment.manage", self.use_case.team_id) and all(
            row.state in (State.SIGNED, State.SUPERSEDED) for row in rows
        )
        return super().get_context_data(rows=listed, use_case=self.use_case, may_start=may_start, **kwargs)
