"""How far an audit is, what became of each of its rows, and what comes out: pure reads."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat

from apps.core.canonical import digest_of
from apps.datasets.inspection.statistics import wilson_interval
from apps.datasets.models import (
    Adjudication,
    DatasetVersion,
    Judgement,
    SampleAudit,
    SampledRow,
    Verdict,
)
from apps.datasets.refs import dataset_ref
from apps.owners import holders
from apps.owners.models import Ownership
from apps.people.models import User

OPEN, DISPUTED = "open", "disputed"
CONFIDENCE = 0.95


def lead_of(version: DatasetVersion) -> Ownership | None:
    """Return who holds the responsibility of review lead on the version's dataset; one query."""
    ref = dataset_ref(version.dataset)
    return holders.holders(ref, [ref]).get("review_lead")


def leads(version: DatasetVersion, user: Any) -> bool:
    """Tell whether the user may act as review lead today: the holder, or the deputy of an absent one."""
    ownership = lead_of(version)
    return ownership is not None and holders.may_sign(ownership, user)


def candidates(version: DatasetVersion) -> QuerySet[User]:
    """Return the people who can be invited to review: active people of the version's team."""
    rows = User.objects.filter(memberships__team=version.team, is_active=True, kind=User.Kind.PERSON)
    return rows.distinct().order_by("name", "pk")


def with_outcomes(rows: QuerySet[SampledRow]) -> QuerySet[Any]:
    """Add ``outcome`` to drawn rows: *open* while judgements lack, *disputed*, *good* or *defective*.

    A row needs as many judgements as its audit says, at least one of them by somebody who is no author of the
    version. Judgements that differ in verdict or defect, or are unsure, are disputed until the review lead decides.
    """
    mine = Judgement.objects.filter(sampled_row=OuterRef("pk")).order_by()
    said = mine.annotate(said=Concat("verdict", Value(" "), "defect"))
    counted = mine.values("sampled_row").annotate(n=Count("pk")).values("n")
    decided = Adjudication.objects.filter(sampled_row=OuterRef("pk"))
    return rows.annotate(
        judged=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        lowest=Subquery(said.order_by("said").values("said")[:1]),
        highest=Subquery(said.order_by("-said").values("said")[:1]),
        decision=Subquery(decided.values("verdict")[:1]),
        is_seen=Exists(mine.filter(by_author=False)),
    ).annotate(
        outcome=Case(
            When(decision__isnull=False, then=F("decision")),
            When(Q(judged__lt=F("audit__reviewers_per_row")) | Q(is_seen=False), then=Value(OPEN)),
            When(~Q(lowest=F("highest")) | Q(lowest__startswith=Verdict.UNSURE), then=Value(DISPUTED)),
            When(lowest__startswith=Verdict.GOOD, then=Value(str(Verdict.GOOD))),
            default=Value(str(Verdict.DEFECTIVE)),
        )
    )


