"""An audit to look at: drawn, judged, closed."""

from typing import Any

from apps.core import jobs
from apps.datasets import actions
from apps.datasets.models import SampleAudit
from apps.people.models import User
from tests.scenery import Scene


def draw(scene: Scene, *reviewers: str, by: User | None = None, **values: Any) -> SampleAudit:
    """Draw a sample as the review lead, for reviewers by the responsibilities that they hold elsewhere."""
    people = [scene.people[name] for name in reviewers or ("data_steward",)]
    audit = actions.draw_sample(
        values.pop("version", scene.version), by=by or scene.people["review_lead"], reviewers=people, **values
    )
    jobs.run_waiting()
    audit.refresh_from_db()
    return audit


def judge_all(audit: SampleAudit, by: User, verdict: str = "good", **values: Any) -> None:
    for row in audit.rows.all():
        actions.judge(audit, row.position, by=by, verdict=verdict, **values)


def closed(scene: Scene, **values: Any) -> SampleAudit:
    """Return a closed audit whose first row is defective."""
    audit = draw(scene, **values)
    steward = scene.people["data_steward"]
    judge_all(audit, steward)
    actions.judge(audit, 1, by=steward, verdict="defective", defect="wrong_label")
    return actions.close_audit(audit, by=scene.people["review_lead"], conclusion="Good enough")
