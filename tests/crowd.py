"""A team's world of any size: ``grow`` adds so many of every kind to what stands already."""

import dataclasses
import datetime as dt
import hashlib
import itertools
from typing import Any

from allauth.usersessions.models import UserSession
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from apps.agenda.models import Notification, Subscription, Webhook, WebhookDelivery, WebhookTry
from apps.assessments import actions as assessments
from apps.assessments.models import Assessment, FrameworkVersion
from apps.core import jobs, subjects
from apps.core.clock import now, today
from apps.core.identifiers import new_id
from apps.core.models import Job
from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.datasets.models import (
    AnnotationTable,
    Copy,
    DatasetVersion,
    Description,
    Guideline,
    Inspection,
    LineageEdge,
    LineageNode,
    SampleAudit,
    VersionExport,
)
from apps.datasets.refs import dataset_ref, node_ref, source_ref, version_ref
from apps.evaluations import actions as evaluations
from apps.evaluations.models import (
    Baseline,
    Comparison,
    EvaluationImport,
    EvaluationRun,
    FailureCase,
    OutputReview,
    RedTeamFinding,
    Suite,
    SuiteVersion,
)
from apps.evidence import actions as evidence
from apps.evidence.models import Attestation, Document
from apps.gates import actions as gates
from apps.gates.models import Condition, PolicyVersion, SignOff, Thread, Waiver
from apps.ledger import actions as ledger
from apps.ledger.actions import record_on
from apps.ledger.models import Checkpoint, Entry, Export
from apps.operations import actions as operations
from apps.operations.models import FollowUp, Review, ReviewPlan, ReviewTemplate, TeamCalendar
from apps.owners import actions as owners
from apps.owners.continuity import scenario
from apps.owners.models import ContinuityDrill, Ownership, OwnershipOffer
from apps.people import actions as people
from apps.people.models import ApiToken, Membership, User
from apps.people.roles import Role
from apps.registry import actions as registry
from apps.registry.models import Model, ModelVersion, TrainingRun
from apps.registry.refs import model_ref, model_version_ref, run_ref
from apps.releases import actions as releases
from apps.releases.models import Environment, Rehearsal, Release, Rollback
from apps.usecases import actions as usecases
from apps.usecases.models import UseCase
from tests.agenda.scenery import make_mail, make_notification, make_webhook
from tests.assessments.scenery import answer, make_assessment
from tests.commits import settle
from tests.datasets.scenery import make_lineage
from tests.datasets.sensitive_scenery import decide, put_sensitive
from tests.evaluations.scenery import SOURCE as SUITE
from tests.evaluations.scenery import (
    evaluate,
    figures,
    make_baseline,
    make_review,
    make_suite,
    make_suite_version,
    scores,
)
from tests.operations.scenery import make_calendar, newest, perform, terms
from tests.operations.scenery import plan as plan_reviews
from tests.people.factories import make_user, member
from tests.registry.scenery import make_model, make_model_version, make_run
from tests.releases.scenery import (
    first_version,
    make_environment,
    make_live,
    next_version,
    propose,
    publish_policies,
)
from tests.scenery import (
    Scene,
    add_annotations,
    ask_for_table,
    hand_over,
    make_copy,
    make_export,
    make_gate,
    make_scene,
    name_holder,
    publish_guideline,
    upload,
)

_count = itertools.count(1)


