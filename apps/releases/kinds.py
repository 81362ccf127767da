"""What of this app can be governed, named, found and linked to."""

import uuid
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core import search, subjects
from apps.core.subjects import SubjectKind
from apps.registry.refs import model_version_ref
from apps.releases.digests import release_digest
from apps.releases.models import Environment, Release


def _authors(release: Release) -> set[uuid.UUID]:
    """Return who proposed the release and who made its version."""
    return {release.proposed_by_id, *subjects.kind("model_version").authors(release.version)}


ENVIRONMENT = SubjectKind(
    type="environment",
    title=_("Environment"),
    visible=lambda user: Environment.objects.visible_to(user).select_related("team"),
    all=lambda: Environment.objects.select_related("team"),
    label=lambda environment: environment.name,
    url=lambda environment: reverse("releases:environment_detail", args=[environment.pk]),
    icon="building",
)
RELEASE = SubjectKind(
    type="release",
    title=_("Release"),
    visible=lambda user: Release.objects.visible_to(user).whole(),
    all=lambda: Release.objects.whole(),
    label=str,
    url=lambda release: reverse("releases:release_detail", args=[release.pk]),
    parent=lambda release: model_version_ref(release.version),
    above=lambda release: release.version,
    digest=release_digest,
    authors=_authors,
    ancestors=("use_case", "model", "model_version"),
    icon="upload",
)
KINDS = (ENVIRONMENT, RELEASE)


def find_releases(user: Any, text: str, limit: int) -> list[search.Hit]:
    rows = Release.objects.visible_to(user).whole()
    named = Q(version__model__name__icontains=text) | Q(environment__name__icontains=text)
    return [
        search.Hit(
            str(row),
            _("Release"),
            reverse("releases:release_detail", args=[row.pk]),
            str(row.get_state_display()),
            "upload",
        )
        for row in rows.filter(named).order_by("-id")[:limit]
    ]
