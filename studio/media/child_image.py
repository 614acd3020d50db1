"""Pictures, decoded in the limited child process with Pillow and one named plugin."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO

from PIL import Image, ImageOps

from studio.media.errors import UndecodableMedia
from studio.media.upload_limits import (
    IMAGE_FORMATS,
    IMAGE_FRAMES_MAX,
    IMAGE_PIXELS_MAX,
    REENCODED_SIDE_MAX,
)

Facts = dict[str, int | float | bool | None]

QUARTER_TURNS = (5, 6, 7, 8)
"""EXIF orientations (tag 0x0112) under which width and height are exchanged."""

ORIENTATION_TAG = 0x0112


def inspect_image(path: Path, media_type: str) -> Facts:
    """Decode the first frame completely and return its size as it is to be seen."""
    with _open(path, media_type) as image:
        image.load()
        width, height = image.size
        turned = image.getexif().get(ORIENTATION_TAG) in QUARTER_TURNS
    return {"width": height, "height": width} if turned else {"width": width, "height": height}


def reencode_image(path: Path, media_type: str, destination: Path) -> None:
    """Write pixels and nothing else, upright, in sRGB, no side longer than REENCODED_SIDE_MAX.

    The destination's suffix decides between PNG (keeps transparency) and JPEG (on white).
    """
    with _open(path, media_type) as image:
        plain = plain_picture(image, REENCODED_SIDE_MAX)
    if destination.suffix == ".png":
        plain.save(destination, format="PNG", compress_level=3)
    else:
        white = Image.new("RGB", plain.size, "white")
        white.paste(plain, mask=plain.getchannel("A") if plain.mode == "RGBA" else None)
        white.save(destination, format="JPEG", quality=92, subsampling=0)


def save_still(
    image: Image.Image, destination: Path, *, side_max: int = REENCODED_SIDE_MAX
) -> None:
    """Write a frame of a video, no side longer than `side_max`."""
    image.thumbnail((side_max, side_max))
    form = "PNG" if destination.suffix == ".png" else "JPEG"
    image.save(destination, format=form)


def plain_picture(image: Image.Image, side_max: int) -> Image.Image:
    """Pixels and nothing else, upright, in sRGB, RGB or RGBA, no side longer than `side_max`."""
    image.thumbnail((side_max, side_max))
    plain = _plain(_standard_colours(ImageOps.exif_transpose(image)))
    plain.info.clear()
    return plain


@contextmanager
def _open(path: Path, media_type: str) -> Iterator[Image.Image]:
    with path.open("rb") as file, open_picture(file, [IMAGE_FORMATS[media_type]]) as image:
        yield image


@contextmanager
def open_picture(file: IO[bytes], formats: Sequence[str]) -> Iterator[Image.Image]:
    """Open a picture of one of these formats (Pillow's names); larger than allowed is refused."""
    Image.MAX_IMAGE_PIXELS = IMAGE_PIXELS_MAX
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(file, formats=tuple(formats)) as image:
                _require_limits(image)
                yield image
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise UndecodableMedia(_too_large()) from error


def _require_limits(image: Image.Image) -> None:
    width, height = image.size
    if width * height > IMAGE_PIXELS_MAX:
        raise UndecodableMedia(_too_large())
    if getattr(image, "n_frames", 1) > IMAGE_FRAMES_MAX:
        raise UndecodableMedia(f"The picture has more than {IMAGE_FRAMES_MAX} frames.")


def _too_large() -> str:
    return f"The picture has more than {IMAGE_PIXELS_MAX // 1_000_000} million pixels."


def _standard_colours(image: Image.Image) -> Image.Image:
    """Convert from the picture's own colour profile to sRGB, where it has a usable one."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    from PIL import ImageCms

    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a broken profile costs exact colours, not the picture
    return converted or image


def _plain(image: Image.Image) -> Image.Image:
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    return image.convert("RGBA" if transparent else "RGB")
