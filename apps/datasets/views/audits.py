"""Sample audits: the tab of a version, one audit, and what the review lead does with it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import BooleanField, Count, Exists, OuterRef, QuerySet, Value
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from apps.core.errors import NotFound, Text
from apps.core.models import Job
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage, PageMixin, job_panel
from apps.datasets import actions, auditing, drawing, forms
from apps.datasets.actions.access import note_audit_seen
from apps.datasets.actions.reviewers import require_lead
from apps.datasets.actions.samples import sample_rows
from apps.datasets.facts import audits as facts
from apps.datasets.filters import AuditFilter, JudgedRowFilter, SampledRowFilter
from apps.datasets.models import Defect, Judgement, SampleAudit, SampledRow, SampledText
from apps.datasets.views.findings import masked
from apps.datasets.views.tabs import VersionPage, version_crumbs
from apps.people.models import User

SIZES = ((90, 10.0), (95, 5.0), (95, 3.0), (99, 5.0))
LABELS_SHOWN = 15


def audits_of(user: Any) -> QuerySet[SampleAudit]:
    rows: QuerySet[SampleAudit] = SampleAudit.objects.visible_to(user)
    return rows.select_related("version__dataset__use_case__team", "drawn_by", "ended_by")


def audit_crumbs(audit: SampleAudit) -> Sequence[Crumb]:
    return [*version_crumbs(audit.version), (_("Audits"), reverse("datasets:version_audits", args=[audit.version_id]))]


class VersionAudits(VersionPage, ListPage):
    """What audits say of this version, and every audit of it."""

    tab = "datasets:version_audits"
    template_name = "datasets/version_audits.html"
    title = _("Audits")
    filterset_class = AuditFilter
    orderings = {"number": "number", "ended": "ended_at"}
    csv_name = "audits"
    csv_columns = (
        (_("Audit"), lambda row: row.number),
        (_("State"), lambda row: row.state),
        (_("Rows"), lambda row: row.wanted_rows),
        (_("Defects"), lambda row: row.result.get("overall", {}).get("defects")),
        (_("Upper bound, per cent"), lambda row: row.result.get("overall", {}).get("high")),
        (_("Seed"), lambda row: row.seed),
        (_("Drawn by"), lambda row: row.drawn_by.name),
        (_("Ended"), lambda row: row.ended_at.isoformat() if row.ended_at else ""),
        (_("Conclusion"), lambda row: row.conclusion),
    )

    def get_queryset(self) -> QuerySet[SampleAudit]:
        return audits_of(self.request.user).filter(version=self.version)

    def get_subtitle(self) -> Text:
        return facts.read(self.version)[0].sentence

    def decorate(self, rows: list[Any]) -> list[Any]:
        progress = auditing.progress_of([row.pk for row in rows])
        return [{"audit": row, "progress": progress.get(row.pk)} for row in rows]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = self.version.audits.filter(state__in=SampleAudit.UNFINISHED)
        may_draw = auditing.leads(self.version, self.request.user) and not own.exists()
        return super().get_context_data(may_draw=may_draw, **kwargs)


class AuditDraw(VersionPage, ActionFormView):
    """Choose confidence, margin and reviewers; the seed is nobody's to choose."""

    tab = "datasets:version_audits"
    title = _("Draw a sample")
    template_name = "datasets/audit_draw.html"
    form_class = forms.DrawForm
    submit_label = _("Draw the sample")
    success_message = _("The sample is being drawn. Reviewers are asked as soon as it is there.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        require_lead(self.version, request.user)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return str(self.version)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "version": self.version}

    def act(self, form: Any) -> SampleAudit:
        return actions.draw_sample(self.version, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: SampleAudit) -> str:
        return reverse("datasets:audit_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("datasets:version_audits", args=[self.version.pk])
        sizes = [
            {"confidence": confidence, "margin": margin, "rows": sample_rows(self.version, confidence, margin)}
            for confidence, margin in SIZES
        ]
        return super().get_context_data(sizes=sizes, **kwargs)


class OneAudit:
    """A page about one audit that the reader may see; ``leads`` tells whether they are its review lead today."""

    request: Any
    kwargs: dict[str, Any]
    nav_key = "datasets"

    @cached_property
    def audit(self) -> SampleAudit:
        found = audits_of(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such audit, or you may not see it."))
        return found

    @cached_property
    def leads(self) -> bool:
        return auditing.leads(self.audit.version, self.request.user)

    @property
    def url(self) -> str:
        return reverse("datasets:audit_detail", args=[self.audit.pk])

    def crumbs(self) -> Sequence[Crumb]:
        return [*audit_crumbs(self.audit), (now("Audit %(n)d") % {"n": self.audit.number}, self.url)]

    def success_url_for(self, result: Any) -> str:
        return self.url


class AuditDetail(OneAudit, DetailPage):
    """How far an audit is and what came out: in words, then in pictures."""

    model = SampleAudit
    template_name = "datasets/audit_detail.html"
    context_name = "audit"

    def get_queryset(self) -> QuerySet[SampleAudit]:
        return audits_of(self.request.user)

    @property
    def object(self) -> Any:
        return self.audit

    def get_title(self) -> Text:
        return now("Audit %(n)d") % {"n": self.audit.number}

    def get_subtitle(self) -> Text:
        audit = self.audit
        if audit.state == SampleAudit.State.CLOSED:
            return facts.sentence(audit, audit.version)
        return now("%(wanted)s of %(rows)s rows at random: ± %(margin)s %% with %(confidence)d %% confidence.") % {
            "wanted": f"{audit.wanted_rows:,}",
            "rows": f"{audit.version.rows:,}",
            "margin": f"{audit.margin_percent:g}",
            "confidence": audit.confidence_percent,
        }

    def crumbs(self) -> Sequence[Crumb]:
        return audit_crumbs(self.audit)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.audit.state}, {"text": str(self.audit.version)}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        audit, user = self.audit, self.request.user
        progress = auditing.progress(audit)
        reviewers = list(audit.reviewers.select_related("user").order_by("user__name"))
        judged = Judgement.objects.filter(sampled_row__audit=audit).values_list("reviewer").annotate(n=Count("pk"))
        counts = dict(judged)
        mine = next((row for row in reviewers if row.user_id == user.pk and not row.dismissed_at), None)
        return super().get_context_data(
            progress=progress,
            reviewers=[{"row": row, "judged": counts.get(row.user_id, 0)} for row in reviewers],
            leads=self.leads,
            may_judge=mine is not None and audit.is_reviewing,
            waiting=self._waiting(mine.is_author) if mine is not None and audit.is_reviewing else 0,
            has_texts=SampledText.objects.filter(sampled_row__audit=audit).exists(),
            job=Job.objects.filter(pk__in=[audit.job_id]).first() if audit.state == "drawing" else None,
            by_label=any(stratum["label"] for stratum in audit.strata),
            **self._result(),
            **kwargs,
        )

    def _waiting(self, is_author: bool) -> int:
        rows = auditing.with_outcomes(self.audit.rows.all())
        return auditing.waiting_for(self.request.user, rows, is_author=is_author).count()

    def _result(self) -> dict[str, Any]:
        result = self.audit.result
        if not result:
            return {}
        shares = [result["overall"], *result["by_split"]]
        names = [now("All rows"), *(row["split"] for row in result["by_split"])]
        labels = [row for row in result["by_label"] if row["defects"]][:LABELS_SHOWN]
        by_defect = sorted(result["by_defect"].items(), key=lambda row: (-row[1], row[0]))
        kinds = [{"kind": str(Defect(kind).label), "rows": rows} for kind, rows in by_defect]
        return {
            "result": result,
            "shares": list(zip(names, shares, strict=True)),
            "picture": drawing.intervals(shares, names),
            "labels_picture": drawing.intervals(labels, [row["label"] or "–" for row in labels]) if labels else None,
            "label_rows": [(row["label"], row) for row in result["by_label"]],
            "kinds": kinds,
        }


class AuditPanel(OneAudit, PageMixin):
    """The progress of the drawing, as a piece of page."""

    def get(self, request: Any, pk: Any) -> HttpResponse:
        job = Job.objects.filter(pk__in=[self.audit.job_id]).first()
        return job_panel(request, job, request.path, _("Drawing the sample"))


class AuditRows(OneAudit, ListPage):
    """The drawn rows. Until the audit has ended only its lead sees what others said: reviewers judge unswayed."""

    model = SampledRow
    template_name = "datasets/audit_rows.html"
    title = _("Sampled rows")
    orderings = {"number": "position", "label": "label", "split": "split"}
    default_ordering = "position"
    csv_name = "sampled-rows"
    csv_columns = (
        (_("Row"), lambda row: row.position),
        (_("Split"), lambda row: row.split),
        (_("Label"), lambda row: masked(row.label)),
        (_("File"), lambda row: row.file_name),
        (_("Row of the file"), lambda row: row.row),
        (_("Digest"), lambda row: row.digest),
        (_("Outcome"), lambda row: row.outcome if row.is_told else ""),
    )

    @property
    def knows(self) -> bool:
        return self.leads or not self.audit.is_unfinished

    def filterset(self) -> Any:
        kind = JudgedRowFilter if self.knows else SampledRowFilter
        return kind(self.request.GET, queryset=self.get_queryset(), request=self.request)

    def get_queryset(self) -> QuerySet[Any]:
        rows = auditing.with_outcomes(SampledRow.objects.filter(audit=self.audit))
        told = Value(self.knows, output_field=BooleanField())
        found: QuerySet[Any] = rows.annotate(is_told=told).select_related("content", "adjudication")
        return found

    def get_subtitle(self) -> Text:
        return str(self.audit)

    def decorate(self, rows: list[Any]) -> list[Any]:
        if any(hasattr(row, "content") for row in rows):
            note_audit_seen(self.audit, by=self.request.user)
        said: dict[Any, list[Judgement]] = {}
        if self.knows:
            found = Judgement.objects.filter(sampled_row__in=[row.pk for row in rows]).select_related("reviewer")
            for judgement in found.order_by("judged_at"):
                said.setdefault(judgement.sampled_row_id, []).append(judgement)
        return [
            {
                "row": row,
                "text": masked(row.content.text)[:300] if hasattr(row, "content") else None,
                "label": masked(row.content.answer)[:300] if hasattr(row, "content") else masked(row.label),
                "outcome": row.outcome if self.knows else "",
                "judgements": said.get(row.pk, []),
                "decision": getattr(row, "adjudication", None) if self.knows else None,
            }
            for row in rows
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(audit=self.audit, knows=self.knows, **kwargs)


class LeadForm(OneAudit, ActionFormView):
    """A form that only the review lead of the audit sees."""

    template_name = "datasets/audit_form.html"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        require_lead(self.audit.version, request.user)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.url
        return super().get_context_data(audit=self.audit, **kwargs)


class AuditInvite(LeadForm):
    title = _("Invite reviewers")
    form_class = forms.ReviewersForm
    submit_label = _("Invite")
    success_message = _("Invited. The rows wait in their work list.")

    def get_form_kwargs(self) -> dict[str, Any]:
        standing = self.audit.reviewers.filter(user=OuterRef("pk"), dismissed_at=None)
        out = User.objects.filter(Exists(standing)).values("pk")
        return {**super().get_form_kwargs(), "version": self.audit.version, "left_out": out}

    def act(self, form: Any) -> Any:
        return actions.invite_reviewers(self.audit, form.cleaned_data["reviewers"], by=self.request.user)


class AuditDismiss(OneAudit, PageMixin):
    def post(self, request: Any, pk: Any, user: Any) -> HttpResponse:
        reviewer = User.objects.filter(pk=user).first()
        if reviewer is None:
            raise NotFound(_("There is no such person."))
        actions.dismiss_reviewer(self.audit, reviewer, by=request.user)
        messages.success(request, now("%(name)s judges no more rows of this audit.") % {"name": reviewer.name})
        return HttpResponseRedirect(self.url)


class AuditDrawAgain(OneAudit, PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        actions.draw_again(self.audit, by=request.user)
        return HttpResponseRedirect(self.url)


class AuditDrawStop(OneAudit, PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        actions.cancel_draw(self.audit, by=request.user)
        return HttpResponseRedirect(self.url)


class AuditClose(LeadForm):
    title = _("Close the audit")
    form_class = forms.CloseForm
    submit_label = _("Close the audit")
    success_message = _("The audit is closed. Its result is a fact of the version now.")

    def get_subtitle(self) -> Text:
        progress = auditing.progress(self.audit)
        return now("%(bad)d of %(rows)d rows are defective. Once closed, nothing in this audit can be changed.") % {
            "bad": progress.defective,
            "rows": progress.rows,
        }

    def act(self, form: Any) -> SampleAudit:
        return actions.close_audit(self.audit, by=self.request.user, **form.cleaned_data)


class AuditWithdraw(LeadForm):
    title = _("Withdraw the audit")
    subtitle = _("It ends without a result. Its rows and judgements stay readable, and a new sample can be drawn.")
    form_class = forms.AuditReasonForm
    submit_label = _("Withdraw it")
    success_message = _("The audit is withdrawn.")

    def act(self, form: Any) -> SampleAudit:
        return actions.withdraw_audit(self.audit, by=self.request.user, **form.cleaned_data)


class AuditErase(LeadForm):
    title = _("Erase the sampled texts")
    subtitle = _("The copies of the rows' texts are deleted here. Places, digests, verdicts and the result stay.")
    form_class = forms.AuditReasonForm
    submit_label = _("Erase the texts")
    success_message = _("The sampled texts are erased.")

    def act(self, form: Any) -> int:
        return actions.erase_texts(self.audit, by=self.request.user, **form.cleaned_data)
