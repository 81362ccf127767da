"""The API root: every app registers its resources on the one router."""

from importlib import import_module

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from apps.core.api.docs import ApiDocs
from apps.core.api.routers import ApiRouter

router = ApiRouter()
for label in (
    "core",
    "ledger",
    "people",
    "owners",
    "agenda",
    "evidence",
    "gates",
    "usecases",
    "datasets",
    "registry",
    "evaluations",
    "releases",
    "assessments",
    "operations",
):
    import_module(f"apps.{label}.api").register(router)

urlpatterns = [
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", ApiDocs.as_view(), name="api_docs"),
]
