from django.urls import path

from apps.owners import views

app_name = "owners"
urlpatterns = [
    path("", views.OwnershipList.as_view(), name="ownership_list"),
    path(
        "assign/<slug:subject_type>/<uuid:subject_id>/<slug:responsibility>/",
        views.Assign.as_view(),
        name="ownership_assign",
    ),
    path("<uuid:pk>/hand-over/", views.HandOver.as_view(), name="ownership_hand_over"),
    path("<uuid:pk>/deputy/", views.AppointDeputy.as_view(), name="ownership_deputy"),
    path("<uuid:pk>/vacate/", views.Vacate.as_view(), name="ownership_vacate"),
]