@dataclasses.dataclass
class Crowd:
    """The team that pages are read about, one who reads with every role in every team, one with the organisation's."""

    scene: Scene
    reader: User
    administrator: User
    gate: Any = None

    @property
    def viewers(self) -> list[User]:
        return [self.reader, self.administrator]

    def objects(self) -> dict[str, Any]:
        """Return one identifier for each endpoint's name, of the thing that has the most below it."""
        scene, reader = self.scene, self.reader
        return {
            "team": scene.team.pk,
            "user": scene.engineer.pk,
            "use-case": scene.use_case.pk,
            "ownership": Ownership.objects.filter(team=scene.team).latest("id").pk,
            "handover": OwnershipOffer.objects.filter(to=reader, state="pending").latest("id").pk,
            "continuity-drill": ContinuityDrill.objects.latest("id").pk,
            "source": scene.dataset.sources.first().pk,
            "dataset": scene.dataset.pk,
            "dataset-version": scene.version.pk,
            "guideline": Guideline.objects.filter(dataset=scene.dataset).latest("id").pk,
            "annotation": AnnotationTable.objects.filter(version=scene.version).latest("id").pk,
            "lineage-node": LineageNode.objects.filter(team=scene.team, kind="run").latest("id").pk,
            "lineage-edge": LineageEdge.objects.filter(team=scene.team).latest("id").pk,
            "dataset-description": Description.objects.filter(dataset=scene.dataset).latest("id").pk,
            "dataset-copy": Copy.objects.filter(version=scene.version).latest("id").pk,
            "dataset-export": VersionExport.objects.filter(version=scene.version).latest("id").pk,
            "sample-audit": SampleAudit.objects.latest("id").pk,
            "model": Model.objects.filter(use_case=scene.use_case).earliest("id").pk,
            "training-run": TrainingRun.objects.filter(model__use_case=scene.use_case).earliest("id").pk,
            "model-version": ModelVersion.objects.filter(model__use_case=scene.use_case).latest("id").pk,
            "environment": Environment.objects.filter(team=scene.team).earliest("id").pk,
            "release": Release.objects.live().filter(environment__team=scene.team).earliest("id").pk,
            "rollback": Rollback.objects.filter(release__environment__team=scene.team).latest("id").pk,
            "rehearsal": Rehearsal.objects.latest("id").pk,
            "document": Document.objects.filter(team=scene.team).latest("id").pk,
            "attestation": Attestation.objects.latest("id").pk,
            "suite": Suite.objects.filter(use_case=scene.use_case).earliest("id").pk,
            "suite-version": SuiteVersion.objects.filter(suite__use_case=scene.use_case, signature__isnull=False)
            .latest("id")
            .pk,
            "baseline": Baseline.objects.filter(use_case=scene.use_case).latest("id").pk,
            "evaluation-import": EvaluationImport.objects.latest("id").pk,
            "evaluation-run": EvaluationRun.objects.filter(model_version__isnull=False).latest("id").pk,
            "evaluation-failure": FailureCase.objects.latest("id").pk,
            "red-team-finding": RedTeamFinding.objects.latest("id").pk,
            "output-review": OutputReview.objects.latest("id").pk,
            "comparison": Comparison.objects.latest("id").pk,
            "gate": self.gate.pk,
            "waiver": Waiver.objects.filter(gate=self.gate).latest("id").pk,
            "gate-thread": Thread.objects.filter(gate=self.gate).latest("id").pk,
            "gate-condition": Condition.objects.filter(sign_off__gate=self.gate).latest("id").pk,
            "assessment": Assessment.objects.filter(use_case=scene.use_case).latest("id").pk,
            "framework": FrameworkVersion.objects.latest("id").pk,
            "policy": PolicyVersion.objects.latest("id").pk,
            "ledger-entry": Entry.objects.filter(team_id=scene.team.pk, seq__isnull=False).latest("seq").seq,
            "ledger-checkpoint": Checkpoint.objects.values_list("size", flat=True)[0],
            "ledger-export": Export.objects.filter(requested_by=reader.pk).latest("id").pk,
            "notification": Notification.objects.filter(user=reader).latest("id").pk,
            "job": Job.objects.filter(requested_by=reader.pk).latest("id").pk,
            "webhook": Webhook.objects.filter(team=scene.team).earliest("id").pk,
            "token": ApiToken.objects.filter(user=reader).latest("id").id,
            "absence": reader.absences.latest("id").pk,
            "review": Review.objects.filter(plan__use_case=scene.use_case, state="performed").earliest("id").pk,
            "review-plan": ReviewPlan.objects.filter(use_case=scene.use_case).earliest("id").pk,
            "review-template": ReviewTemplate.objects.latest("id").pk,
            "review-follow-up": FollowUp.objects.filter(owner=reader).latest("id").pk,
            "team-calendar": TeamCalendar.objects.get(team=scene.team).pk,
        }


def make_crowd() -> Crowd:
    scene = make_scene(name="The crowd")
    reader = member(scene.team, *Role.values, name="Reads everything")
    administrator = member(scene.team, *Role.values, name="Administers", organisation_role="administrator")
    for responsibility, holder in (
        ("business_owner", reader),
        ("compliance_reviewer", administrator),
        ("review_lead", reader),
    ):
        held = Ownership.objects.active().get(team=scene.team, responsibility=responsibility)
        deputy = member(scene.team, responsibility, name=f"Deputy {responsibility}")
        hand_over(held, holder, by=scene.lead, deputy=deputy)
    return Crowd(scene, reader, administrator)


