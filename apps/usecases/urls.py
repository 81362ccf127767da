from django.urls import path

from apps.usecases import views

app_name = "usecases"
urlpatterns = [
    path("", views.UseCaseList.as_view(), name="usecase_list"),
    path("new/", views.UseCaseCreate.as_view(), name="usecase_create"),
    path("<uuid:pk>/", views.UseCaseDetail.as_view(), name="usecase_detail"),
    path("<uuid:pk>/phase/<slug:to>/", views.UseCasePhase.as_view(), name="usecase_phase"),
    path("<uuid:pk>/edit/", views.UseCaseEdit.as_view(), name="usecase_edit"),
]
