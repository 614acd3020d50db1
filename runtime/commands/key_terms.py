"""How scopes and moments are written on the command line."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from studio.accounts.records import EVERY_SCOPE
from studio.accounts.service import KeyScope
from studio.contracts.errors import StudioError

_FROM_NOW = re.compile(r"([1-9][0-9]{0,4})([dh])", re.ASCII)


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
    """`90d` or `12h` from now, or a date or a moment, of UTC unless it says otherwise.

    InvalidTerm for anything else.
    """
    found = _FROM_NOW.fullmatch(text)
    if found:
        number = int(found[1])
        return now + (timedelta(days=number) if found[2] == "d" else timedelta(hours=number))
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidTerm(
            f"{text!r} is no moment: write 90d or 12h from now on, or a date as 2027-01-31."
        ) from None
