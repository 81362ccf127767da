from django.urls import path

from apps.core import views

app_name = "core"
urlpatterns = [path("search/", views.SearchPage.as_view(), name="search")]
