"""A clip comes out with the frames, size, rate and sound that were asked for, whatever came in."""

import asyncio
import multiprocessing
import resource
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from studio.media.encoding import fit_filter, video_arguments
from studio.media.errors import MediaError
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.normalise import (
    NormalisedClip,
    normalise_clip,
    parameter_sets,
    preview_clip,
    thumbnail,
)
from studio.media.poster import poster
from studio.media.probe import probe
from tests.media_fixtures import (
    SET_B,
    TIMEOUT_SECONDS,
    ClipSpec,
    decoded_frames,
    file_names,
    flash_times,
    make_clip,
)

FPS = 24
SIZE = (160, 90)
SMALL = ClipSpec(*SIZE, seconds=1.0, sound_seconds=1.0)
Gray = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


async def normalise(source: Path, destination: Path, frames: int) -> NormalisedClip:
    return await normalise_clip(
        source,
        destination,
        frames=frames,
        frames_per_second=FPS,
        width=SIZE[0],
        height=SIZE[1],
        timeout_seconds=TIMEOUT_SECONDS,
    )


async def colour_clip(path: Path, colour: str, size: str, *encoding: str, rate: int = 24) -> Path:
    source = ["-f", "lavfi", "-i", f"color={colour}:s={size}:r={rate}:d=1"]
    codec = encoding or ("-c:v", "libx264", "-pix_fmt", "yuv420p")
    await run_ffmpeg([*source, *codec, file_url(path)], timeout_seconds=TIMEOUT_SECONDS)
    return path


def picture_at(clip: Path, index: int) -> Gray:
    with av.open(str(clip)) as container:
        frame = next(
            frame for count, frame in enumerate(container.decode(video=0)) if count == index
        )
        return frame.to_ndarray(format="rgb24").astype(np.uint8)


@pytest.mark.parametrize("spec", SET_B)
@pytest.mark.parametrize("frames", [25, 60])
async def test_every_clip_gets_the_exact_frames_and_as_much_sound(
    tmp_path: Path, spec: ClipSpec, frames: int
) -> None:
    clip = tmp_path / "clip.mov"
    done = await normalise(await make_clip(tmp_path / "source.mp4", spec), clip, frames)

    info = await probe(clip)
    assert info.video is not None
    assert info.audio is not None
    assert done == NormalisedClip(frames, frames / FPS, spec.sound_seconds is not None)
    assert decoded_frames(clip) == info.video.frames == frames
    assert (info.video.width, info.video.height, info.video.fps) == (*SIZE, FPS)
    assert info.video.regular
    assert info.video.square_pixels
    assert (info.video.pix_fmt, info.video.colour) == ("yuv420p", (1, 1, 1, 1))
    assert (info.audio.codec, info.audio.sample_rate, info.audio.channels) == (
        "pcm_s16le",
        48000,
        2,
    )
    assert info.audio.duration_seconds == pytest.approx(frames / FPS, abs=1e-9)
    assert (info.video.start_seconds, info.audio.start_seconds) == (0, 0)


async def test_a_short_clip_freezes_on_its_last_frame(tmp_path: Path) -> None:
    source = await make_clip(tmp_path / "source.mp4", ClipSpec(*SIZE, seconds=0.6))
    await normalise(source, tmp_path / "clip.mov", 48)

    assert picture_at(tmp_path / "clip.mov", 47).mean() > 230


async def test_a_tall_clip_is_padded_and_never_stretched(tmp_path: Path) -> None:
    source = await colour_clip(tmp_path / "source.mp4", "white", "90x160")
    await normalise(source, tmp_path / "clip.mov", 24)

    picture = picture_at(tmp_path / "clip.mov", 5)
    assert picture[:, :50].max() < 20
    assert picture[:, 60:100].min() > 230
    assert picture[:, 110:].max() < 20


async def test_a_clip_with_oblong_pixels_keeps_its_shape(tmp_path: Path) -> None:
    oblong = ("-vf", "setsar=2", "-c:v", "libx264", "-pix_fmt", "yuv420p")
    source = await colour_clip(tmp_path / "source.mp4", "white", "80x90", *oblong)
    await normalise(source, tmp_path / "clip.mov", 24)

    assert picture_at(tmp_path / "clip.mov", 5).min() > 230


