"""The charge lines of a render. One list serves as estimate, holds, charges and receipt."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from studio.catalog.models import ModelEntry
from studio.catalog.prices import PriceTable
from studio.catalog.quotations import keyframe_credits, music_credits, video_credits
from studio.contracts.limits import PAYMENT_CENTS_MIN
from studio.contracts.plan import ChargeLine, ChargePlan, ShotTiming
from studio.contracts.request import ImageResolution, VideoResolution
from studio.contracts.text import counted


@dataclass(frozen=True)
class PricedModel:
    """A model under the id that the caller knows it by, which the labels show.

    Always the model that was asked for: a local stand-in costs what it stands in for. A local
    model asked for by its own id has the price rows of its role's default model.
    """

    requested: str
    entry: ModelEntry


@dataclass(frozen=True)
class Order:
    """Everything that has a price. `music` is the generated track's model, if one is made."""

    shots: Sequence[ShotTiming]
    image: PricedModel
    image_resolution: ImageResolution
    video: PricedModel
    video_resolution: VideoResolution
    music: PricedModel | None = None
    voice_briefs: bool = False


def price_order(order: Order, prices: PriceTable) -> ChargePlan:
    """The frozen charges: lines in the order of the work, their total and their digest."""
    return _charge_plan(prices.version, tuple(_lines(order, prices)))


def with_minimum(charges: ChargePlan) -> ChargePlan:
    """The charges of a quote: filled up to what a card can be charged, where they are below it."""
    missing = PAYMENT_CENTS_MIN - charges.total_credits
    if missing <= 0:
        return charges
    line = ChargeLine(line_id="minimum", label="Minimum charge", credits=missing)
    return _charge_plan(charges.price_version, (*charges.lines, line))


def _charge_plan(price_version: str, lines: tuple[ChargeLine, ...]) -> ChargePlan:
    return ChargePlan(
        price_version=price_version,
        lines=lines,
        total_credits=sum(line.credits for line in lines),
        digest=charges_digest(price_version, lines),
    )


def charges_digest(price_version: str, lines: Sequence[ChargeLine]) -> str:
    """SHA-256, in hex, of the canonical JSON of the price version and the lines in order.

    Canonical: keys sorted, no white space, UTF-8 (the subset of RFC 8785 that integers and
    strings need).
    """
    document = {"lines": [line.model_dump() for line in lines], "price_version": price_version}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(order: Order, prices: PriceTable) -> Iterator[ChargeLine]:
    count = len(order.shots)
    planning = prices.planning
    yield ChargeLine(line_id="project", label="Project", credits=prices.project)
    yield ChargeLine(
        line_id="planning",
        label=f"Planning, {counted(count, 'shot')}",
        credits=planning.base + planning.per_shot * count,
    )
    for shot in order.shots:
        yield from _shot_lines(shot, order, prices)
    if order.music is not None:
        yield ChargeLine(
            line_id="music",
            label=f"Music, {order.music.requested}",
            credits=music_credits(order.music.entry, prices),
        )
    if order.voice_briefs:
        yield ChargeLine(line_id="voice", label="Voice briefs", credits=prices.voice_briefs)
    yield ChargeLine(line_id="production", label="Production", credits=prices.production)


def _shot_lines(shot: ShotTiming, order: Order, prices: PriceTable) -> Iterator[ChargeLine]:
    index, prefix = shot.index, f"shot-{shot.index:03d}"
    image, video = order.image, order.video
    yield ChargeLine(
        line_id=f"{prefix}/keyframe",
        label=f"Shot {index}: keyframe, {order.image_resolution.value}, {image.requested}",
        credits=keyframe_credits(image.entry, order.image_resolution, prices),
        shot=index,
    )
    yield ChargeLine(
        line_id=f"{prefix}/critic",
        label=f"Shot {index}: critic",
        credits=prices.critic_per_shot,
        shot=index,
    )
    yield ChargeLine(
        line_id=f"{prefix}/video",
        label=(
            f"Shot {index}: video, {shot.filmed_seconds} s at {order.video_resolution.value}, "
            f"{video.requested}"
        ),
        credits=video_credits(video.entry, order.video_resolution, prices) * shot.filmed_seconds,
        shot=index,
    )
