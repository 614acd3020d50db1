"""How every shot is encoded, so that shots can be joined by copying their packets.

One preset for all: equal frame size and rate give byte-identical H.264 parameter sets, whatever
the picture and the number of threads. A clip made with `fit_filter` and `video_arguments` is copied
by the normaliser and by the join, never encoded again.
"""

from collections.abc import Sequence
from typing import Final

SAMPLE_RATE_HZ: Final = 48_000
CHANNELS: Final = 2
AAC_FRAME_SAMPLES: Final = 1024
"""ISO/IEC 14496-3: an AAC-LC frame; the unit in which an audio stream's length is exact."""

VIDEO_PRESET: Final = "veryfast"
VIDEO_CRF: Final = 18
"""x264's scale; 18 is taken for visually lossless, so that a second encode costs nothing seen."""

KEYFRAME_INTERVAL_SECONDS: Final = 2
"""Seeking in a player lands at most this far off."""

COLOUR_ARGUMENTS: Final = (
    *("-color_primaries", "bt709", "-color_trc", "bt709"),
    *("-colorspace", "bt709", "-color_range", "tv"),
)

BT709_FILTER: Final = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"

PCM_ARGUMENTS: Final = ("-c:a", "pcm_s16le", "-ar", str(SAMPLE_RATE_HZ), "-ac", str(CHANNELS))

REPRODUCIBLE_ARGUMENTS: Final = ("-map_metadata", "-1", "-map_chapters", "-1", "-bitexact")
"""No dates, no names, no versions of libraries: the same input gives the same bytes."""


def video_arguments(frames_per_second: int) -> list[str]:
    """Output options of ffmpeg for the H.264 stream of a shot.

    The picture must come from `fit_filter`: the parameter sets carry its pixel shape and colours.
    """
    return [
        *("-c:v", "libx264", "-preset", VIDEO_PRESET, "-crf", str(VIDEO_CRF)),
        *("-pix_fmt", "yuv420p", "-g", str(frames_per_second * KEYFRAME_INTERVAL_SECONDS)),
        *("-video_track_timescale", str(time_scale(frames_per_second))),
        *COLOUR_ARGUMENTS,
    ]


def keyframe_arguments(frames: Sequence[int], frames_per_second: int) -> list[str]:
    """Options for `libx264` to begin anew at these frames, beside its regular keyframes.

    ffmpeg takes the first frame at or behind a time: half a frame earlier, no rounding can miss.
    """
    if not frames:
        return []
    times = ",".join(f"{(frame - 0.5) / frames_per_second:.6f}" for frame in frames)
    return ["-force_key_frames", times, "-forced-idr", "1"]


def time_scale(frames_per_second: int) -> int:
    """Ticks a second of the video track: a multiple of the rate, so that no frame is rounded."""
    return frames_per_second * 512


def fit_filter(width: int, height: int, *, source_matrix: str = "auto") -> str:
    """The filters that put any picture into a frame of this size: scaled, centred, BT.709.

    `source_matrix` is the YCbCr matrix of the source where its file does not say.
    """
    shape = "force_original_aspect_ratio=decrease:force_divisible_by=2:reset_sar=1"
    colour = f"in_color_matrix={source_matrix}:out_color_matrix=bt709:out_range=tv"
    return ",".join(
        (
            f"scale={width}:{height}:{shape}:{colour}",
            f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2",
            "setsar=1",
            "format=yuv420p",
            BT709_FILTER,
        )
    )


def samples_of(frames: int, frames_per_second: int) -> int:
    """How many samples a channel are as long as these frames."""
    return round(frames * SAMPLE_RATE_HZ / frames_per_second)
