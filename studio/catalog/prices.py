"""The price table as data: one credit is one US cent."""

from typing import Annotated

from pydantic import Field

from studio.catalog.models import CatalogueData
from studio.contracts.request import ImageResolution, VideoResolution

Credits = Annotated[int, Field(ge=0)]


class PlanningPrice(CatalogueData):
    base: Credits
    per_shot: Credits


class VideoPrice(CatalogueData):
    """Credits for a second that is filmed. `silent` is None where sound makes no difference."""

    with_sound: dict[VideoResolution, Credits]
    silent: dict[VideoResolution, Credits] | None = None


class PriceTable(CatalogueData):
    """Every price in credits. `version` is frozen into the charges of a render."""

    version: str = Field(min_length=1)
    project: Credits
    planning: PlanningPrice
    keyframe_per_shot: dict[str, dict[ImageResolution, Credits]]
    critic_per_shot: Credits
    video_per_second: dict[str, VideoPrice]
    music_per_track: dict[str, Credits]
    voice_briefs: Credits
    production: Credits
