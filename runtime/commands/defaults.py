"""Changing an account's defaults from `FIELD=VALUE` texts."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import ValidationError

from studio.catalog.catalogue import Catalogue, load_catalogue
from studio.catalog.models import Role
from studio.contracts.defaults import AccountDefaults
from studio.contracts.errors import StudioError

_MODEL_ROLES = {
    "orchestrator_model": Role.TEXT,
    "critic_model": Role.CRITIC,
    "image_model": Role.IMAGE,
    "video_model": Role.VIDEO,
    "music_model": Role.MUSIC,
}


class InvalidDefault(StudioError):
    """A default that does not exist, or a value that it cannot take."""

    code: ClassVar[str] = "invalid_default"


def changed_defaults(saved: AccountDefaults, changes: Sequence[str]) -> AccountDefaults:
    """The defaults with `FIELD=VALUE` changes made to them.

    Raises InvalidDefault, and UnknownModel or UnknownStyle for what the catalogue does not have:
    a default nobody can render with would refuse every request that relies on it.
    """
    fields = saved.model_dump(mode="json")
    for change in changes:
        field, separator, value = change.partition("=")
        if not separator or field not in fields:
            raise InvalidDefault(
                f"{change!r} is not FIELD=VALUE with a field among {', '.join(sorted(fields))}."
            )
        fields[field] = value
    try:
        defaults = AccountDefaults.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidDefault(f"{first['loc'][0]}: {first['msg']}.") from None
    _check_catalogue(defaults, load_catalogue())
    return defaults


def _check_catalogue(defaults: AccountDefaults, catalogue: Catalogue) -> None:
    for field, role in _MODEL_ROLES.items():
        catalogue.entry(role, getattr(defaults, field))
    catalogue.style(defaults.visual_style_preset)
