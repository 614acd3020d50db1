"""What can be wrong with a request that is well-formed, but for its models and its music."""

from collections.abc import Iterator

from studio.catalog.catalogue import Catalogue
from studio.catalog.errors import UnknownStyle
from studio.catalog.models import ModelEntry, Role
from studio.contracts.plan import ModelChoice
from studio.contracts.problems import Problem
from studio.contracts.request import RenderRequest
from studio.pricing.casting import Part
from studio.pricing.choices import Choices
from studio.pricing.uploads import UploadFacts, base_name


def brief_problems(request: RenderRequest, uploads: UploadFacts) -> Iterator[Problem]:
    """Something must carry the brief: a screenplay, instructions or a file."""
    if request.screenplay or request.instructions or uploads.filenames or not uploads.known:
        return
    detail = "The brief is empty: give a screenplay, instructions or at least one file."
    yield Problem(pointer="/screenplay", detail=detail)


def style_problems(style_id: str, catalogue: Catalogue) -> Iterator[Problem]:
    try:
        catalogue.style(style_id)
    except UnknownStyle as error:
        yield Problem(pointer="/visual_style_preset", detail=error.detail)


def asset_problems(request: RenderRequest, uploads: UploadFacts) -> Iterator[Problem]:
    """Every entry of `assets[]` must name an uploaded file."""
    if not uploads.known:
        return
    uploaded = {base_name(name) for name in uploads.filenames}
    for position, asset in enumerate(request.assets):
        if base_name(asset.filename) not in uploaded:
            detail = f"No file named {asset.filename!r} was uploaded."
            yield Problem(pointer=f"/assets/{position}/filename", detail=detail)


def resolution_problems(choices: Choices, entries: dict[Role, ModelEntry]) -> Iterator[Problem]:
    """The models must offer the resolutions. Unknown models are not in `entries`."""
    image, video = entries.get(Role.IMAGE), entries.get(Role.VIDEO)
    if image is not None and image.capabilities.image is not None:
        sizes = [size.value for size in image.capabilities.image.resolutions]
        yield from _not_offered(choices.image, choices.image_resolution.value, sizes)
    if video is not None and video.capabilities.video is not None:
        sizes = [size.value for size in video.capabilities.video.resolutions]
        yield from _not_offered(choices.video, choices.video_resolution.value, sizes)


def upload_warnings(request: RenderRequest, uploads: UploadFacts) -> Iterator[str]:
    """What depends on uploads that are not there, or not yet."""
    if not uploads.known and not (request.screenplay or request.instructions):
        yield "Without a screenplay and instructions the render is refused if no file is uploaded."


def ingredient_warnings(
    request: RenderRequest, uploads: UploadFacts, video: ModelChoice
) -> Iterator[str]:
    """Reference images for the video model, where there are none or it takes none."""
    if not request.ingredients_mode_enabled:
        return
    if not uploads.may_have_images:
        yield "ingredients_mode_enabled has no effect: no image was uploaded."
    elif video.references == 0:
        yield (
            f"ingredients_mode_enabled has no effect: {video.used} takes no reference images here."
        )


def _not_offered(part: Part, resolution: str, offered: list[str]) -> Iterator[Problem]:
    if resolution not in offered:
        detail = f"{part.model_id} does not offer {resolution}: it offers {', '.join(offered)}."
        yield Problem(pointer=f"/{part.role.value}_resolution", detail=detail)
