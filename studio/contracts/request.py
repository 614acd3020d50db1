"""The request that a caller posts: every field, limit and default of the public contract."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from studio.contracts.assets import AssetManifestEntry
from studio.contracts.base import EdgeModel
from studio.contracts.limits import (
    BRIEF_LENGTH_MAX,
    FILM_DURATION_SECONDS_MAX,
    FILM_DURATION_SECONDS_MIN,
    MUSIC_DURATION_SECONDS_MAX,
    MUSIC_DURATION_SECONDS_MIN,
    NAME_LENGTH_MAX,
    SHOT_COUNT_MAX,
    SHOT_COUNT_MIN,
    STYLE_LENGTH_MAX,
    UPLOAD_FILES_MAX,
    WAIT_SECONDS_MAX,
)
from studio.contracts.text import PlainText


class ProjectMode(StrEnum):
    SCENE = "scene"
    MUSIC = "music"
    CUSTOM = "custom"


class MusicWorkflow(StrEnum):
    GENERATED = "generated"
    UPLOADED_TRACK = "uploaded_track"
    NONE = "none"


class ImageResolution(StrEnum):
    ONE_K = "1K"
    TWO_K = "2K"
    FOUR_K = "4K"


class VideoResolution(StrEnum):
    P720 = "720p"
    P1080 = "1080p"
    UHD = "4k"


def _accept_legacy_music_workflow(value: object) -> object:
    """`lyria3` is what older clients send for generated music."""
    return MusicWorkflow.GENERATED.value if value == "lyria3" else value


Name = Annotated[PlainText, Field(min_length=1, max_length=NAME_LENGTH_MAX)]
Brief = Annotated[PlainText, Field(max_length=BRIEF_LENGTH_MAX)]
StyleText = Annotated[PlainText, Field(max_length=STYLE_LENGTH_MAX)]
CatalogueId = Annotated[PlainText, Field(min_length=1, max_length=NAME_LENGTH_MAX)]
MusicSeconds = Annotated[
    float, Field(ge=MUSIC_DURATION_SECONDS_MIN, le=MUSIC_DURATION_SECONDS_MAX, allow_inf_nan=False)
]


class RenderRequest(EdgeModel):
    """A brief. `None` means that the caller left the field out.

    Validate with `model_validate_json`: strict types then still accept JSON's strings and arrays
    for enums and tuples.
    """

    name: Name
    screenplay: Brief = ""
    instructions: Brief = ""
    additional_lore: Brief = ""
    visual_style_preset: CatalogueId | None = None
    visual_style_custom_instructions: StyleText = ""
    project_mode: ProjectMode = ProjectMode.SCENE
    shot_count: Annotated[int, Field(ge=SHOT_COUNT_MIN, le=SHOT_COUNT_MAX)] | None = None
    scene_target_duration_seconds: (
        Annotated[
            float,
            Field(ge=FILM_DURATION_SECONDS_MIN, le=FILM_DURATION_SECONDS_MAX, allow_inf_nan=False),
        ]
        | None
    ) = None
    orchestrator_model: CatalogueId | None = None
    critic_model: CatalogueId | None = None
    image_model: CatalogueId | None = None
    image_resolution: ImageResolution | None = None
    video_model: CatalogueId | None = None
    video_resolution: VideoResolution | None = None
    music_model: CatalogueId | None = None
    stage_voice_briefs_enabled: bool | None = None
    music_workflow: (
        Annotated[MusicWorkflow, BeforeValidator(_accept_legacy_music_workflow)] | None
    ) = None
    lyrics_prompt: StyleText = ""
    style_prompt: StyleText = ""
    music_min_duration_seconds: MusicSeconds | None = None
    music_max_duration_seconds: MusicSeconds | None = None
    music_start_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    use_first_audio_asset_as_music: bool = False
    ingredients_mode_enabled: bool = False
    assets: Annotated[
        tuple[AssetManifestEntry, ...], Field(max_length=UPLOAD_FILES_MAX, strict=False)
    ] = ()
    wait_for_completion_seconds: Annotated[
        float, Field(ge=0, le=WAIT_SECONDS_MAX, allow_inf_nan=False)
    ] = 0

    @model_validator(mode="after")
    def _music_bounds_are_ordered(self) -> Self:
        low, high = self.music_min_duration_seconds, self.music_max_duration_seconds
        if low is not None and high is not None and low > high:
            msg = (
                f"music_min_duration_seconds ({low:g}) is above "
                f"music_max_duration_seconds ({high:g}); swap them or leave one out"
            )
            raise ValueError(msg)
        return self


OmittedByDefault = Literal[
    "visual_style_preset",
    "orchestrator_model",
    "critic_model",
    "image_model",
    "image_resolution",
    "video_model",
    "video_resolution",
    "music_model",
    "stage_voice_briefs_enabled",
]
"""The fields that take the owning account's saved default when they are left out."""
