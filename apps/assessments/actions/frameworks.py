"""Frameworks: proposed by one governance lead, published by another, immutable from then on."""

from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.assessments.errors import FrameworkInvalid
from apps.assessments.framework import parse
from apps.assessments.models import FrameworkVersion
from apps.people.four_eyes import Rules
from apps.people.models import User

FOLDER = Path(__file__).resolve().parent.parent / "frameworks"
FRAMEWORKS = Rules(
    FrameworkVersion,
    "framework",
    "framework_version",
    parse,
    FrameworkInvalid,
    gettext_lazy("Frameworks are proposed and published by governance leads."),
)


def propose_framework(source: str, *, by: User, note: str = "") -> FrameworkVersion:
    """Keep an edited framework as the next version, to be published by a second governance lead."""
    version: FrameworkVersion = FRAMEWORKS.propose(source, by=by, note=note)
    return version


def publish_framework(version: FrameworkVersion, *, by: User) -> FrameworkVersion:
    """Publish a proposed version; assessments that were started keep theirs."""
    published: FrameworkVersion = FRAMEWORKS.publish(version, by=by)
    return published


def withdraw_framework(version: FrameworkVersion, *, by: User) -> FrameworkVersion:
    """Take a proposed version back."""
    withdrawn: FrameworkVersion = FRAMEWORKS.withdraw(version, by=by)
    return withdrawn


def import_default_frameworks() -> list[FrameworkVersion]:
    """Publish the frameworks of the repository as version 1 where there is none of their kind."""
    return FRAMEWORKS.import_defaults(FOLDER, _("The framework that Fourgate comes with"))
