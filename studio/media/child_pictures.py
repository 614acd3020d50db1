"""Pictures in documents, in the limited child process: what a PDF shows, what a DOCX brings along.

A picture that is broken, tiny, too large or packed in a way that is not on our list is passed over.
"""

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, PdfObject, StreamObject

from studio.media.child_document import open_docx, open_pdf
from studio.media.child_image import open_picture, plain_picture
from studio.media.errors import UndecodableMedia
from studio.media.upload_limits import (
    DOCUMENT_PICTURE_BYTES_MAX,
    DOCUMENT_PICTURE_SIDE_MIN,
    DOCUMENT_PICTURES_BYTES_MAX,
    DOCUMENT_PICTURES_MAX,
    DOCUMENT_PICTURES_TRIED_MAX,
    DOCX_TYPE,
    IMAGE_FORMATS,
    IMAGE_PIXELS_MAX,
    PDF_FORM_DEPTH_MAX,
    PDF_PAGES_READ_MAX,
    PDF_PICTURE_FILTERS,
    PDF_TYPE,
    SAMPLED_SIDE_MAX,
)

PICTURE_NAME: Final = "picture-{:02d}.png"
MEDIA_FOLDER: Final = "word/media/"
MEDIA_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp")

Draw = Callable[[], Image.Image]
"""Decodes one picture. Whatever it raises costs that picture only."""


def document_pictures(path: Path, media_type: str, folder: Path) -> int:
    """Write the document's pictures as PNG, in their order; returns how many were written."""
    if media_type == PDF_TYPE:
        return _write(_pdf_pictures(open_pdf(path)), folder)
    if media_type == DOCX_TYPE:
        with open_docx(path) as archive:
            return _write(_docx_pictures(archive), folder)
    return 0


def _write(pictures: Iterator[Draw], folder: Path) -> int:
    seen: set[bytes] = set()
    for tried, draw in enumerate(pictures):
        if tried == DOCUMENT_PICTURES_TRIED_MAX or len(seen) == DOCUMENT_PICTURES_MAX:
            break
        plain = _drawn(draw)
        if plain is None:
            continue
        digest = hashlib.sha256(plain.tobytes()).digest()
        if digest not in seen:
            seen.add(digest)
            plain.save(folder / PICTURE_NAME.format(len(seen)), format="PNG", compress_level=3)
    return len(seen)


def _drawn(draw: Draw) -> Image.Image | None:
    try:
        image = draw()
        if min(image.size) < DOCUMENT_PICTURE_SIDE_MIN:
            return None
        return plain_picture(image, SAMPLED_SIDE_MAX)
    except (MemoryError, RecursionError):
        return None
    except Exception:  # noqa: BLE001  decoders raise whatever a broken picture provokes
        return None


def _docx_pictures(archive: zipfile.ZipFile) -> Iterator[Draw]:
    entries = [
        entry
        for entry in archive.infolist()
        if entry.filename.startswith(MEDIA_FOLDER)
        and entry.filename.lower().endswith(MEDIA_SUFFIXES)
        and entry.file_size <= DOCUMENT_PICTURE_BYTES_MAX
    ]
    left = DOCUMENT_PICTURES_BYTES_MAX
    for entry in sorted(entries, key=lambda entry: _by_number(entry.filename)):
        left -= entry.file_size
        if left < 0:
            return
        yield partial(_from_member, archive, entry)


def _by_number(name: str) -> tuple[int, str]:
    """Word numbers its pictures in their order: image2 comes before image10."""
    numbers = re.findall(r"\d+", name)
    return (int(numbers[-1][:9]) if numbers else 0, name)


def _from_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Image.Image:
    """No more than the archive's index promised: the index was checked, the data was not."""
    with archive.open(entry) as part:
        data = part.read(entry.file_size)
    with open_picture(BytesIO(data), list(IMAGE_FORMATS.values())) as image:
        image.load()
        return image.copy()


def _pdf_pictures(reader: PdfReader) -> Iterator[Draw]:
    seen: set[int] = set()
    for index in range(min(len(reader.pages), PDF_PAGES_READ_MAX)):
        for stream in _pictures_on(reader, index, seen):
            yield partial(_from_stream, stream)


def _pictures_on(reader: PdfReader, index: int, seen: set[int]) -> list[StreamObject]:
    try:
        return list(_pictures_of(reader.pages[index], seen, 0))
    except Exception:  # noqa: BLE001  a broken page costs that page
        return []


def _pictures_of(holder: DictionaryObject, seen: set[int], depth: int) -> Iterator[StreamObject]:
    """The image streams that a page or form may draw, each object once in the document."""
    resources = _resolved(holder.get("/Resources"))
    drawn = _resolved(resources.get("/XObject")) if isinstance(resources, dict) else None
    if not isinstance(drawn, dict):
        return
    for name in list(drawn)[:DOCUMENT_PICTURES_TRIED_MAX]:
        stream = _resolved(drawn.get(name))
        if not isinstance(stream, StreamObject) or id(stream) in seen:
            continue
        seen.add(id(stream))
        if stream.get("/Subtype") == "/Image":
            yield stream
        elif stream.get("/Subtype") == "/Form" and depth < PDF_FORM_DEPTH_MAX:
            yield from _pictures_of(stream, seen, depth + 1)


def _resolved(value: PdfObject | None) -> PdfObject | None:
    return None if value is None else value.get_object()


def _from_stream(stream: StreamObject) -> Image.Image:
    """Its measures and filters are checked before anything is unpacked."""
    width, height = int(str(stream["/Width"])), int(str(stream["/Height"]))
    if not 0 < width * height <= IMAGE_PIXELS_MAX:
        raise UndecodableMedia("The picture is too large.")
    if stream.get("/ImageMask"):
        raise UndecodableMedia("The picture is a stencil.")
    for part in (stream, _resolved(stream.get("/SMask"))):
        if isinstance(part, StreamObject) and not set(_filters(part)) <= set(PDF_PICTURE_FILTERS):
            raise UndecodableMedia("The picture is packed in a way that is not read.")
    Image.MAX_IMAGE_PIXELS = IMAGE_PIXELS_MAX
    image = stream.decode_as_image()
    if not isinstance(image, Image.Image):
        raise UndecodableMedia("The picture cannot be decoded.")
    return image


def _filters(stream: StreamObject) -> list[str]:
    filters = _resolved(stream.get("/Filter"))
    if filters is None:
        return []
    return [str(name) for name in filters] if isinstance(filters, ArrayObject) else [str(filters)]
