"""Names and paths as allauth's own provider has them, and one more to confirm again."""

from django.urls import path

from apps.people.single_sign_on import views

urlpatterns = [
    path("oidc/<slug:provider_id>/login/", views.login, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", views.callback, name="openid_connect_callback"),
    path(
        "oidc/<slug:provider_id>/reauthenticate/",
        views.Reauthenticate.as_view(),
        name="openid_connect_reauthenticate",
    ),
]
