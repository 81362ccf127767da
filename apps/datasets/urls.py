from django.urls import path

from apps.datasets.views import datasets, reading, sensitive, sources, versions

app_name = "datasets"
urlpatterns = [
    path("", datasets.DatasetList.as_view(), name="dataset_list"),
    path("new/<uuid:use_case>/", datasets.DatasetCreate.as_view(), name="dataset_create"),
    path("sources/", sources.SourceList.as_view(), name="source_list"),
    path("sources/new/", sources.SourceCreate.as_view(), name="source_create"),
    path("sources/<uuid:pk>/", sources.SourceDetail.as_view(), name="source_detail"),
    path("sources/<uuid:pk>/edit/", sources.SourceEdit.as_view(), name="source_edit"),
    path("versions/<uuid:pk>/", versions.VersionDetail.as_view(), name="version_detail"),
    path("versions/<uuid:pk>/inspection/", versions.InspectionPanel.as_view(), name="inspection_panel"),
    path("versions/<uuid:pk>/inspect/", versions.InspectAgain.as_view(), name="inspect_again"),
    path("versions/<uuid:pk>/inspection/stop/", versions.InspectionStop.as_view(), name="inspection_stop"),
    path("<uuid:pk>/reading/", reading.ReadingEdit.as_view(), name="reading_edit"),
    path("versions/<uuid:pk>/sensitive/", sensitive.VersionSensitive.as_view(), name="version_sensitive"),
    path("versions/<uuid:pk>/sensitive/derive/", sensitive.VersionDerive.as_view(), name="version_derive"),
    path("versions/<uuid:pk>/sensitive/job/", sensitive.DerivationPanel.as_view(), name="version_derivation_panel"),
    path(
        "versions/<uuid:pk>/sensitive/<slug:kind>/",
        sensitive.SensitiveDecide.as_view(),
        name="version_sensitive_decide",
    ),
    path("<uuid:pk>/", datasets.DatasetDetail.as_view(), name="dataset_detail"),
    path("<uuid:pk>/edit/", datasets.DatasetEdit.as_view(), name="dataset_edit"),
    path("<uuid:pk>/register/", versions.VersionRegister.as_view(), name="version_register"),
]
