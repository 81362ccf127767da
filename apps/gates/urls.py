from django.urls import path

from apps.gates import policy_views, views

app_name = "gates"
urlpatterns = [
    path("", views.GateList.as_view(), name="gate_list"),
    path("<uuid:pk>/", views.GateDetail.as_view(), name="gate_detail"),
    path("<uuid:pk>/state/", views.RequirementState.as_view(), name="requirement_state"),
    path("<uuid:pk>/gate.pdf", views.GatePdf.as_view(), name="gate_pdf"),
    path("<uuid:pk>/waive/", views.RequirementWaive.as_view(), name="requirement_waive"),
    path("<uuid:pk>/comment/", views.RequirementComment.as_view(), name="requirement_comment"),
    path("waivers/<uuid:pk>/revoke/", views.WaiverRevoke.as_view(), name="waiver_revoke"),
    path("threads/<uuid:pk>/comment/", views.ThreadComment.as_view(), name="thread_comment"),
    path("threads/<uuid:pk>/resolve/", views.ThreadResolve.as_view(), name="thread_resolve"),
    path("conditions/<uuid:pk>/fulfil/", views.ConditionFulfil.as_view(), name="condition_fulfil"),
    path("conditions/<uuid:pk>/answer/", views.ConditionAnswer.as_view(), name="condition_answer"),
    path("<uuid:pk>/withdraw/", views.GateWithdraw.as_view(), name="gate_withdraw"),
    path("open/<slug:kind>/<slug:subject_type>/<uuid:subject_id>/", views.GateOpen.as_view(), name="gate_open"),
    path("policies/", policy_views.PolicyList.as_view(), name="policy_list"),
    path("policies/propose/<slug:kind>/", policy_views.PolicyPropose.as_view(), name="policy_propose"),
    path("policies/<uuid:pk>/", policy_views.PolicyDetail.as_view(), name="policy_detail"),
    path("policies/<uuid:pk>/simulate/", policy_views.PolicySimulate.as_view(), name="policy_simulate"),
    path("policies/<uuid:pk>/publish/", policy_views.PolicyAct.as_view(verb="publish"), name="policy_publish"),
    path("policies/<uuid:pk>/withdraw/", policy_views.PolicyAct.as_view(verb="withdraw"), name="policy_withdraw"),
]
