"""The pages and the endpoints: the same acts, the same refusals, for the right people."""

import json
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from apps.evaluations import actions
from apps.evaluations.errors import (
    CaseUnknown,
    FailureDecided,
    FailureKnown,
    FindingClosed,
    JudgeUnfit,
    NoOutputs,
    NotAJudge,
    NothingToCompare,
    OutputsOpen,
    OwnFix,
    RetestNeeded,
    ReviewClosed,
    ReviewRuns,
)
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
from apps.evidence.errors import FileGone
from tests.api.client import Caller
from tests.evaluations.scenery import (
    CASES,
    a_file,
    evaluate,
    figures,
    furnish,
    make_baseline,
    make_candidate,
    make_review,
    make_suite,
    make_suite_version,
    scores,
    source_of,
    trainer,
)
from tests.people.factories import PASSWORD, token_for
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def reader(scene: Scene, key: str = "technical_owner") -> Client:
    client = Client()
    client.force_login(scene.people[key])
    return client


def text_of(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_a_suite_is_written_published_and_signed_on_pages(scene: Scene) -> None:
    client = reader(scene)
    url = reverse("evaluations:suite_create", args=[scene.use_case.pk])
    assert client.post(url, {"name": "Intents", "purpose": "p"}).status_code == 302
    suite = Suite.objects.get()
    draft = reverse("evaluations:suite_draft", args=[suite.pk])
    refused = client.post(draft, {"source": source_of(scene).replace("group: task", "group: taste")})
    assert refused.status_code == 422
    assert "Line 7" in refused.content.decode()
    assert client.post(draft, {"source": source_of(scene), "note": "First"}).status_code == 302
    version = SuiteVersion.objects.get()
    edit = reverse("evaluations:version_edit", args=[version.pk])
    assert client.post(edit, {"source": version.source, "note": "One", "revision": 1}).status_code == 302
    assert client.post(edit, {"source": version.source, "note": "Two", "revision": 1}).status_code == 412
    assert client.post(reverse("evaluations:version_publish", args=[version.pk])).status_code == 302
    page = text_of(client, "evaluations:version_detail", version.pk)
    assert "Nobody has signed these thresholds yet." in page
    assert 'id="sign"' not in page
    owner = reader(scene, "business_owner")
    assert version.suite.name in owner.get("/").content.decode()
    version.refresh_from_db()
    detail = reverse("evaluations:version_detail", args=[version.pk])
    assert owner.post(detail, {"digest": version.digest, "password": "wrong"}).status_code == 403
    assert owner.post(detail, {"digest": "sha256:other", "password": PASSWORD}).status_code == 409
    assert owner.post(detail, {"digest": version.digest, "password": PASSWORD}).status_code == 302
    assert "Business Owner" in text_of(client, "evaluations:version_detail", version.pk)
    retire = reverse("evaluations:suite_retire", args=[suite.pk])
    assert client.post(retire, {"reason": "Replaced"}).status_code == 302


def test_a_result_is_imported_shown_and_confirmed_on_pages(scene: Scene) -> None:
    version, candidate, client = make_suite_version(scene), make_candidate(scene), reader(scene)
    url = reverse("evaluations:version_import", args=[version.pk])
    refused = client.post(url, {"files": [a_file("x.json", "{]")]})
    assert refused.status_code == 422
    assert "x.json" in refused.content.decode()
    assert client.post(url, {}).status_code == 422
    sent = client.post(url, {"files": [figures({"accuracy": 0.9, "bleu": 1.5}), scores()]})
    imported = EvaluationImport.objects.get()
    assert sent.headers["Location"] == reverse("evaluations:import_detail", args=[imported.pk])
    page = text_of(client, "evaluations:import_detail", imported.pk)
    assert "bleu" in page
    assert "No operational metric was measured." in page
    assert not EvaluationRun.objects.exists()
    body = {"subject": str(candidate.pk), "evaluated_by": str(scene.engineer.pk)}
    assert client.post(sent.headers["Location"], body).status_code == 422
    assert client.post(sent.headers["Location"], {**body, "started_at": "2026-03-01T09:00"}).status_code == 302
    run = EvaluationRun.objects.get()
    page = text_of(client, "evaluations:run_detail", run.pk)
    assert "it is kept and does not count" in page
    assert "No risk metric was measured." in page
    file = run.files.get(kind="scores")
    answer = client.get(reverse("evaluations:run_file", args=[run.pk, file.pk]))
    assert len(b"".join(answer.streaming_content).splitlines()) == len(CASES)  # type: ignore[attr-defined]
    default_storage.delete(file.storage_name)
    assert client.get(reverse("evaluations:run_file", args=[run.pk, file.pk])).status_code == FileGone.status


def test_forms_are_for_those_with_the_permission(scene: Scene) -> None:
    run, client = furnish(scene), reader(scene, "sponsor")
    for name, pk in (
        ("suite_create", scene.use_case.pk),
        ("suite_edit", run.suite_version.suite_id),
        ("suite_draft", run.suite_version.suite_id),
        ("version_import", run.suite_version_id),
        ("baseline_create", scene.use_case.pk),
        ("run_failure_add", run.pk),
        ("run_review_draw", run.pk),
        ("model_version_finding", run.model_version_id),
        ("import_detail", EvaluationImport.objects.get().pk),
    ):
        assert client.get(reverse(f"evaluations:{name}", args=[pk])).status_code == 403, name
    judge = reverse("evaluations:review_judge", args=[OutputReview.objects.get().pk])
    assert client.get(judge).status_code == 403


def test_the_page_of_a_model_version_says_how_it_stands(scene: Scene) -> None:
    run = furnish(scene)
    page = text_of(reader(scene), "evaluations:model_version", run.model_version_id)
    assert "Intents v1" in page
    assert "No risk metric was measured." in page
    assert "Accuracy: at least 0.8" in page
    assert "0 of 1 rows of the suite" in page
    assert "1. Rude" in page
    other = make_candidate(scene, "5.0.0")
    assert "No run of this version counts yet." in text_of(reader(scene), "evaluations:model_version", other.pk)
    facts = text_of(reader(scene), "registry:version_detail", run.model_version_id)
    assert "None of the suites’ 1 rows was seen in training." in facts


def test_two_runs_are_compared_in_words_under_one_link(scene: Scene) -> None:
    version, candidate = make_suite_version(scene), make_candidate(scene)
    baseline = make_baseline(scene)
    better = [(str(n), "pay" if n % 2 else "card", 1) for n in range(40)]
    worse = [(str(n), "pay" if n % 2 else "card", n % 4 != 0) for n in range(40)]
    evaluate(scene, version, baseline, figures({"latency": 100.0}), scores(better))
    evaluate(scene, version, candidate, figures({"latency": 90.0}), scores(worse))
    client = reader(scene)
    url = reverse("evaluations:version_compare", args=[version.pk])
    runs = {run.subject.pk: str(run.pk) for run in EvaluationRun.objects.all()}
    body = {"candidate": runs[candidate.pk], "others": [runs[baseline.pk]]}
    sent = client.post(url, body)
    assert client.post(url, body).headers["Location"] == sent.headers["Location"]
    assert client.post(url, {"candidate": runs[candidate.pk], "others": [runs[candidate.pk]]}).status_code == 422
    comparison = Comparison.objects.get()
    page = client.get(sent.headers["Location"]).content.decode()
    assert "Accuracy is worse than Few-shot prompt by 0.25: 0.75 after 1." in page
    assert "Without scores by case nobody can say how sure that is." in page
    assert comparison.digest[7:15] in page
    found = next(row for row in comparison.result["rows"] if row["metric"] == "accuracy" and not row["segment"])
    pair = found["against"][0]
    assert (pair["cases"], pair["only_candidate"], pair["only_other"], pair["is_sure"]) == (40, 0, 10, True)
    assert pair["p"] == pytest.approx(2 * 0.5**10)
    assert pair["low"] < -0.25 < pair["high"]
    assert comparison.result["rows"][0]["metric"] == "accuracy"
    verdicts = {(row["rule"], row["segment"]): row["outcome"] for row in comparison.result["thresholds"]}
    assert verdicts["not_worse_than_baseline_by", ""] == "missed"
    assert verdicts["not_worse_than_live_by", ""] == "not_applicable"


def test_runs_of_other_suite_versions_are_not_compared(scene: Scene) -> None:
    version, candidate = make_suite_version(scene), make_candidate(scene)
    run = evaluate(scene, version, candidate)
    other = evaluate(scene, make_suite_version(scene, make_suite(scene, name="Other")), candidate)
    for others in ([], [run], [other]):
        with pytest.raises(NothingToCompare):
            actions.compare_runs(run, others, by=scene.engineer)
    status, problem = Caller(scene.engineer).post(
        "comparisons/",
        {"suite_version": str(version.pk), "candidate": str(candidate.pk), "others": [str(make_baseline(scene).pk)]},
    )
    assert (status, problem["code"]) == (422, "nothing_to_compare")


def test_failures_have_a_cause_and_a_decision(scene: Scene) -> None:
    version, client = make_suite_version(scene), reader(scene)
    run = evaluate(scene, version, make_candidate(scene), figures(), scores())
    add = reverse("evaluations:run_failure_add", args=[run.pk])
    body = {"case": "4", "cause": "data_missing", "note": "No such card"}
    assert client.post(add, {**body, "case": "77"}).status_code == CaseUnknown.status
    assert client.post(add, body).status_code == 302
    assert client.post(add, body).status_code == FailureKnown.status
    decide = reverse("evaluations:failure_decide", args=[FailureCase.objects.get().pk])
    assert client.post(decide, {"decision": "fix_data", "note": "Add some"}).status_code == 302
    assert client.post(decide, {"decision": "accept", "note": "No"}).status_code == FailureDecided.status
    page = text_of(client, "evaluations:run_detail", run.pk)
    assert "Nothing like it in the data: No such card" in page
    assert "Mend the data: Add some" in page


def test_a_finding_is_closed_by_a_retest_of_somebody_else(scene: Scene) -> None:
    candidate, client = make_candidate(scene), reader(scene, "compliance_reviewer")
    url = reverse("evaluations:model_version_finding", args=[candidate.pk])
    body = {"title": "Rude", "severity": "critical", "description": "Asked", "found_on": "2999-01-01"}
    assert client.post(url, body).status_code == 422
    assert client.post(url, {**body, "found_on": ""}).status_code == 302
    finding = RedTeamFinding.objects.get()
    close = reverse("evaluations:finding_close", args=[finding.pk])
    assert client.post(close, {"reason": "Filtered"}).status_code == RetestNeeded.status
    retest = reverse("evaluations:finding_retest", args=[finding.pk])
    with pytest.raises(OwnFix):
        actions.retest_finding(finding, by=trainer(scene), outcome="gone", note="Looks fine")
    assert client.post(retest, {"outcome": "still_there", "note": "Again"}).status_code == 302
    assert client.post(close, {"reason": "Filtered"}).status_code == RetestNeeded.status
    assert client.post(retest, {"outcome": "gone", "note": "Ten times"}).status_code == 302
    assert client.post(close, {"reason": "Filtered"}).status_code == 302
    assert client.post(close, {"reason": "Filtered"}).status_code == FindingClosed.status
    assert "Filtered" in text_of(client, "evaluations:finding_detail", finding.pk)


def test_outputs_are_judged_by_people_who_did_not_make_them(scene: Scene) -> None:
    version = make_suite_version(scene)
    run = evaluate(scene, version, make_candidate(scene), figures(), scores())
    bare = evaluate(scene, version, make_candidate(scene, "2.0.0"))
    lead, reviewer = scene.people["review_lead"], scene.people["compliance_reviewer"]
    with pytest.raises(JudgeUnfit):
        make_review(scene, run, judges=[trainer(scene)])
    with pytest.raises(JudgeUnfit):
        make_review(scene, run, judges=[lead], judges_per_output=2)
    with pytest.raises(NoOutputs):
        make_review(scene, bare)
    client = reader(scene)
    draw = reverse("evaluations:run_review_draw", args=[run.pk])
    body = {"wanted": 2, "judges_per_output": 2, "judges": [str(lead.pk), str(reviewer.pk)]}
    assert client.post(draw, body).status_code == 302
    assert client.post(draw, body).status_code == ReviewRuns.status
    review = OutputReview.objects.get()
    assert review.outputs.count() == 2
    url = reverse("evaluations:review_judge", args=[review.pk])
    judge = reader(scene, "review_lead")
    assert "It says" in judge.get(url).content.decode()
    assert judge.post(url, {"position": 1, "choice": "defective"}).status_code == 422
    assert judge.post(url, {"position": 1, "choice": "defective", "note": "Rude"}).status_code == 302
    assert judge.post(url, {"position": 2, "choice": "good"}).status_code == 302
    assert "No output waits for you" in judge.get(url).content.decode()
    close = reverse("evaluations:review_close", args=[review.pk])
    assert client.post(close, {"conclusion": "Fine"}).status_code == OutputsOpen.status
    for position in (1, 2):
        actions.judge_output(review, position, by=reviewer, verdict="good")
    with pytest.raises(NotAJudge):
        actions.judge_output(review, 1, by=scene.engineer, verdict="good")
    assert client.post(close, {"conclusion": "Fine"}).status_code == 302
    review.refresh_from_db()
    assert (review.result["defective"], review.result["agreement_percent"]) == (1, 50.0)
    with pytest.raises(ReviewClosed):
        actions.judge_output(review, 1, by=reviewer, verdict="good")
    page = text_of(client, "evaluations:review_detail", review.pk)
    assert "1 of 2 outputs are defective" in page
    assert "50.0 % were judged the same" in page


def test_the_same_seed_draws_the_same_outputs(scene: Scene) -> None:
    version = make_suite_version(scene)
    drawn = []
    for number in ("1.0.0", "2.0.0"):
        run = evaluate(scene, version, make_candidate(scene, number), figures(), scores())
        drawn.append(list(make_review(scene, run).outputs.values_list("case", flat=True)))
    assert drawn[0] == drawn[1]


def upload(scene: Scene, version: SuiteVersion, *files: Any, **values: Any) -> tuple[int, Any]:
    response = Client().post(
        "/api/v1/evaluation-imports/",
        {"suite_version": str(version.pk), "files": list(files), **values},
        headers={"Authorization": token_for(scene.engineer)},
    )
    return response.status_code, json.loads(response.content)


def test_a_pipeline_does_all_of_it_over_the_api(scene: Scene) -> None:
    caller, candidate = Caller(scene.engineer), make_candidate(scene)
    status, suite = caller.post("suites/", {"use_case": str(scene.use_case.pk), "name": "Intents"})
    assert status == 201
    status, draft = caller.post(f"suites/{suite['id']}/versions/", {"source": source_of(scene)})
    assert (status, draft["state"]) == (201, "draft")
    path = f"suite-versions/{draft['id']}/"
    assert caller.call("PATCH", path, {"note": "First"})[0] == 428
    assert caller.call("PATCH", path, {"note": "First"}, **{"If-Match": '"1"'})[0] == 200
    status, published = caller.post(path + "publications/", {})
    assert (status, published["content"]["metrics"][0]["key"]) == (201, "accuracy")
    owner = Caller(scene.people["business_owner"], "sign", "write")
    confirmation = owner.post("me/confirmations/", {"password": PASSWORD})[1]["id"]
    body = {"digest": published["digest"], "confirmation": confirmation}
    assert Caller(scene.people["business_owner"], "write").post(path + "signatures/", body)[0] == 403
    assert owner.post(path + "signatures/", body)[0] == 201
    version = SuiteVersion.objects.get()
    status, problem = upload(scene, version, a_file("x.json", "{]"))
    assert (status, problem["code"], problem["file"]) == (422, "result_unreadable", "x.json")
    status, imported = upload(scene, version, figures({"accuracy": 0.9, "bleu": 1.0}), scores())
    assert status == 201, imported
    assert imported["found"]["unmatched"] == [{"name": "bleu", "segment": "", "value": 1.0}]
    assert imported["found"]["unmeasured"] == [["refusals", ""], ["latency", ""]]
    confirm = f"evaluation-imports/{imported['id']}/confirmations/"
    assert caller.post(confirm, {"model_version": str(candidate.pk)})[1]["code"] == "evaluation_times_impossible"
    signed = version.signature.signed_at.isoformat()
    status, run = caller.post(confirm, {"model_version": str(candidate.pk), "started_at": signed})
    assert (status, run["counts"]) == (201, True)
    assert [row["kind"] for row in run["files"]] == ["result", "result", "scores"]
    assert caller.get(f"evaluation-runs/?model_version={candidate.pk}")[1]["results"][0]["id"] == run["id"]
    failure = {"case": "4", "cause": "model", "note": "n"}
    status, failure = caller.post(f"evaluation-runs/{run['id']}/failures/", failure)
    assert status == 201
    decision = {"decision": "accept", "note": "n"}
    assert caller.post(f"evaluation-failures/{failure['id']}/decisions/", decision)[0] == 201
    checks = caller.post(path + "leakage-checks/", {"model_version": str(candidate.pk)})
    assert (checks[0], checks[1]["state"]) == (202, "pending")


def test_reviews_findings_and_comparisons_over_the_api(scene: Scene) -> None:
    run = furnish(scene)
    caller, lead = Caller(scene.engineer), Caller(scene.people["review_lead"])
    review = OutputReview.objects.get()
    path = f"output-reviews/{review.pk}/"
    assert caller.get(path + "outputs/") == (200, [])
    assert caller.post(path + "judgements/", {"position": 1, "verdict": "good"})[1]["code"] == "not_a_judge"
    for row in lead.get(path + "outputs/")[1]:
        assert lead.post(path + "judgements/", {"position": row["position"], "verdict": "good"})[0] == 201
    assert caller.post(path + "closures/", {"conclusion": "Fine"})[1]["state"] == "closed"
    finding = RedTeamFinding.objects.get()
    reporter = Caller(scene.people["compliance_reviewer"])
    assert reporter.post(f"red-team-findings/{finding.pk}/closures/", {"reason": "Filtered"})[0] == 201
    assert caller.get("red-team-findings/?open=true")[1]["results"] == []
    body = {
        "suite_version": str(run.suite_version_id),
        "candidate": str(run.model_version_id),
        "others": [str(Baseline.objects.get().pk)],
    }
    status, comparison = caller.post("comparisons/", body)
    assert status == 201
    assert comparison["digest"] == Comparison.objects.get().digest
    assert comparison["result"]["sides"][0]["role"] == "candidate"
