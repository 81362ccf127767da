"""Structured logs: one JSON object a line with the request's id, or readable lines with LOG_FORMAT=text."""

import logging.config
from typing import Any

import structlog


def configure(settings: dict[str, Any]) -> None:
    """Set up structlog and the standard library's logging alike; the one caller is Django's start-up."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings["format"] == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    finish = [structlog.processors.format_exc_info] if settings["format"] == "json" else []
    structlog.configure(
        processors=[*shared, *finish, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        *finish,
                        renderer,
                    ],
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": settings["level"]},
            "loggers": {"django.server": {"handlers": [], "propagate": True}},
        }
    )
