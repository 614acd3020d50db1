"""Where a model of Google Cloud puts its clips: a bucket of ours, one folder an attempt."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from studio.providers.errors import OutputExpired, ProviderError
from studio.providers.ports import Handle, JobState, JobStatus

OUTPUT: Final = "output"
"""The name of an attempt's folder in handles."""
LOST_AFTER_SECONDS: Final = 900.0
"""Google states 6 minutes for a clip at its busiest hours; two and a half times that with no clip
in the folder is no job."""

_CLIP: Final = ".mp4"
_UNSAFE: Final = re.compile(r"[^a-z0-9_-]+")
LABEL_LENGTH_MAX: Final = 63
"""Of labels on Google Cloud: lower case, digits, `_` and `-`."""


@dataclass(frozen=True)
class StoredClip:
    uri: str
    size_bytes: int


class ObjectStore(Protocol):
    async def list(self, prefix: str) -> Sequence[StoredClip]:
        """What lies below `gs://bucket/folder/`. Raises ProviderError."""
        ...

    async def download(self, uri: str, destination: Path) -> None:
        """Write the MP4 at `gs://…`. Raises OutputExpired where it is gone, ProviderError."""
        ...


def output_prefix(output_uri: str, attempt_id: str) -> str:
    """The folder that only this attempt's clip is written to."""
    return f"{output_uri.rstrip('/')}/attempts/{attempt_id}/"


def label_of(attempt_id: str) -> str:
    """The attempt as a label, which is what the bill is sorted by."""
    return _UNSAFE.sub("-", attempt_id.lower())[:LABEL_LENGTH_MAX]


async def clip_below(objects: ObjectStore, prefix: str) -> StoredClip | None:
    """The clip of an attempt, None while there is none: an object appears whole or not at all."""
    clips = [
        clip
        for clip in await objects.list(prefix)
        if clip.uri.startswith(prefix) and clip.uri.endswith(_CLIP) and clip.size_bytes > 0
    ]
    return min(clips, key=lambda clip: clip.uri, default=None)


async def look_below(objects: ObjectStore, prefix: str) -> JobStatus:
    """The state of a job that only its folder is known of."""
    if await clip_below(objects, prefix) is None:
        return JobStatus(JobState.RUNNING)
    return JobStatus(JobState.SUCCEEDED, progress=1.0)


async def job_below(
    objects: ObjectStore,
    prefix: str,
    *,
    age_seconds: float,
    lost_after_seconds: float = LOST_AFTER_SECONDS,
) -> Handle | None:
    """The job of an order that nobody answered, by its clip; None where there surely is none.

    Raises ProviderError while it may still be filmed.
    """
    if await clip_below(objects, prefix) is not None:
        return {OUTPUT: prefix}
    if age_seconds <= lost_after_seconds:
        raise ProviderError("There is no clip yet; Google may still be filming it.")
    return None


async def found_below(objects: ObjectStore, prefix: str) -> JobStatus:
    """The state of a job that Google itself no longer knows. ProviderError if there is no clip."""
    if await clip_below(objects, prefix) is None:
        raise ProviderError("Google does not know the job, and its folder has no clip.")
    return JobStatus(JobState.SUCCEEDED, progress=1.0)


async def collect_below(objects: ObjectStore, prefix: str, destination: Path) -> None:
    clip = await clip_below(objects, prefix)
    if clip is None:
        raise OutputExpired("The bucket no longer has the clip.")
    await objects.download(clip.uri, destination)
