"""What the form of a brief offers: styles, models and resolutions, with what each costs."""

from collections.abc import Mapping
from typing import Final

from studio.catalog.document import CatalogueDocument, ModelDocument, ModelPrice
from studio.catalog.models import LOCAL_PROVIDER, Role
from studio.contracts.defaults import AccountDefaults
from studio.contracts.request import (
    ImageResolution,
    MusicWorkflow,
    ProjectMode,
    VideoResolution,
)

Option = tuple[str, str]
"""A value, empty where the field is left out, and what it is called."""

_MODES: Final[tuple[Option, ...]] = (
    (ProjectMode.SCENE, "A scene, from the screenplay"),
    (ProjectMode.MUSIC, "A music film, cut to a track"),
    (ProjectMode.CUSTOM, "From instructions and references"),
)
_MUSIC: Final[tuple[Option, ...]] = (
    ("", "As the film needs"),
    (MusicWorkflow.GENERATED, "Composed for the film"),
    (MusicWorkflow.UPLOADED_TRACK, "A track that I upload"),
    (MusicWorkflow.NONE, "No music"),
)
_ROLES: Final[Mapping[str, Role]] = {
    "orchestrator_model": Role.TEXT,
    "critic_model": Role.CRITIC,
    "image_model": Role.IMAGE,
    "video_model": Role.VIDEO,
    "music_model": Role.MUSIC,
}
_UNITS: Final = {"render": "a film", "shot": "a shot", "second": "a second", "track": "a track"}
_BASE: Final = "base"
_PER_SHOT: Final = "per_shot"


def brief_options(
    catalogue: CatalogueDocument, defaults: AccountDefaults
) -> dict[str, tuple[Option, ...]]:
    """The options of every field that is a choice; the first is the account's default."""
    styles = {style.id: style.title for style in catalogue.styles}
    options: dict[str, tuple[Option, ...]] = {
        "project_mode": _MODES,
        "music_workflow": _MUSIC,
        "visual_style_preset": (
            _default(styles.get(defaults.visual_style_preset, defaults.visual_style_preset)),
            *styles.items(),
        ),
        "image_resolution": _resolutions(defaults.image_resolution, ImageResolution),
        "video_resolution": _resolutions(defaults.video_resolution, VideoResolution),
        "stage_voice_briefs_enabled": (
            _default("spoken" if defaults.stage_voice_briefs_enabled else "none"),
            ("yes", "A spoken summary of each stage"),
            ("no", "None"),
        ),
    }
    for name, role in _ROLES.items():
        chosen: str = getattr(defaults, name)
        options[name] = (
            _default(_title(catalogue, chosen)),
            *((model.id, _priced(model, role)) for model in _offered(catalogue, role)),
        )
    return options


def _default(title: str) -> Option:
    return "", f"My default: {title}"


def _resolutions(
    default: str, resolutions: type[ImageResolution] | type[VideoResolution]
) -> tuple[Option, ...]:
    return (_default(default), *((each.value, each.value) for each in resolutions))


def _title(catalogue: CatalogueDocument, id_: str) -> str:
    """Of a model by its id or one of its aliases."""
    return next(
        (
            model.title
            for model in catalogue.models
            if id_ in {model.id, *(alias.id for alias in model.aliases)}
        ),
        id_,
    )


def _offered(catalogue: CatalogueDocument, role: Role) -> list[ModelDocument]:
    """The models that a request may name, without the stand-ins that work for them."""
    return [
        model
        for model in catalogue.models
        if model.provider != LOCAL_PROVIDER
        and not model.ended
        and any(served.role == role and served.model for served in model.served_by)
    ]


def _priced(model: ModelDocument, role: Role) -> str:
    prices = [_price(price) for price in model.prices if price.role == role]
    return " · ".join((model.title, *prices))


def _price(price: ModelPrice) -> str:
    if price.credits.keys() == {_BASE, _PER_SHOT}:
        return f"{price.credits[_BASE]} credits and {price.credits[_PER_SHOT]} a shot"
    least, most = min(price.credits.values()), max(price.credits.values())
    amount = f"{least}" if least == most else f"{least} to {most}"
    return f"{amount} credits {_UNITS.get(price.unit, price.unit)}"
