"""Stripe's API versions, as far as they change what is accepted here.

A version is `2026-07-29.preview` or `2026-10-28.endive`, and may carry betas after a semicolon.
"""

import re
from typing import Final

from runtime.stripe_standin.refusals import invalid

DEFAULT_VERSION: Final = "2026-07-29.preview"
"""That of a request that names none, and of the events: the one that MPP's libraries pin."""

PREVIEW: Final = "preview"
TYPES_REMOVED_PREVIEW: Final = "2026-08-26"
TYPES_REMOVED: Final = "2026-09-30"
"""Since then `payment_method_types` cannot be written (changelog 2026-08-26.preview and
2026-09-30.endive)."""

_FORM: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?(?:;.*)?")


def checked_version(header: str | None) -> str:
    """The version of a request. Refuses what is none."""
    if header is None:
        return DEFAULT_VERSION
    if not _FORM.fullmatch(header):
        raise invalid("Invalid Stripe API version.", param=None)
    return header


def is_preview(version: str) -> bool:
    """Shared payment tokens exist in preview versions only."""
    return _parts(version)[1] == PREVIEW


def takes_method_types(version: str) -> bool:
    date, release = _parts(version)
    return date < (TYPES_REMOVED_PREVIEW if release == PREVIEW else TYPES_REMOVED)


def _parts(version: str) -> tuple[str, str]:
    match = _FORM.fullmatch(version)
    return (match[1], match[2] or "") if match else ("", "")
