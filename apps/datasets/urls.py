from django.urls import path

from apps.datasets.views import datasets, datasheets, descriptions, lineage, reading, sources, versions

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
    path("versions/<uuid:pk>/lineage/", lineage.VersionLineage.as_view(), name="version_lineage"),
    path("versions/<uuid:pk>/datasheet/", datasheets.DatasheetPage.as_view(), name="version_datasheet"),
    path("versions/<uuid:pk>/datasheet.pdf", datasheets.DatasheetPdf.as_view(), name="version_datasheet_pdf"),
    path("versions/<uuid:pk>/croissant.json", datasheets.CroissantFile.as_view(), name="version_croissant"),
    path("lineage/", lineage.NodeList.as_view(), name="lineage_list"),
    path("lineage/new/", lineage.NodeCreate.as_view(), name="lineage_node_create"),
    path("lineage/events/new/", lineage.ReadEvents.as_view(), name="lineage_events"),
    path("lineage/<uuid:pk>/", lineage.NodeDetail.as_view(), name="lineage_node"),
    path(
        "lineage/of/<str:subject_type>/<uuid:subject_id>/downstream/",
        lineage.Downstream.as_view(),
        name="lineage_downstream",
    ),
    path(
        "lineage/of/<str:subject_type>/<uuid:subject_id>/inputs/new/",
        lineage.RecordInput.as_view(),
        name="lineage_record",
    ),
    path("lineage/records/<uuid:pk>/take-back/", lineage.WithdrawEdge.as_view(), name="lineage_edge_withdraw"),
    path("metadata/<uuid:pk>/", descriptions.DescriptionDetail.as_view(), name="description_detail"),
    path("metadata/<uuid:pk>/discard/", descriptions.DescriptionDiscard.as_view(), name="description_discard"),
    path("<uuid:pk>/metadata/", descriptions.MetadataRead.as_view(), name="metadata_read"),
    path("<uuid:pk>/", datasets.DatasetDetail.as_view(), name="dataset_detail"),
    path("<uuid:pk>/edit/", datasets.DatasetEdit.as_view(), name="dataset_edit"),
    path("<uuid:pk>/register/", versions.VersionRegister.as_view(), name="version_register"),
]
