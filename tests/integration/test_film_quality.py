"""Every check of a film can fail: each is shown a film with one fault."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.media.encoding import video_arguments
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.join import JoinRequest, join_film
from studio.media.normalise import normalise_clip
from studio.media.probe import probe
from studio.media.quality import Blueprint, QualityReport, measure
from studio.media.timeline import Timeline
from tests.media_fixtures import TIMEOUT_SECONDS, ClipSpec, make_clip

FPS = 24
SIZE = (160, 90)
FRAMES = (36, 36, 36)
COLOURS = ("navy", "maroon", "olive")


async def distinct_clip(path: Path, index: int) -> Path:
    """A clip that looks and sounds like none of the others."""
    picture = f"color={COLOURS[index]}:s={SIZE[0]}x{SIZE[1]}:r={FPS}:d=1.5,noise=alls=20:allf=t"
    sound = f"anoisesrc=d=1.5:r=48000:c=pink:a=0.3:seed={index + 1}"
    await run_ffmpeg(
        ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, file_url(path)],
        timeout_seconds=TIMEOUT_SECONDS,
    )
    return path


async def made(folder: Path) -> tuple[Path, Blueprint]:
    """A film of three different clips that meets every check, and what it was made of."""
    clips = []
    for index in range(len(FRAMES)):
        clip = folder / f"clip-{index}.mov"
        source = await distinct_clip(folder / f"source-{index}.mp4", index)
        await normalise_clip(
            source,
            clip,
            frames=FRAMES[index],
            frames_per_second=FPS,
            width=SIZE[0],
            height=SIZE[1],
            timeout_seconds=TIMEOUT_SECONDS,
        )
        clips.append(clip)
    film = folder / "film.mp4"
    await join_film(
        JoinRequest(clips, FRAMES, FPS, *SIZE),
        film,
        work_directory=folder,
        timeout_seconds=TIMEOUT_SECONDS,
    )
    return film, Blueprint(Timeline(FRAMES, (0, 0), FPS), *SIZE, clips, folder)


async def damaged(film: Path, *arguments: str) -> Path:
    """A copy of a film with one thing changed."""
    changed = film.with_name("damaged.mp4")
    await run_ffmpeg(
        ["-i", file_url(film), *arguments, file_url(changed)], timeout_seconds=TIMEOUT_SECONDS
    )
    return changed


async def misses(film: Path, blueprint: Blueprint) -> set[str]:
    report = await measured(film, blueprint)
    missed = [check for check in report.checks if not check.passed]
    assert all(check.sentence.endswith(".") for check in missed)
    return {check.name for check in missed}


async def measured(film: Path, blueprint: Blueprint) -> QualityReport:
    return await measure(film, blueprint, timeout_seconds=TIMEOUT_SECONDS)


COPY = ("-c", "copy", "-movflags", "+faststart")
PICTURE = ("-c:a", "copy", "-movflags", "+faststart", *video_arguments(FPS))
SOUND = ("-c:v", "copy", "-movflags", "+faststart", "-c:a", "aac", "-b:a", "192k")


async def test_a_good_film_meets_every_check(tmp_path: Path) -> None:
    film, blueprint = await made(tmp_path)
    report = await measured(film, blueprint)

    assert report.passed
    assert [clip.index for clip in report.clips] == [1, 2, 3]
    assert [clip.start_seconds for clip in report.clips] == [0, 1.5, 3]
    assert all(clip.picture_drift_ms == 0 for clip in report.clips)
    assert [clip.sound_drift_ms for clip in report.clips] == pytest.approx([0, 0, 0], abs=1)
    assert {check.name for check in report.checks} == {
        *("frames", "constant_frame_rate", "frame_size", "pixel_format", "duration"),
        *("video_start", "audio_start", "length_difference", "drift", "sound_format"),
        *("loudness", "true_peak", "fast_start", "checksum"),
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("-t", "3.2", *COPY), {"frames", "duration", "drift"}, id="cut off"),
        pytest.param((*PICTURE, "-r", "25"), {"constant_frame_rate", "frames"}, id="25 fps"),
        pytest.param((*PICTURE, "-vf", "scale=320:180"), {"frame_size"}, id="too large"),
        pytest.param((*PICTURE, "-vf", "setsar=4/3"), {"frame_size"}, id="oblong pixels"),
        pytest.param((*PICTURE, "-pix_fmt", "yuv444p"), {"pixel_format"}, id="4:4:4"),
        pytest.param((*PICTURE, "-colorspace", "smpte170m"), {"pixel_format"}, id="BT.601"),
        pytest.param((*SOUND, "-af", "volume=-6dB"), {"loudness"}, id="quiet"),
        pytest.param((*SOUND, "-af", "volume=6dB"), {"loudness", "true_peak"}, id="too loud"),
        pytest.param((*SOUND, "-ar", "44100"), {"sound_format"}, id="44.1 kHz"),
        pytest.param((*SOUND, "-ac", "1"), {"sound_format"}, id="mono"),
        pytest.param((*SOUND, "-af", "adelay=delays=80:all=1"), {"drift"}, id="sound late"),
        pytest.param(
            (*SOUND, "-af", "atrim=start=0.1,asetpts=PTS-STARTPTS"), {"drift"}, id="sound early"
        ),
        pytest.param(("-c", "copy"), {"fast_start"}, id="index at the end"),
    ],
)
async def test_a_fault_is_found(
    tmp_path: Path, arguments: tuple[str, ...], expected: set[str]
) -> None:
    film, blueprint = await made(tmp_path)

    assert expected <= await misses(await damaged(film, *arguments), blueprint)


@pytest.mark.parametrize(
    ("delay", "expected"), [(("1:v", "0:a"), "video_start"), (("0:v", "1:a"), "audio_start")]
)
async def test_a_stream_that_starts_late_is_found(
    tmp_path: Path, delay: tuple[str, str], expected: str
) -> None:
    film, blueprint = await made(tmp_path)
    changed = film.with_name("late.mp4")
    maps = [argument for stream in delay for argument in ("-map", stream)]
    late = ["-i", file_url(film), "-itsoffset", "0.2", "-i", file_url(film), *maps, *COPY]
    await run_ffmpeg([*late, file_url(changed)], timeout_seconds=TIMEOUT_SECONDS)

    assert {expected, "drift"} <= await misses(changed, blueprint)


async def test_sound_that_ends_early_is_found(tmp_path: Path) -> None:
    film, blueprint = await made(tmp_path)
    changed = await damaged(film, *SOUND, "-af", "atrim=end=4.2")

    assert "length_difference" in await misses(changed, blueprint)


async def test_clips_in_the_wrong_order_are_found(tmp_path: Path) -> None:
    film, blueprint = await made(tmp_path)
    clips = [*blueprint.clips[1:], blueprint.clips[0]]

    assert "drift" in await misses(film, replace(blueprint, clips=clips))


async def test_a_clip_that_is_not_in_the_film_is_found(tmp_path: Path) -> None:
    film, blueprint = await made(tmp_path)
    other = await make_clip(tmp_path / "other.mp4", ClipSpec(*SIZE, hum_level=0.3))
    report = await measured(film, replace(blueprint, clips=[other, *blueprint.clips[1:]]))

    assert report.clips[0].picture_drift_ms is None
    assert not report.passed
    assert "Clip 1 was not found in the film where it should be." in [
        check.sentence for check in report.checks
    ]


async def test_drift_that_grows_clip_by_clip_is_measured_at_each(tmp_path: Path) -> None:
    film, blueprint = await made(tmp_path)
    padded = ";".join(
        f"[{index}]atrim={index * 1.5}:{index * 1.5 + 1.5},asetpts=PTS-STARTPTS,"
        f"apad=pad_dur=0.038[{index}p]"
        for index in range(3)
    )
    graph = f"[0:a]asplit=3[0][1][2];{padded};[0p][1p][2p]concat=n=3:v=0:a=1,atrim=end=4.5[out]"
    mapped = ("-filter_complex", graph, "-map", "0:v", "-map", "[out]")
    report = await measured(await damaged(film, *mapped, *SOUND), blueprint)

    assert [clip.sound_drift_ms for clip in report.clips] == pytest.approx([0, 38, 76], abs=2)
    assert [check.name for check in report.checks if not check.passed] == ["drift"]


async def test_a_file_that_is_cut_short_or_has_something_behind_it_is_found(
    tmp_path: Path,
) -> None:
    film, blueprint = await made(tmp_path)
    longer = film.with_name("longer.mp4")
    longer.write_bytes(film.read_bytes() + b"\x00\x00\x01\x00free")

    assert await misses(longer, blueprint) == {"checksum"}


async def test_clips_that_are_silent_have_no_sound_to_drift(tmp_path: Path) -> None:
    clip = await make_clip(tmp_path / "clip.mp4", ClipSpec(*SIZE, sound_seconds=None))
    report = await join_film(
        JoinRequest([clip] * 2, [36] * 2, FPS, *SIZE),
        tmp_path / "film.mp4",
        work_directory=tmp_path,
        timeout_seconds=TIMEOUT_SECONDS,
    )

    assert [(clip.audible, clip.sound_drift_ms) for clip in report.clips] == [(False, None)] * 2
    assert report.passed


async def test_a_clip_under_music_is_found_all_the_same(tmp_path: Path) -> None:
    clip = await make_clip(tmp_path / "clip.mp4", ClipSpec(*SIZE, hum_level=0.002, beep_level=0.02))
    music = tmp_path / "music.wav"
    song = "aevalsrc='0.3*sin(2*PI*(300+100*floor(mod(t*4,7)))*t)':s=48000:d=4"
    await run_ffmpeg(["-f", "lavfi", "-i", song, file_url(music)], timeout_seconds=TIMEOUT_SECONDS)
    report = await join_film(
        JoinRequest([clip] * 2, [36] * 2, FPS, *SIZE, music=music, music_offset_db=12.0),
        tmp_path / "film.mp4",
        work_directory=tmp_path,
        timeout_seconds=TIMEOUT_SECONDS,
    )

    assert [clip.sound_drift_ms for clip in report.clips] == pytest.approx([0, 0], abs=3)
    assert (await probe(tmp_path / "film.mp4")).duration_seconds == pytest.approx(3.0, abs=0.001)
