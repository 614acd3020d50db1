"""The order of a clip of Gemini Omni Flash, as an interaction.

Pictures are bound to their part by tags in the prompt: `<FIRST_FRAME>` is the first of the list,
`<IMAGE_REF_N>` those after it, counted from 0 (google-gemini/gemini-skills). Wire:
`CreateModelInteractionParam` of google-genai 3.6.1.
"""

from typing import Final, Literal

from google.genai import interactions

from studio.providers.errors import ProviderRejected
from studio.providers.motion import reference_name
from studio.providers.pictures import encoded_picture
from studio.providers.ports import Picture, VideoRequest

PICTURE_BYTES_MAX: Final = 4 * 1024 * 1024
"""A request of the Gemini API may have 20 MB with everything in it; base64 adds a third, and there
are up to four pictures, of which the references are the smaller ones."""
ORDER_BYTES_MAX: Final = 14 * 1024 * 1024
"""Of all pictures together, for the same reason."""

_RESOLUTIONS: Final[dict[str, Literal["360p", "720p", "1080p", "4k"]]] = {
    "360p": "360p",
    "720p": "720p",
    "1080p": "1080p",
    "4k": "4k",
}
_SILENT: Final = "Silent: no speech, no music, no sound."


async def input_of(request: VideoRequest) -> list[interactions.UserInputStepParam]:
    """Keyframe, references, words, in this order. Raises ProviderRejected for a last frame."""
    if request.last_frame is not None:
        raise ProviderRejected("Gemini Omni Flash takes no last frame.")
    content: list[interactions.ContentParam] = []
    total_bytes = 0
    for picture in (request.keyframe, *request.references):
        image, size_bytes = await _image(picture)
        total_bytes += size_bytes
        content.append(image)
    if total_bytes > ORDER_BYTES_MAX:
        raise ProviderRejected("The order's pictures are too large together.")
    content.append({"type": "text", "text": _words(request)})
    return [{"type": "user_input", "content": content}]


def format_of(
    request: VideoRequest, output_prefix: str | None
) -> interactions.VideoResponseFormatParam:
    """Delivered as an address: a clip within the answer would come with every poll."""
    resolution = _RESOLUTIONS.get(request.resolution)
    if resolution is None:
        raise ProviderRejected(f"Gemini Omni Flash films no {request.resolution}.")
    wanted: interactions.VideoResponseFormatParam = {
        "type": "video",
        "aspect_ratio": "16:9" if request.width >= request.height else "9:16",
        "duration": f"{request.duration_seconds}s",
        "resolution": resolution,
        "delivery": "uri",
    }
    if output_prefix is not None:
        wanted["gcs_uri"] = output_prefix
    return wanted


def generation_of(request: VideoRequest) -> interactions.GenerationConfigParam:
    return {
        "seed": request.seed,
        "video_config": {"task": "reference_to_video" if request.references else "image_to_video"},
    }


def _words(request: VideoRequest) -> str:
    references = [
        f"<IMAGE_REF_{number}> is {reference_name(reference)}."
        for number, reference in enumerate(request.references)
    ]
    sound = () if request.sound else (_SILENT,)
    return " ".join([f"<FIRST_FRAME> {request.prompt}", *references, *sound])


async def _image(picture: Picture) -> tuple[interactions.ImageContentParam, int]:
    encoded = await encoded_picture(picture.path, bytes_max=PICTURE_BYTES_MAX)
    image: interactions.ImageContentParam = {
        "type": "image",
        "data": encoded.base64,
        "mime_type": "image/png" if encoded.media_type == "image/png" else "image/jpeg",
    }
    return image, len(encoded.data)
