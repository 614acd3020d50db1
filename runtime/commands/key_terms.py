"""How scopes and moments are written on the command line."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from studio.accounts.records import EVERY_SCOPE
from studio.accounts.service import KeyScope
from studio.contracts.errors import StudioError

_DAYS = re.compile(r"([1-9][0-9]{0,4})d")


class InvalidTerm(StudioError):
    """An option that says nothing we know."""

    code: ClassVar[str] = "invalid_term"


def read_scopes(names: Sequence[str] | None) -> frozenset[KeyScope]:
    """The scopes of these names, all where none is given. InvalidTerm names those there are."""
    if not names:
        return EVERY_SCOPE
    try:
        return frozenset(KeyScope(name) for name in names)
    except ValueError:
        raise InvalidTerm(f"The scopes are {', '.join(KeyScope)}.") from None


def read_moment(text: str, *, now: datetime) -> datetime:
    """`90d` from now, `2027-01-31` or `2027-01-31T12:00:00Z`; UTC unless it says otherwise."""
    days = _DAYS.fullmatch(text)
    if days:
        return now + timedelta(days=int(days[1]))
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidTerm(
            f"{text!r} is no moment: write days from now as 90d, or a date as 2027-01-31."
        ) from None
