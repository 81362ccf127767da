import json
from collections.abc import Sequence
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core import subjects
from apps.core.errors import NotFound, Text
from apps.core.models import Job
from apps.core.pages import Crumb, ListPage, PageMixin, job_panel
from apps.ledger import actions, keys, proofs, sentences
from apps.ledger.filters import EntryFilter
from apps.ledger.models import Checkpoint, Entry, Export


class Trail(ListPage):
    """The ledger as an auditor reads it: newest first, any depth, every filter in the address."""

    model = Entry
    template_name = "ledger/trail.html"
    nav_key = "trail"
    title = _("Trail")
    subtitle = _("Every decision and change, in the order in which it was committed.")
    filterset_class = EntryFilter
    default_ordering = "-seq"
    csv_name = "trail"
    csv_columns = (
        (_("Number"), lambda row: row.seq),
        (_("Time"), lambda row: row.occurred),
        (_("Who"), lambda row: row.actor_name),
        (_("Action"), lambda row: row.action),
        (_("Kind"), lambda row: row.subject_type),
        (_("Subject"), lambda row: row.subject_label),
        (_("Team"), lambda row: row.team_name),
    )

    def get_queryset(self) -> QuerySet[Entry]:
        return Entry.objects.visible_to(self.request.user, "trail.view").filter(seq__isnull=False)

    def decorate(self, rows: list[Any]) -> list[Any]:
        return [{"entry": row, "kind": sentences.of(row.action)} for row in rows]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        newest = proofs.newest_checkpoint()
        return super().get_context_data(
            checkpoint=newest, may_export=actions.may_anywhere(self.request.user, "trail.export"), **kwargs
        )


class EntryDetail(PageMixin, TemplateView):
    template_name = "ledger/entry_detail.html"
    nav_key = "trail"

    @property
    def entry(self) -> Entry:
        if not hasattr(self, "_entry"):
            rows = Entry.objects.visible_to(self.request.user, "trail.view")
            found = rows.filter(seq=self.kwargs["seq"]).first()
            if found is None:
                raise NotFound(_("There is no such entry, or you may not see it."))
            self._entry = found
        return self._entry

    def get_title(self) -> Text:
        return _("Entry %(n)d") % {"n": self.entry.seq or 0}

    def get_subtitle(self) -> Text:
        return f"{self.entry.actor_name} {sentences.of(self.entry.action).phrase} {self.entry.subject_label}"

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Trail"), reverse("ledger:trail"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entry = self.entry
        checkpoint = proofs.newest_checkpoint(entry.seq or 0)
        changed = entry.payload.get("changed")
        rest = {key: value for key, value in entry.payload.items() if key != "changed"}
        return super().get_context_data(
            entry=entry,
            changed=changed,
            payload=json.dumps(rest, indent=2, ensure_ascii=False) if rest else "",
            body=entry.body,
            leaf=bytes(entry.leaf or b"").hex(),
            checkpoint=checkpoint,
            proof=[step.hex() for step in proofs.inclusion(entry.seq or 0, checkpoint.size)] if checkpoint else [],
            subject_url=_subject_url(entry, self.request.user),
            **kwargs,
        )


def _subject_url(entry: Entry, user: Any) -> str:
    if not subjects.is_known(entry.subject_type):
        return ""
    kind = subjects.kind(entry.subject_type)
    found = kind.visible(user).filter(pk=entry.subject_id).first()
    return kind.url(found) if found is not None else ""


class Seals(PageMixin, TemplateView):
    """How far the ledger is signed, the key to pin, verification and exports."""

    template_name = "ledger/seals.html"
    nav_key = "trail"
    title = _("Seals and exports")
    subtitle = _("The notary signs the whole ledger every few seconds; an auditor checks it offline.")

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Trail"), reverse("ledger:trail"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        newest = Entry.objects.order_by("-seq").filter(seq__isnull=False).values_list("seq", flat=True).first() or 0
        verification = Job.objects.filter(kind="verify_ledger", requested_by=user.pk).order_by("-id").first()
        checkpoint = proofs.newest_checkpoint()
        exports = list(Export.objects.filter(requested_by=user.pk).order_by("-id")[:20])
        export_jobs = Job.objects.in_bulk([row.job_id for row in exports if not row.file and row.job_id])
        return super().get_context_data(
            checkpoints=Checkpoint.objects.order_by("-size")[:20],
            checkpoint=checkpoint,
            unsigned=newest - (checkpoint.size if checkpoint else 0),
            newest=newest,
            verifier=keys.verifier(),
            exports=[(row, export_jobs.get(row.job_id)) for row in exports],
            verification=verification,
            may_verify=actions.may_anywhere(user, "trail.verify"),
            may_export=actions.may_anywhere(user, "trail.export"),
            **kwargs,
        )


class Verify(PageMixin):
    def post(self, request: Any) -> HttpResponse:
        actions.request_verification(by=request.user)
        return HttpResponseRedirect(reverse("ledger:seals"))


class ExportCreate(PageMixin):
    """Export what the trail's filters leave; the filters come with the form."""

    def post(self, request: Any) -> HttpResponse:
        names = EntryFilter.base_filters
        filters = {name: request.POST[name] for name in names if request.POST.get(name)}
        actions.request_export(filters, by=request.user, reason=request.POST.get("reason", ""))
        return HttpResponseRedirect(reverse("ledger:seals") + "#exports")


class ExportDownload(PageMixin):
    def get(self, request: Any, pk: Any) -> HttpResponseBase:
        export = Export.objects.filter(pk=pk, requested_by=request.user.pk).first()
        if export is None or not export.file:
            raise NotFound(_("There is no such export, or it is not finished."))
        name = f"fourgate-trail-{export.created_at:%Y%m%d-%H%M%S}.zip"
        return FileResponse(default_storage.open(export.file), as_attachment=True, filename=name)


class JobPanel(PageMixin):
    """The progress of one of the reader's own jobs, as a piece of page."""

    def get(self, request: Any, pk: Any) -> HttpResponse:
        job = Job.objects.filter(pk=pk, requested_by=request.user.pk).first()
        title = _("Export") if job is not None and job.kind == "export_ledger" else _("Verification")
        return job_panel(request, job, request.path, title)
