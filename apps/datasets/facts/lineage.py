"""What is known of where a dataset version comes from, along records alone."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core import subjects
from apps.core.canonical import digest_of
from apps.datasets.lineage.walking import Walk, trace, walk
from apps.datasets.models import DatasetVersion, Source
from apps.datasets.refs import version_ref
from apps.evidence.facts import Fact, FactDefinition, FactProvider

DEFINITIONS = (
    FactDefinition(
        "dataset.lineage",
        lazy("Lineage"),
        lazy("How far back it is recorded what the version was made from; what is only declared does not count."),
        {
            "source_count": lazy("Sources reached upstream"),
            "traced": lazy("every split leads back to a declared source"),
            "open_ends": lazy("Things upstream that neither come from anything nor are a source"),
            "depth": lazy("Steps to the farthest one upstream"),
            "untraced_splits": lazy("Splits that lead back to no source"),
            "ineligible_sources": lazy("Sources reached that are not eligible for training"),
        },
    ),
)


def read(version: DatasetVersion) -> list[Fact]:
    """Return the fact; its queries grow with the depth of the lineage alone."""
    start = version_ref(version)
    found = walk([start], "up")
    splits = list(dict.fromkeys(file.split for file in version.files.all()))
    traced = trace(start, splits, found)
    refused = sorted(
        found.objects[ref].name
        for ref in traced.sources
        if getattr(found.objects[ref], "eligibility", "") == Source.Eligibility.INELIGIBLE
    )
    figures = {
        "source_count": len(traced.sources),
        "traced": traced.traced,
        "open_ends": len(traced.open_ends),
        "depth": traced.depth,
        "untraced_splits": len(traced.untraced),
        "ineligible_sources": len(refused),
    }
    names = sorted(subjects.kind(ref.type).label(found.objects[ref]) for ref in traced.sources)
    if traced.is_cut:
        sentence = _("More lies upstream than is followed here: at least %(n)d things.") % {"n": len(found.objects)}
    elif traced.depth == 0:
        sentence = _("Nothing is recorded that this version was made from.")
    elif traced.traced:
        sentence = _("Every split leads back to %(sources)s, in %(steps)s.") % {
            "sources": ", ".join(names),
            "steps": ngettext("%(n)d step", "%(n)d steps", traced.depth) % {"n": traced.depth},
        }
    else:
        sentence = _("No recorded way back to a source: %(splits)s.") % {"splits": ", ".join(traced.untraced)}
    if traced.open_ends and traced.depth:
        ends = sorted(subjects.kind(ref.type).label(found.objects[ref]) for ref in traced.open_ends)
        sentence += " " + _("Of unknown origin: %(names)s.") % {"names": ", ".join(ends[:5])}
    if refused:
        sentence += " " + _("Not eligible for training: %(names)s.") % {"names": ", ".join(refused[:5])}
    origin = {"version": version.digest, "links": _digest(found, refused)}
    return [Fact("dataset.lineage", "known", sentence, figures, origin)]


def _digest(found: Walk, refused: list[str]) -> str:
    links = sorted(
        [str(link.input), str(link.output), link.split, link.how, link.job] for link in found.links if link.is_recorded
    )
    return digest_of({"links": links, "ineligible": refused})


PROVIDER = FactProvider("dataset_version", DEFINITIONS, read)