def grow(crowd: Crowd, count: int) -> None:
    """Add ``count`` teams with all that is theirs, and ``count`` of everything to the crowd's own.

    Gates come last, and hear of what is below them once: every change that they hear of builds their dossiers anew.
    """
    with subjects.together():
        for _number in range(count):
            _another_team(crowd)
        _own_things(crowd, count)
        _assessments(crowd, count)
        _papers(crowd, count)
        versions = _versions(crowd, count)
        _annotated(crowd, count)
        _lineage(crowd, count)
        _custody(crowd, count)
        _sensitive(crowd, count)
        _models(crowd, count, versions)
        _evaluations(crowd, count)
        _releases(crowd, count)
        _reviews(crowd, count)
    _gate_of_many(crowd, count)
    for version in versions:
        gates.open_gate("start", version_ref(version), by=_fresh(crowd.reader))
    settle()
    _webhooks(crowd, count)


def _another_team(crowd: Crowd) -> None:
    """Add a team with a vacancy, whose gate waits for the reader, or for the administrator in their absence."""
    scene = make_scene(name=f"Crowd {next(_count)}")
    for viewer in crowd.viewers:
        Membership.objects.create(team=scene.team, user=viewer, role=Role.GOVERNANCE_LEAD)
    held = Ownership.objects.active().filter(team=scene.team)
    hand_over(held.get(responsibility="business_owner"), crowd.reader, by=scene.lead, deputy=crowd.administrator)
    owners.vacate(held.get(responsibility="sponsor"), by=scene.lead)
    make_gate(scene)
    make_calendar(scene, holidays=[{"date": f"{dt.date.today().year}-01-01", "name": "New Year"}])
    answer(make_assessment(scene), "splits_identified", "yes", scene)


def _webhooks(crowd: Crowd, count: int) -> None:
    """Make webhooks of the team and of the organisation; send ever more to the first one, in ever more tries."""
    team = crowd.scene.team
    for _number in range(count):
        make_webhook(team, crowd.scene.lead, name=f"Hook {next(_count)}", kinds=["gate."])
        make_webhook(None, _fresh(crowd.administrator), name=f"Hook {next(_count)}", kinds=["gate."])
    first = Webhook.objects.filter(team=team).earliest("id")
    sent = first.deliveries.values("seq")
    for entry in (
        Entry.objects.filter(team_id=team.pk, seq__isnull=False).exclude(seq__in=sent).order_by("-seq")[:count]
    ):
        WebhookDelivery.objects.create(webhook=first, seq=entry.seq, state="dead", settled_at=now())
    for delivery in first.deliveries.all():
        for _number in range(count):
            WebhookTry.objects.create(delivery=delivery, status=500, answer="Oh", duration_ms=7)


def _fresh(user: User) -> User:
    found = User.objects.get(pk=user.pk)
    found.credential = "test"
    return found


def _own_things(crowd: Crowd, count: int) -> None:
    scene, reader = crowd.scene, _fresh(crowd.reader)
    sources = list(scene.dataset.sources.all())
    for _number in range(count):
        number = next(_count)
        values = {"kind": "application", "is_authoritative": True}
        sources.append(datasets.create_source(scene.team, by=scene.engineer, name=f"Source {number}", **values))
        dataset = datasets.create_dataset(scene.use_case, by=reader, name=f"Data {number}", sources=sources[:2])
        _register(dataset, [reader], reader)
        outsider = make_user(f"Outsider {number}")
        people.give_grant(outsider, dataset_ref(scene.dataset), by=scene.lead)
        people.give_grant(outsider, SubjectRef("use_case", scene.use_case.pk), by=scene.lead)
        steward = member(scene.team, "data_steward", "member", name=f"Steward {number}")
        held = Ownership.objects.active().get(team=scene.team, responsibility="data_steward")
        hand_over(held, steward, by=scene.lead, deputy=scene.lead)
        offer = owners.offer(dataset_ref(dataset), "data_steward", reader, by=scene.lead)
        owners.decline(offer, by=reader, reason="Somebody else knows it better")
        sponsor = Ownership.objects.active().get(team=scene.team, responsibility="sponsor")
        owners.decline(owners.hand_over(sponsor, steward, by=scene.lead), by=steward, reason="Too much")
        owners.offer(dataset_ref(dataset), "source_owner", reader, by=scene.lead, note="Please")
        owners.record_drill(scenario([reader], [], None), by=scene.lead)
        for viewer in crowd.viewers:
            day = dt.date(2030, 1, 1) + dt.timedelta(days=number)
            people.record_absence(viewer, day, day, by=viewer)
            people.create_token(viewer, f"Token {number}", ["read"], by=viewer)
            UserSession.objects.create(user=viewer, ip="127.0.0.1", user_agent="Test", session_key=f"{viewer}{number}")
    datasets.edit_dataset(scene.dataset.pk, by=scene.engineer, revision=None, sources=sources)


