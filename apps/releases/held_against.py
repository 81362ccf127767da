"""Which live version a model version is held against when it is evaluated."""

import uuid
from collections.abc import Collection

from apps.releases.models import Release

Pairs = dict[uuid.UUID, uuid.UUID]


def versions(wanted: Collection[uuid.UUID]) -> Pairs:
    """Return for each model version the one that it is held against; two queries, what has none is left out.

    What was live is held against what it replaced, for good: otherwise its own going live, and every release after it,
    would change the proof that it went live on, and with it the way back. All else is held against what is live now,
    in production before staging.
    """
    ids = list(wanted)
    replaced: dict[uuid.UUID, uuid.UUID | None] = {}
    went_live = Release.objects.filter(version__in=ids, live_from__isnull=False, restores=None)
    for version, earlier in went_live.order_by("live_from").values_list("version", "compared_with__version"):
        replaced.setdefault(version, earlier)
    live = Release.objects.live().filter(model__versions__in=[pk for pk in ids if pk not in replaced])
    rows = live.order_by("-environment__kind", "live_from").values_list("model__versions", "version")
    now_live: Pairs = dict(rows.filter(model__versions__in=ids))
    before = {version: earlier for version, earlier in replaced.items() if earlier not in (None, version)}
    return {pk: found for pk in ids if (found := before.get(pk) if pk in replaced else now_live.get(pk)) is not None}
