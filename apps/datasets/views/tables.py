"""Taking a table: the form, what is being read and what was, and the stop."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.models import Job
from apps.core.pages import ActionFormView, PageMixin, job_panel
from apps.datasets import actions, forms
from apps.datasets.actions.tables import may_take_tables
from apps.datasets.models import Upload
from apps.datasets.views.datasets import OneDataset

MOST = 50


class TableReads(OneDataset, ActionFormView):
    """Ask for a table, and see what became of those that were asked for."""

    nav_key = "datasets"
    template_name = "datasets/table_reads.html"
    title = _("Take from a table")
    form_class = forms.TableForm
    submit_label = _("Read the table")
    success_message = _("The table is being read. You can leave this page and come back.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.register", self.dataset.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return self.dataset.name

    def act(self, form: Any) -> Upload:
        return actions.take_table(self.dataset, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse("datasets:table_reads", args=[self.dataset.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("datasets:version_register", args=[self.dataset.pk])
        uploads = list(Upload.objects.of_tables(self.dataset).select_related("by").order_by("-id")[:MOST])
        jobs = Job.objects.in_bulk([upload.job_id for upload in uploads if upload.job_id])
        rows = [(upload, jobs[upload.job_id]) for upload in uploads if upload.job_id]
        return super().get_context_data(
            dataset=self.dataset,
            may_take_tables=may_take_tables(),
            patterns=settings.TABLES,
            running=[row for row in rows if row[0].state == Upload.State.READING],
            ended=[upload for upload in uploads if upload.state != Upload.State.READING],
            **kwargs,
        )


class OneTableRead(PageMixin):
    """One reading of a table, for those who may register versions of its dataset."""

    kwargs: dict[str, Any]

    @cached_property
    def upload(self) -> Upload:
        rows = Upload.objects.visible_to(self.request.user).select_related("dataset__use_case__team")
        found: Upload | None = rows.filter(pk=self.kwargs["pk"], taken_from__has_key="table").first()
        if found is None:
            raise NotFound(_("There is no such reading of a table, or you may not see it."))
        access.require(self.request.user, "dataset.register", found.dataset.use_case.team_id)
        return found


class TableReadPanel(OneTableRead):
    """The progress of one reading, as a piece of page."""

    def get(self, request: Any, pk: Any) -> HttpResponse:
        job = Job.objects.filter(pk__in=[self.upload.job_id]).first()
        return job_panel(request, job, request.path, self.upload.taken_from["table"])


class TableReadForget(OneTableRead):
    """Stop a reading, or forget the file that came of it."""

    def post(self, request: Any, pk: Any) -> HttpResponse:
        dataset = self.upload.dataset_id
        actions.abandon_upload(self.upload, by=request.user)
        return HttpResponseRedirect(reverse("datasets:table_reads", args=[dataset]))
