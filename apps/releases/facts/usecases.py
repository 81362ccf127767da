"""What is known of a use case through what is live of it: whether answers can be traced, and the way back walked."""

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.core.clock import now
from apps.evidence.facts import Fact, FactDefinition, FactProvider
from apps.registry.facts.runs import is_retraceable
from apps.releases.models import Rehearsal, Release
from apps.releases.way_back import counts_until
from apps.usecases.models import UseCase

Slot = tuple[uuid.UUID, uuid.UUID]
LINEAGE = FactDefinition(
    "usecase.model_lineage",
    lazy("Lineage of what is live"),
    lazy("Live releases whose answers lead back to a gate, a dossier, and a run with its data, code and base model."),
    {
        "live": lazy("Live releases"),
        "traced_percent": lazy("Releases whose outputs can be traced, per cent"),
    },
)
ROLLBACK = FactDefinition(
    "usecase.rollback",
    lazy("Rehearsed ways back"),
    lazy("Live releases that follow another one, and of how many the way back was rehearsed in the last 90 days."),
    {
        "ways_back": lazy("Live releases that follow another one"),
        "rehearsed_percent": lazy("Ways back that were rehearsed, per cent"),
    },
)


def read(use_case: UseCase) -> list[Fact]:
    """Return the facts of what is live; six queries, three while nothing is."""
    whole = Release.objects.live().filter(model__use_case=use_case).select_related("version__run__model")
    live = list(whole.prefetch_related("version__run__datasets__version", "version__run__guidelines").order_by("pk"))
    return [_lineage(live), _rollback(use_case, live)]


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)


def _lineage(live: Sequence[Release]) -> Fact:
    if not live:
        return Fact(LINEAGE.name, "unknown", _("Nothing is live yet."))
    traced = [row for row in live if row.gate_id and row.dossier_digest and is_retraceable(row.version.run)]
    lost = [str(row.version) for row in live if row not in traced]
    sentence = (
        _("Not to be traced: %(names)s.") % {"names": ", ".join(lost)[:300]}
        if lost
        else ngettext(
            "The live release can be traced to its data and its dossier.",
            "All %(n)d live releases can be traced to their data and dossiers.",
            len(live),
        )
        % {"n": len(live)}
    )
    figures = {"live": len(live), "traced_percent": _percent(len(traced), len(live))}
    origin = digest_of([[row.digest, row.version.run.digest, row in traced] for row in live])
    return Fact(LINEAGE.name, "known", sentence, figures, {"releases": origin})


def _rollback(use_case: UseCase, live: Sequence[Release]) -> Fact:
    following = _following(use_case, live)
    if not following:
        return Fact(ROLLBACK.name, "unknown", _("Nothing is live that follows an earlier release."))
    moment, newest = now(), _newest_rehearsals(use_case)
    until = {slot: counts_until(row) for slot, row in newest.items() if row.outcome == Rehearsal.Outcome.PASSED}
    standing = [until[slot] for row in following if (slot := _slot(row)) in until and until[slot] > moment]
    lacking = [str(row) for row in following if _slot(row) not in until or until[_slot(row)] <= moment]
    sentence = (
        _("Not rehearsed in the last 90 days: %(names)s.") % {"names": ", ".join(lacking)[:300]}
        if lacking
        else _("Every way back was rehearsed in the last 90 days.")
    )
    figures = {"ways_back": len(following), "rehearsed_percent": _percent(len(standing), len(following))}
    origin = digest_of([[row.digest, str(newest[_slot(row)].pk) if _slot(row) in newest else ""] for row in following])
    return Fact(ROLLBACK.name, "known", sentence, figures, {"rehearsals": origin}, min(standing, default=None))


def _slot(release: Release) -> Slot:
    return release.environment_id, release.model_id


def _following(use_case: UseCase, live: Sequence[Release]) -> list[Release]:
    """Return those of the live releases before which another one was live in their slot; one query."""
    if not live:
        return []
    was_live = Release.objects.filter(model__use_case=use_case, live_from__isnull=False)
    first = {_slot(row): row.pk for row in was_live.order_by("-live_from", "-pk")}
    return [row for row in live if first[_slot(row)] != row.pk]


def _newest_rehearsals(use_case: UseCase) -> dict[Slot, Rehearsal]:
    """Return of each slot the newest rehearsal whose record was not taken back; one query."""
    rows = Rehearsal.objects.filter(release__model__use_case=use_case, document__withdrawal=None)
    ordered = rows.select_related("release").order_by("rehearsed_at", "pk")
    return {_slot(row.release): row for row in ordered}


PROVIDER = FactProvider("use_case", (LINEAGE, ROLLBACK), read)
