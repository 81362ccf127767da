from typing import Any


def register(router: Any) -> None:
    """Add this app's resources to the API."""
