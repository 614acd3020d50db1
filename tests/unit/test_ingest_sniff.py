"""Uploads are what their bytes say: real files of every type, and files that lie."""

import contextlib
import io
import struct
import subprocess
import wave
import zipfile
import zlib
from pathlib import Path

import imageio_ffmpeg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.contracts.assets import AssetKind
from studio.ingest.errors import EmptyUpload, UnsupportedUpload
from studio.ingest.filenames import extension_of, file_label
from studio.ingest.sniff import sniff

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

FFMPEG_TYPES = {
    "a.mp3": ["-i", "SOUND"],
    "tagged.mp3": ["-i", "SOUND", "-metadata", "title=A song", "-id3v2_version", "3"],
    "untagged.mp3": ["-i", "SOUND", "-id3v2_version", "0", "-write_xing", "0"],
    "a.wav": ["-i", "SOUND"],
    "a.m4a": ["-i", "SOUND", "-c:a", "aac"],
    "plain.m4a": ["-i", "SOUND", "-c:a", "aac", "-f", "mp4"],
    "a.flac": ["-i", "SOUND"],
    "a.ogg": ["-i", "SOUND", "-c:a", "libvorbis"],
    "a.opus": ["-i", "SOUND", "-c:a", "libopus"],
    "a.mp4": ["-i", "PICTURE", "-c:v", "libx264"],
    "a.mov": ["-i", "PICTURE", "-c:v", "libx264"],
    "a.webm": ["-i", "PICTURE", "-c:v", "libvpx"],
    "a.mkv": ["-i", "PICTURE", "-c:v", "libx264"],
    "a.avi": ["-i", "PICTURE", "-c:v", "mpeg4"],
    "theora.ogg": ["-i", "PICTURE", "-c:v", "libtheora"],
    "a.ts": ["-i", "PICTURE", "-c:v", "libx264"],
}
SOURCES = {
    "SOUND": ["-f", "lavfi", "-t", "0.3", "-i", "sine"],
    "PICTURE": ["-f", "lavfi", "-t", "0.2", "-i", "testsrc=size=64x64:rate=10"],
}


def make_media(folder: Path, name: str) -> Path:
    _, source, *options = FFMPEG_TYPES[name]
    path = folder / name
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *SOURCES[source], *options, str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return path


def image_bytes(kind: str) -> bytes:
    sink = io.BytesIO()
    Image.effect_noise((40, 40), 90).convert("RGB").save(sink, kind)
    return sink.getvalue()


