"""Changing an account's defaults from `FIELD=VALUE` texts."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from studio.catalog.catalogue import load_catalogue
from studio.catalog.saved_defaults import read_defaults
from studio.contracts.defaults import AccountDefaults
from studio.contracts.errors import StudioError


class InvalidDefault(StudioError):
    """A change of a default that does not exist."""

    code: ClassVar[str] = "invalid_default"


def changed_defaults(
    saved: AccountDefaults, changes: Sequence[str], *, today: date
) -> AccountDefaults:
    """The defaults with `FIELD=VALUE` changes made to them.

    Raises InvalidDefault for what is no change, and InvalidDefaults.
    """
    fields = saved.model_dump(mode="json")
    for change in changes:
        field, separator, value = change.partition("=")
        if not separator or field not in fields:
            raise InvalidDefault(
                f"{change!r} is not FIELD=VALUE with a field among {', '.join(sorted(fields))}."
            )
        fields[field] = value
    return read_defaults(fields, catalogue=load_catalogue(), today=today)
