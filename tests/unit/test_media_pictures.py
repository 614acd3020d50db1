"""A stranger's videos and documents, looked at in pictures: bounded, re-encoded, none trusted."""

import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
)

from studio.media.errors import UndecodableMedia
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.inspect import extract_document_pictures, sample_frames
from tests.media_fixtures import TIMEOUT_SECONDS
from tests.unit.test_media_documents import write_docx

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MP4, WEBM = "video/mp4", "video/webm"
RED, GREEN, BLUE = (220, 30, 30), (30, 200, 40), (20, 40, 220)


def picture(colour: tuple[int, int, int], form: str = "PNG", side: int = 120) -> bytes:
    data = BytesIO()
    Image.new("RGB", (side, side), colour).save(data, format=form)
    return data.getvalue()


def colours_of(pictures: list[Path]) -> list[str]:
    """The strongest channel in the middle of each picture."""
    found = []
    for path in pictures:
        with Image.open(path, formats=["PNG"]) as image:
            pixel = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
        assert isinstance(pixel, tuple)
        found.append("rgb"[pixel.index(max(pixel))])
    return found


async def video_of(
    path: Path, *colours: str, seconds: float = 1.0, options: tuple[str, ...] = ()
) -> Path:
    sources = [
        part
        for colour in colours
        for part in ("-f", "lavfi", "-i", f"color={colour}:s=160x90:r=24:d={seconds}")
    ]
    inputs = "".join(f"[{number}:v]" for number in range(len(colours)))
    graph = f"{inputs}concat=n={len(colours)}[v]"
    await run_ffmpeg(
        [*sources, "-filter_complex", graph, "-map", "[v]", *options, file_url(path)],
        timeout_seconds=TIMEOUT_SECONDS,
    )
    return path


def embedded(data: bytes, width: int, height: int, **entries: object) -> DecodedStreamObject:
    """An image object of a PDF. `data` is as it stands in the file."""
    stream = DecodedStreamObject()
    stream.set_data(data)
    facts = {
        "Type": NameObject("/XObject"),
        "Subtype": NameObject("/Image"),
        "Width": NumberObject(width),
        "Height": NumberObject(height),
        "BitsPerComponent": NumberObject(8),
        "ColorSpace": NameObject("/DeviceRGB"),
    }
    stream.update({NameObject(f"/{name}"): value for name, value in (facts | entries).items()})
    return stream


def jpeg(colour: tuple[int, int, int]) -> DecodedStreamObject:
    return embedded(picture(colour, "JPEG"), 120, 120, Filter=NameObject("/DCTDecode"))


def pixels(colour: tuple[int, int, int], side: int = 120) -> DecodedStreamObject:
    packed = zlib.compress(bytes(colour) * side * side)
    return embedded(packed, side, side, Filter=NameObject("/FlateDecode"))


def form(*drawn: DecodedStreamObject) -> DecodedStreamObject:
    stream = DecodedStreamObject()
    stream.set_data(b"")
    stream[NameObject("/Subtype")] = NameObject("/Form")
    stream[NameObject("/Resources")] = resources(drawn)
    return stream


def resources(drawn: tuple[DecodedStreamObject, ...]) -> DictionaryObject:
    named = {NameObject(f"/Im{number}"): each for number, each in enumerate(drawn)}
    return DictionaryObject({NameObject("/XObject"): DictionaryObject(named)})


def write_pdf(path: Path, *pages: tuple[DecodedStreamObject, ...]) -> Path:
    writer = PdfWriter()
    for drawn in pages:
        page = writer.add_blank_page(300, 300)
        page[NameObject("/Resources")] = resources(drawn)
    writer.write(path)
    return path


async def pictures_in(path: Path, media_type: str) -> list[Path]:
    folder = path.parent / "pictures"
    folder.mkdir()
    return await extract_document_pictures(path, media_type, folder)


async def frames_of(path: Path, media_type: str) -> list[Path]:
    folder = path.parent / "frames"
    folder.mkdir()
    return await sample_frames(path, media_type, folder)


async def test_a_video_is_seen_over_its_whole_length(tmp_path: Path) -> None:
    video = await video_of(tmp_path / "a.mp4", "red", "lime", "blue", "red", "lime", "blue")

    assert colours_of(await frames_of(video, MP4)) == list("rgbrgb")


async def test_a_long_video_is_seen_in_six_frames(tmp_path: Path) -> None:
    video = await video_of(tmp_path / "a.webm", *["red", "blue"] * 6)

    assert len(await frames_of(video, WEBM)) == 6


async def test_a_video_with_a_single_key_frame_is_seen_further_on_too(tmp_path: Path) -> None:
    options = ("-c:v", "libx264", "-g", "9999", "-sc_threshold", "0")
    video = await video_of(tmp_path / "a.mp4", "red", "lime", "blue", options=options)

    assert colours_of(await frames_of(video, MP4)) == list("rrggbb")


async def test_a_browsers_recording_that_does_not_tell_its_length_is_seen_whole(
    tmp_path: Path,
) -> None:
    video = await video_of(
        tmp_path / "a.webm", "red", "lime", "blue", options=("-c:v", "libvpx", "-live", "1")
    )

    # It has no index either, so the moments are not exact.
    assert list(dict.fromkeys(colours_of(await frames_of(video, WEBM)))) == list("rgb")


