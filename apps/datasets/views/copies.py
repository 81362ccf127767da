from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.clock import today
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage
from apps.datasets import actions, forms, timeline
from apps.datasets.actions.forgetting import erased
from apps.datasets.facts import copies as facts
from apps.datasets.filters import CopyFilter
from apps.datasets.models import Copy, DatasetVersion, Source
from apps.datasets.views.sources import crumbs as source_crumbs
from apps.datasets.views.tabs import VersionPage, version_crumbs
from apps.evidence.models import Document

DRAWN = timeline.MOST


def complete(rows: Any) -> Any:
    """Add to copies what a row of a list shows."""
    return rows.with_terms().select_related(
        "owner", "deletion__recorded_by", "version__dataset__use_case__team", "registered_by"
    )


class Copies(ListPage):
    """A list of copies, whatever they are copies of."""

    model = Copy
    filterset_class = CopyFilter
    orderings = {"place": "place", "made": "made_on", "delete_by": "sort_day", "registered": "id"}
    csv_name = "copies"
    csv_columns = (
        (_("Version"), lambda row: row.version),
        (_("Kind"), lambda row: row.get_kind_display()),
        (_("Place"), lambda row: row.place),
        (_("Owner"), lambda row: row.owner.name),
        (_("What for"), lambda row: row.purpose),
        (_("Made on"), lambda row: row.made_on),
        (_("Delete by"), lambda row: row.delete_by),
        (_("State"), lambda row: row.state),
        (_("Deleted"), lambda row: row.deletion.created_at if row.is_deleted else ""),
        (_("Proof"), lambda row: row.deletion.proof_digest if row.is_deleted else ""),
    )


class VersionCopies(VersionPage, Copies):
    """Where the bytes of a version are, and until when."""

    template_name = "datasets/version_copies.html"
    tab = "datasets:version_copies"
    title = _("Copies")
    subtitle = _("Every place where bytes of this version live, who answers for it, and when it goes.")

    def get_queryset(self) -> QuerySet[Copy]:
        rows: QuerySet[Copy] = complete(Copy.objects.filter(version=self.version))
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version, user = self.version, self.request.user
        copies: Any = self.get_queryset()
        drawn = list(copies.order_by("is_deleted", "sort_day", "id")[:DRAWN])
        more = version.copies.count() - len(drawn)
        fact = facts.read(version)[0]
        gone = erased(version)
        return super().get_context_data(
            fact=fact,
            picture=timeline.draw(drawn, today(), more) if drawn else None,
            may_register=user.may("copy.register", version.team.pk),
            may_erase=gone is None and user.may("dataset.erase", version.team.pk),
            erased=gone,
            **kwargs,
        )


class SourceCopies(Copies):
    """Every copy of what came from one source: what to delete when the source asks for it."""

    template_name = "datasets/source_copies.html"
    nav_key = "datasets"
    csv_name = "copies-of-source"

    @cached_property
    def source(self) -> Source:
        rows = Source.objects.visible_to(self.request.user).select_related("team")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such source, or you may not see it."))
        return found

    def get_title(self) -> Text:
        return _("Copies of what came from %(name)s") % {"name": self.source.name}

    def crumbs(self) -> Sequence[Crumb]:
        return [*source_crumbs(), (self.source.name, reverse("datasets:source_detail", args=[self.source.pk]))]

    def get_queryset(self) -> QuerySet[Copy]:
        rows: QuerySet[Copy] = complete(Copy.objects.visible_to(self.request.user).of_source(self.source))
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(source=self.source, **kwargs)


