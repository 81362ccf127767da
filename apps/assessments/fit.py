"""Use-case fit: which way suits the task, by a table of rules that everybody can read."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.assessments.framework import Fit, FitOption, FitRule


@dataclass(frozen=True, slots=True)
class Weighed:
    """One option with the rules that speak for it and against it."""

    option: FitOption
    speaks_for: tuple[FitRule, ...]
    against: tuple[FitRule, ...]

    @property
    def balance(self) -> int:
        return len(self.speaks_for) - len(self.against)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The options in order, the best first; nothing is recommended while an input is missing."""

    options: tuple[Weighed, ...]
    missing: tuple[str, ...]

    @property
    def best(self) -> Weighed | None:
        return self.options[0] if self.options and not self.missing else None


def recommend(fit: Fit, values: Mapping[str, str]) -> Recommendation:
    """Weigh the options: more reasons for than against goes first; of equal ones the one that is listed first."""
    applying = [rule for rule in fit.rules if all(values.get(name) in wanted for name, wanted in rule.when.items())]
    weighed = [
        Weighed(
            option,
            tuple(rule for rule in applying if option.id in rule.speaks_for),
            tuple(rule for rule in applying if option.id in rule.against),
        )
        for option in fit.options
    ]
    missing = tuple(row.id for row in fit.inputs if values.get(row.id) not in {choice.value for choice in row.choices})
    return Recommendation(tuple(sorted(weighed, key=lambda row: -row.balance)), missing)
