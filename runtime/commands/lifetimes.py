"""Lifetimes as operators type them: `30d`, `12h`."""

import re
from datetime import timedelta
from typing import Annotated, Final

import typer

LIFETIME_DAYS_MAX: Final = 3650
"""Ten years: what is to last longer has no end."""

_LIFETIME: Final = re.compile(r"([1-9][0-9]{0,4})([dh])", re.ASCII)


def parse_lifetime(text: str) -> timedelta:
    """Read days (`30d`) or hours (`12h`). Raises BadParameter for anything else."""
    found = _LIFETIME.fullmatch(text)
    lifetime = None
    if found is not None:
        number = int(found[1])
        lifetime = timedelta(days=number) if found[2] == "d" else timedelta(hours=number)
    if lifetime is None or lifetime > timedelta(days=LIFETIME_DAYS_MAX):
        raise typer.BadParameter(
            f"{text!r} is not a lifetime such as 30d or 12h, of {LIFETIME_DAYS_MAX} days at most."
        )
    return lifetime


Lifetime = Annotated[
    timedelta | None,
    typer.Option("--expires", parser=parse_lifetime, metavar="LIFETIME", help="30d or 12h."),
]
