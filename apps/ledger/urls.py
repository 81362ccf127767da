from django.urls import path

from apps.ledger import views

app_name = "ledger"
urlpatterns = [
    path("", views.Trail.as_view(), name="trail"),
    path("<int:seq>/", views.EntryDetail.as_view(), name="entry_detail"),
    path("seals/", views.Seals.as_view(), name="seals"),
    path("seals/verify/", views.Verify.as_view(), name="verify"),
    path("exports/new/", views.ExportCreate.as_view(), name="export_create"),
    path("exports/<uuid:pk>/", views.ExportDownload.as_view(), name="export_download"),
    path("jobs/<uuid:pk>/", views.JobPanel.as_view(), name="job_panel"),
]
