from django.urls import path

from apps.registry.views import models, runs, versions

app_name = "registry"
urlpatterns = [
    path("", models.ModelList.as_view(), name="model_list"),
    path("new/<uuid:use_case>/", models.ModelCreate.as_view(), name="model_create"),
    path("<uuid:pk>/", models.ModelDetail.as_view(), name="model_detail"),
    path("<uuid:pk>/edit/", models.ModelEdit.as_view(), name="model_edit"),
    path("<uuid:pk>/runs/new/", runs.RunRegister.as_view(), name="model_run_register"),
    path("runs/", runs.RunList.as_view(), name="run_list"),
    path("runs/<uuid:pk>/", runs.RunDetail.as_view(), name="run_detail"),
    path("runs/<uuid:pk>/lineage/", runs.RunLineage.as_view(), name="run_lineage"),
    path("runs/<uuid:pk>/versions/new/", versions.VersionRegister.as_view(), name="run_version_register"),
    path("versions/", versions.VersionList.as_view(), name="version_list"),
    path("versions/<uuid:pk>/", versions.VersionDetail.as_view(), name="version_detail"),
    path("versions/<uuid:pk>/lineage/", versions.VersionLineage.as_view(), name="version_lineage"),
    path("versions/<uuid:pk>/card/", versions.CardPage.as_view(), name="version_card"),
    path("versions/<uuid:pk>/card.pdf", versions.CardPdf.as_view(), name="version_card_pdf"),
    path("versions/<uuid:pk>/check/", versions.VersionCheck.as_view(), name="version_check"),
    path("versions/<uuid:pk>/check/panel/", versions.CheckPanel.as_view(), name="version_check_panel"),
    path("versions/<uuid:pk>/withdraw/", versions.VersionWithdraw.as_view(), name="version_withdraw"),
]