@pytest.mark.parametrize(
    "encoding",
    [
        pytest.param(("-c:v", "libx264", "-pix_fmt", "yuv420p"), id="untagged small: BT.601"),
        pytest.param(
            (
                *("-vf", "scale=out_color_matrix=bt709:out_range=pc,format=yuv420p"),
                *("-c:v", "libx264", "-colorspace", "bt709", "-color_range", "pc"),
            ),
            id="BT.709, full range",
        ),
        pytest.param(("-c:v", "libx264rgb", "-crf", "0"), id="RGB"),
    ],
)
async def test_colours_survive(tmp_path: Path, encoding: tuple[str, ...]) -> None:
    source = await colour_clip(tmp_path / "source.mp4", "0xc04020", "160x90", *encoding)
    await normalise(source, tmp_path / "clip.mov", 24)

    await thumbnail(tmp_path / "clip.mov", tmp_path / "still.jpg", 0.5)
    with Image.open(tmp_path / "still.jpg") as image:
        assert image.getpixel((80, 45)) == pytest.approx((0xC0, 0x40, 0x20), abs=8)

    still = tmp_path / "still.png"
    to_rgb = ["-vf", "scale=in_color_matrix=bt709:in_range=tv,format=rgb24", "-frames:v", "1"]
    await run_ffmpeg(
        ["-i", file_url(tmp_path / "clip.mov"), *to_rgb, file_url(still)],
        timeout_seconds=TIMEOUT_SECONDS,
    )
    with Image.open(still) as image:
        assert image.getpixel((80, 45)) == pytest.approx((0xC0, 0x40, 0x20), abs=4)


