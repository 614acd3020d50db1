"""One line of JSON an event, from our own code and from libraries, without secrets."""

import logging
import sys
from collections.abc import Mapping
from typing import Final, Literal, TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from studio.contracts.names import RENDER_WORKFLOW
from studio.contracts.redaction import redact, redact_text

QUIET_LOGGERS: Final = (
    *("httpx2", "httpcore2", "httpx", "httpcore", "urllib3", "stripe"),
    *("google.auth", "asyncio", "PIL", "mcp", "sse_starlette"),
)
"""They tell of each request or file, at a level at which we tell of renders; those of payments with
all headers, a payment token in one of them, and those of MCP with whole messages."""

ADOPTED_LOGGERS: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "temporalio", "alembic")
"""Libraries that bring handlers of their own; their events take our way instead."""


def configure_logging(
    *,
    service: str,
    level: str = "info",
    log_format: Literal["json", "console"] = "json",
    stream: TextIO | None = None,
) -> None:
    """Send structlog's and the standard library's events to one stream (standard error).

    Every event gets `timestamp` (UTC), `level`, `logger`, `service`, and what was bound with
    `structlog.contextvars`, such as `project_id` and `request_id`. Calling it again replaces what
    was configured before.
    """
    shared = _shared_processors(service)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,  # before any work on a line that nobody will read
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _name_runs],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _drop_colours,
                structlog.processors.format_exc_info,
                redact_event,
                _renderer(log_format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    _adopt()


def redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: take secrets out of every value, nested ones and tracebacks too."""
    redacted = redact(event)
    if not isinstance(redacted, dict):
        return {"event": redact_text(str(event))}
    return redacted


def _name_runs(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Give the lines that the Temporal SDK writes the fields that ours have."""
    event.pop("__temporal_error_identifier", None)
    native = event.pop("temporal_log", None)
    if native is not None:
        event["target"], event["fields"] = native.target, native.fields
    for extra in (event.pop("temporal_workflow", None), event.pop("temporal_activity", None)):
        if not isinstance(extra, Mapping):
            continue
        is_render = extra.get("workflow_type") == RENDER_WORKFLOW
        for field, key in (
            ("project_id" if is_render else "workflow_id", "workflow_id"),
            ("run_id", "run_id"),
            ("run_id", "workflow_run_id"),
            ("workflow", "workflow_type"),
            ("activity", "activity_type"),
            ("attempt", "attempt"),
        ):
            if key in extra:
                event.setdefault(field, extra[key])
    return event


def _drop_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop uvicorn's second message, which is painted for terminals."""
    event.pop("color_message", None)
    return event


def _shared_processors(service: str) -> list[Processor]:
    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        add_service,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderer(log_format: Literal["json", "console"]) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _adopt() -> None:
    for name in ADOPTED_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