async def test_a_blink_of_a_video_is_one_frame(tmp_path: Path) -> None:
    video = await video_of(tmp_path / "a.mp4", "red", seconds=0.3)

    assert colours_of(await frames_of(video, MP4)) == ["r"]


async def test_what_is_no_video_has_no_frames(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 500)

    with pytest.raises(UndecodableMedia):
        await frames_of(tmp_path / "a.mp4", MP4)


async def test_the_pictures_of_a_pdf_come_in_the_order_of_its_pages(tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", (jpeg(RED),), (pixels(GREEN), form(form(jpeg(BLUE)))))

    assert colours_of(await pictures_in(pdf, PDF)) == ["r", "g", "b"]


async def test_the_same_picture_is_taken_once(tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", (jpeg(RED), pixels(GREEN)), (jpeg(RED),))

    assert colours_of(await pictures_in(pdf, PDF)) == ["r", "g"]


async def test_broken_tiny_and_impossible_pictures_of_a_pdf_are_passed_over(tmp_path: Path) -> None:
    bomb = zlib.compress(b"\0" * 90_000_000, 9)
    flate, jbig2 = NameObject("/FlateDecode"), NameObject("/JBIG2Decode")
    pdf = write_pdf(
        tmp_path / "a.pdf",
        (
            embedded(b"\xff\xd8 no jpeg", 200, 200, Filter=NameObject("/DCTDecode")),
            embedded(picture(RED, "JPEG")[:300], 120, 120, Filter=NameObject("/DCTDecode")),
            pixels(RED, side=40),
            embedded(bomb, 9_000, 9_000, Filter=flate),
            embedded(bomb, 5_000, 5_000, Filter=flate),
            embedded(b"\x97JB2", 200, 200, Filter=ArrayObject([flate, jbig2])),
            embedded(b"", 200, 200, ImageMask=NumberObject(1)),
            embedded(b"", 0, -1),
        ),
        (pixels(GREEN),),
    )

    assert colours_of(await pictures_in(pdf, PDF)) == ["g"]


async def test_drawings_that_hold_themselves_or_many_others_end(tmp_path: Path) -> None:
    deep = jpeg(RED)
    for _ in range(12):
        deep = form(deep)
    writer = PdfWriter()
    page = writer.add_blank_page(300, 300)
    circle = form()
    itself = writer._add_object(circle)
    circle[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/XObject"): DictionaryObject({NameObject("/Im0"): itself})}
    )
    page[NameObject("/Resources")] = resources((circle, deep, pixels(GREEN)))
    writer.write(tmp_path / "a.pdf")

    assert colours_of(await pictures_in(tmp_path / "a.pdf", PDF)) == ["g"]


async def test_a_document_gives_eight_pictures_at_most(tmp_path: Path) -> None:
    pages = [(pixels((200, level, 0)),) for level in range(12)]

    assert len(await pictures_in(write_pdf(tmp_path / "a.pdf", *pages), PDF)) == 8


async def test_the_pictures_of_a_word_document_come_in_its_order(tmp_path: Path) -> None:
    media = {
        "word/media/image10.png": picture(BLUE),
        "word/media/image2.jpeg": picture(GREEN, "JPEG"),
        "word/media/image1.png": picture(RED),
        "word/media/image3.png": picture(RED, side=20),
        "word/media/image4.png": b"no picture",
        "word/media/image5.emf": picture(RED),
        "word/other/image6.png": picture((1, 2, 3)),
    }
    document = write_docx(tmp_path / "a.docx", "<w:p/>", extra=media)

    assert colours_of(await pictures_in(document, DOCX)) == ["r", "g", "b"]


async def test_a_picture_larger_than_the_archive_says_is_passed_over(tmp_path: Path) -> None:
    document = write_docx(
        tmp_path / "a.docx",
        "<w:p/>",
        extra={"word/media/image1.png": picture(RED), "word/media/image2.png": picture(GREEN)},
    )
    with zipfile.ZipFile(document) as archive:
        size = archive.getinfo("word/media/image1.png").file_size
    lying = document.read_bytes().replace(size.to_bytes(4, "little"), (40).to_bytes(4, "little"))
    document.write_bytes(lying)

    assert "r" not in colours_of(await pictures_in(document, DOCX))


async def test_pictures_carry_no_metadata_and_are_no_larger_than_needed(tmp_path: Path) -> None:
    data = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    Image.new("RGB", (3000, 1500), RED).save(data, format="JPEG", exif=exif)
    document = write_docx(
        tmp_path / "a.docx", "<w:p/>", extra={"word/media/a.jpg": data.getvalue()}
    )

    (made,) = await pictures_in(document, DOCX)

    with Image.open(made) as image:
        assert (image.size, dict(image.getexif())) == ((1280, 640), {})
    assert b"where I live" not in made.read_bytes()


async def test_text_has_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("![a](data:image/png;base64,AAAA)")

    assert await pictures_in(tmp_path / "a.md", "text/markdown; charset=utf-8") == []


async def test_an_encrypted_pdf_has_no_pictures_to_give(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(10, 10)
    writer.encrypt("key", algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")

    with pytest.raises(UndecodableMedia, match="encrypted"):
        await pictures_in(tmp_path / "a.pdf", PDF)
