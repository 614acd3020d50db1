"""Veo on Google Cloud: VideoModel over `predictLongRunning`.

Every attempt writes below a folder of its own, so an order whose reply was lost is found by its
clip. Google has no list of such operations, and none of them can be stopped.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from google.genai import types

from studio.providers.errors import RefusedInput, SubmissionUnknown
from studio.providers.google.asking import JobUnknown, asked, ordered
from studio.providers.google.client import GoogleClient
from studio.providers.google.objects import (
    LOST_AFTER_SECONDS,
    OUTPUT,
    ObjectStore,
    collect_below,
    found_below,
    job_below,
    label_of,
    look_below,
    output_prefix,
)
from studio.providers.moderation import is_moderation, refused_input
from studio.providers.pictures import encoded_picture
from studio.providers.ports import Handle, JobState, JobStatus, Picture, VideoRequest
from studio.providers.quoting import quoted
from studio.providers.wire import ORDER_TIMEOUT_SECONDS

PICTURE_BYTES_MAX: Final = 7 * 1024 * 1024
"""Of inline pictures on Google Cloud. Veo's own 20 MB is for the whole picture in a bucket."""
REFERENCES_MAX: Final = 3
"""Asset pictures that Veo 3.1 takes, the keyframe among them."""

OPERATION: Final = "operation"

# google.rpc.Code of operations that will fail again, and of those that an operator has to mend.
_WILL_FAIL_AGAIN: Final = frozenset({3, 5, 7, 9, 11, 12, 16})


class VeoVideo:
    """VideoModel. `output_uri` is where clips are written, such as `gs://bucket/folder`."""

    def __init__(
        self,
        client: GoogleClient,
        objects: ObjectStore,
        *,
        output_uri: str,
        order_timeout_seconds: float = ORDER_TIMEOUT_SECONDS,
        lost_after_seconds: float = LOST_AFTER_SECONDS,
    ) -> None:
        self._lost_after_seconds = lost_after_seconds
        self._order_timeout_seconds = order_timeout_seconds
        self._client = client
        self._objects = objects
        self._output_uri = output_uri

    async def prepare(self, request: VideoRequest) -> Handle:
        """The attempt's folder, so that a later change of the setting loses no clip."""
        return {OUTPUT: output_prefix(self._output_uri, request.attempt_id)}

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        prefix = self._prefix(request, prepared)
        source = types.GenerateVideosSource(prompt=request.prompt)
        config = types.GenerateVideosConfig(
            http_options=types.HttpOptions(timeout=int(self._order_timeout_seconds * 1000)),
            number_of_videos=1,
            output_gcs_uri=prefix,
            duration_seconds=request.duration_seconds,
            resolution=request.resolution,
            aspect_ratio="16:9" if request.width >= request.height else "9:16",
            generate_audio=request.sound,
            seed=request.seed,
            labels={"attempt": label_of(request.attempt_id)},
        )
        await _add_pictures(request, source, config)
        with ordered(self._client):
            operation = await self._client.sdk.aio.models.generate_videos(
                model=request.model, source=source, config=config
            )
        if not operation.name:
            raise SubmissionUnknown("Google took the order but gave it no name; it may be billed.")
        return {OPERATION: operation.name, OUTPUT: prefix}

    async def poll(self, handle: Handle) -> JobStatus:
        name = handle.get(OPERATION)
        if name is None:
            return await look_below(self._objects, handle[OUTPUT])
        try:
            with asked(self._client):
                operation = await self._client.sdk.aio.operations.get(
                    types.GenerateVideosOperation.model_validate({"name": name})
                )
        except JobUnknown:
            return await found_below(self._objects, handle[OUTPUT])
        if not operation.done:
            return JobStatus(JobState.RUNNING)
        if operation.error:
            return _failed(operation.error)
        return _ended(operation.response)

    async def cancel(self, handle: Handle) -> bool:
        """Operations of Google's own models cannot be canceled: it is filmed and billed."""
        del handle
        return False

    async def collect(self, handle: Handle, destination: Path) -> None:
        await collect_below(self._objects, handle[OUTPUT], destination)

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        return await job_below(
            self._objects,
            self._prefix(request, prepared),
            age_seconds=age_seconds,
            lost_after_seconds=self._lost_after_seconds,
        )

    def _prefix(self, request: VideoRequest, prepared: Handle) -> str:
        return prepared.get(OUTPUT) or output_prefix(self._output_uri, request.attempt_id)


async def _add_pictures(
    request: VideoRequest, source: types.GenerateVideosSource, config: types.GenerateVideosConfig
) -> None:
    """First and last frame, or references: Veo takes either, so the keyframe leads the latter."""
    if not request.references:
        source.image = await _image(request.keyframe)
        if request.last_frame is not None:
            config.last_frame = await _image(request.last_frame)
        return
    pictures = [request.keyframe, *request.references][:REFERENCES_MAX]
    config.reference_images = [
        types.VideoGenerationReferenceImage(
            image=await _image(picture),
            reference_type=types.VideoGenerationReferenceType.ASSET,
        )
        for picture in pictures
    ]


async def _image(picture: Picture) -> types.Image:
    encoded = await encoded_picture(picture.path, bytes_max=PICTURE_BYTES_MAX)
    return types.Image(image_bytes=encoded.data, mime_type=encoded.media_type)


def _failed(error: Mapping[str, object]) -> JobStatus:
    """`google.rpc.Status` of an operation: a refused input comes as code 3 with a sentence."""
    said = quoted(error.get("message")) or "no reason given"
    refused = refused_input(said, otherwise=RefusedInput.PROMPT) if is_moderation(said) else None
    return JobStatus(
        JobState.FAILED,
        error=f"Veo could not film the clip: {said}",
        rejected=refused is not None or error.get("code") in _WILL_FAIL_AGAIN,
        refused=refused,
    )


def _ended(response: types.GenerateVideosResponse | None) -> JobStatus:
    """Done without an error: a clip, or a count of what the filter took away."""
    if response is not None and response.generated_videos:
        return JobStatus(JobState.SUCCEEDED, progress=1.0)
    reasons = (response.rai_media_filtered_reasons if response is not None else None) or []
    said = quoted(" ".join(reasons)) or "no reason given"
    filtered = bool(response is not None and response.rai_media_filtered_count) or bool(reasons)
    if not filtered:
        return JobStatus(JobState.FAILED, error="Veo ended without a clip and without a reason.")
    return JobStatus(
        JobState.FAILED,
        error=f"Veo's filter refused: {said}",
        rejected=True,
        refused=refused_input(said, otherwise=RefusedInput.OUTPUT),
    )
