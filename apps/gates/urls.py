from django.urls import path

from apps.gates import policy_views, views

app_name = "gates"
urlpatterns = [
    path("", views.GateList.as_view(), name="gate_list"),
    path("<uuid:pk>/", views.GateDetail.as_view(), name="gate_detail"),
    path("<uuid:pk>/withdraw/", views.GateWithdraw.as_view(), name="gate_withdraw"),
    path("open/<slug:kind>/<slug:subject_type>/<uuid:subject_id>/", views.GateOpen.as_view(), name="gate_open"),
    path("policies/", policy_views.PolicyList.as_view(), name="policy_list"),
    path("policies/propose/<slug:kind>/", policy_views.PolicyPropose.as_view(), name="policy_propose"),
    path("policies/<uuid:pk>/", policy_views.PolicyDetail.as_view(), name="policy_detail"),
    path("policies/<uuid:pk>/publish/", policy_views.PolicyAct.as_view(verb="publish"), name="policy_publish"),
    path("policies/<uuid:pk>/withdraw/", policy_views.PolicyAct.as_view(verb="withdraw"), name="policy_withdraw"),
]