class CopyDetail(DetailPage):
    """One copy: its days and why they moved, its owner, its deletion and the proof."""

    model = Copy
    template_name = "datasets/copy_detail.html"
    context_name = "copy"
    nav_key = "datasets"

    def get_queryset(self) -> QuerySet[Copy]:
        rows: QuerySet[Copy] = complete(super().get_queryset()).select_related("deletion__document")
        return rows

    def get_title(self) -> Text:
        return str(self.object.place)

    def get_subtitle(self) -> Text:
        return str(self.object.purpose)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"text": self.object.get_kind_display()}, {"state": self.object.state}]

    def crumbs(self) -> Sequence[Crumb]:
        return _crumbs(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        copy, user = self.object, self.request.user
        team = copy.team.pk
        may_change = not copy.is_deleted and (copy.owner_id == user.pk or user.may("copy.register", team))
        return super().get_context_data(
            extensions=copy.extensions.select_related("extended_by").order_by("-id"),
            may_record=may_change,
            may_hand_over=may_change,
            may_extend=not copy.is_deleted and user.may("copy.extend", team),
            may_erase=not copy.is_deleted and copy.is_own and user.may("dataset.erase", team),
            **kwargs,
        )


def _crumbs(copy: Copy) -> list[Crumb]:
    version = copy.version
    return [*version_crumbs(version), (_("Copies"), reverse("datasets:version_copies", args=[version.pk]))]


class CopyRegister(VersionPage, ActionFormView):
    title = _("Register a copy")
    form_class = forms.CopyForm
    submit_label = _("Register the copy")
    success_message = _("The copy is registered. Its owner is reminded in time.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "copy.register", self.version.team.pk)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "version": self.version}

    def act(self, form: Any) -> Copy:
        data = dict(form.cleaned_data)
        return actions.register_copy(
            self.version,
            data.pop("kind"),
            data.pop("place"),
            data.pop("owner"),
            data.pop("purpose"),
            by=self.request.user,
            **data,
        )

    def success_url_for(self, result: Copy) -> str:
        return reverse("datasets:version_copies", args=[self.version.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)  # type: ignore[arg-type]
        return super().get_context_data(**kwargs)


class OneCopy(ActionFormView):
    """A form about one copy that leads back to it."""

    nav_key = "datasets"

    @cached_property
    def copy(self) -> Copy:
        rows = complete(Copy.objects.visible_to(self.request.user))
        found: Copy | None = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such copy, or you may not see it."))
        return found

    def get_subtitle(self) -> Text:
        return f"{self.copy}, {self.copy.version}"

    def crumbs(self) -> Sequence[Crumb]:
        return [*_crumbs(self.copy), (self.copy.place, self.success_url_for(None))]

    def success_url_for(self, result: Any) -> str:
        return reverse("datasets:copy_detail", args=[self.copy.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(**kwargs)


class CopyDelete(OneCopy):
    title = _("Record the deletion")
    form_class = forms.DeletionForm
    submit_label = _("Record the deletion")
    success_message = _("The deletion is recorded, with its proof.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "version": self.copy.version}

    def act(self, form: Any) -> Any:
        data = form.cleaned_data
        document: Document | None = data["document"]
        return actions.record_deletion(
            self.copy, data["method"], by=self.request.user, proof=data["proof"], document=document
        )


class CopyExtend(OneCopy):
    title = _("Extend the time")
    form_class = forms.ExtensionForm
    submit_label = _("Extend")
    success_message = _("The copy has another day.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "copy.extend", self.copy.team.pk)
        return super().get(request, *args, **kwargs)

    def act(self, form: Any) -> Any:
        return actions.extend_copy(self.copy, by=self.request.user, **form.cleaned_data)


class CopyHandOver(OneCopy):
    title = _("Hand the copy over")
    form_class = forms.HandOverForm
    submit_label = _("Hand over")
    success_message = _("The copy has another owner.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "version": self.copy.version}

    def act(self, form: Any) -> Any:
        return actions.hand_over_copy(self.copy, form.cleaned_data["owner"], by=self.request.user)


class VersionErase(VersionPage, ActionFormView):
    """Delete the files that Fourgate keeps, once the version's name was typed."""

    template_name = "datasets/version_erase.html"
    title = _("Delete the files for good")
    form_class = forms.EraseForm
    submit_label = _("Delete the files")
    success_message = _("The files are deleted. Facts and digests stay.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.erase", self.version.team.pk)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "version": self.version}

    def act(self, form: Any) -> Any:
        return actions.erase_files(self.version, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse("datasets:version_copies", args=[self.version.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        version: DatasetVersion = self.version
        return super().get_context_data(files=version.files.all(), **kwargs)
