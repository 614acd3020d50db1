"""The shapes of the catalogue's data files. A file that does not fit stops the process."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from studio.contracts.defaults import AccountDefaults
from studio.contracts.limits import FILM_DURATION_SECONDS_MIN
from studio.contracts.request import ImageResolution, VideoResolution

Provider = Literal["google", "google-cloud", "fal", "kling", "local"]
"""`google` is the Developer API (a key), `google-cloud` a project of Google Cloud, `kling` Kling's
own API."""

LOCAL_PROVIDER: Final = "local"
SettingName = Annotated[str, Field(pattern=r"^FVS_[A-Z_]+$")]
HexColour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
StyleIdentifier = Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")]


class CatalogueData(BaseModel):
    """Unknown keys in a data file are a mistake, never an extension."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Role(StrEnum):
    """What a model does in a render. `text` is the orchestrator, which plans the shots."""

    TEXT = "text"
    CRITIC = "critic"
    IMAGE = "image"
    VIDEO = "video"
    MUSIC = "music"
    VOICE = "voice"


MODEL_DEFAULTS: Final = {
    "orchestrator_model": Role.TEXT,
    "critic_model": Role.CRITIC,
    "image_model": Role.IMAGE,
    "video_model": Role.VIDEO,
    "music_model": Role.MUSIC,
}
"""The models among an account's defaults, and what each does."""


class Lifecycle(CatalogueData):
    """When an id is offered. From the day that it `ends` the successor serves it.

    A successor without an end is who takes over if the provider ends the model unannounced.
    """

    released: date | None = None
    ends: date | None = None
    successor: Identifier | None = None


class Alias(CatalogueData):
    """Another id for a model. `legacy`: the request is normalised forward, and told so."""

    id: Identifier
    legacy: bool = False
    lifecycle: Lifecycle = Lifecycle()


class ImageCapabilities(CatalogueData):
    resolutions: tuple[ImageResolution, ...] = Field(min_length=1)
    references: int = Field(default=0, ge=0)


class VideoCapabilities(CatalogueData):
    """Clip lengths are whole seconds, ascending. `references` counts reference images a clip.

    `preferred_clip_seconds` is what a shot gets where the caller leaves the choice to us.
    `reference_clip_lengths_seconds` are the lengths where reference images are given, if others.
    """

    clip_lengths_seconds: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    preferred_clip_seconds: int
    resolutions: tuple[VideoResolution, ...] = Field(min_length=1)
    references: int = Field(default=0, ge=0)
    reference_clip_lengths_seconds: tuple[int, ...] | None = Field(default=None, min_length=1)
    last_frame: bool = False
    sound: bool = False

    @model_validator(mode="after")
    def _lengths_make_sense(self) -> Self:
        lengths = self.clip_lengths_seconds
        if list(lengths) != sorted(set(lengths)):
            raise ValueError("clip_lengths_seconds must ascend")
        if self.preferred_clip_seconds not in lengths:
            raise ValueError("preferred_clip_seconds must be one of clip_lengths_seconds")
        if lengths[-1] < FILM_DURATION_SECONDS_MIN:
            raise ValueError("one clip must be long enough for the shortest film")
        if not set(self.reference_clip_lengths_seconds or ()) <= set(lengths):
            raise ValueError("reference_clip_lengths_seconds must be clip_lengths_seconds")
        return self

    @property
    def longest_clip_seconds(self) -> int:
        return self.clip_lengths_seconds[-1]

    def with_references(self) -> "VideoCapabilities":
        """What the model can do when it is given reference images."""
        lengths = self.reference_clip_lengths_seconds
        if lengths is None:
            return self
        preferred = min(lengths, key=lambda length: abs(length - self.preferred_clip_seconds))
        return VideoCapabilities(
            clip_lengths_seconds=lengths,
            preferred_clip_seconds=preferred,
            resolutions=self.resolutions,
            references=self.references,
            last_frame=self.last_frame,
            sound=self.sound,
        )


class MusicCapabilities(CatalogueData):
    """`duration_seconds_max` is None where the provider states no limit below the contract's."""

    duration_seconds_max: int | None = Field(default=None, ge=1)


