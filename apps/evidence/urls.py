from django.urls import path

from apps.evidence import views

app_name = "evidence"
urlpatterns = [
    path("add/<slug:subject_type>/<uuid:subject_id>/", views.DocumentAdd.as_view(), name="document_add"),
    path("attest/<slug:subject_type>/<uuid:subject_id>/", views.Attest.as_view(), name="attest"),
    path("attestations/<uuid:pk>/withdraw/", views.AttestationWithdraw.as_view(), name="attestation_withdraw"),
    path("documents/<uuid:pk>/", views.DocumentDetail.as_view(), name="document_detail"),
    path("documents/<uuid:pk>/download/", views.DocumentDownload.as_view(), name="document_download"),
    path("documents/<uuid:pk>/withdraw/", views.DocumentWithdraw.as_view(), name="document_withdraw"),
]