def _register(dataset: Any, uploaders: list[User], by: User) -> Any:
    """Register a version with one training file of each uploader."""
    files = []
    for uploader in uploaders:
        number = next(_count)
        files.append(upload(dataset, f"train-{number}.csv", f"text,category\nWord {number},a\nOther,b\n", uploader))
    test = upload(dataset, "test.csv", f"text,category\nAsked {next(_count)},a\n", by)
    return datasets.register_version(
        dataset, {"train": files, "test": [test]}, by=by, fewer_splits_reason="The publisher made two"
    )


def _versions(crowd: Crowd, count: int) -> list[DatasetVersion]:
    """Register versions of the crowd's dataset; the scene's own has a file and an author for each. Return the rest."""
    scene = crowd.scene
    stewards = list(User.objects.filter(name__startswith="Steward", memberships__team=scene.team).distinct())
    versions = [_register(scene.dataset, stewards[:1], _fresh(crowd.reader)) for _number in range(count)]
    Inspection.objects.filter(version__registered_by=crowd.reader).update(state="failed", error="Broken")
    Job.objects.filter(state="queued").update(state="done")
    scene.version = _register(scene.dataset, stewards[-count:], scene.engineer)
    jobs.run_waiting()
    _audits(crowd, versions, stewards[:2])
    return versions


def _annotated(crowd: Crowd, count: int) -> None:
    """Publish guidelines and leave a draft; annotate the scene's version by ever more people, and be refused too."""
    scene = crowd.scene
    draft = Guideline.objects.filter(dataset=scene.dataset, state="draft").first()
    for _number in range(count):
        if draft is not None:
            owner = scene.people["annotation_owner"]
            datasets.edit_guideline(draft.pk, by=scene.engineer, revision=None, rules=[f"Rule {next(_count)}"])
            datasets.publish_guideline(draft.pk, by=owner, revision=None)
            draft = None
        publish_guideline(scene, *[f"Rule {next(_count)}" for _rule in range(count)])
        rows = [f"{item},{who} {next(_count)},{'ab'[(item + who) % 2]}" for item in range(count) for who in range(3)]
        add_annotations(scene, "item,annotator,label\n" + "\n".join(rows) + "\n")
    ask_for_table(scene)
    datasets.draft_guideline(scene.dataset, by=scene.engineer)
    for version in DatasetVersion.objects.filter(dataset=scene.dataset).exclude(pk=scene.version.pk)[:count]:
        offer = upload(scene.dataset, "refused.csv", f"item,annotator,label\n,{next(_count)},a\n", crowd.reader)
        datasets.add_annotations(version, offer.upload, by=_fresh(crowd.reader))
    jobs.run_waiting()


def _lineage(crowd: Crowd, count: int) -> None:
    """Let sources and extracts go through one run into the crowd's versions, as many steps however many there are."""
    scene = crowd.scene
    first = scene.dataset.versions.earliest("number")
    for _number in range(count):
        lineage = make_lineage(scene, f" {next(_count)}")
        extract = datasets.record_node(scene.team, "extract", f"Read by the run {next(_count)}", by=scene.engineer)
        datasets.record_edge(source_ref(lineage.source), node_ref(extract), by=scene.engineer)
        copy = {"namespace": "s3://copies", "name": str(next(_count))}
        lineage.tell(
            inputs=[lineage.named(lineage.extract), lineage.named(extract)],
            outputs=[lineage.named(first), lineage.named(scene.version), copy],
        )


