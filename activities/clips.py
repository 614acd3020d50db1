"""A shot's clip on its way into storage: normalised for the join, with a preview and a picture."""

from pathlib import Path

from activities.workbench import Workbench
from studio.contracts.frames import VIDEO_FRAME_SIZES
from studio.contracts.keys import clip_key, preview_key, thumbnail_key
from studio.contracts.workflow_io import Clip, ClipTask
from studio.media.normalise import normalise_clip, preview_clip, thumbnail
from studio.media.timeline import split_frames

NORMALISE_TIMEOUT_SECONDS = 240.0
"""Below the activity's own limit, so that ffmpeg's error is seen rather than a time-out."""

NORMALISE_THREADS = 2
"""A film waits for its last clip: nearly half as long for 3 % more work."""

CLIP_TYPE = "video/quicktime"
PREVIEW_TYPE = "video/mp4"
PICTURE_TYPE = "image/jpeg"


async def keep_clip(bench: Workbench, task: ClipTask, raw: Path, folder: Path) -> Clip:
    """Normalise a raw clip to the shot's exact length and store it with preview and thumbnail.

    Done as each clip lands, so that the wait after the last one is short.
    """
    width, height = VIDEO_FRAME_SIZES[task.resolution]
    clip, preview, picture = folder / "clip.mov", folder / "clip.mp4", folder / "thumbnail.jpg"
    normalised = await normalise_clip(
        raw,
        clip,
        frames=task.shot.frames,
        frames_per_second=task.frames_per_second,
        width=width,
        height=height,
        keyframes=split_frames(
            task.shot.frames, task.overlap_before_frames, task.shot.overlap_frames
        ),
        timeout_seconds=NORMALISE_TIMEOUT_SECONDS,
        threads=NORMALISE_THREADS,
    )
    await preview_clip(clip, preview)
    await thumbnail(clip, picture, at_seconds=normalised.duration_seconds / 2)
    where = (task.project_id, task.shot.index, task.attempt)
    return Clip(
        key=await bench.store(clip_key(*where), clip, CLIP_TYPE),
        preview_key=await bench.store(preview_key(*where), preview, PREVIEW_TYPE),
        thumbnail_key=await bench.store(thumbnail_key(*where), picture, PICTURE_TYPE),
        frames=normalised.frames,
        duration_seconds=normalised.duration_seconds,
    )
