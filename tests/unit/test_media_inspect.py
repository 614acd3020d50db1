"""A stranger's pictures, sound and videos: looked into, believed only when decoded."""

import struct
import wave
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from studio.contracts.assets import AssetKind
from studio.media.errors import UndecodableMedia
from studio.media.ffmpeg import ffmpeg_binary, file_url, run_ffmpeg
from studio.media.inspect import (
    Inspection,
    decode_audio_to_wav,
    inspect_file,
    reencode_image,
    still_from_video,
)
from studio.media.process import run_process
from tests.media_fixtures import TIMEOUT_SECONDS, ClipSpec, file_names, make_clip

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
MP4, WEBM = "video/mp4", "video/webm"


def save(path: Path, form: str, size: tuple[int, int] = (64, 48), **options: object) -> Path:
    Image.effect_noise(size, 50).convert("RGB").save(path, format=form, **options)
    return path


async def make_sound(path: Path, *encoding: str, seconds: float = 2.0) -> Path:
    tone = ["-f", "lavfi", "-i", f"sine=f=440:r=44100:d={seconds}"]
    await run_ffmpeg([*tone, *encoding, file_url(path)], timeout_seconds=TIMEOUT_SECONDS)
    return path


@pytest.mark.parametrize(("form", "media_type"), [("PNG", PNG), ("JPEG", JPEG), ("WEBP", WEBP)])
async def test_a_picture_is_measured(tmp_path: Path, form: str, media_type: str) -> None:
    picture = save(tmp_path / "picture", form)

    assert await inspect_file(picture, AssetKind.IMAGE, media_type) == Inspection(64, 48)


async def test_a_turned_photograph_is_measured_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = save(tmp_path / "picture", "JPEG", exif=exif)

    assert await inspect_file(picture, AssetKind.IMAGE, JPEG) == Inspection(48, 64)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
async def test_a_picture_that_is_cut_short_is_refused(tmp_path: Path, form: str) -> None:
    picture = save(tmp_path / "picture", form)
    picture.write_bytes(picture.read_bytes()[:-400])

    with pytest.raises(UndecodableMedia):
        await inspect_file(picture, AssetKind.IMAGE, f"image/{form.lower()}")


async def test_a_picture_of_another_type_than_it_claims_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UndecodableMedia):
        await inspect_file(save(tmp_path / "picture", "PNG"), AssetKind.IMAGE, JPEG)


@pytest.mark.parametrize("side", [9_000, 60_000])
async def test_a_picture_that_grows_into_gigabytes_is_refused(tmp_path: Path, side: int) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png_of_zeros(side))

    with pytest.raises(UndecodableMedia, match="50 million pixels"):
        await inspect_file(bomb, AssetKind.IMAGE, PNG)


