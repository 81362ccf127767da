from django.urls import path

from apps.agenda import views

app_name = "agenda"
urlpatterns = [path("", views.MyWork.as_view(), name="my_work")]
