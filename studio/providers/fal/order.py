"""The order of a Kling clip on fal: endpoint, pictures and arguments.

Wire: `fal-ai/kling-video/v3/pro/image-to-video` in fal's published endpoint types
(@fal-ai/client 1.10.1, `endpoints.d.ts`).
"""

from typing import Final

from studio.providers.errors import ProviderRejected
from studio.providers.motion import reference_name
from studio.providers.ports import Handle, Picture, VideoRequest

PICTURE_BYTES_MAX: Final = 10 * 1024 * 1024
"""Of `start_image_url` and its like, in fal's schema of the endpoint."""

START: Final = "start_image_url"
"""Unique an upload, so it also says which of fal's requests is this attempt's."""
END: Final = "end_image_url"
_ELEMENT: Final = "element_{}"


def app_of(endpoint: str) -> str:
    """Owner and app, which is all that the queue's other paths have of an endpoint."""
    return "/".join(endpoint.split("/")[:2])


def pictures_of(request: VideoRequest) -> dict[str, Picture]:
    """The pictures to upload, by the name of what the handle keeps of them."""
    pictures = {START: request.keyframe}
    if request.last_frame is not None:
        pictures[END] = request.last_frame
    for number, reference in enumerate(request.references, start=1):
        pictures[_ELEMENT.format(number)] = reference
    return pictures


def arguments_of(request: VideoRequest, uploaded: Handle) -> dict[str, object]:
    """The body of the submission. Raises ProviderRejected where a picture was not uploaded."""
    missing = pictures_of(request).keys() - uploaded.keys()
    if missing:
        raise ProviderRejected("The order's pictures were not uploaded to fal.")
    arguments: dict[str, object] = {
        "prompt": _prompt(request),
        START: uploaded[START],
        "duration": str(request.duration_seconds),
        "generate_audio": request.sound,
    }
    if request.last_frame is not None:
        arguments[END] = uploaded[END]
    if request.references:
        arguments["elements"] = [
            _element(uploaded[_ELEMENT.format(number)])
            for number in range(1, len(request.references) + 1)
        ]
    return arguments


def _element(url: str) -> dict[str, object]:
    """One picture serves as front and as the further view that the schema asks for."""
    return {"frontal_image_url": url, "reference_image_urls": [url]}


def _prompt(request: VideoRequest) -> str:
    """An element counts only if the prompt names it."""
    named = [
        f"@Element{number} is {reference_name(reference)}."
        for number, reference in enumerate(request.references, start=1)
    ]
    return " ".join([request.prompt, *named])
