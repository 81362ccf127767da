from drf_spectacular.views import SpectacularSwaggerSplitView


class ApiDocs(SpectacularSwaggerSplitView):
    """The API's documentation, with assets from this server and no inline script."""

    template_name = "core/api_docs.html"
    url_name = "schema"
