from django.urls import path

from apps.datasets.views import access, copies, datasets, exports, reading, sources, versions

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
    path("sources/<uuid:pk>/copies/", copies.SourceCopies.as_view(), name="source_copies"),
    path("versions/<uuid:pk>/copies/", copies.VersionCopies.as_view(), name="version_copies"),
    path("versions/<uuid:pk>/copies/new/", copies.CopyRegister.as_view(), name="version_copy_new"),
    path("versions/<uuid:pk>/erase/", copies.VersionErase.as_view(), name="version_erase"),
    path("versions/<uuid:pk>/access/", access.VersionAccess.as_view(), name="version_access"),
    path("versions/<uuid:pk>/unmask/", access.VersionUnmask.as_view(), name="version_unmask"),
    path("versions/<uuid:pk>/exports/", exports.VersionExports.as_view(), name="version_exports"),
    path("versions/<uuid:pk>/exports/new/", exports.ExportCreate.as_view(), name="version_export_new"),
    path("copies/<uuid:pk>/", copies.CopyDetail.as_view(), name="copy_detail"),
    path("copies/<uuid:pk>/delete/", copies.CopyDelete.as_view(), name="copy_delete"),
    path("copies/<uuid:pk>/extend/", copies.CopyExtend.as_view(), name="copy_extend"),
    path("copies/<uuid:pk>/hand-over/", copies.CopyHandOver.as_view(), name="copy_hand_over"),
    path("exports/<uuid:pk>/", exports.ExportDetail.as_view(), name="export_detail"),
    path("exports/<uuid:pk>/revoke/", exports.ExportRevoke.as_view(), name="export_revoke"),
    path("links/<str:token>/", exports.ExportLink.as_view(), name="export_link"),
    path("links/<str:token>/file/", exports.ExportFile.as_view(), name="export_file"),
    path("<uuid:pk>/", datasets.DatasetDetail.as_view(), name="dataset_detail"),
    path("<uuid:pk>/edit/", datasets.DatasetEdit.as_view(), name="dataset_edit"),
    path("<uuid:pk>/register/", versions.VersionRegister.as_view(), name="version_register"),
]
