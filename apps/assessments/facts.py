"""What is known of a use case that no lower app tells: its names, its rules, its fit, its signed verdict.

Signals from production are not registered yet: their fact is defined and never read, it is *unknown*.
"""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.assessments import reading
from apps.assessments.fit import Recommendation, recommend
from apps.assessments.framework import VERDICT_TITLES, VERDICTS
from apps.assessments.models import Assessment
from apps.core.canonical import digest_of
from apps.core.subjects import SubjectRef
from apps.evidence.facts import Fact, FactDefinition, FactProvider, Figure
from apps.gates.lanes import KINDS
from apps.gates.models import PolicyVersion
from apps.owners import holders
from apps.people.models import Membership, User
from apps.people.roles import roles_with
from apps.usecases.models import UseCase

DECIDERS = ("business_owner", "technical_owner", "governance_owner")
NAMED = (*DECIDERS, "sponsor", "compliance_reviewer")
RECORDS = (
    FactDefinition(
        "usecase.owners",
        lazy("Named owners"),
        lazy("Which responsibilities of the use case are held, and by how many people."),
        {
            "vacant": lazy("Vacant responsibilities"),
            "deciders": lazy("People who are business, technical or governance owner"),
            "sponsor": lazy("a sponsor is named"),
            "compliance_reviewer": lazy("a compliance reviewer is named"),
        },
        frozenset({("use_case", "holder")}),
    ),
    FactDefinition(
        "usecase.operators",
        lazy("People who can run it"),
        lazy("Active people of the team who may register data, and whether the technical owner has a deputy."),
        {"people": lazy("People"), "technical_deputy": lazy("the technical owner has a deputy")},
    ),
    FactDefinition(
        "usecase.policies",
        lazy("Gate policies in force"),
        lazy("For how many of the four gates a policy is published."),
        {"published": lazy("Gates with a published policy")},
    ),
    FactDefinition(
        "usecase.fit",
        lazy("Use-case fit"),
        lazy("Which way the table of rules recommends."),
        {
            "stated": lazy("the task is described"),
            "recommended": lazy("Recommended way"),
            "speaks_for_tuning": lazy("tuning is part of the recommended way"),
        },
    ),
)
UNREAD = (
    FactDefinition(
        "usecase.monitoring",
        lazy("Signals"),
        lazy("Not known yet: signals are not registered here."),
        {"signals": lazy("Signals that are watched")},
    ),
)
READINESS = FactDefinition(
    "usecase.readiness",
    lazy("Readiness"),
    lazy("The verdict of the newest signed assessment, with the facts as they are now."),
    {
        "verdict": lazy("Verdict"),
        "rank": lazy("Verdict as a number, 0 (not ready) to 3 (ready for production)"),
        "signed": lazy("an assessment is signed"),
        "contradicted": lazy("Claims that the facts contradict"),
    },
)


def read(use_case: UseCase) -> list[Fact]:
    """Return what the records of names, rules and fit say; seven queries."""
    ref = SubjectRef("use_case", use_case.pk)
    held = holders.holders(ref, [ref])
    return [_owners(held), _operators(use_case, held), _policies(), _fit(use_case)]


def _owners(held: dict[str, Any]) -> Fact:
    vacant = [name for name in NAMED if name not in held]
    deciders = {held[name].holder_id for name in DECIDERS if name in held}
    sentence = (
        ngettext("%(n)d responsibility is vacant.", "%(n)d responsibilities are vacant.", len(vacant))
        % {"n": len(vacant)}
        if vacant
        else _("Every responsibility of the use case is held.")
    )
    figures = {
        "vacant": len(vacant),
        "deciders": len(deciders),
        "sponsor": "sponsor" in held,
        "compliance_reviewer": "compliance_reviewer" in held,
    }
    origin = digest_of(sorted([name, str(row.holder_id)] for name, row in held.items()))
    return Fact("usecase.owners", "known", sentence, figures, {"ownerships": origin})


def _operators(use_case: UseCase, held: dict[str, Any]) -> Fact:
    people = (
        Membership.objects.filter(
            team=use_case.team_id,
            role__in=roles_with("dataset.register"),
            user__is_active=True,
            user__kind=User.Kind.PERSON,
        )
        .values("user")
        .distinct()
        .count()
    )
    technical = held.get("technical_owner")
    deputy = technical is not None and technical.deputy_id is not None
    sentence = ngettext("%(n)d person may register data", "%(n)d people may register data", people) % {"n": people}
    sentence += _("; the technical owner has a deputy.") if deputy else _("; the technical owner has no deputy.")
    figures = {"people": people, "technical_deputy": deputy}
    return Fact("usecase.operators", "known", sentence, figures, {"figures": digest_of(figures)})


def _policies() -> Fact:
    kinds = [kind for kind, _title, _subtitle in KINDS]
    published = set(
        PolicyVersion.objects.filter(kind__in=kinds, state=PolicyVersion.State.PUBLISHED).values_list("kind", flat=True)
    )
    sentence = _("%(n)d of the four gates have a published policy.") % {"n": len(published)}
    return Fact(
        "usecase.policies", "known", sentence, {"published": len(published)}, {"kinds": digest_of(sorted(published))}
    )


def _fit(use_case: UseCase) -> Fact:
    rows = Assessment.objects.filter(use_case=use_case).select_related("framework").order_by("-number")
    assessment = rows.first()
    statement = assessment.fit_statements.order_by("-revision").first() if assessment else None
    found = Recommendation((), ())
    tuned: tuple[str, ...] = ()
    if assessment is not None and statement is not None:
        fit = reading.framework_of(assessment).fit
        found, tuned = recommend(fit, statement.values), fit.tuned
    best = found.best.option if found.best else None
    figures: dict[str, Figure] = {
        "stated": best is not None,
        "recommended": best.title if best else "",
        "speaks_for_tuning": best is not None and best.id in tuned,
    }
    sentence = _("Recommended: %(way)s.") % {"way": best.title} if best else _("The task is not described yet.")
    return Fact("usecase.fit", "known", sentence, figures, {"values": digest_of(statement.values if statement else {})})


def read_readiness(use_case: UseCase) -> list[Fact]:
    """Return the verdict of the newest signed assessment, judged by the facts as they are now."""
    rows = Assessment.objects.filter(use_case=use_case, state=Assessment.State.SIGNED)
    assessment = rows.select_related("framework", "use_case__team").order_by("-number").first()
    if assessment is None:
        none: dict[str, Figure] = {"verdict": VERDICTS[0], "rank": 0, "signed": False, "contradicted": 0}
        return [Fact(READINESS.name, "known", _("No assessment is signed."), none)]
    verdict = reading.read(assessment).verdict
    figures: dict[str, Figure] = {
        "verdict": verdict.level,
        "rank": VERDICTS.index(verdict.level),
        "signed": True,
        "contradicted": len(verdict.contradicted),
    }
    sentence = _("%(verdict)s, by assessment %(n)d.") % {
        "verdict": VERDICT_TITLES[verdict.level],
        "n": assessment.number,
    }
    return [Fact(READINESS.name, "known", sentence, figures, {"assessment": assessment.digest})]


PROVIDERS = (
    FactProvider("use_case", (*RECORDS, *UNREAD), read),
    FactProvider("use_case", (READINESS,), read_readiness),
)
