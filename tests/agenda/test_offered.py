"""What apps offer as duties: documents that lapse, samples to audit; and that webhooks hear of what is due."""

import datetime as dt

import pytest

from apps.agenda import duties
from apps.agenda.duties import Duty
from apps.agenda.reminding import remind
from apps.agenda.webhooks import messages
from apps.core.clock import end_of, replay
from apps.datasets.refs import version_ref
from apps.evidence import actions as evidence
from apps.evidence.models import Document
from apps.ledger.models import Entry
from apps.owners import actions as owners
from apps.owners.models import Ownership
from tests.agenda.conftest import MONDAY
from tests.agenda.scenery import make_webhook, read
from tests.people.factories import member
from tests.scenery import Scene

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def offered(kind: str, days: int = 30) -> list[Duty]:
    with replay(MONDAY):
        found = duties.between(MONDAY, MONDAY + days * DAY)
    return [duty for duty in found if duty.kind.partition(".")[0] == kind]


def attach(scene: Scene, until: dt.date | None, kind: str = "retention_statement") -> Document:
    with replay(MONDAY):
        return evidence.add_document(
            version_ref(scene.version),
            kind,
            "Paper",
            by=scene.engineer,
            link="https://wiki.example/1",
            valid_until=until,
        )


def test_a_document_that_lapses_is_due_from_the_data_steward(scene: Scene) -> None:
    last = MONDAY.date() + 10 * DAY
    for row in Document.objects.filter(kind="retention_statement"):
        evidence.withdraw_document(row, by=scene.engineer, reason="Dated ones follow")
    attach(scene, last)
    (duty,) = offered("evidence_lapsing")
    assert (duty.due_at, duty.responsibility) == (end_of(last), "data_steward")
    assert duties.answering([duty])[duty.key].holders == (scene.people["data_steward"].pk,)
    assert offered("evidence_lapsing", days=10) == []
    attach(scene, last + 300 * DAY)
    assert offered("evidence_lapsing") == [], "a later one of the kind stands"


def test_a_document_of_which_one_without_an_end_stands_is_due_from_nobody(scene: Scene) -> None:
    attach(scene, MONDAY.date() + 10 * DAY)
    assert offered("evidence_lapsing") == []


def test_a_version_of_a_major_change_is_to_be_audited_in_two_weeks(scene: Scene) -> None:
    (duty,) = offered("audit_due")
    assert (duty.due_at, duty.responsibility) == (scene.version.created_at + 14 * DAY, "review_lead")
    assert duties.answering([duty])[duty.key].holders == (scene.people["review_lead"].pk,)


def test_what_is_due_and_overdue_reaches_who_asked_for_it(scene: Scene) -> None:
    with replay(MONDAY):
        owners.hand_over(
            Ownership.objects.active().get(subject_type="use_case", responsibility="business_owner"),
            member(scene.team, "business_owner", name="Heir"),
            by=scene.lead,
        )
        hook, _secret = make_webhook(scene.team, scene.lead, kinds=["duty."])
    for day in range(8):
        with replay(MONDAY + dt.timedelta(days=day, hours=4)):
            remind()
            remind()
    read()
    entries = Entry.objects.filter(seq__in=hook.deliveries.values("seq")).order_by("seq")
    assert [(row.action, row.payload["step"]) for row in entries] == [("duty.reminded", "overdue")]
    event = messages.cloud_event(entries[0])
    assert (event["type"], event["data"]["sentence"]) == (
        "fourgate.duty.reminded", "Fourgate reminded of Support assistant"
    )  # fmt: skip
