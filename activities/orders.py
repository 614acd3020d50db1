"""From a clip task to the order that a video model gets."""

from pathlib import Path

from activities.references import shot_pictures
from activities.seeds import seed_of
from activities.workbench import Workbench
from studio.contracts.frames import VIDEO_FRAME_SIZES
from studio.contracts.workflow_io import ClipTask
from studio.providers.motion import motion_prompt
from studio.providers.ports import Picture, VideoRequest


async def video_request(bench: Workbench, task: ClipTask, folder: Path) -> VideoRequest:
    """The same order for the same task, on whichever worker it is made; pictures in `folder`."""
    screenplay = await bench.screenplay(task.screenplay_key)
    script = screenplay.shot(task.shot.index)
    width, height = VIDEO_FRAME_SIZES[task.resolution]
    return VideoRequest(
        model=task.model.provider_model,
        attempt_id=task.attempt_id,
        prompt=motion_prompt(script, task.softened),
        description=script.description,
        camera_move=script.camera_move,
        keyframe=await _picture(bench, task.keyframe_key, folder / "keyframe.png"),
        resolution=task.resolution,
        width=width,
        height=height,
        duration_seconds=task.shot.filmed_seconds,
        frames_per_second=task.frames_per_second,
        seed=seed_of(task.project_id, task.shot.index, task.attempt),
        last_frame=(
            await _picture(bench, task.last_frame_key, folder / "last-frame.png")
            if task.last_frame_key
            else None
        ),
        references=await shot_pictures(
            bench,
            screenplay,
            script,
            analysis_key=task.analysis_key,
            sheets=task.sheets,
            folder=folder,
            pictures_max=task.references,
        ),
    )


async def _picture(bench: Workbench, key: str, destination: Path) -> Picture:
    return Picture(key=key, path=await bench.fetch(key, destination))
