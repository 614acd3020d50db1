"""Prices model by model: what the price table means for one entry of the catalogue."""

from collections.abc import Iterable, Mapping

from studio.catalog.document import ModelPrice
from studio.catalog.models import ModelEntry, Role
from studio.catalog.prices import PriceTable
from studio.contracts.request import ImageResolution, VideoResolution


def keyframe_credits(model: ModelEntry, resolution: ImageResolution, prices: PriceTable) -> int:
    """Credits for one keyframe. The resolution must be one that the model offers."""
    return prices.keyframe_per_shot[model.price_rows[Role.IMAGE]][resolution]


def video_credits(model: ModelEntry, resolution: VideoResolution, prices: PriceTable) -> int:
    """Credits for one filmed second, with sound: every clip of a film carries sound."""
    return prices.video_per_second[model.price_rows[Role.VIDEO]].with_sound[resolution]


def music_credits(model: ModelEntry, prices: PriceTable) -> int:
    """Credits for one generated track."""
    return prices.music_per_track[model.price_rows[Role.MUSIC]]


def model_prices(model: ModelEntry, prices: PriceTable) -> tuple[ModelPrice, ...]:
    """What a model costs, role by role, for the public catalogue."""
    return tuple(_price(model, role, prices) for role in model.roles)


def _price(model: ModelEntry, role: Role, prices: PriceTable) -> ModelPrice:
    if role is Role.TEXT:
        planning = prices.planning
        credits_ = {"base": planning.base, "per_shot": planning.per_shot}
        return ModelPrice(role=role, unit="render", credits=credits_)
    if role is Role.CRITIC:
        return ModelPrice(role=role, unit="shot", credits={"each": prices.critic_per_shot})
    if role is Role.IMAGE:
        row = prices.keyframe_per_shot[model.price_rows[role]]
        return ModelPrice(role=role, unit="shot", credits=_by_value(row))
    if role is Role.VIDEO:
        seconds = prices.video_per_second[model.price_rows[role]].with_sound
        return ModelPrice(role=role, unit="second", credits=_by_value(seconds))
    if role is Role.MUSIC:
        return ModelPrice(role=role, unit="track", credits={"each": music_credits(model, prices)})
    return ModelPrice(role=role, unit="render", credits={"each": prices.voice_briefs})


def _by_value(row: Mapping[ImageResolution, int] | Mapping[VideoResolution, int]) -> dict[str, int]:
    return {resolution.value: amount for resolution, amount in row.items()}


def refuse_missing_rows(models: Iterable[ModelEntry], prices: PriceTable) -> None:
    """ValueError where a model could be asked for at a price that the table does not have."""
    for model in models:
        try:
            if model.capabilities.image:
                for size in model.capabilities.image.resolutions:
                    keyframe_credits(model, size, prices)
            if model.capabilities.video:
                for resolution in model.capabilities.video.resolutions:
                    video_credits(model, resolution, prices)
            if model.capabilities.music:
                music_credits(model, prices)
        except KeyError as error:
            raise ValueError(f"{model.id}: the price table has no {error}") from error