def _custody(crowd: Crowd, count: int) -> None:
    """Register copies that are due for the reader, extended and deleted ones; links that were followed."""
    scene, reader = crowd.scene, _fresh(crowd.reader)
    for number in range(count):
        until = today() + dt.timedelta(days=1 + number % 5)
        copy = make_copy(scene, f"Host {next(_count)}", owner=reader, keep_until=until, keep_days=None)
        for more in range(3):
            datasets.extend_copy(
                copy, until + dt.timedelta(days=1 + more), by=scene.lead, reason="A run still needs it"
            )
        gone = make_copy(scene, f"Tape {next(_count)}", owner=reader)
        datasets.record_deletion(gone, "removed", by=reader, proof="Ticket 7")
    for _number in range(count):
        export = make_export(scene, is_for_anyone=True, most_downloads=100)
        for _follow in range(count):
            datasets.download_export(export, by=reader)


def _audits(crowd: Crowd, versions: list[DatasetVersion], stewards: list[User]) -> None:
    """Audit the versions registered before, and the newest again and again: one audit is under way at the end."""
    scene, reader = crowd.scene, _fresh(crowd.reader)
    reviewers = [crowd.administrator, *stewards]
    for version in versions:
        datasets.compare_versions(scene.version, version, by=reader)
        datasets.draw_sample(version, by=reader, reviewers=reviewers, reviewers_per_row=2)
    for _number in versions:
        audit = datasets.draw_sample(scene.version, by=reader, reviewers=reviewers, reviewers_per_row=2)
        jobs.run_waiting()
        datasets.withdraw_audit(audit, by=reader, reason="Once more")
    audit = datasets.draw_sample(scene.version, by=reader, reviewers=reviewers, reviewers_per_row=2)
    jobs.run_waiting()
    rows = list(audit.rows.all())
    for row in rows[:-1]:
        datasets.judge(audit, row.position, by=stewards[0], verdict="good")
        datasets.judge(audit, row.position, by=_fresh(crowd.administrator), verdict="unsure")


def _sensitive(crowd: Crowd, count: int) -> None:
    """Find sensitive data in as many datasets, and decide anew as often on the kinds of the scene's own version."""
    scene = crowd.scene
    sources = list(scene.dataset.sources.all())
    for _number in range(count):
        values = {"name": f"Found {next(_count)}", "sources": sources[:1]}
        dataset = datasets.create_dataset(scene.use_case, by=scene.engineer, **values)
        version = _register(dataset, [scene.engineer], scene.engineer)
        put_sensitive(version)
        Inspection.objects.filter(version=version).update(state="done")
    put_sensitive(scene.version)
    for number in range(count):
        for kind in ("email", "phone"):
            decide(scene, kind, "masked", f"The {number + 1}. time", by=_fresh(crowd.administrator))


def _document(scene: Scene, ref: SubjectRef, kind: str) -> Document:
    file = SimpleUploadedFile("paper.txt", f"Paper {next(_count)}".encode())
    return evidence.add_document(ref, kind, f"Paper {next(_count)}", by=scene.engineer, file=file)


def _evaluations(crowd: Crowd, count: int) -> None:
    """Sign suites, evaluate ever more versions and baselines with them, and leave work for the reader."""
    scene, reader = crowd.scene, _fresh(crowd.reader)
    first = Suite.objects.filter(use_case=scene.use_case).order_by("id").first() or make_suite(scene)
    for _number in range(count):
        number = next(_count)
        for suite in (first, make_suite(scene, name=f"Suite {number}")):
            source = SUITE.replace("at_most: 500", f"at_most: {500 + number}")
            make_suite_version(scene, suite, source, sign=suite is first)
        newest = SuiteVersion.objects.filter(suite=first).latest("number")
        baseline = make_baseline(scene, name=f"Baseline {number}", prompts=str(number))
        beside = evaluate(scene, newest, baseline)
        candidate = make_model_version(scene, scene.use_case.models.earliest("id").runs.earliest("id"), f"e.{number}")
        run = evaluate(scene, newest, candidate, figures(), scores())
        evaluations.start_import(newest, [figures({"accuracy": 0.5})], by=scene.engineer)
        evaluations.compare_runs(run, [beside], by=scene.engineer)
        make_review(scene, run, judges=[reader, crowd.administrator])
    run = EvaluationRun.objects.filter(model_version__isnull=False).latest("id")
    for _number in range(count):
        case = f"c{next(_count)}"
        evaluations.note_failure(
            evaluate(scene, run.suite_version, run.subject, values={"accuracy": 0.1}),
            case,
            by=scene.engineer,
            cause="model",
            note="Wrong",
        )
        finding = evaluations.report_finding(
            run.model_version, case, by=scene.lead, description="Asked", severity="high"
        )
        evaluations.retest_finding(finding, by=scene.lead, outcome="gone", note="Again")