async def test_sound_that_starts_late_stays_with_its_picture(tmp_path: Path) -> None:
    source = await make_clip(tmp_path / "source.mp4", SMALL)
    late = tmp_path / "late.mp4"
    inputs = ["-i", file_url(source), "-itsoffset", "0.25", "-i", file_url(source)]
    await run_ffmpeg(
        [*inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", file_url(late)],
        timeout_seconds=TIMEOUT_SECONDS,
    )
    await normalise(late, tmp_path / "clip.mov", 24)

    with av.open(str(tmp_path / "clip.mov")) as container:
        sound = np.concatenate([frame.to_ndarray()[0, ::2] for frame in container.decode(audio=0)])
    assert int(np.argmax(np.abs(sound) > 6000)) / 48_000 == pytest.approx(0.75, abs=0.01)
    assert flash_times(tmp_path / "clip.mov") == pytest.approx([0.5], abs=1 / FPS)


async def test_a_gap_of_days_is_not_filled_in_memory(tmp_path: Path) -> None:
    source = await make_clip(tmp_path / "source.mp4", SMALL)
    gap = tmp_path / "gap.mp4"
    inputs = ["-i", file_url(source), "-itsoffset", "360000", "-i", file_url(source)]
    await run_ffmpeg(
        [*inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", file_url(gap)],
        timeout_seconds=TIMEOUT_SECONDS,
    )
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        peak = pool.submit(_peak_mebibytes, gap, tmp_path / "clip.mov").result()
    assert peak < 1024  # it takes all that it may, 4 GiB, where the gap is filled
    sound = (await probe(tmp_path / "clip.mov")).audio
    assert sound is not None
    assert sound.duration_seconds == pytest.approx(1.0)


def _peak_mebibytes(source: Path, destination: Path) -> float:
    """The most memory that a program of a normalisation took, in a process of its own."""
    asyncio.run(normalise(source, destination, 24))
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


async def test_a_clip_of_our_own_encoding_is_copied_packet_by_packet(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    pattern = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=24:d=1", "-vf", fit_filter(*SIZE)]
    await run_ffmpeg(
        [*pattern, *video_arguments(FPS), file_url(source)], timeout_seconds=TIMEOUT_SECONDS
    )
    await normalise(source, tmp_path / "copied.mov", 24)
    await normalise(source, tmp_path / "shorter.mov", 23)

    assert packets(tmp_path / "copied.mov") == packets(source)
    assert packets(tmp_path / "shorter.mov") != packets(source)[:23]


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


async def test_a_file_without_a_picture_is_a_plain_error(tmp_path: Path) -> None:
    sound = tmp_path / "sound.mp4"
    await run_ffmpeg(
        ["-f", "lavfi", "-i", "sine=d=1", file_url(sound)], timeout_seconds=TIMEOUT_SECONDS
    )
    with pytest.raises(MediaError, match="holds no picture"):
        await normalise(sound, tmp_path / "clip.mov", 24)
    assert file_names(tmp_path) == {"sound.mp4"}


async def test_a_playlist_is_not_followed(tmp_path: Path) -> None:
    await make_clip(tmp_path / "source.mp4", SMALL)
    playlist = tmp_path / "clip.mp4"
    playlist.write_text("ffconcat version 1.0\nfile source.mp4\n")

    with pytest.raises(MediaError):
        await normalise(playlist, tmp_path / "clip.mov", 24)


async def test_a_preview_plays_in_a_browser_and_has_the_same_picture(tmp_path: Path) -> None:
    clip, preview = tmp_path / "clip.mov", tmp_path / "clip.mp4"
    await normalise(await make_clip(tmp_path / "source.mp4", SMALL), clip, 24)
    await preview_clip(clip, preview)

    info = await probe(preview)
    content = preview.read_bytes()
    assert info.audio is not None
    assert info.audio.codec == "aac"
    assert info.duration_seconds == pytest.approx(1.0, abs=0.001)
    assert content.index(b"moov") < content.index(b"mdat")
    assert decoded_frames(preview) == 24


@pytest.mark.parametrize(("at_seconds", "bright"), [(0.6, True), (0.1, False), (99.0, False)])
async def test_a_thumbnail_shows_its_moment(
    tmp_path: Path, at_seconds: float, *, bright: bool
) -> None:
    source = await make_clip(tmp_path / "source.mp4", SMALL)
    await thumbnail(source, tmp_path / "picture.jpg", at_seconds)

    with Image.open(tmp_path / "picture.jpg") as picture:
        assert picture.format == "JPEG"
        assert picture.size == SIZE
        assert (float(np.asarray(picture).mean()) > 200) is bright


async def test_a_poster_is_as_large_as_the_film(tmp_path: Path) -> None:
    source = await colour_clip(tmp_path / "film.mp4", "white", "1280x720")
    await poster(source, tmp_path / "poster.jpg")

    with Image.open(tmp_path / "poster.jpg") as picture:
        assert picture.size == (1280, 720)


async def test_a_poster_is_not_taken_from_a_black_beginning(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    late = (
        "color=black:s=160x90:r=24:d=2[dark];testsrc2=s=160x90:r=24:d=2[light];[dark][light]concat"
    )
    await run_ffmpeg(
        ["-f", "lavfi", "-i", late, "-pix_fmt", "yuv420p", file_url(film)],
        timeout_seconds=TIMEOUT_SECONDS,
    )
    await poster(film, tmp_path / "poster.jpg")

    with Image.open(tmp_path / "poster.jpg") as picture:
        assert np.asarray(picture.convert("L")).std() > 20
    assert file_names(tmp_path) == {"film.mp4", "poster.jpg"}


async def test_a_clip_can_be_cut_apart_where_it_was_asked_for(tmp_path: Path) -> None:
    source = await make_clip(tmp_path / "source.mp4", SMALL)
    clip = tmp_path / "clip.mov"
    asked = [7, 17]
    await normalise_clip(
        source,
        clip,
        frames=24,
        frames_per_second=FPS,
        width=SIZE[0],
        height=SIZE[1],
        keyframes=asked,
        timeout_seconds=TIMEOUT_SECONDS,
    )

    info = await probe(clip)
    assert info.video is not None
    assert set(asked) <= set(info.video.keyframes)
    assert info.video.extradata == await parameter_sets(
        tmp_path, frames_per_second=FPS, width=SIZE[0], height=SIZE[1]
    )