def png_of_zeros(side: int) -> bytes:
    """A PNG whose header promises `side` x `side` pixels and whose data is a few kilobytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
async def test_a_picture_that_is_an_archive_too_is_refused(tmp_path: Path, form: str) -> None:
    picture = save(tmp_path / "picture", form)
    with zipfile.ZipFile(picture, "a") as archive:
        archive.writestr("program.class", "code")

    with pytest.raises(UndecodableMedia):
        await inspect_file(picture, AssetKind.IMAGE, f"image/{form.lower()}")


@pytest.mark.parametrize("hidden", [b"%PDF-1.7 ", b"<script>alert(1)</script>"])
async def test_a_picture_that_is_a_page_too_is_refused(tmp_path: Path, hidden: bytes) -> None:
    picture = save(tmp_path / "picture", "JPEG", comment=hidden)

    with pytest.raises(UndecodableMedia, match="as well as"):
        await inspect_file(picture, AssetKind.IMAGE, JPEG)


@pytest.mark.parametrize("kind", list(AssetKind))
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 5000, b"\x89PNG\r\n\x1a\n", b"RIFF\xff\xff\xff\xff"]
)
async def test_rubbish_is_refused_whatever_it_claims_to_be(
    tmp_path: Path, kind: AssetKind, content: bytes
) -> None:
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(content)
    claims = {"image": PNG, "audio": "audio/wav", "video": MP4, "document": "application/pdf"}

    with pytest.raises(UndecodableMedia):
        await inspect_file(rubbish, kind, claims[kind.value])


async def test_a_type_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UndecodableMedia, match="is no audio"):
        await inspect_file(save(tmp_path / "picture", "PNG"), AssetKind.AUDIO, PNG)


@pytest.mark.parametrize(
    ("name", "media_type", "encoding"),
    [
        ("a.mp3", "audio/mpeg", ()),
        ("a.wav", "audio/wav", ()),
        ("a.m4a", "audio/mp4", ("-c:a", "aac")),
        ("a.flac", "audio/flac", ()),
        ("a.ogg", "audio/ogg", ("-c:a", "libvorbis")),
        ("b.ogg", "audio/ogg", ("-c:a", "libopus")),
    ],
)
async def test_sound_is_measured_and_decoded(
    tmp_path: Path, name: str, media_type: str, encoding: tuple[str, ...]
) -> None:
    source = await make_sound(tmp_path / name, *encoding)
    found = await inspect_file(source, AssetKind.AUDIO, media_type)
    seconds = await decode_audio_to_wav(source, media_type, tmp_path / "sound.wav")

    assert found.has_audio
    assert found.duration_seconds == pytest.approx(2.0, abs=0.1)
    assert seconds == pytest.approx(2.0, abs=0.1)
    with wave.open(str(tmp_path / "sound.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (48000, 2, 2)
        assert sound.getnframes() / 48_000 == seconds


@pytest.mark.parametrize(
    ("name", "media_type", "encoding"),
    [
        ("a.mp4", MP4, ()),
        ("a.mov", "video/quicktime", ()),
        ("a.webm", "video/webm", ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus")),
    ],
)
async def test_a_video_is_measured_and_gives_a_still(
    tmp_path: Path, name: str, media_type: str, encoding: tuple[str, ...]
) -> None:
    clip = await make_clip(tmp_path / "source.mp4", ClipSpec(160, 90))
    video = tmp_path / name
    await run_ffmpeg(
        ["-i", file_url(clip), *encoding, file_url(video)], timeout_seconds=TIMEOUT_SECONDS
    )
    found = await inspect_file(video, AssetKind.VIDEO, media_type)
    await still_from_video(video, media_type, tmp_path / "still.png")

    assert (found.width, found.height, found.has_audio) == (160, 90, True)
    assert found.duration_seconds == pytest.approx(1.5, abs=0.05)
    with Image.open(tmp_path / "still.png") as still:
        assert (still.format, still.size) == ("PNG", (160, 90))


async def test_a_video_without_sound_says_so(tmp_path: Path) -> None:
    video = await make_clip(tmp_path / "video.mp4", ClipSpec(160, 90, sound_seconds=None))

    assert not (await inspect_file(video, AssetKind.VIDEO, MP4)).has_audio


async def test_a_video_filmed_upright_is_measured_upright(tmp_path: Path) -> None:
    clip = await make_clip(tmp_path / "source.mp4", ClipSpec(160, 90))
    turned = tmp_path / "turned.mp4"
    await run_ffmpeg(
        ["-display_rotation", "90", "-i", file_url(clip), "-c", "copy", file_url(turned)],
        timeout_seconds=TIMEOUT_SECONDS,
    )
    found = await inspect_file(turned, AssetKind.VIDEO, MP4)
    await still_from_video(turned, MP4, tmp_path / "still.png")

    assert (found.width, found.height) == (90, 160)
    with Image.open(tmp_path / "still.png") as still:
        assert still.size == (90, 160)


async def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    sound = await make_sound(tmp_path / "a.mp4", "-c:a", "aac")

    with pytest.raises(UndecodableMedia, match="no picture"):
        await inspect_file(sound, AssetKind.VIDEO, MP4)


@pytest.mark.parametrize(
    ("name", "media_type", "encoding"),
    [
        ("a.mp4", MP4, ("-c", "copy", "-movflags", "+faststart")),
        ("a.webm", WEBM, ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")),
    ],
)
async def test_a_video_that_is_cut_short_is_refused(
    tmp_path: Path, name: str, media_type: str, encoding: tuple[str, ...]
) -> None:
    clip = await make_clip(tmp_path / "source.mp4", ClipSpec(160, 90, seconds=20, sound_seconds=20))
    video = tmp_path / name
    await run_ffmpeg(
        ["-i", file_url(clip), *encoding, file_url(video)], timeout_seconds=TIMEOUT_SECONDS
    )
    content = video.read_bytes()
    video.write_bytes(content[: len(content) * 2 // 3])

    with pytest.raises(UndecodableMedia, match="cut short"):
        await inspect_file(video, AssetKind.VIDEO, media_type)


async def test_a_video_shorter_than_its_sound_is_not_cut_short(tmp_path: Path) -> None:
    clip = await make_clip(tmp_path / "source.mp4", ClipSpec(160, 90, seconds=2, sound_seconds=12))
    video = tmp_path / "a.webm"
    encoding = ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")
    await run_ffmpeg(
        ["-i", file_url(clip), *encoding, file_url(video)], timeout_seconds=TIMEOUT_SECONDS
    )
    found = await inspect_file(video, AssetKind.VIDEO, WEBM)

    assert found.duration_seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("name", "media_type", "encoding", "kept"),
    [
        ("a.wav", "audio/wav", (), 0.95),
        ("a.m4a", "audio/mp4", ("-c:a", "aac", "-movflags", "+faststart"), 0.95),
        ("a.flac", "audio/flac", (), 0.5),
    ],
)
async def test_sound_that_is_cut_short_is_refused(
    tmp_path: Path, name: str, media_type: str, encoding: tuple[str, ...], kept: float
) -> None:
    content = (await make_sound(tmp_path / name, *encoding, seconds=8)).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * kept)])

    with pytest.raises(UndecodableMedia, match="cut short"):
        await inspect_file(tmp_path / name, AssetKind.AUDIO, media_type)


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
async def test_a_recording_that_was_streamed_tells_no_length_and_is_taken(
    tmp_path: Path, name: str
) -> None:
    """Written into a pipe, so that its header could not be completed afterwards."""
    tone = ["-v", "error", "-f", "lavfi", "-i", "sine=d=2", "-f", name[2:], "-"]
    result = await run_process([ffmpeg_binary(), *tone], timeout_seconds=TIMEOUT_SECONDS)
    (tmp_path / name).write_bytes(result.stdout)
    found = await inspect_file(tmp_path / name, AssetKind.AUDIO, f"audio/{name[2:]}")

    assert found.duration_seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n",
        "ffconcat version 1.0\nfile source.mp4\n",
    ],
)
async def test_a_playlist_in_a_videos_clothes_is_refused(tmp_path: Path, playlist: str) -> None:
    video = tmp_path / "video.mp4"
    video.write_text(playlist)

    with pytest.raises(UndecodableMedia):
        await inspect_file(video, AssetKind.VIDEO, MP4)


async def test_a_picture_written_anew_holds_pixels_only(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "at home, 52.5 N 13.4 E"
    source = save(tmp_path / "source", "JPEG", (3000, 1500), exif=exif)
    await reencode_image(source, JPEG, tmp_path / "new.png")
    await reencode_image(source, JPEG, tmp_path / "new.jpg")

    for name in ("new.png", "new.jpg"):
        assert b"52.5" not in (tmp_path / name).read_bytes()
        with Image.open(tmp_path / name) as picture:
            assert picture.size == (1024, 2048)
            assert not picture.getexif()
    assert file_names(tmp_path) == {"source", "new.png", "new.jpg"}


async def test_transparency_stays_in_a_png_and_turns_white_in_a_jpeg(tmp_path: Path) -> None:
    source = tmp_path / "source"
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(source, format="PNG")
    await reencode_image(source, PNG, tmp_path / "new.png")
    await reencode_image(source, PNG, tmp_path / "new.jpg")

    with Image.open(tmp_path / "new.png") as kept, Image.open(tmp_path / "new.jpg") as flat:
        assert kept.getpixel((4, 4)) == (255, 0, 0, 0)
        assert flat.getpixel((4, 4)) == (255, 255, 255)


async def test_what_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    source = save(tmp_path / "source", "PNG")
    source.write_bytes(source.read_bytes()[:-100])

    with pytest.raises(UndecodableMedia):
        await reencode_image(source, PNG, tmp_path / "new.png")
    assert file_names(tmp_path) == {"source"}


async def test_no_decoder_is_opened_that_is_not_on_the_list(tmp_path: Path) -> None:
    video = tmp_path / "a.mp4"
    sources = ["-f", "lavfi", "-i", "color=red:s=64x48:d=1", "-f", "lavfi", "-i", "sine=d=1"]
    await run_ffmpeg(
        [*sources, "-c:a", "ac3", "-shortest", file_url(video)], timeout_seconds=TIMEOUT_SECONDS
    )

    assert not (await inspect_file(video, AssetKind.VIDEO, MP4)).has_audio
    with pytest.raises(UndecodableMedia, match="no sound that is decoded here"):
        await decode_audio_to_wav(video, MP4, tmp_path / "a.wav")
    await run_ffmpeg(
        [*sources[:4], "-c:v", "mpeg2video", file_url(video)], timeout_seconds=TIMEOUT_SECONDS
    )
    with pytest.raises(UndecodableMedia, match="not decoded here"):
        await inspect_file(video, AssetKind.VIDEO, MP4)
