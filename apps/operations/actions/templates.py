"""Review templates: proposed by one governance lead, published by another, immutable from then on."""

from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.operations.errors import NoReviewTemplate, ReviewTemplateInvalid
from apps.operations.models import Cadence, ReviewTemplate
from apps.operations.template import parse
from apps.people.four_eyes import Rules, RuleVersion
from apps.people.models import User

FOLDER = Path(__file__).resolve().parent.parent / "rhythms"
TEMPLATES = Rules(
    ReviewTemplate,
    "review_template",
    "review_template",
    parse,
    ReviewTemplateInvalid,
    gettext_lazy("Review templates are proposed and published by governance leads."),
)


def propose_review_template(source: str, *, by: User, note: str = "") -> ReviewTemplate:
    """Keep an edited template as the next version, to be published by a second governance lead."""
    version: ReviewTemplate = TEMPLATES.propose(source, by=by, note=note)
    return version


def publish_review_template(version: ReviewTemplate, *, by: User) -> ReviewTemplate:
    """Publish a proposed version; reviews that are open keep theirs, the next period takes it."""
    published: ReviewTemplate = TEMPLATES.publish(version, by=by)
    return published


def withdraw_review_template(version: ReviewTemplate, *, by: User) -> ReviewTemplate:
    """Take a proposed version back."""
    withdrawn: ReviewTemplate = TEMPLATES.withdraw(version, by=by)
    return withdrawn


def import_default_review_templates() -> list[ReviewTemplate]:
    """Publish the templates of the repository as version 1 where there is none of their kind."""
    return TEMPLATES.import_defaults(FOLDER, _("The review template that Fourgate comes with"))


def in_force() -> dict[str, ReviewTemplate]:
    """Return the newest published template of each cadence; one query."""
    rows = ReviewTemplate.objects.filter(state=RuleVersion.State.PUBLISHED)
    return {row.kind: row for row in rows.order_by("kind", "-number").distinct("kind")}


def template_of(cadence: str) -> ReviewTemplate:
    """Return the template in force for the cadence; raise ``NoReviewTemplate``."""
    found: ReviewTemplate | None = TEMPLATES.newest_published(cadence)
    if found is None:
        raise NoReviewTemplate(
            _("No template is published for the %(cadence)s review. A governance lead publishes one.")
            % {"cadence": str(dict(Cadence.choices).get(cadence, cadence)).lower()}
        )
    return found
