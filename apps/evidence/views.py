from collections.abc import Sequence
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import FileResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access, subjects
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage
from apps.core.subjects import SubjectRef
from apps.evidence import actions, forms
from apps.evidence.errors import FileGone, NotTheHolder
from apps.evidence.kinds import ATTESTATIONS
from apps.evidence.models import Attestation, Document
from apps.owners import holders


class OnSubject(ActionFormView):
    """A form about one subject that leads back to it."""

    permission = ""

    @cached_property
    def ref(self) -> SubjectRef:
        return SubjectRef.parse(self.kwargs["subject_type"], self.kwargs["subject_id"])

    @cached_property
    def subject(self) -> Any:
        return subjects.get(self.ref, self.request.user)

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, self.permission, subjects.kind(self.ref.type).team(self.subject).pk)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return subjects.kind(self.ref.type).label(self.subject)

    def crumbs(self) -> Sequence[Crumb]:
        return [(subjects.kind(self.ref.type).label(self.subject), self.success_url_for(None))]

    def success_url_for(self, result: Any) -> str:
        return subjects.kind(self.ref.type).url(self.subject)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(**kwargs)


class DocumentAdd(OnSubject):
    title = _("Attach a document")
    permission = "evidence.add"
    form_class = forms.DocumentForm
    submit_label = _("Attach")
    success_message = _("The document is attached.")

    def get_initial(self) -> dict[str, Any]:
        return {"kind": self.request.GET.get("kind", "")}

    def act(self, form: Any) -> Document:
        subjects.get(self.ref, self.request.user)
        return actions.add_document(self.ref, by=self.request.user, **form.cleaned_data)


class Attest(OnSubject):
    title = _("State something under your responsibility")
    permission = "evidence.attest"
    form_class = forms.AttestForm
    submit_label = _("State it")
    success_message = _("Your statement is recorded.")

    def get_form_kwargs(self) -> dict[str, Any]:
        held = holders.holders(self.ref)
        user = self.request.user
        kinds = [
            key
            for key, row in ATTESTATIONS.items()
            if row.responsibility in held and holders.may_sign(held[row.responsibility], user)
        ]
        if not kinds:
            raise NotTheHolder(_("You hold no responsibility here under which there is something to state."))
        return {**super().get_form_kwargs(), "kinds": kinds}

    def act(self, form: Any) -> Any:
        return actions.attest(
            self.ref, form.cleaned_data["kind"], by=self.request.user, comment=form.cleaned_data["comment"]
        )


class OneDocument:
    request: Any
    kwargs: dict[str, Any]

    @cached_property
    def document(self) -> Document:
        rows: QuerySet[Document] = Document.objects.visible_to(self.request.user).select_related(
            "withdrawal__withdrawn_by", "added_by", "team"
        )
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such document, or you may not see it."))
        return found


class DocumentDetail(DetailPage):
    model = Document
    template_name = "evidence/document_detail.html"
    context_name = "document"

    def get_queryset(self) -> QuerySet[Document]:
        rows: QuerySet[Document] = super().get_queryset().select_related("withdrawal__withdrawn_by", "added_by", "team")
        return rows

    def get_subtitle(self) -> Text:
        return str(self.object.kind_title)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": "withdrawn"}] if hasattr(self.object, "withdrawal") else []

    def crumbs(self) -> Sequence[Crumb]:
        obj, kind = subjects.get(self.object.ref), subjects.kind(self.object.subject_type)
        return [(kind.label(obj), kind.url(obj))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may = self.request.user.may("evidence.add", self.object.team_id)
        return super().get_context_data(may_withdraw=may and not hasattr(self.object, "withdrawal"), **kwargs)


class DocumentDownload(OneDocument, DetailPage):
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        document = self.document
        if not document.file or not default_storage.exists(document.file):
            raise FileGone(_("The file is not in the storage any more. Ask for it to be restored."))
        return FileResponse(
            default_storage.open(document.file),
            as_attachment=True,
            filename=document.file_name,
            content_type="application/octet-stream",
        )


class DocumentWithdraw(OneDocument, ActionFormView):
    title = _("Take the document back")
    form_class = forms.ReasonForm
    submit_label = _("Take it back")
    success_message = _("The document no longer counts.")

    def get_subtitle(self) -> Text:
        return self.document.title

    def act(self, form: Any) -> Any:
        return actions.withdraw_document(self.document, by=self.request.user, reason=form.cleaned_data["reason"])

    def success_url_for(self, result: Any) -> str:
        return reverse("evidence:document_detail", args=[self.document.pk])


class AttestationWithdraw(ActionFormView):
    title = _("Take the statement back")
    form_class = forms.ReasonForm
    submit_label = _("Take it back")
    success_message = _("The statement no longer counts.")

    @cached_property
    def attestation(self) -> Attestation:
        found: Attestation | None = (
            Attestation.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"]).first()
        )
        if found is None:
            raise NotFound(_("There is no such statement, or you may not see it."))
        return found

    def get_subtitle(self) -> Text:
        return f"“{self.attestation.statement}”"

    def act(self, form: Any) -> Any:
        return actions.withdraw_attestation(self.attestation, by=self.request.user, reason=form.cleaned_data["reason"])

    def success_url_for(self, result: Any) -> str:
        ref = self.attestation.ref
        return subjects.kind(ref.type).url(subjects.get(ref))
