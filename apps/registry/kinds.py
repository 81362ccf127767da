"""What of this app can be governed, named, found and linked to."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core import search
from apps.core.subjects import SubjectKind, SubjectRef
from apps.owners.responsibilities import held_on
from apps.registry import authors
from apps.registry.models import Model, ModelVersion, TrainingRun

MODEL = SubjectKind(
    type="model",
    title=_("Model"),
    visible=lambda user: Model.objects.visible_to(user).select_related("use_case__team"),
    all=lambda: Model.objects.select_related("use_case__team"),
    label=lambda model: model.name,
    url=lambda model: reverse("registry:model_detail", args=[model.pk]),
    parent=lambda model: SubjectRef("use_case", model.use_case_id),
    above=lambda model: model.use_case,
    children=lambda refs: [
        SubjectRef("model", pk)
        for pk in Model.objects.filter(use_case__in=[ref.id for ref in refs if ref.type == "use_case"]).values_list(
            "pk", flat=True
        )
    ],
    ancestors=("use_case",),
    responsibilities=tuple(row.key for row in held_on("model")),
    icon="robot",
)
RUN = SubjectKind(
    type="training_run",
    title=_("Training run"),
    visible=lambda user: TrainingRun.objects.visible_to(user).select_related("model__use_case__team"),
    all=lambda: TrainingRun.objects.select_related("model__use_case__team"),
    label=str,
    url=lambda run: reverse("registry:run_detail", args=[run.pk]),
    parent=lambda run: SubjectRef("model", run.model_id),
    above=lambda run: run.model,
    digest=lambda run: run.digest,
    authors=lambda run: {run.registered_by_id, run.trained_by_id},
    upstream=lambda run: [
        SubjectRef("dataset_version", pk)
        for pk in run.datasets.order_by("version_id").values_list("version_id", flat=True)
    ],
    ancestors=("use_case", "model"),
    icon="clock",
)
VERSION = SubjectKind(
    type="model_version",
    title=_("Model version"),
    visible=lambda user: ModelVersion.objects.visible_to(user).select_related("model__use_case__team", "run"),
    all=lambda: ModelVersion.objects.select_related("model__use_case__team", "run"),
    label=str,
    url=lambda version: reverse("registry:version_detail", args=[version.pk]),
    parent=lambda version: SubjectRef("model", version.model_id),
    above=lambda version: version.model,
    digest=lambda version: version.digest,
    authors=authors.of,
    upstream=lambda version: [SubjectRef("training_run", version.run_id)],
    ancestors=("use_case", "model"),
    icon="tag",
)
KINDS = (MODEL, RUN, VERSION)


def find_models(user: Any, text: str, limit: int) -> list[search.Hit]:
    rows = Model.objects.visible_to(user).filter(name__icontains=text).select_related("use_case")
    return [
        search.Hit(
            row.name,
            _("Model"),
            reverse("registry:model_detail", args=[row.pk]),
            row.use_case.name,
            "robot",
        )
        for row in rows.order_by("name")[:limit]
    ]