def waiting_for(user: Any, rows: QuerySet[Any], *, is_author: bool) -> QuerySet[Any]:
    """Leave the rows with outcomes that still wait for a judgement of this reviewer."""
    own = Judgement.objects.filter(sampled_row=OuterRef("pk"), reviewer=user)
    found = rows.filter(~Exists(own), outcome=OPEN)
    if is_author:
        others = Judgement.objects.filter(sampled_row=OuterRef("pk"), by_author=True)
        return found.filter(~Exists(others))
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows are in which state."""

    rows: int
    open: int
    disputed: int
    good: int
    defective: int

    @property
    def decided(self) -> int:
        return self.good + self.defective

    @property
    def is_decided(self) -> bool:
        return self.rows > 0 and self.decided == self.rows


def progress_of(audits: Iterable[Any]) -> dict[Any, Progress]:
    """Return the progress of each audit by its key; one query."""
    rows = with_outcomes(SampledRow.objects.filter(audit__in=list(audits))).order_by()
    counts: dict[Any, Counter[str]] = {}
    for audit, outcome, number in rows.values_list("audit", "outcome").annotate(n=Count("pk")):
        counts.setdefault(audit, Counter())[outcome] += number
    return {
        audit: Progress(found.total(), found[OPEN], found[DISPUTED], found[Verdict.GOOD], found[Verdict.DEFECTIVE])
        for audit, found in counts.items()
    }


def progress(audit: SampleAudit) -> Progress:
    return progress_of([audit.pk]).get(audit.pk, Progress(0, 0, 0, 0, 0))


def share(defects: int, rows: int) -> dict[str, Any]:
    """Return rows, defects and their share with its Wilson 95 % interval, in per cent."""
    bounds = wilson_interval(defects, rows, CONFIDENCE)
    return {
        "rows": rows,
        "defects": defects,
        "percent": round(100 * defects / rows, 4) if rows else 0.0,
        "low": round(100 * bounds.low, 4),
        "high": round(100 * bounds.high, 4),
    }


def result_of(audit: SampleAudit) -> dict[str, Any]:
    """Return what came out of an audit whose rows are all decided; three queries.

    ``weighted_percent`` weighs each stratum by its rows in the version: rare labels are drawn more often than their
    share, for each gets at least one row (Cochran 1977, 5.1, formula 5.1). ``digest`` names every ruling.
    """
    rows = list(
        with_outcomes(audit.rows.all())
        .select_related("adjudication")
        .prefetch_related("judgements")
        .order_by("position")
    )
    by_split: dict[str, Counter[str]] = {}
    by_label: dict[str, Counter[str]] = {}
    by_stratum: dict[tuple[str, str], Counter[str]] = {}
    kinds: Counter[str] = Counter()
    adjudicated = 0
    for row in rows:
        label = row.label if audit.by_label else ""
        for counter in (
            by_split.setdefault(row.split, Counter()),
            by_label.setdefault(row.label, Counter()),
            by_stratum.setdefault((row.split, label), Counter()),
        ):
            counter["rows"] += 1
            counter["defects"] += row.outcome == Verdict.DEFECTIVE
        adjudicated += hasattr(row, "adjudication")
        if row.outcome == Verdict.DEFECTIVE:
            kinds[defect_of(row)] += 1
    strata = [
        (stratum["rows"], found)
        for stratum in audit.strata
        if (found := by_stratum.get((stratum["split"], stratum["label"])))
    ]
    population = sum(size for size, _found in strata)
    weighted = sum(size * found["defects"] / found["rows"] for size, found in strata)
    return {
        "overall": share(sum(kinds.values()), len(rows)),
        "weighted_percent": round(100 * weighted / population, 4) if population else 0.0,
        "by_split": [
            {"split": split, **share(found["defects"], found["rows"])} for split, found in sorted(by_split.items())
        ],
        "by_label": [
            {"label": label, **share(found["defects"], found["rows"])}
            for label, found in sorted(by_label.items(), key=lambda row: (-row[1]["defects"], -row[1]["rows"], row[0]))
        ]
        if audit.by_label
        else [],
        "by_defect": dict(kinds.most_common()),
        "adjudicated_rows": adjudicated,
        "judgements": sum(len(row.judgements.all()) for row in rows),
        "digest": digest_of([ruling_body(row) for row in rows]),
    }


def defect_of(row: SampledRow) -> str:
    """Return the kind of defect of a defective row: the adjudicated one, else the one all reviewers named."""
    if hasattr(row, "adjudication"):
        return str(row.adjudication.defect)
    return next(str(judgement.defect) for judgement in row.judgements.all())


def ruling_body(row: SampledRow) -> dict[str, Any]:
    """Return everything that was said of a row, in the form that the closing's digest is made of."""
    decision = getattr(row, "adjudication", None)
    return {
        "row": row.position,
        "content": row.digest,
        "judgements": [
            {
                "reviewer": str(judgement.reviewer_id),
                "verdict": judgement.verdict,
                "defect": judgement.defect,
                "note": judgement.note,
            }
            for judgement in sorted(row.judgements.all(), key=lambda judgement: str(judgement.reviewer_id))
        ],
        "adjudication": {
            "by": str(decision.by_id),
            "verdict": decision.verdict,
            "defect": decision.defect,
            "note": decision.note,
        }
        if decision is not None
        else None,
    }
