from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo organisation; installed with the embedded services alone."""

    name = "config.demo"
    label = "demo"
