"""Time, ids and waiting, handed in by the composition root so that tests decide them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

PROJECT_ID_PREFIX = "proj_api_"
PROJECT_ID_DIGITS = 16
"""Hex digits after the prefix, as in the public contract."""
QUOTE_ID_DIGITS = 24
NONCE_BYTES = 8


@dataclass(frozen=True)
class Clock:
    """`now` is aware; `monotonic` is in seconds from any origin; `pause` waits that long."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    pause: Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Ids:
    """`project` makes `proj_api_` + 16 hex digits, `request` what a log line is found by.

    `quote` makes `quote_` + 24 hex digits, `nonce` what tells a payment challenge from every other.
    """

    project: Callable[[], str]
    request: Callable[[], str]
    quote: Callable[[], str]
    nonce: Callable[[], str]
