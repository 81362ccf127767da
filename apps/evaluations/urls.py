from django.urls import path

from apps.evaluations.views import comparisons, findings, reviews, runs, suites

app_name = "evaluations"
urlpatterns = [
    path("", suites.SuiteList.as_view(), name="suite_list"),
    path("new/<uuid:use_case>/", suites.SuiteCreate.as_view(), name="suite_create"),
    path("<uuid:pk>/", suites.SuiteDetail.as_view(), name="suite_detail"),
    path("<uuid:pk>/edit/", suites.SuiteEdit.as_view(), name="suite_edit"),
    path("<uuid:pk>/retire/", suites.SuiteRetire.as_view(), name="suite_retire"),
    path("<uuid:pk>/versions/new/", suites.SuiteDraft.as_view(), name="suite_draft"),
    path("versions/<uuid:pk>/", suites.VersionDetail.as_view(), name="version_detail"),
    path("versions/<uuid:pk>/edit/", suites.VersionEdit.as_view(), name="version_edit"),
    path("versions/<uuid:pk>/publish/", suites.VersionPublish.as_view(), name="version_publish"),
    path("versions/<uuid:pk>/import/", runs.ImportCreate.as_view(), name="version_import"),
    path("versions/<uuid:pk>/compare/", comparisons.CompareCreate.as_view(), name="version_compare"),
    path("versions/<uuid:pk>/leakage/<uuid:model_version>/", runs.LeakageStart.as_view(), name="version_leakage"),
    path("imports/<uuid:pk>/", runs.ImportDetail.as_view(), name="import_detail"),
    path("runs/", runs.RunList.as_view(), name="run_list"),
    path("runs/<uuid:pk>/", runs.RunDetail.as_view(), name="run_detail"),
    path("runs/<uuid:pk>/files/<uuid:file>/", runs.RunFileDownload.as_view(), name="run_file"),
    path("runs/<uuid:pk>/failures/new/", runs.FailureAdd.as_view(), name="run_failure_add"),
    path("runs/<uuid:pk>/reviews/new/", reviews.ReviewDraw.as_view(), name="run_review_draw"),
    path("failures/<uuid:pk>/decide/", runs.FailureDecide.as_view(), name="failure_decide"),
    path("baselines/new/<uuid:use_case>/", runs.BaselineCreate.as_view(), name="baseline_create"),
    path("baselines/<uuid:pk>/", runs.BaselineDetail.as_view(), name="baseline_detail"),
    path("comparisons/<uuid:pk>/", comparisons.ComparisonDetail.as_view(), name="comparison_detail"),
    path("reviews/<uuid:pk>/", reviews.ReviewDetail.as_view(), name="review_detail"),
    path("reviews/<uuid:pk>/judge/", reviews.ReviewJudge.as_view(), name="review_judge"),
    path("reviews/<uuid:pk>/close/", reviews.ReviewClose.as_view(), name="review_close"),
    path("model-versions/<uuid:pk>/", runs.ModelVersionPage.as_view(), name="model_version"),
    path("model-versions/<uuid:pk>/findings/new/", findings.FindingCreate.as_view(), name="model_version_finding"),
    path("findings/<uuid:pk>/", findings.FindingDetail.as_view(), name="finding_detail"),
    path("findings/<uuid:pk>/retest/", findings.FindingRetestAdd.as_view(), name="finding_retest"),
    path("findings/<uuid:pk>/close/", findings.FindingClose.as_view(), name="finding_close"),
]