def _models(crowd: Crowd, count: int, data: list[Any]) -> None:
    """Register models, and of the first one runs on ever more data, each with a version; all carry documents."""
    scene = crowd.scene
    first = Model.objects.filter(use_case=scene.use_case).order_by("id").first() or make_model(scene)
    uses = [registry.DataUse(version=version.pk) for version in (scene.version, *data[:count])]
    for _number in range(count):
        number = next(_count)
        make_model(scene, name=f"Model {number}")
        run = make_run(scene, first, datasets=uses, seed=number)
        version = make_model_version(scene, run, f"1.{number}")
        for ref in (model_ref(first), run_ref(run), model_version_ref(version)):
            _document(scene, ref, "other")
    for run in first.runs.order_by("id")[:1]:
        for _number in range(count):
            number = next(_count)
            make_model_version(scene, run, f"2.{number}")
            gates.withdraw(gates.open_gate("build", run_ref(run), by=scene.engineer), by=scene.engineer, reason="More")


def _releases(crowd: Crowd, count: int) -> None:
    """Bring a version live in ever more environments; in the first one, roll back and propose again and again."""
    scene = crowd.scene
    publish_policies(scene)
    version = first_version(scene)
    for _number in range(count):
        make_live(scene, make_environment(scene, f"Environment {next(_count)}"), version)
    first = Environment.objects.filter(team=scene.team).earliest("id")
    _another_live(scene, first)
    for _number in range(count):
        releases.roll_back(_another_live(scene, first), by=scene.engineer, reason="Once more")
        digest = "sha256:" + hashlib.sha256(str(next(_count)).encode()).hexdigest()
        propose(scene, first, version, prompt_digest=digest)
    _another_live(scene, first)


def _another_live(scene: Scene, environment: Environment) -> Release:
    number = next(_count)
    return make_live(scene, environment, next_version(scene, f"3.{number}", seed=number))


def _reviews(crowd: Crowd, count: int) -> None:
    """Plan reviews of ever more use cases, perform some with follow-ups, leave others open and overdue."""
    scene, own = crowd.scene, ReviewPlan.objects.filter(use_case=crowd.scene.use_case)
    if not own.exists():
        make_calendar(scene)
        for cadence in ("daily", "monthly"):
            plan_reviews(scene, cadence)
        asked = terms(crowd.reader)
        perform(newest(own.get(cadence="daily")), scene.engineer, outcome="follow_up", follow_up=asked)
    first, moment = newest(own.get(cadence="daily")), now()
    for number in range(count):
        case = dataclasses.replace(scene, use_case=_fresh_use_case(scene))
        hand_over_to = crowd.reader if number % 2 else crowd.administrator
        name_holder(SubjectRef("use_case", case.use_case.pk), "technical_owner", hand_over_to, by=scene.lead)
        done = plan_reviews(case)
        perform(newest(done), _fresh(hand_over_to), outcome="follow_up", follow_up=terms(crowd.reader))
        plan_reviews(case, "weekly")
        operations.comment_on_review(first, by=scene.engineer, text=f"Note {next(_count)}")
        Review.objects.create(
            plan=own.get(cadence="daily"),
            template=first.template,
            first_day=first.first_day - dt.timedelta(days=next(_count)),
            last_day=first.first_day,
            time_zone="UTC",
            opens_at=moment - dt.timedelta(hours=2),
            due_at=moment - dt.timedelta(hours=1),
            lapses_at=moment + dt.timedelta(days=1),
            responsibility="business_owner",
        )
        operations.propose_review_template(f"{first.template.source}\n# {next(_count)}\n", by=scene.lead)


def _fresh_use_case(scene: Scene) -> UseCase:
    made = usecases.create_use_case(
        scene.team, by=scene.lead, name=f"Case {next(_count)}", summary="s", task="t", risk_tier="low"
    )
    UseCase.objects.filter(pk=made.pk).update(phase="pilot")
    return UseCase.objects.get(pk=made.pk)