def docx_bytes(*extra: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
        for name, content in extra:
            archive.writestr(name, content)
    return sink.getvalue()


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refusal(path: Path, *, filename: str | None = None) -> str:
    with pytest.raises(UnsupportedUpload) as caught:
        sniff(path, filename=filename)
    return caught.value.detail


@pytest.mark.parametrize(
    ("name", "kind", "media_type", "extension"),
    [
        ("a.mp3", AssetKind.AUDIO, "audio/mpeg", ".mp3"),
        ("tagged.mp3", AssetKind.AUDIO, "audio/mpeg", ".mp3"),
        ("untagged.mp3", AssetKind.AUDIO, "audio/mpeg", ".mp3"),
        ("a.wav", AssetKind.AUDIO, "audio/wav", ".wav"),
        ("a.m4a", AssetKind.AUDIO, "audio/mp4", ".m4a"),
        ("plain.m4a", AssetKind.AUDIO, "audio/mp4", ".m4a"),
        ("a.flac", AssetKind.AUDIO, "audio/flac", ".flac"),
        ("a.ogg", AssetKind.AUDIO, "audio/ogg", ".ogg"),
        ("a.opus", AssetKind.AUDIO, "audio/ogg", ".ogg"),
        ("a.mp4", AssetKind.VIDEO, "video/mp4", ".mp4"),
        ("a.mov", AssetKind.VIDEO, "video/quicktime", ".mov"),
        ("a.webm", AssetKind.VIDEO, "video/webm", ".webm"),
    ],
)
def test_real_sound_and_video_files_are_known(
    tmp_path: Path, name: str, kind: AssetKind, media_type: str, extension: str
) -> None:
    sniffed = sniff(make_media(tmp_path, name))
    assert (sniffed.kind, sniffed.media_type, sniffed.extension) == (kind, media_type, extension)


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.ts", "theora.ogg"])
def test_media_of_other_types_is_refused_with_what_is_accepted(tmp_path: Path, name: str) -> None:
    assert "images (PNG, JPEG, WebP)" in refusal(make_media(tmp_path, name))


@pytest.mark.parametrize(
    ("kind", "name", "extension"),
    [
        ("PNG", "a.png", ".png"),
        ("JPEG", "a.jpg", ".jpg"),
        ("JPEG", "a.JPEG", ".jpg"),
        ("WEBP", "a.webp", ".webp"),
        ("PNG", "no extension", ".png"),
        ("PNG", "hero v1.2", ".png"),
    ],
)
def test_real_images_are_known(tmp_path: Path, kind: str, name: str, extension: str) -> None:
    sniffed = sniff(written(tmp_path, name, image_bytes(kind)))
    assert (sniffed.kind, sniffed.extension) == (AssetKind.IMAGE, extension)


@pytest.mark.parametrize(
    ("name", "data", "extension"),
    [
        ("a.pdf", b"%PDF-1.7\n%%EOF\n", ".pdf"),
        ("a.docx", docx_bytes(), ".docx"),
        ("a.txt", "Ein Café.\r\n\tEnde".encode(), ".txt"),
        ("a.txt", b"\xef\xbb\xbfwith a mark", ".txt"),
        ("a.md", b"# Title", ".md"),
        ("a.markdown", b"# Title", ".md"),
        ("a.txt", b"RIFF, OggS, fLaC and ID3 are words here; so are moov and ftyp.", ".txt"),
        ("a.txt", b"ID3 tags\n", ".txt"),
        ("a.txt", "é".encode() * 600_000, ".txt"),
    ],
)
def test_documents_are_known(tmp_path: Path, name: str, data: bytes, extension: str) -> None:
    sniffed = sniff(written(tmp_path, name, data))
    assert (sniffed.kind, sniffed.extension) == (AssetKind.DOCUMENT, extension)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.mp3", image_bytes("PNG")),
        ("a.jpg", image_bytes("PNG")),
        ("a.png", image_bytes("JPEG")),
        ("a.gif", image_bytes("PNG")),
        ("setup.exe", image_bytes("PNG")),
        ("a.txt", b"%PDF-1.7"),
        ("a.zip", docx_bytes()),
    ],
)
def test_a_name_that_contradicts_the_bytes_is_refused_naming_both(
    tmp_path: Path, name: str, data: bytes
) -> None:
    sentence = refusal(written(tmp_path, "001.upload", data), filename=name)
    assert sentence.startswith(f'"{name}" is a ')
    assert "file by its content" in sentence


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", b"<html><script>alert(1)</script></html>"),
        ("a.png", b"MZ\x90\x00 this program cannot be run"),
        ("a.jpg", b"GIF89a"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("notes", b"text without an extension"),
        ("a.mp3", b"ID3\x04\x00\x00\x00\x00\x00\x05nothing"),
        ("a.mp3", b"ID3"),
        ("a.mp4", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"),
        ("a.ogg", b"OggS\x00"),
        ("a.wav", b"RIFF\x00\x00\x00\x00AVI "),
        ("a.webm", b"\x1a\x45\xdf\xa3\x01"),
    ],
)
def test_what_is_no_accepted_file_is_refused_whatever_its_name(
    tmp_path: Path, name: str, data: bytes
) -> None:
    assert "none of the types that are accepted" in refusal(written(tmp_path, name, data))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"caf\xe9", "no UTF-8 text"),
        (b"cut \xc3", "no UTF-8 text"),
        (b"nul\x00", "control characters"),
        (b"\x1b[31mred", "control characters"),
        ("utf-16".encode("utf-16"), "no UTF-8 text"),
    ],
)
def test_text_that_is_none_is_refused(tmp_path: Path, data: bytes, sentence: str) -> None:
    assert sentence in refusal(written(tmp_path, "a.txt", data))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyUpload, match=r'"a\.png" is empty'):
        sniff(written(tmp_path, "a.png", b""))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    "hidden", [b"<HTML><body>", b"%PDF-1.7 x", docx_bytes(), b"x" * 1_048_570 + b"<script src=x>"]
)
def test_a_file_behind_an_image_is_found(tmp_path: Path, kind: str, hidden: bytes) -> None:
    data = image_bytes(kind) + hidden
    assert "hidden in it" in refusal(written(tmp_path, f"a.{kind.lower()}", data))


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x00tEXt\x00\x00\x00\x00" * 300_000),
        ("a.jpg", b"\xff\xd8" + b"\xff\xe0\x00\x02" * 300_000),
        ("a.jpg", b"\xff\xd8" + b"\xff" * 3_000_000 + b"\xd9"),
        ("a.jpg", b"\xff\xd8\xff\xda\x00\x02" + b"\xff\x00" * 1_500_000 + b"\xff\xd9"),
    ],
)
def test_an_image_of_empty_pieces_hides_nothing(tmp_path: Path, name: str, pieces: bytes) -> None:
    assert sniff(written(tmp_path, name, pieces)).kind is AssetKind.IMAGE
    assert "hidden in it" in refusal(written(tmp_path, name, pieces + b"<html>"))


