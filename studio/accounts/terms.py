"""Which scopes, ends and limits a key can have."""

from datetime import datetime
from typing import Final

from studio.accounts.errors import InvalidKeyTerms
from studio.accounts.records import KeyTerms

REQUESTS_PER_MINUTE_MAX: Final = 60_000
"""A thousand a second: one process answers fewer."""
CREDITS_PER_MONTH_MAX: Final = 1_000_000_000
"""As of one movement of the ledger: ten million dollars."""


def check_terms(terms: KeyTerms, *, now: datetime) -> None:
    """Raise InvalidKeyTerms, with a sentence for the person who asked for the key."""
    if not terms.scopes:
        raise InvalidKeyTerms("A key needs at least one scope.")
    if terms.expires_at is not None and terms.expires_at <= now:
        raise InvalidKeyTerms("A key must expire in the future.")
    _check_limit("requests a minute", terms.requests_per_minute_max, REQUESTS_PER_MINUTE_MAX)
    _check_limit("credits a month", terms.credits_per_month_max, CREDITS_PER_MONTH_MAX)


def _check_limit(what: str, limit: int | None, highest: int) -> None:
    if limit is not None and not 1 <= limit <= highest:
        raise InvalidKeyTerms(f"A limit of {what} is a whole number from 1 to {highest}.")
