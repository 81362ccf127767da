"""What of this app can be governed, named, found and linked to."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core import search
from apps.core.subjects import SubjectKind, SubjectRef
from apps.datasets.models import Copy, Dataset, DatasetVersion, LineageNode, SampleAudit, Source
from apps.owners.responsibilities import held_on

SOURCE = SubjectKind(
    type="source",
    title=_("Source"),
    visible=lambda user: Source.objects.visible_to(user).select_related("team"),
    all=lambda: Source.objects.select_related("team"),
    label=lambda source: source.name,
    url=lambda source: reverse("datasets:source_detail", args=[source.pk]),
    icon="database",
)
DATASET = SubjectKind(
    type="dataset",
    title=_("Dataset"),
    visible=lambda user: Dataset.objects.visible_to(user).select_related("use_case__team"),
    all=lambda: Dataset.objects.select_related("use_case__team"),
    label=lambda dataset: dataset.name,
    url=lambda dataset: reverse("datasets:dataset_detail", args=[dataset.pk]),
    parent=lambda dataset: SubjectRef("use_case", dataset.use_case_id),
    above=lambda dataset: dataset.use_case,
    children=lambda refs: [
        SubjectRef("dataset", pk)
        for pk in Dataset.objects.filter(use_case__in=[ref.id for ref in refs if ref.type == "use_case"]).values_list(
            "pk", flat=True
        )
    ],
    ancestors=("use_case",),
    responsibilities=tuple(row.key for row in held_on("dataset")),
    icon="database",
)
VERSION = SubjectKind(
    type="dataset_version",
    title=_("Dataset version"),
    visible=lambda user: DatasetVersion.objects.visible_to(user).select_related("dataset__use_case__team"),
    all=lambda: DatasetVersion.objects.select_related("dataset__use_case__team"),
    label=str,
    url=lambda version: reverse("datasets:version_detail", args=[version.pk]),
    parent=lambda version: SubjectRef("dataset", version.dataset_id),
    above=lambda version: version.dataset,
    digest=lambda version: version.digest,
    authors=lambda version: {
        version.registered_by_id,
        *version.files.values_list("added_by_id", flat=True),
    },
    ancestors=("use_case", "dataset"),
    icon="files",
)
NODE = SubjectKind(
    type="lineage_node",
    title=_("Lineage node"),
    visible=lambda user: LineageNode.objects.visible_to(user).select_related("team"),
    all=lambda: LineageNode.objects.select_related("team"),
    label=str,
    url=lambda node: reverse("datasets:lineage_node", args=[node.pk]),
    digest=lambda node: node.digest,
    icon="git-branch",
)
COPY = SubjectKind(
    type="dataset_copy",
    title=_("Copy"),
    visible=lambda user: Copy.objects.visible_to(user).select_related("version__dataset__use_case__team"),
    all=lambda: Copy.objects.select_related("version__dataset__use_case__team"),
    label=str,
    url=lambda copy: reverse("datasets:copy_detail", args=[copy.pk]),
    parent=lambda copy: SubjectRef("dataset_version", copy.version_id),
    above=lambda copy: copy.version,
    ancestors=("use_case", "dataset", "dataset_version"),
    icon="copy",
)
_WITH_VERSION = "version__dataset__use_case__team"
AUDIT = SubjectKind(
    type="sample_audit",
    title=_("Sample audit"),
    visible=lambda user: SampleAudit.objects.visible_to(user).select_related(_WITH_VERSION),
    all=lambda: SampleAudit.objects.select_related(_WITH_VERSION),
    label=str,
    url=lambda audit: reverse("datasets:audit_detail", args=[audit.pk]),
    parent=lambda audit: SubjectRef("dataset_version", audit.version_id),
    above=lambda audit: audit.version,
    digest=lambda audit: audit.result.get("digest", ""),
    ancestors=("use_case", "dataset", "dataset_version"),
    icon="list-check",
)
KINDS = (SOURCE, DATASET, VERSION, NODE, COPY, AUDIT)


def find_datasets(user: Any, text: str, limit: int) -> list[search.Hit]:
    rows = Dataset.objects.visible_to(user).filter(name__icontains=text).select_related("use_case")
    return [
        search.Hit(
            row.name,
            _("Dataset"),
            reverse("datasets:dataset_detail", args=[row.pk]),
            row.use_case.name,
            "database",
        )
        for row in rows.order_by("name")[:limit]
    ]
