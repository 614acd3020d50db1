"""The quality report of a film, as far as a page shows it."""

from typing import Final

import structlog
from pydantic import ValidationError

from gateway.services.threads import Threads
from studio.contracts.base import Payload
from studio.contracts.limits import MEBIBYTE
from studio.storage.port import Storage, StorageError

REPORT_BYTES_MAX: Final = MEBIBYTE
"""A report of 64 shots has some 20 KiB."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


class ReportedCheck(Payload):
    """One promise about the film: what was measured, what was allowed, whether it held."""

    name: str
    value: float | str | None
    limit: str
    passed: bool
    sentence: str = ""


class ReportedQuality(Payload):
    """Measured on the finished file. `loudness_lufs` is None for a silent film."""

    duration_seconds: float
    width: int
    height: int
    frames_per_second: float
    loudness_lufs: float | None
    size_bytes: int
    checks: tuple[ReportedCheck, ...]

    @property
    def missed(self) -> int:
        return sum(not check.passed for check in self.checks)


async def read_quality(storage: Storage, threads: Threads, key: str) -> ReportedQuality | None:
    """The report under a key; None where it cannot be had: no page fails for want of it."""
    try:
        document = await threads.store(
            lambda: storage.read_bytes(key, size_bytes_max=REPORT_BYTES_MAX)
        )
        return ReportedQuality.model_validate_json(document)
    except (StorageError, ValidationError) as error:
        _log.warning("quality report not read", error=type(error).__name__)
        return None