class Capabilities(CatalogueData):
    """One entry for each role that has any."""

    image: ImageCapabilities | None = None
    video: VideoCapabilities | None = None
    music: MusicCapabilities | None = None


class Offer(CatalogueData):
    """One provider's way to a model.

    `settings` must all be set before it can be called. The provider's own id is `provider_model`,
    or the value of the setting that `model_setting` names; `provider_models` are ids for single
    resolutions that have one of their own. `jobs_max` is how many jobs of one render the provider
    is given at once; None where it does not matter. `references` is there where this provider
    takes fewer reference images than the model.
    """

    provider: Provider
    provider_model: str | None = None
    provider_models: dict[str, str] = Field(default_factory=dict)
    model_setting: SettingName | None = None
    settings: tuple[SettingName, ...] = ()
    jobs_max: int | None = Field(default=None, ge=1)
    references: int | None = Field(default=None, ge=0)
    released: date | None = None
    ends: date | None = None
    source: str = Field(min_length=1, description="Where these facts come from.")

    @model_validator(mode="after")
    def _has_one_id(self) -> Self:
        if (self.provider_model is None) == (self.model_setting is None):
            raise ValueError("an offer has a provider_model or a model_setting")
        return self

    @property
    def needed_settings(self) -> tuple[str, ...]:
        """Every setting that makes the offer real."""
        return (*self.settings, *((self.model_setting,) if self.model_setting else ()))


class ModelEntry(CatalogueData):
    """A model that a request may name.

    The first of its `offers` that can be called does the work.
    `price_rows` names the row of the price table for each role that is priced by model.
    `stand_ins` says which local model works for it, role by role, where it is not configured.
    """

    id: Identifier
    title: str
    roles: tuple[Role, ...] = Field(min_length=1)
    aliases: tuple[Alias, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    offers: tuple[Offer, ...] = Field(min_length=1)
    capabilities: Capabilities = Capabilities()
    price_rows: dict[Role, str] = Field(default_factory=dict)
    stand_ins: dict[Role, Identifier] = Field(default_factory=dict)
    source: str = Field(min_length=1, description="Where these facts come from.")

    @property
    def is_local(self) -> bool:
        return self.offers[0].provider == LOCAL_PROVIDER

    @property
    def ends(self) -> date | None:
        """The day from which nobody offers it; None where that is not known."""
        last = [offer.ends for offer in self.offers if offer.ends is not None]
        if self.lifecycle.ends is None and len(last) == len(self.offers):
            return max(last)
        return self.lifecycle.ends

    def has_ended(self, today: date) -> bool:
        return self.ends is not None and self.ends <= today

    @model_validator(mode="after")
    def _roles_have_their_capabilities(self) -> Self:
        for role in (Role.IMAGE, Role.VIDEO, Role.MUSIC):
            if (role in self.roles) != (getattr(self.capabilities, role.value) is not None):
                raise ValueError(f"{self.id}: capabilities and roles disagree on {role}")
            if (role in self.roles) != (role in self.price_rows):
                raise ValueError(f"{self.id}: price_rows and roles disagree on {role}")
        if not set(self.stand_ins) <= set(self.roles):
            raise ValueError(f"{self.id}: a stand-in for a role that the model does not have")
        return self


class StylePreset(CatalogueData):
    """A look. `look` are words for prompts and grading; `palette` colours, darkest first."""

    id: StyleIdentifier
    title: str
    description: str
    look: tuple[str, ...] = Field(min_length=1)
    palette: tuple[HexColour, ...] = Field(min_length=3, max_length=6)


class StartingPoint(CatalogueData):
    """What is used where nobody chose: a new account's defaults, and who speaks."""

    account: AccountDefaults
    voice_model: Identifier


class ModelsFile(CatalogueData):
    defaults: StartingPoint
    models: tuple[ModelEntry, ...] = Field(min_length=1)


class StylesFile(CatalogueData):
    styles: tuple[StylePreset, ...] = Field(min_length=1)
