"""The shapes of the catalogue's data files. A file that does not fit stops the process."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from studio.contracts.limits import FILM_DURATION_SECONDS_MIN
from studio.contracts.request import ImageResolution, VideoResolution

Provider = Literal["google", "fal", "kling", "local"]
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


class Lifecycle(CatalogueData):
    """When a provider offers an id. `ends` in the past means that the successor serves it."""

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
    """

    clip_lengths_seconds: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    preferred_clip_seconds: int
    resolutions: tuple[VideoResolution, ...] = Field(min_length=1)
    references: int = Field(default=0, ge=0)
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
        return self

    @property
    def longest_clip_seconds(self) -> int:
        return self.clip_lengths_seconds[-1]


class MusicCapabilities(CatalogueData):
    """`duration_seconds_max` is None where the provider states no limit below the contract's."""

    duration_seconds_max: int | None = Field(default=None, ge=1)


class Capabilities(CatalogueData):
    """One entry for each role that has any."""

    image: ImageCapabilities | None = None
    video: VideoCapabilities | None = None
    music: MusicCapabilities | None = None


class ModelEntry(CatalogueData):
    """A model that a request may name.

    `settings` are the environment variables that must all be set before the provider can be
    called. `provider_model` is the provider's own id; None where a setting carries it.
    `price_rows` names the row of the price table for each role that is priced by model.
    `stand_ins` says which local model works for it, role by role, where it is not configured.
    """

    id: Identifier
    title: str
    roles: tuple[Role, ...] = Field(min_length=1)
    aliases: tuple[Alias, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    provider: Provider
    provider_model: str | None = None
    settings: tuple[str, ...] = ()
    capabilities: Capabilities = Capabilities()
    price_rows: dict[Role, str] = Field(default_factory=dict)
    stand_ins: dict[Role, Identifier] = Field(default_factory=dict)
    source: str = Field(min_length=1, description="Where these facts come from.")

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


class ModelsFile(CatalogueData):
    models: tuple[ModelEntry, ...] = Field(min_length=1)


class StylesFile(CatalogueData):
    styles: tuple[StylePreset, ...] = Field(min_length=1)
