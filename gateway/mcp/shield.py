"""What the SDK would say of errors, and have in the log, without the text of anybody."""

import traceback
from typing import Any

import structlog
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR
from pydantic import ValidationError

from gateway.errors import INTERNAL_SENTENCE
from gateway.mcp.errors import is_foreseen
from studio.contracts.redaction import redact, redact_text

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway.mcp")


async def shield(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """A middleware: the SDK's refusals repeat what they refuse, and of other errors the text."""
    try:
        return await call_next(ctx)
    except MCPError as error:
        told = error.error
        raise MCPError(told.code, redact_text(told.message), redact(told.data)) from None
    except ValidationError:
        raise  # the SDK tells nothing of these
    except Exception as error:  # noqa: BLE001 - as of tools
        note_error(ctx.method, error)
        raise MCPError(INTERNAL_ERROR, INTERNAL_SENTENCE) from None


def note_error(name: str, error: Exception) -> None:
    """Log where it went wrong in a tool or a method, without a word of arguments or error."""
    if is_foreseen(error):
        _log.info("tool refused", tool=name, error=type(error).__name__)
        return
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    _log.error("tool failed", tool=name, error=type(error).__name__, places=places)
