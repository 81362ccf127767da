from rest_framework.routers import SimpleRouter


class ApiRouter(SimpleRouter):
    """Registers resources by their plural kebab-case name; nested ones carry the parent in the prefix."""

    include_format_suffixes = False

    def __init__(self) -> None:
        super().__init__(trailing_slash=True)
