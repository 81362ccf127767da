from django.urls import path

from apps.releases.views import environments, releases, rollbacks

app_name = "releases"
urlpatterns = [
    path("", environments.EnvironmentList.as_view(), name="environment_list"),
    path("environments/new/", environments.EnvironmentCreate.as_view(), name="environment_create"),
    path("environments/<uuid:pk>/", environments.EnvironmentDetail.as_view(), name="environment_detail"),
    path("environments/<uuid:pk>/edit/", environments.EnvironmentEdit.as_view(), name="environment_edit"),
    path("all/", releases.ReleaseList.as_view(), name="release_list"),
    path("of-version/<uuid:pk>/propose/", releases.ReleasePropose.as_view(), name="version_propose"),
    path("<uuid:pk>/", releases.ReleaseDetail.as_view(), name="release_detail"),
    path("<uuid:pk>/compare/", releases.ReleaseCompare.as_view(), name="release_compare"),
    path("<uuid:pk>/go-live/", releases.ReleaseGoLive.as_view(), name="release_go_live"),
    path("<uuid:pk>/withdraw/", releases.ReleaseWithdraw.as_view(), name="release_withdraw"),
    path("<uuid:pk>/roll-back/", rollbacks.ReleaseRollBack.as_view(), name="release_roll_back"),
    path("<uuid:pk>/rehearse/", rollbacks.ReleaseRehearse.as_view(), name="release_rehearse"),
    path("<uuid:pk>/attestation.json", releases.ReleaseAttestationFile.as_view(), name="release_attestation"),
    path("rehearsals/", rollbacks.RehearsalList.as_view(), name="rehearsal_list"),
    path("rollbacks/", rollbacks.RollbackList.as_view(), name="rollback_list"),
    path("rollbacks/<uuid:pk>/", rollbacks.RollbackDetail.as_view(), name="rollback_detail"),
    path("rollbacks/<uuid:pk>/review/", rollbacks.RollbackReviewPage.as_view(), name="rollback_review"),
]
