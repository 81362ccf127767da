from django.urls import path

from apps.datasets.views import audits, comparing, datasets, judging, reading, sources, versions

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
    path("versions/<uuid:pk>/audits/", audits.VersionAudits.as_view(), name="version_audits"),
    path("versions/<uuid:pk>/audits/draw/", audits.AuditDraw.as_view(), name="version_audit_draw"),
    path("versions/<uuid:pk>/compare/", comparing.VersionCompare.as_view(), name="version_compare"),
    path("versions/<uuid:pk>/compare/panel/", comparing.ComparePanel.as_view(), name="version_compare_panel"),
    path("audits/<uuid:pk>/", audits.AuditDetail.as_view(), name="audit_detail"),
    path("audits/<uuid:pk>/panel/", audits.AuditPanel.as_view(), name="audit_panel"),
    path("audits/<uuid:pk>/rows/", audits.AuditRows.as_view(), name="audit_rows"),
    path("audits/<uuid:pk>/draw/", audits.AuditDrawAgain.as_view(), name="audit_draw_again"),
    path("audits/<uuid:pk>/review/", judging.AuditReview.as_view(), name="audit_review"),
    path("audits/<uuid:pk>/adjudicate/", judging.AuditAdjudicate.as_view(), name="audit_adjudicate"),
    path("audits/<uuid:pk>/reviewers/", audits.AuditInvite.as_view(), name="audit_invite"),
    path("audits/<uuid:pk>/reviewers/<uuid:user>/", audits.AuditDismiss.as_view(), name="audit_dismiss"),
    path("audits/<uuid:pk>/close/", audits.AuditClose.as_view(), name="audit_close"),
    path("audits/<uuid:pk>/withdraw/", audits.AuditWithdraw.as_view(), name="audit_withdraw"),
    path("audits/<uuid:pk>/erase/", audits.AuditErase.as_view(), name="audit_erase"),
    path("<uuid:pk>/", datasets.DatasetDetail.as_view(), name="dataset_detail"),
    path("<uuid:pk>/edit/", datasets.DatasetEdit.as_view(), name="dataset_edit"),
    path("<uuid:pk>/register/", versions.VersionRegister.as_view(), name="version_register"),
]
