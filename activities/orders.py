"""From a clip task to the order that a video model gets, and that order's digest."""

import hashlib
import json
from dataclasses import asdict

from activities.seeds import seed_of
from activities.workbench import Workbench
from studio.contracts.frames import VIDEO_FRAME_SIZES
from studio.contracts.workflow_io import ClipTask
from studio.providers.ports import VideoRequest


async def video_request(bench: Workbench, task: ClipTask) -> VideoRequest:
    """The same order for the same task, on whichever worker it is made."""
    script = await bench.script(task.screenplay_key, task.shot.index)
    width, height = VIDEO_FRAME_SIZES[task.resolution]
    return VideoRequest(
        attempt_id=task.attempt_id,
        prompt=script.description,
        camera_move=script.camera_move,
        keyframe_key=task.keyframe_key,
        width=width,
        height=height,
        duration_seconds=task.shot.filmed_seconds,
        frames_per_second=task.frames_per_second,
        seed=seed_of(task.project_id, task.shot.index, task.attempt),
    )


def digest_of(request: VideoRequest) -> str:
    """SHA-256 over the order: one attempt id must never stand for two of them."""
    return hashlib.sha256(json.dumps(asdict(request), sort_keys=True).encode()).hexdigest()
