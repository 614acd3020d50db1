"""Frames of a video, sampled over its length, in the limited child process."""

from pathlib import Path
from typing import Final

from av.video.frame import VideoFrame

from studio.media.child_image import save_still
from studio.media.child_stream import (
    MICROSECONDS,
    frame_at,
    open_stream,
    packets_seconds,
    upright,
    video_of,
)
from studio.media.upload_limits import (
    FRAME_INTERVAL_SECONDS_MIN,
    SAMPLED_SIDE_MAX,
    VIDEO_FRAMES_MAX,
)

FRAME_NAME: Final = "frame-{:02d}.png"


def sample_frames(path: Path, media_type: str, folder: Path) -> int:
    """Write up to VIDEO_FRAMES_MAX frames as PNG, evenly spread; returns how many, at least 1.

    Each is written as it comes, so that those of a video that then breaks its decoder remain.
    """
    written = 0
    with open_stream(path, media_type) as container:
        video = video_of(container)
        # What a browser recorded does not say how long it is.
        seconds = (container.duration or 0) / MICROSECONDS or packets_seconds(container, video)
        shown: VideoFrame | None = None
        for moment in _moments(seconds):
            container.seek(int(moment * MICROSECONDS), backward=True)
            frame = frame_at(container, video, moment)
            if shown is not None and frame.pts == shown.pts:
                continue  # so long since its key frame that the search ends at the same one
            written += 1
            save_still(
                upright(frame), folder / FRAME_NAME.format(written), side_max=SAMPLED_SIDE_MAX
            )
            shown = frame
    return written


def _moments(seconds: float) -> list[float]:
    """The middles of equal parts of the video."""
    parts = max(1, min(VIDEO_FRAMES_MAX, int(seconds / FRAME_INTERVAL_SECONDS_MIN)))
    return [(part + 0.5) * seconds / parts for part in range(parts)]
