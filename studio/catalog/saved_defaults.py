"""Whether defaults can be saved: what nobody can render with would refuse every request."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from pydantic import ValidationError

from studio.catalog.catalogue import Catalogue
from studio.catalog.errors import CatalogueError
from studio.catalog.models import MODEL_DEFAULTS, Role
from studio.contracts.defaults import AccountDefaults


class InvalidDefaults(CatalogueError):
    """Defaults that the catalogue does not have. `problems` has a sentence for each field."""

    code: ClassVar[str] = "invalid_defaults"

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{field}: {problem}" for field, problem in problems.items()))
        self.problems = dict(problems)


def read_defaults(
    fields: Mapping[str, object], *, catalogue: Catalogue, today: date
) -> AccountDefaults:
    """All of an account's defaults, as somebody gave them. Raises InvalidDefaults."""
    try:
        defaults = AccountDefaults.model_validate(fields)
    except ValidationError as error:
        found = {str(each["loc"][0]): f"{each['msg']}." for each in error.errors()}
        raise InvalidDefaults(found) from None
    problems = _unknown(defaults, catalogue) or _unfit(defaults, catalogue, today)
    if problems:
        raise InvalidDefaults(problems)
    return defaults


def _unknown(defaults: AccountDefaults, catalogue: Catalogue) -> dict[str, str]:
    problems = {}
    for field, role in MODEL_DEFAULTS.items():
        try:
            catalogue.entry(role, getattr(defaults, field))
        except CatalogueError as error:
            problems[field] = error.detail
    try:
        catalogue.style(defaults.visual_style_preset)
    except CatalogueError as error:
        problems["visual_style_preset"] = error.detail
    return problems


def _unfit(defaults: AccountDefaults, catalogue: Catalogue, today: date) -> dict[str, str]:
    """Resolutions that the models do not have."""
    image = catalogue.living(Role.IMAGE, defaults.image_model, today)
    video = catalogue.living(Role.VIDEO, defaults.video_model, today)
    problems = {}
    for field, model, able, resolution in (
        ("image_resolution", image, image.capabilities.image, defaults.image_resolution),
        ("video_resolution", video, video.capabilities.video, defaults.video_resolution),
    ):
        if able is not None and resolution not in able.resolutions:
            offered = ", ".join(able.resolutions)
            problems[field] = f"{model.title} has no {resolution}; it has {offered}."
    return problems
