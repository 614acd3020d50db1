"""Prices model by model: what the price table means for one entry of the catalogue."""

from collections.abc import Iterable, Mapping
from typing import Final

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


def price_words(model: ModelEntry, role: Role, prices: PriceTable) -> str:
    """What a model costs in a role, in a few words: `12 at 720p, 15 at 1080p a second`."""
    unit, amounts = _amounts(model, role, prices)
    if role is Role.TEXT:
        return f"{amounts['base']} and {amounts['per_shot']} a shot"
    if set(amounts) == {"each"}:
        return f"{amounts['each']} a {unit}"
    return f"{', '.join(f'{amount} at {size}' for size, amount in amounts.items())} a {unit}"


def _price(model: ModelEntry, role: Role, prices: PriceTable) -> ModelPrice:
    unit, credits_ = _amounts(model, role, prices)
    return ModelPrice(
        role=role, unit=unit, credits=credits_, source=prices.sources[price_row(model, role)]
    )


def price_row(model: ModelEntry, role: Role) -> str:
    """The name of the price table's row for a model in a role."""
    table = _TABLES[role]
    return f"{table}/{model.price_rows[role]}" if role in model.price_rows else table


_TABLES: Final = {
    Role.TEXT: "planning",
    Role.CRITIC: "critic_per_shot",
    Role.IMAGE: "keyframe_per_shot",
    Role.VIDEO: "video_per_second",
    Role.MUSIC: "music_per_track",
    Role.VOICE: "voice_briefs",
}


def _amounts(model: ModelEntry, role: Role, prices: PriceTable) -> tuple[str, dict[str, int]]:
    """What the credits are for, and the credits by resolution or by what is counted."""
    if role is Role.TEXT:
        planning = prices.planning
        return "render", {"base": planning.base, "per_shot": planning.per_shot}
    if role is Role.CRITIC:
        return "shot", {"each": prices.critic_per_shot}
    if role is Role.IMAGE:
        return "shot", _by_value(prices.keyframe_per_shot[model.price_rows[role]])
    if role is Role.VIDEO:
        return "second", _by_value(prices.video_per_second[model.price_rows[role]].with_sound)
    if role is Role.MUSIC:
        return "track", {"each": music_credits(model, prices)}
    return "render", {"each": prices.voice_briefs}


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
