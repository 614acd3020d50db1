"""What can be chosen as an account's defaults, in words, as it stands on this server."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from studio.catalog.catalogue import Catalogue
from studio.catalog.document import CatalogueDocument, ModelDocument
from studio.catalog.models import MODEL_DEFAULTS, Role
from studio.catalog.quotations import price_words
from studio.contracts.request import ImageResolution, VideoResolution

NOT_CONFIGURED: Final = "not configured here"
_LABELS: Final = {
    "visual_style_preset": "Visual style",
    "orchestrator_model": "Orchestrator: plans the shots",
    "critic_model": "Critic: looks at keyframes and clips",
    "image_model": "Image model: draws the keyframes",
    "image_resolution": "Resolution of keyframes",
    "video_model": "Video model: films the shots",
    "video_resolution": "Resolution of the film",
    "music_model": "Music model: composes the track",
}


@dataclass(frozen=True)
class Choice:
    """One field: its options as (value, text), which one is chosen, and what that means here."""

    field: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str
    note: str


class DefaultChoices:
    """Of one server on one day."""

    def __init__(self, catalogue: Catalogue, document: CatalogueDocument) -> None:
        self._catalogue = catalogue
        self._models = document.models

    def choices(self, chosen: Mapping[str, str]) -> tuple[Choice, ...]:
        """Every field but the switch of the voice briefs, in the order of a render's stages.

        What is chosen is among the options even where nobody offers it (any more).
        """
        makers = {
            "visual_style_preset": self._style,
            "image_resolution": self._image_resolution,
            "video_resolution": self._video_resolution,
        }
        return tuple(
            makers[field](field, chosen) if field in makers else self._model(field, chosen[field])
            for field in _LABELS
        )

    def _style(self, field: str, chosen: Mapping[str, str]) -> Choice:
        styles = {style.id: style for style in self._catalogue.styles()}
        found = styles.get(chosen[field])
        options = ((style.id, style.title) for style in styles.values())
        return _choice(field, options, chosen[field], found.description if found else "")

    def _model(self, field: str, chosen: str) -> Choice:
        role = MODEL_DEFAULTS[field]
        model, able = self._chosen(role, chosen), self._able(role)
        options = [(each.id, self._model_text(each, role)) for each in able if not each.ended]
        if model is not None and chosen not in dict(options):
            options.insert(0, (chosen, self._model_text(model, role, alias=f" as {chosen}")))
        return _choice(field, options, chosen, self._model_note(model, role) if model else "")

    def _model_text(self, model: ModelDocument, role: Role, alias: str = "") -> str:
        mark = "" if model.configured else f" ({NOT_CONFIGURED})"
        return f"{model.title}{alias}: {self._price(model, role)}{mark}"

    def _model_note(self, model: ModelDocument, role: Role) -> str:
        """Again what it costs, where an option's text is cut short; and what it comes to here."""
        return f"{self._price(model, role)}. {_serving(model, role)}".strip()

    def _price(self, model: ModelDocument, role: Role) -> str:
        return price_words(self._catalogue.entry(role, model.id), role, self._catalogue.prices)

    def _image_resolution(self, field: str, chosen: Mapping[str, str]) -> Choice:
        model = self._chosen(Role.IMAGE, chosen["image_model"])
        able = model.capabilities.image if model else None
        note = _offering(model, able.resolutions) if model and able else ""
        return _choice(field, _same(ImageResolution), chosen[field], note)

    def _video_resolution(self, field: str, chosen: Mapping[str, str]) -> Choice:
        model = self._chosen(Role.VIDEO, chosen["video_model"])
        able = model.capabilities.video if model else None
        note = _offering(model, able.resolutions) if model and able else ""
        return _choice(field, _same(VideoResolution), chosen[field], note)

    def _chosen(self, role: Role, model_id: str) -> ModelDocument | None:
        return next((model for model in self._able(role) if _goes_by(model, model_id)), None)

    def _able(self, role: Role) -> list[ModelDocument]:
        return [model for model in self._models if role in model.roles]


def _choice(field: str, options: Iterable[tuple[str, str]], chosen: str, note: str) -> Choice:
    known = tuple(options)
    if chosen not in dict(known):
        known = ((chosen, chosen or "Choose one"), *known)
    return Choice(field, _LABELS[field], known, chosen, note)


def _goes_by(model: ModelDocument, model_id: str) -> bool:
    return model_id == model.id or any(alias.id == model_id for alias in model.aliases)


def _same(values: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((str(value), str(value)) for value in values)


def _offering(model: ModelDocument, resolutions: Iterable[str]) -> str:
    return f"{model.title} has {', '.join(resolutions)}."


def _serving(model: ModelDocument, role: Role) -> str:
    """What becomes of a request for the model here."""
    served_by = next(each.model for each in model.served_by if each.role is role)
    if served_by is None:
        return "Not configured on this server: a request for it is refused."
    if served_by != model.id:
        return f"Not configured on this server: {served_by} does its work."
    return ""
