"""Waiting for a provider's job: often at first, then less and less."""

import asyncio
from typing import Final

from activities.heartbeats import Pulse
from studio.contracts.errors import StudioError
from studio.providers.errors import ModerationRefused, ProviderRejected
from studio.providers.ports import Handle, JobState, JobStatus, VideoModel

POLL_SHARE: Final = 0.03
"""A finished clip lies for at most this share of the time that it took to film."""

POLL_SECONDS_MIN: Final = 0.2
"""What the quickest models need for a clip is seconds: sooner than this nothing is gained."""


class ClipFailed(StudioError):
    """The provider ended a job without a clip; a new attempt may be made."""

    code = "clip_failed"


async def wait_for_clip(
    model: VideoModel, handle: Handle, poll_interval_seconds: float, pulse: Pulse
) -> None:
    """Poll until the clip is there, at most `poll_interval_seconds` apart.

    Raises ClipFailed, ProviderRejected or ModerationRefused if it never will be.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    while True:
        status = await model.poll(handle)
        pulse.progress = status.progress
        if status.state == JobState.SUCCEEDED:
            return
        if status.state == JobState.FAILED:
            raise _failure(status)
        pause = max(POLL_SECONDS_MIN, POLL_SHARE * (clock() - began))
        await asyncio.sleep(min(pause, poll_interval_seconds))


def _failure(status: JobStatus) -> StudioError:
    sentence = status.error or "The provider ended the job without a clip."
    if status.refused is not None:
        return ModerationRefused(sentence, refused=status.refused)
    return ProviderRejected(sentence) if status.rejected else ClipFailed(sentence)