def _gate_of_many(crowd: Crowd, count: int) -> None:
    """Open and withdraw gates on the newest version; the last one was decided on again and again."""
    scene = crowd.scene
    ref = version_ref(scene.version)
    for _number in range(count):
        gates.withdraw(make_gate(scene), by=scene.engineer, reason="Another one follows")
    for kind in ("retention_statement", "sensitive_data_statement", "labelling_guideline"):
        _document(scene, ref, kind)
    crowd.gate = make_gate(scene)
    for _number in range(count):
        paper = _document(scene, ref, "exclusions")
        reader, administrator, changes = _fresh(crowd.reader), _fresh(crowd.administrator), "request_changes"
        made = scene.sign(crowd.gate, "business_owner", changes, by=reader, comment="More", requirement="leakage")
        _on_condition(crowd, made)
        scene.sign(crowd.gate, "compliance_reviewer", changes, by=administrator, comment="More", requirement="splits")
        _waived(crowd)
        evidence.withdraw_document(paper, by=scene.engineer, reason="Another one follows")
        evidence.attest(ref, "sample_audited", by=_fresh(crowd.reader))
        _document(scene, ref, "other")
    _document(scene, ref, "exclusions")
    crowd.gate.refresh_from_db()


def _on_condition(crowd: Crowd, sign_off: SignOff) -> None:
    """Note a condition of what is no approval: it changes nothing, and is shown."""
    gate, values = crowd.gate, {"text": "Do it", "due_on": "2100-01-01", "responsibility": "sponsor"}
    row = Condition.objects.create(sign_off=sign_off, **values)
    record_on("gate.signed_off", by=sign_off.by, ref=gate.ref, obj=gate, payload={"condition": str(row.pk)})


def _waived(crowd: Crowd) -> None:
    """Note a waiver of something that is met: it changes nothing, and is shown."""
    gate, by = crowd.gate, crowd.scene.lead
    values = {"reason": "It comes", "until": "2100-01-01", "dossier_digest": gate.dossier_digest, "via": "test"}
    moment = {"confirmed_by": "password", "waived_at": now()}
    row = Waiver.objects.create(gate=gate, requirement="splits", by=by, by_name=by.name, **values, **moment)
    record_on("gate.waived", by=by, ref=gate.ref, obj=gate, payload={"waiver": str(row.pk)})


def _assessments(crowd: Crowd, count: int) -> None:
    """Answer again and again, submit and reopen, so that answers, evidence and earlier assessments add up."""
    scene = crowd.scene
    newest = Assessment.objects.filter(use_case=scene.use_case).order_by("id").last() or make_assessment(scene)
    source = FrameworkVersion.objects.get(kind="readiness", number=1).source
    for _number in range(count):
        link = f"https://wiki.example.org/{next(_count)}"
        answer(newest, "splits_identified", "yes", scene, link=link)
        answer(newest, "scope_narrow", "partly", scene, link=link)
        assessments.submit(newest, by=scene.engineer)
        newest = assessments.reopen(newest, by=scene.engineer, reason="Once more")
        assessments.propose_framework(f"{source}\n# {link}\n", by=scene.lead)


def _notifications(crowd: Crowd, count: int) -> None:
    """Tell the readers so many things more, with a mail of each, and have them follow so many subjects."""
    for viewer in crowd.viewers:
        for _number in range(count):
            make_notification(viewer, mail=make_mail(viewer))
            Subscription.objects.create(user=viewer, subject_type="dataset", subject_id=new_id())


def _papers(crowd: Crowd, count: int) -> None:
    """Attach documents everywhere, propose policies, ask for exports, sign checkpoints."""
    scene = crowd.scene
    _notifications(crowd, count)
    source = PolicyVersion.objects.get(kind="start", tier="", number=1).source
    for _number in range(count):
        for ref in (dataset_ref(scene.dataset), SubjectRef("use_case", scene.use_case.pk)):
            _document(scene, ref, "other")
        gates.propose_policy(source.replace("Start gate", f"Start gate {next(_count)}"), by=scene.lead)
        for viewer in crowd.viewers:
            ledger.request_export({"search": "Crowd"}, by=viewer, reason="To read")
            ledger.request_verification(by=viewer)
        settle()
        call_command("notary", "--once")
