"""The order of a clip at Kling itself.

Wire: `POST /image-to-video/kling-3.0` of kling.ai/document-api.
"""

from typing import Final

from studio.providers.errors import ProviderRejected
from studio.providers.pictures import encoded_picture
from studio.providers.ports import Picture, VideoRequest

PICTURE_BYTES_MAX: Final = 10 * 1024 * 1024
"""Of `first_frame` and `last_frame`, in Kling's API reference."""


async def order_of(request: VideoRequest) -> dict[str, object]:
    """The body. Raises ProviderRejected for references: Kling takes them only as elements of the
    account that were made beforehand.
    """
    if request.references:
        raise ProviderRejected("Kling's own API takes no reference pictures with an order.")
    contents = [
        {"type": "prompt", "text": request.prompt},
        {"type": "first_frame", "url": await _inline(request.keyframe)},
    ]
    if request.last_frame is not None:
        contents.append({"type": "last_frame", "url": await _inline(request.last_frame)})
    return {
        "contents": contents,
        "settings": {
            "resolution": request.resolution,
            "duration": request.duration_seconds,
            "audio": "native" if request.sound else "off",
            "multi_shot": False,
        },
        "options": {
            "external_task_id": request.attempt_id,
            "watermark_info": {"enabled": False},
        },
    }


async def _inline(picture: Picture) -> str:
    """Plain base64, without the `data:` prefix that Kling refuses."""
    return (await encoded_picture(picture.path, bytes_max=PICTURE_BYTES_MAX)).base64
