"""Gemini Omni Flash video: VideoModel over background interactions.

Interactions cannot be listed. On Google Cloud every attempt writes below a folder of its own and is
found there. The Developer API has nothing an order could be found by, so it is ordered at most
once: a reply that is lost costs the shot, never a second order.
"""

import base64
import binascii
from pathlib import Path
from typing import Final, Protocol

from google.genai.interactions import Interaction, VideoContent

from studio.providers.downloads import keep_clip_bytes
from studio.providers.errors import (
    OutputExpired,
    ProviderError,
    ProviderRejected,
    RefusedInput,
    SubmissionUnknown,
    UnusableAnswer,
)
from studio.providers.google.asking import JobUnknown, asked, ordered, refusable
from studio.providers.google.client import GoogleClient
from studio.providers.google.objects import (
    OUTPUT,
    ObjectStore,
    collect_below,
    found_below,
    job_below,
    label_of,
    look_below,
    output_prefix,
)
from studio.providers.google.omni_order import format_of, generation_of, input_of
from studio.providers.moderation import is_moderation, refused_input
from studio.providers.ports import Handle, JobState, JobStatus, VideoRequest
from studio.providers.quoting import quoted
from studio.providers.wire import ORDER_TIMEOUT_SECONDS

INTERACTION: Final = "interaction"

_RUNNING: Final = frozenset({"queued", "in_progress", "requires_continuation"})
"""The server itself continues a background interaction."""
_ENDED: Final = frozenset(
    {"completed", "failed", "cancelled", "incomplete", "budget_exceeded", "requires_action"}
)


class FileDownload(Protocol):
    async def download(self, uri: str, destination: Path) -> None: ...


class OmniVideo:
    """VideoModel. With `objects` and `output_uri` (Google Cloud) clips are written to a bucket,
    without them (Developer API) they are fetched from Google's `files`.
    """

    def __init__(
        self,
        client: GoogleClient,
        *,
        files: FileDownload | None = None,
        objects: ObjectStore | None = None,
        output_uri: str | None = None,
        order_timeout_seconds: float = ORDER_TIMEOUT_SECONDS,
    ) -> None:
        self._order_timeout_seconds = order_timeout_seconds
        self._client = client
        self._files = files
        self._objects = objects
        self._output_uri = output_uri

    async def prepare(self, request: VideoRequest) -> Handle:
        """The attempt's folder, where there is a bucket."""
        if self._output_uri is None:
            return {}
        return {OUTPUT: output_prefix(self._output_uri, request.attempt_id)}

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        steps = await input_of(request)
        with ordered(self._client):
            interaction = await self._client.sdk.aio.interactions.create(
                model=request.model,
                input=steps,
                background=True,
                store=True,
                stream=False,
                labels={"attempt": label_of(request.attempt_id)},
                generation_config=generation_of(request),
                response_format=format_of(request, prepared.get(OUTPUT)),
                timeout=self._order_timeout_seconds,
            )
        if not isinstance(interaction, Interaction) or not interaction.id:
            raise SubmissionUnknown("Google took the order but gave it no id; it may be billed.")
        return {**prepared, INTERACTION: interaction.id}

    async def poll(self, handle: Handle) -> JobStatus:
        if INTERACTION not in handle:
            return await self._look(handle)
        try:
            interaction = await self._interaction(handle)
        except JobUnknown:
            if OUTPUT not in handle or self._objects is None:
                raise
            return await found_below(self._objects, handle[OUTPUT])
        if interaction.status in _RUNNING:
            return JobStatus(JobState.RUNNING)
        if interaction.status not in _ENDED:
            raise ProviderError("Google gave the interaction a state that is not known.")
        if interaction.status == "completed" and _video(interaction) is not None:
            return JobStatus(JobState.SUCCEEDED, progress=1.0)
        return _failed(interaction)

    async def cancel(self, handle: Handle) -> bool:
        if INTERACTION not in handle:
            return False
        try:
            with refusable(self._client):
                stopped = await self._client.sdk.aio.interactions.cancel(handle[INTERACTION])
        except (ProviderRejected, JobUnknown):
            return False
        return stopped.status == "cancelled"

    async def collect(self, handle: Handle, destination: Path) -> None:
        if OUTPUT in handle and self._objects is not None:
            await collect_below(self._objects, handle[OUTPUT], destination)
            return
        interaction = await self._interaction(handle)
        if interaction.status in _RUNNING:
            raise ProviderError("Google says that the interaction, which had ended, still runs.")
        video = _video(interaction)
        if video is not None and video.data:
            await keep_clip_bytes(_decoded(str(video.data)), destination)
        elif video is not None and video.uri and self._files is not None:
            await self._files.download(video.uri, destination)
        else:
            raise OutputExpired("Google no longer has the clip of the interaction.")

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        prefix = prepared.get(OUTPUT)
        if prefix is None or self._objects is None:
            raise ProviderRejected(
                f"Google cannot be asked about {request.attempt_id}: its interactions have no list."
            )
        return await job_below(self._objects, prefix, age_seconds=age_seconds)

    async def _interaction(self, handle: Handle) -> Interaction:
        with asked(self._client):
            answer = await self._client.sdk.aio.interactions.get(handle[INTERACTION], stream=False)
            if isinstance(answer, Interaction):
                return answer
        raise ProviderError("Google answered for an interaction with something else.")

    async def _look(self, handle: Handle) -> JobStatus:
        if self._objects is None:
            raise ProviderError("The clip's bucket is not configured on this worker.")
        return await look_below(self._objects, handle[OUTPUT])


def _video(interaction: Interaction) -> VideoContent | None:
    """The last video of the model's steps."""
    found = None
    for step in interaction.steps or []:
        if getattr(step, "type", None) == "model_output":
            for content in getattr(step, "content", None) or []:
                found = content if isinstance(content, VideoContent) else found
    return found


def _failed(interaction: Interaction) -> JobStatus:
    errors = [f"{error.code or ''} {error.message or ''}" for error in interaction.errors or []]
    for step in interaction.steps or []:
        error = getattr(step, "error", None)
        errors.append(str(getattr(error, "message", None) or ""))
    said = quoted(" ".join(errors)) or f"it ended as {quoted(interaction.status)}"
    refused = refused_input(said, otherwise=RefusedInput.OUTPUT) if is_moderation(said) else None
    return JobStatus(
        JobState.FAILED,
        error=f"Gemini Omni Flash could not film the clip: {said}",
        rejected=refused is not None,
        refused=refused,
    )


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise UnusableAnswer("Google's answer has a clip that cannot be read.") from None
