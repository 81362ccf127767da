"""What is known of a use case."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core import subjects
from apps.core.canonical import digest_of
from apps.core.subjects import SubjectRef
from apps.evidence.facts import Fact, FactDefinition, FactProvider
from apps.owners.holders import on_any
from apps.owners.models import Ownership
from apps.owners.responsibilities import required_on
from apps.people.identity import persons
from apps.usecases.models import UseCase

lazy = gettext_lazy
OWNED = ("use_case", "dataset", "model")
BUS_FACTOR = FactDefinition(
    "usecase.bus_factor",
    lazy("Bus factor"),
    lazy(
        "The smallest number of people whose leaving leaves a required responsibility of the use case or of what"
        " belongs to it with neither holder nor deputy."
    ),
    {
        "bus_factor": lazy("People whose leaving is enough (0: one is vacant already)"),
        "required": lazy("Required responsibilities"),
        "vacant": lazy("Vacant among them"),
        "with_deputy": lazy("Held, with a deputy"),
        "people": lazy("Different people who hold them or stand in"),
    },
    frozenset((type_, part) for type_ in OWNED for part in ("holder", "deputy")),
)


def bus_factor(use_case: UseCase) -> Fact:
    """Return ``usecase.bus_factor``: the least, over all required responsibilities, of holder and deputy counted.

    A responsibility counts 0 while vacant, 1 with a holder alone, 2 with a deputy; two accounts of one person count
    once. Six queries, however many datasets there are.
    """
    root = SubjectRef("use_case", use_case.pk)
    refs = [root, *subjects.below(root)]
    required = {(ref, row.key) for ref in refs for row in required_on(ref.type)}
    rows = [
        row
        for row in Ownership.objects.active().filter(on_any(refs)).select_related("holder", "deputy").order_by("id")
        if (row.ref, row.responsibility) in required
    ]
    one = persons({person for row in rows for person in (row.holder_id, row.deputy_id) if person})
    behind = [{one[person] for person in (row.holder_id, row.deputy_id) if person} for row in rows]
    vacant = len(required) - len(rows)
    figure = 0 if vacant else min((len(people) for people in behind), default=0)
    if vacant:
        sentence = ngettext(
            "%(n)d of %(all)d required responsibilities is vacant.",
            "%(n)d of %(all)d required responsibilities are vacant.",
            vacant,
        ) % {"n": vacant, "all": len(required)}
    elif figure == 1:
        alone = sum(len(people) == 1 for people in behind)
        sentence = ngettext(
            "One person’s leaving is enough: %(n)d responsibility has no deputy.",
            "One person’s leaving is enough: %(n)d responsibilities have no deputy.",
            alone,
        ) % {"n": alone}
    else:
        sentence = _("Every required responsibility has a holder and a deputy.")
    return Fact(
        BUS_FACTOR.name,
        "known",
        sentence,
        {
            "bus_factor": figure,
            "required": len(required),
            "vacant": vacant,
            "with_deputy": sum(len(people) > 1 for people in behind),
            "people": len(set().union(*behind)),
        },
        {
            "owners": digest_of(
                sorted([str(row.ref), row.responsibility, str(row.holder_id), str(row.deputy_id or "")] for row in rows)
            )
        },
    )


def read(use_case: UseCase) -> Iterator[Fact]:
    yield bus_factor(use_case)


PROVIDER = FactProvider("use_case", (BUS_FACTOR,), read)
