"""Logs: event names and ids. Never a phone number, never a message's text."""

from __future__ import annotations

import logging
import sys

import structlog


def set_up(log_format: str = "text") -> None:
    """Write structured logs to stderr, as lines for people or as JSON for collectors."""
    as_json = log_format == "json"
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(
            # A traceback that shows variables would show numbers and texts.
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if as_json else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("uvicorn.error").addFilter(_without_words)
    # A tick that comes while the one before still works is skipped: that is what we asked for.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _without_words(record: logging.LogRecord) -> bool:
    """Keep an error's own words, which may quote what people sent, out of the server's log line."""
    record.exc_info = None
    return True
