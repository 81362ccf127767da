"""The pages about one version (or one dataset): each shows the others as tabs."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import NotFound, Text
from apps.core.pages import Crumb, PageMixin
from apps.datasets.models import DatasetVersion

VERSION_TABS: list[tuple[str, Text]] = [
    ("datasets:version_detail", gettext_lazy("Findings")),
    ("datasets:version_sensitive", gettext_lazy("Sensitive data")),
    ("datasets:annotation", gettext_lazy("Annotation")),
    ("datasets:version_lineage", gettext_lazy("Lineage")),
    ("datasets:version_datasheet", gettext_lazy("Datasheet")),
    ("datasets:version_copies", gettext_lazy("Copies")),
    ("datasets:version_access", gettext_lazy("Access")),
    ("datasets:version_exports", gettext_lazy("Exports")),
    ("datasets:version_audits", gettext_lazy("Audits")),
    ("datasets:version_compare", gettext_lazy("Compare")),
]


def version_rows(user: Any) -> QuerySet[DatasetVersion]:
    """Return the versions that the user may see, with what every page about one needs."""
    rows = DatasetVersion.objects.visible_to(user)
    return rows.select_related("dataset__use_case__team", "registered_by", "inspection__result")


def version_tabs(version: DatasetVersion, current: str) -> list[dict[str, Any]]:
    """Return the tabs of a version's pages; ``current`` is the name of the page that is shown."""
    return [
        {"url": reverse(name, args=[version.pk]), "text": text, "on": name == current} for name, text in VERSION_TABS
    ]


def version_crumbs(version: DatasetVersion, *, whole: bool = True) -> Sequence[Crumb]:
    """Return the way down to a version; ``whole`` includes the version itself."""
    dataset = version.dataset
    crumbs: list[Crumb] = [
        (_("Datasets"), reverse("datasets:dataset_list")),
        (dataset.name, reverse("datasets:dataset_detail", args=[dataset.pk])),
    ]
    return [*crumbs, (str(version), reverse("datasets:version_detail", args=[version.pk]))] if whole else crumbs


class VersionPage(PageMixin):
    """A page beside the findings of one version that the reader may see; the version's key is ``pk``."""

    nav_key = "datasets"
    tab = ""
    kwargs: dict[str, Any]
    _version: DatasetVersion | None = None

    @property
    def version(self) -> DatasetVersion:
        if self._version is None:
            self._version = version_rows(self.request.user).filter(pk=self.kwargs["pk"]).first()
            if self._version is None:
                raise NotFound(_("There is no such version, or you may not see it."))
        return self._version

    def crumbs(self) -> Sequence[Crumb]:
        return version_crumbs(self.version)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"text": str(self.version)}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tabs = version_tabs(self.version, self.tab)
        return super().get_context_data(version=self.version, tabs=tabs, **kwargs)
