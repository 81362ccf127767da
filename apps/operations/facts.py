"""What is known of a use case's review rhythm."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.canonical import digest_of
from apps.evidence.facts import Fact, FactDefinition, FactProvider
from apps.operations.models import Cadence, ReviewPlan
from apps.usecases.models import UseCase

RHYTHM = FactDefinition(
    "usecase.review_rhythm",
    lazy("Rhythm of reviews"),
    lazy("Which of the daily, weekly, monthly and quarterly reviews are planned."),
    {"rhythms": lazy("Of daily, weekly, monthly and quarterly, how many are planned")},
)


def read(use_case: UseCase) -> list[Fact]:
    """Return which reviews are planned; one query."""
    rows = ReviewPlan.objects.filter(use_case=use_case, ended_on=None)
    planned = set(rows.values_list("cadence", flat=True))
    lacking = [str(label).lower() for value, label in Cadence.choices if value not in planned]
    sentence = (
        _("%(n)d of the four reviews are planned; not the %(names)s one.")
        % {"n": len(planned), "names": ", ".join(lacking)}
        if lacking
        else _("The daily, weekly, monthly and quarterly reviews are planned.")
    )
    return [
        Fact(RHYTHM.name, "known", sentence, {"rhythms": len(planned)}, {"cadences": digest_of(sorted(planned))}),
    ]


PROVIDER = FactProvider("use_case", (RHYTHM,), read)
