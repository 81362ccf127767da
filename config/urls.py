from allauth.account.decorators import reauthentication_required
from allauth.account.views import password_set
from django.urls import include, path
from django_prometheus import exports

from apps.core import health
from config import api

urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("metrics", exports.ExportToDjangoView, name="metrics"),
    path("accounts/password/set/", reauthentication_required(password_set), name="account_set_password"),
    path("accounts/", include("allauth.urls")),
    path("api/", include(api.urlpatterns)),
    path("", include("apps.agenda.urls")),
    path("", include("apps.core.urls")),
    path("settings/", include("apps.people.urls")),
    path("owners/", include("apps.owners.urls")),
    path("use-cases/", include("apps.usecases.urls")),
    path("datasets/", include("apps.datasets.urls")),
    path("models/", include("apps.registry.urls")),
    path("evaluations/", include("apps.evaluations.urls")),
    path("releases/", include("apps.releases.urls")),
    path("evidence/", include("apps.evidence.urls")),
    path("gates/", include("apps.gates.urls")),
    path("readiness/", include("apps.assessments.urls")),
    path("reviews/", include("apps.operations.urls")),
    path("trail/", include("apps.ledger.urls")),
]

handler400 = "apps.core.views.bad_request"
handler403 = "apps.core.views.forbidden"
handler404 = "apps.core.views.not_found"
handler500 = "apps.core.views.server_error"
