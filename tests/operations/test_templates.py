"""Review templates are data, changed by two people."""

import pytest

from apps.core.errors import Refusal
from apps.operations import actions
from apps.operations.actions.templates import FOLDER, template_of
from apps.operations.models import ReviewTemplate
from apps.operations.template import parse
from apps.people.four_eyes import RuleVersion
from tests.operations.scenery import (
    make_calendar,
    make_operating,
    newest,
    plan,
    propose_template,
    refuses,
)
from tests.people.factories import member
from tests.scenery import make_scene

GOOD = (FOLDER / "daily.yaml").read_text(encoding="utf-8")


def test_the_four_that_fourgate_comes_with_are_good() -> None:
    found = {parse(path.read_text(encoding="utf-8")).kind for path in FOLDER.glob("*.yaml")}
    assert found == {"daily", "weekly", "monthly", "quarterly"}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("kind: daily", "kind: yearly", "“yearly” is not known"),
        ("responsibility: technical_owner", "responsibility: data_steward", "“data_steward” is not known"),
        ("missed_after_days: 1", "missed_after_days: 90", "a whole number from 0 to 60"),
        ("missed_after_days: 1\n", "", "a whole number from 0 to 60"),
        ("id: exceptions_settled", "id: outputs_sampled", "stands twice"),
        ("id: exceptions_settled", "id: x\n    fact: usecase.nothing", "“usecase.nothing” is not known"),
        ("id: exceptions_settled", "id: x\n    figure: vacant", "“figure” needs a “fact”"),
        ("id: exceptions_settled", "id: x\n    fact: usecase.owners\n    figure: vacant", "Give exactly one of"),
        ("id: exceptions_settled", "id: x\n    colour: red", "“colour” is not known"),
        ("title: Daily review", "title: 7", "“title” needs a text"),
    ],
)
def test_a_mistake_is_named_with_its_line(before: str, after: str, says: str) -> None:
    assert before in GOOD
    with pytest.raises(Refusal) as caught:
        parse(GOOD.replace(before, after))
    assert caught.value.code == "review_template_invalid"
    assert any(text.startswith("Line ") and says in text for text in caught.value.errors["/source"])


@pytest.mark.django_db
def test_a_template_is_proposed_by_one_and_published_by_another_and_holds_from_the_next_period_on() -> None:
    scene = make_operating()
    make_calendar(scene)
    before = newest(plan(scene)).template
    version = propose_template(scene)
    with refuses("second_person_needed"):
        actions.publish_review_template(version, by=scene.lead)
    second = member(scene.team, "governance_lead", name="Second")
    published = actions.publish_review_template(version, by=second)
    assert published.state == RuleVersion.State.PUBLISHED
    assert template_of("daily") == published
    assert newest(scene.use_case.review_plans.get()).template == before
    with refuses("version_not_proposed"):
        actions.withdraw_review_template(published, by=scene.lead)


@pytest.mark.django_db
def test_who_is_no_governance_lead_proposes_nothing() -> None:
    scene = make_scene(complete=False)
    with refuses("not_permitted"):
        actions.propose_review_template(GOOD + "\n", by=scene.engineer)
    with refuses("review_template_invalid"):
        actions.propose_review_template(GOOD, by=scene.lead)


@pytest.mark.django_db
def test_the_defaults_are_imported_once() -> None:
    assert ReviewTemplate.objects.filter(state="published", number=1).count() == 4
    assert actions.import_default_review_templates() == []