def test_a_document_in_an_images_first_kilobyte_is_found(tmp_path: Path) -> None:
    comment = b"%PDF-1.4 in a comment"
    segment = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    data = image_bytes("JPEG")
    assert "hidden" in refusal(written(tmp_path, "a.jpg", data[:2] + segment + data[2:]))


@pytest.mark.parametrize("name", ["a.pdf", "a.wav", "a.mp4"])
def test_an_archive_at_the_end_of_any_file_is_found(tmp_path: Path, name: str) -> None:
    if name == "a.wav":
        sink = io.BytesIO()
        with wave.open(sink, "wb") as sound:
            sound.setparams((1, 2, 8000, 10, "NONE", ""))
            sound.writeframes(bytes(20))
        data = sink.getvalue()
    else:
        data = {"a.pdf": b"%PDF-1.7\n%%EOF", "a.mp4": b"\x00\x00\x00\x18ftypisom" + bytes(12)}[name]
    assert "hidden" in refusal(written(tmp_path, name, data + docx_bytes()))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_harmless_bytes_after_an_image_are_not_our_business(tmp_path: Path, kind: str) -> None:
    """Phones append depth maps and short films to their photographs."""
    data = image_bytes(kind) + b"\x00\x00\x00\x18ftypmp42" + bytes(5000)
    assert sniff(written(tmp_path, f"a.{kind.lower()}", data)).kind is AssetKind.IMAGE


def test_the_words_of_other_files_inside_of_an_image_are_no_lie(tmp_path: Path) -> None:
    text = b"Comment\x00<script> and <html> at %PDF-1.7" + b" " * 1100
    chunk = struct.pack(">I", len(text)) + b"tEXt" + text
    chunk += struct.pack(">I", zlib.crc32(b"tEXt" + text))
    png = image_bytes("PNG")
    data = png[:-12] + chunk + png[-12:]
    assert sniff(written(tmp_path, "a.png", data)).extension == ".png"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_image_is_left_to_the_decoder(tmp_path: Path, kind: str) -> None:
    data = image_bytes(kind)
    for length in (16, len(data) // 2, len(data) - 1):
        assert sniff(written(tmp_path, f"a.{kind.lower()}", data[:length])).kind is AssetKind.IMAGE


def patched(data: bytes, offset_from_end: int, value: bytes) -> bytes:
    start = len(data) - offset_from_end
    return data[:start] + value + data[start + len(value) :]


ARCHIVES = {
    "no document": (
        docx_bytes().replace(b"word/document.xml", b"xord/document.xml"),
        "no Word document",
    ),
    "macros": (docx_bytes(("word/vbaProject.bin", b"x")), "macros"),
    "a bomb": (docx_bytes(("word/media/a.bin", bytes(70 * 1024 * 1024))), "unpacks to far more"),
    "cut off": (docx_bytes()[:-10], "damaged"),
    "something after it": (docx_bytes() + b"x", "something after its end"),
    "a huge directory": (
        patched(docx_bytes(), 10, struct.pack("<I", 2**31)),
        "far too many entries",
    ),
    "a damaged directory": (docx_bytes().replace(b"PK\x01\x02", b"PK\x01\x03"), "damaged"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_is_no_plain_document_is_refused(tmp_path: Path, name: str) -> None:
    data, sentence = ARCHIVES[name]
    assert sentence in refusal(written(tmp_path, "a.docx", data))


@unhurried
@given(data=st.binary(min_size=1, max_size=300), name=st.sampled_from(["a.png", "a.txt", "a"]))
def test_any_bytes_have_a_type_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = written(tmp_path_factory.mktemp("sniff"), "x", data)
    try:
        sniff(path, filename=name)
    except UnsupportedUpload as error:
        caught = error.detail
        assert caught.startswith(f'"{name}" ')  # either outcome is right


@pytest.mark.parametrize("prefix", [image_bytes("PNG"), image_bytes("JPEG"), docx_bytes()])
@unhurried
@given(data=st.data())
def test_damaged_files_never_break_the_reading(
    tmp_path_factory: pytest.TempPathFactory, prefix: bytes, data: st.DataObject
) -> None:
    broken = bytearray(prefix)
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path = written(tmp_path_factory.mktemp("sniff"), "x", bytes(broken))
    with contextlib.suppress(UnsupportedUpload):
        sniff(path, filename="x")


@unhurried
@given(st.text(max_size=600))
def test_a_label_is_short_visible_and_its_own_label(raw: str) -> None:
    label = file_label(raw, fallback="upload-1")
    assert 0 < len(label) <= 500
    assert file_label(label, fallback="upload-1") == label


@pytest.mark.parametrize(
    ("name", "extension"),
    [("a.PNG", ".png"), ("a.tar.gz", ".gz"), (".png", ""), ("a.", ""), ("v1.2", ""), ("a.p g", "")],
)
def test_an_extension_is_short_and_made_of_letters(name: str, extension: str) -> None:
    assert extension_of(name) == extension
