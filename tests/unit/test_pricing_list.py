"""Credits follow from what the providers charge: list price times 1.5, rounded up to a cent."""

from decimal import ROUND_CEILING, Decimal

import pytest

from studio.catalog.catalogue import load_catalogue
from studio.contracts.request import ImageResolution, VideoResolution

PRICES = load_catalogue().prices
MARGIN = Decimal("1.5")

# US dollars as published in November 2026: by Google for the Gemini API and for Google Cloud, by
# fal for Kling. Gemini 3.1 Flash Image at 2K and 4K: 1,680 and 2,520 tokens, where 1,120 at 1K are
# $0.067 ($60 a million). Omni at 720p: 5,792 tokens a second at $17.50 a million; 1080p and 4k by
# the ratios of resellers.
KEYFRAMES = {
    "gemini-image": {"1K": "0.134", "2K": "0.134", "4K": "0.24"},
    "gemini-flash-image": {"1K": "0.067", "2K": "0.1008", "4K": "0.1512"},
}
VIDEO_WITH_SOUND = {
    "veo-3.1-fast": {"720p": "0.10", "1080p": "0.12", "4k": "0.30"},
    "veo-3.1": {"720p": "0.40", "1080p": "0.40", "4k": "0.60"},
    "kling-v3-pro": {"720p": "0.168", "1080p": "0.168", "4k": "0.42"},
    "omni-flash": {"720p": "0.10136", "1080p": "0.15", "4k": "0.30"},
}
VIDEO_SILENT = {"kling-v3-pro": {"720p": "0.112", "1080p": "0.112", "4k": "0.42"}}
MUSIC = {"song": "0.08", "clip": "0.04"}


def in_credits(dollars: str) -> int:
    return int((Decimal(dollars) * 100 * MARGIN).to_integral_value(ROUND_CEILING))


def all_in_credits(table: dict[str, dict[str, str]]) -> dict[str, dict[str, int]]:
    return {
        row: {size: in_credits(dollars) for size, dollars in sizes.items()}
        for row, sizes in table.items()
    }


def plain(
    row: dict[ImageResolution, int] | dict[VideoResolution, int],
) -> dict[str, int]:
    return {size.value: amount for size, amount in row.items()}


def test_a_keyframe_costs_its_list_price_and_half_of_it() -> None:
    table = {row: plain(sizes) for row, sizes in PRICES.keyframe_per_shot.items()}
    assert table == all_in_credits(KEYFRAMES)


def test_a_filmed_second_costs_its_list_price_and_half_of_it() -> None:
    rows = PRICES.video_per_second.items()
    assert {row: plain(price.with_sound) for row, price in rows} == all_in_credits(VIDEO_WITH_SOUND)
    silent = {row: plain(price.silent) for row, price in rows if price.silent is not None}
    assert silent == all_in_credits(VIDEO_SILENT)


def test_a_track_costs_its_list_price_and_half_of_it() -> None:
    assert PRICES.music_per_track == {row: in_credits(dollars) for row, dollars in MUSIC.items()}


@pytest.mark.parametrize(
    ("row", "dollars"),
    [("veo-3.1-fast", "$0.10"), ("veo-3.1", "$0.40"), ("kling-v3-pro", "$0.168")],
)
def test_a_rows_source_names_the_list_price(row: str, dollars: str) -> None:
    assert dollars in PRICES.sources[f"video_per_second/{row}"]


def test_the_fixed_lines_are_those_of_the_contract() -> None:
    assert PRICES.project == 12
    assert (PRICES.planning.base, PRICES.planning.per_shot) == (8, 2)
    assert (PRICES.critic_per_shot, PRICES.voice_briefs, PRICES.production) == (5, 2, 10)
