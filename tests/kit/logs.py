"""The log of a block of test code, as the process would write it."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from pydantic import JsonValue, TypeAdapter

from runtime.logs import configure_logging

_Line = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True)
class LogLines:
    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def events(self, event: str | None = None) -> list[dict[str, JsonValue]]:
        """Every line, or those of one event. A line that is not JSON fails the test."""
        lines = [_Line.validate_json(line) for line in self.text.splitlines()]
        return [line for line in lines if event is None or line["event"] == event]


@contextmanager
def logged(service: str) -> Iterator[LogLines]:
    """Configure logging as the service does; what was before is put back at the end."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    lines = LogLines()
    configure_logging(service=service, stream=lines.stream)
    try:
        yield lines
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()
