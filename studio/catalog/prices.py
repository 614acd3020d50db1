"""The price table as data: one credit is one US cent."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

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
    """Every price in credits. `version` is frozen into the charges of a render.

    `sources` says of every row (`project`, `video_per_second/veo-3.1-fast`, …) where it is from.
    """

    version: str = Field(min_length=1)
    project: Credits
    planning: PlanningPrice
    keyframe_per_shot: dict[str, dict[ImageResolution, Credits]]
    critic_per_shot: Credits
    video_per_second: dict[str, VideoPrice]
    music_per_track: dict[str, Credits]
    voice_briefs: Credits
    production: Credits
    sources: dict[str, str]

    @model_validator(mode="after")
    def _every_row_has_a_source(self) -> Self:
        if set(self.sources) != (rows := set(self.rows())):
            raise ValueError(f"sources and rows differ in {sorted(set(self.sources) ^ rows)}")
        return self

    def rows(self) -> Iterator[str]:
        """The name of every row."""
        yield from ("project", "planning", "critic_per_shot", "voice_briefs", "production")
        for table in ("keyframe_per_shot", "video_per_second", "music_per_track"):
            yield from (f"{table}/{row}" for row in getattr(self, table))
