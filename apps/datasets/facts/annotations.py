"""What is known of how a version was labelled: the guideline in force, and how far annotators agree."""

from typing import Any

from django.db.models import Case, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.datasets.models import AnnotationResult, DatasetVersion, Guideline
from apps.evidence.facts import Fact, FactDefinition, FactProvider

State = AnnotationResult.State
RELIABLE, TENTATIVE = 0.8, 0.667
DEFINITIONS = (
    FactDefinition(
        "dataset.guideline",
        lazy("Labelling guideline"),
        lazy("The newest published guideline of the dataset: its rules and its edge-case examples."),
        {
            "published": lazy("A guideline is published"),
            "version": lazy("Version"),
            "rules": lazy("Rules"),
            "examples": lazy("Edge-case examples"),
            "published_on": lazy("Published on (UTC)"),
        },
    ),
    FactDefinition(
        "dataset.annotation_agreement",
        lazy("Agreement of annotators"),
        lazy(
            "How far several people gave the same items the same labels, in the newest table of annotations: "
            "Krippendorff's alpha, Cohen's kappa of the two who agree least, and what is left to decide."
        ),
        {
            "annotations": lazy("Annotations"),
            "annotators": lazy("Annotators"),
            "items": lazy("Items that two or more labelled"),
            "agreement_percent": lazy("Pairs of labels that are alike, per cent"),
            "alpha": lazy("Krippendorff's alpha"),
            "lowest_pair_kappa": lazy("Cohen's kappa of the two who agree least"),
            "items_to_adjudicate": lazy("Items on which annotators differ"),
            "drifting_annotators": lazy("Annotators whose agreement falls"),
            "under_current_guideline_percent": lazy("Annotations under the current guideline, per cent"),
        },
    ),
)


def newest_result(version: DatasetVersion) -> AnnotationResult | None:
    """Return the newest result that is done, or the newest of all when none is; one query."""
    rows = AnnotationResult.objects.filter(table__version=version).select_related("table__guideline", "table__added_by")
    return rows.order_by(Case(When(state=State.DONE, then=0), default=1), "-table__number").first()


def newest_guideline(version: DatasetVersion) -> Guideline | None:
    rows = Guideline.objects.published().filter(dataset=version.dataset_id)
    found: Guideline | None = rows.select_related("published_by").order_by("-number").first()
    return found


def read(version: DatasetVersion) -> list[Fact]:
    """Return the facts about the version's labelling; two queries."""
    guideline, result = newest_guideline(version), newest_result(version)
    return [_guideline(guideline), _agreement(guideline, result)]


def _guideline(guideline: Guideline | None) -> Fact:
    name = "dataset.guideline"
    if guideline is None or guideline.published_at is None:
        figures: dict[str, Any] = {"published": False, "version": 0, "rules": 0, "examples": 0}
        return Fact(name, "known", _("No labelling guideline is published."), figures)
    figures = {
        "published": True,
        "version": guideline.number,
        "rules": len(guideline.rules),
        "examples": len(guideline.examples),
        "published_on": guideline.published_at.date().isoformat(),
    }
    sentence = _("Version %(n)d with %(rules)s and %(examples)s, published %(day)s.") % {
        "n": guideline.number,
        "rules": ngettext("%(n)d rule", "%(n)d rules", len(guideline.rules)) % {"n": len(guideline.rules)},
        "examples": ngettext("%(n)d example", "%(n)d examples", len(guideline.examples))
        % {"n": len(guideline.examples)},
        "day": figures["published_on"],
    }
    return Fact(name, "known", sentence, figures, {"guideline": guideline.digest})


def _agreement(guideline: Guideline | None, result: AnnotationResult | None) -> Fact:
    name = "dataset.annotation_agreement"
    if result is None:
        return Fact(name, "unknown", _("No annotations were added, so nobody knows how far annotators agree."))
    if result.state == State.PENDING:
        return Fact(name, "pending", _("The annotations are being compared."))
    if result.state == State.FAILED:
        return Fact(name, "failed", _("The annotations can't be used: %(why)s") % {"why": result.error})
    found = result.figures
    figures: dict[str, Any] = {
        "annotations": found["annotations"],
        "annotators": found["annotators"],
        "items": found["items_compared"],
        "items_to_adjudicate": found["to_adjudicate"],
        "drifting_annotators": found["drifting"],
        "under_current_guideline_percent": under_current_percent(found, guideline),
    }
    for figure, value in (
        ("agreement_percent", None if found["agreement"] is None else round(100 * found["agreement"], 2)),
        ("alpha", found["alpha"]["value"]),
        ("lowest_pair_kappa", found["lowest_pair_kappa"]),
    ):
        if value is not None:
            figures[figure] = value
    origin = {"annotations": result.table.digest, "figures": digest_of(found)}
    return Fact(name, "known", summary(found), figures, origin)


def under_current_percent(found: dict[str, Any], guideline: Guideline | None) -> float:
    """Return which share of the annotations was made under the newest published guideline, per cent."""
    if guideline is None or not found["annotations"]:
        return 0.0
    under: int = sum(row["annotations"] for row in found["by_guideline"] if row["guideline"] == str(guideline.number))
    return round(100 * under / int(found["annotations"]), 2)


def word_of(alpha: float | None) -> str:
    """Return what an alpha is good for.

    Source of the limits: Krippendorff, Content Analysis (2nd ed., 2004), p. 241: rely on .800 and above, draw tentative
    conclusions from .667 and above.
    """
    if alpha is None:
        return _("not known")
    if alpha >= RELIABLE:
        return _("good enough to rely on")
    return _("only good for tentative conclusions") if alpha >= TENTATIVE else _("too low to rely on")


def summary(found: dict[str, Any]) -> str:
    """Return the one sentence that a business owner needs of a table's figures."""
    if found["agreement"] is None:
        return _("Nobody labelled what somebody else labelled too, so agreement is not known.")
    sentence = _("%(people)s gave the same label in %(percent)s of 100 comparisons, which is %(word)s") % {
        "people": ngettext("%(n)d annotator", "%(n)d annotators", found["annotators"]) % {"n": found["annotators"]},
        "percent": f"{100 * found['agreement']:.0f}",
        "word": word_of(found["alpha"]["value"]),
    }
    if found["confusions"]:
        worst = found["confusions"][0]
        sentence += _("; most often “%(one)s” stands against “%(other)s”") % {
            "one": worst["first"],
            "other": worst["second"],
        }
    wait = found["to_adjudicate"]
    if not wait:
        return sentence + _("; nothing is left to decide.")
    return sentence + ngettext("; %(n)s item waits for a decision.", "; %(n)s items wait for a decision.", wait) % {
        "n": f"{wait:,}"
    }


PROVIDER = FactProvider("dataset_version", DEFINITIONS, read)
