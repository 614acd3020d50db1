"""What a finished film promises, one check each."""

from dataclasses import dataclass
from typing import Final

from studio.contracts.base import Payload
from studio.media.drift import ClipQuality
from studio.media.encoding import AAC_FRAME_SAMPLES, CHANNELS, SAMPLE_RATE_HZ
from studio.media.loudness import Loudness
from studio.media.mastering import LOUDNESS_LUFS, LOUDNESS_TOLERANCE_LU, TRUE_PEAK_DBTP_MAX
from studio.media.probe import AudioInfo, VideoInfo
from studio.media.timeline import Timeline

START_SECONDS_MAX: Final = 0.001
BT709: Final = (1, 1, 1, 1)
"""H.273 code points of primaries, transfer and matrix, and the limited (TV) range."""

ROUNDING_SECONDS: Final = 0.0005
"""A film's header counts in milliseconds."""


class Check(Payload):
    """One promise about the film: what was measured, what was allowed, whether it held.

    `value` is None where the question has no answer, as the loudness of a silent film. `sentence`
    says in plain words what is missed, and is empty where nothing is.
    """

    name: str
    value: float | str | None
    limit: str
    passed: bool
    sentence: str = ""


@dataclass(frozen=True)
class Content:
    """What the bytes say: hash, size, the outermost boxes in order, whether all is there."""

    sha256: str
    size_bytes: int
    boxes: list[str]
    whole: bool


@dataclass(frozen=True)
class Measured:
    duration_seconds: float
    video: VideoInfo
    audio: AudioInfo
    loudness: Loudness
    content: Content
    clips: tuple[ClipQuality, ...]


def all_checks(film: Measured, timeline: Timeline, size: tuple[int, int]) -> tuple[Check, ...]:
    """Every promise, in the order in which a reader would ask."""
    checks = (
        *_picture_checks(film.video, timeline, size),
        *_time_checks(film, timeline),
        _drift_check(film.clips, timeline.frames_per_second),
        *_sound_checks(film.audio, film.loudness),
        *_file_checks(film.content),
    )
    return tuple(
        check.model_copy(update={"sentence": ""}) if check.passed else check for check in checks
    )


def _picture_checks(
    video: VideoInfo, timeline: Timeline, size: tuple[int, int]
) -> tuple[Check, ...]:
    rate = timeline.frames_per_second
    return (
        Check(
            name="frames",
            value=video.frames,
            limit=f"{timeline.frames}",
            passed=video.frames == timeline.frames,
            sentence=f"The film has {video.frames} frames instead of {timeline.frames}.",
        ),
        Check(
            name="constant_frame_rate",
            value=video.fps,
            limit=f"every frame 1/{rate} s",
            passed=video.regular and video.fps == rate,
            sentence=f"The film does not run at {rate} frames a second throughout.",
        ),
        Check(
            name="frame_size",
            value=f"{video.width}x{video.height}",
            limit=f"{size[0]}x{size[1]}, square pixels",
            passed=(video.width, video.height) == size and video.square_pixels,
            sentence=f"The film's frames are not {size[0]} by {size[1]} square pixels.",
        ),
        Check(
            name="pixel_format",
            value=f"{video.codec} {video.pix_fmt}",
            limit="h264 yuv420p, tagged BT.709",
            passed=(video.codec, video.pix_fmt, video.colour) == ("h264", "yuv420p", BT709),
            sentence="The film's picture is not H.264 in BT.709 colours, as players expect it.",
        ),
    )


def _time_checks(film: Measured, timeline: Timeline) -> tuple[Check, ...]:
    frame_seconds = 1 / timeline.frames_per_second
    aac_seconds = AAC_FRAME_SAMPLES / SAMPLE_RATE_HZ
    difference = abs(film.video.duration_seconds - film.audio.duration_seconds)
    missed = abs(film.duration_seconds - timeline.seconds)
    return (
        Check(
            name="duration",
            value=film.duration_seconds,
            limit=f"{timeline.seconds:.3f} s ± one frame",
            passed=missed <= frame_seconds + ROUNDING_SECONDS,
            sentence=(
                f"The film lasts {film.duration_seconds:.2f} s instead of {timeline.seconds:.2f} s."
            ),
        ),
        _start_check("video_start", "picture", film.video.start_seconds),
        _start_check("audio_start", "sound", film.audio.start_seconds),
        Check(
            name="length_difference",
            value=difference,
            limit=f"<= {aac_seconds:.4f} s, one AAC frame",
            passed=difference <= aac_seconds,
            sentence=f"Picture and sound differ in length by {difference:.3f} s.",
        ),
    )


def _start_check(name: str, what: str, start_seconds: float) -> Check:
    return Check(
        name=name,
        value=start_seconds,
        limit=f"0 s ± {START_SECONDS_MAX}",
        passed=abs(start_seconds) <= START_SECONDS_MAX,
        sentence=f"The film's {what} starts at {start_seconds:.3f} s instead of 0.",
    )


def _drift_check(clips: tuple[ClipQuality, ...], frames_per_second: int) -> Check:
    limit_ms = 1000 / frames_per_second
    drifts = [
        abs(drift)
        for clip in clips
        for drift in (clip.picture_drift_ms, clip.sound_drift_ms)
        if drift is not None
    ]
    worst = max(drifts, default=None)
    missing = [clip.index for clip in clips if clip.missing]
    found = f"is up to {worst:.0f} ms" if worst is not None else "cannot be measured"
    return Check(
        name="drift",
        value=worst,
        limit=f"<= {limit_ms:.1f} ms, one frame, at every clip",
        passed=not missing and (worst is None or worst <= limit_ms),
        sentence=(
            f"Clip {missing[0]} was not found in the film where it should be."
            if missing
            else f"The drift of picture or sound against the plan {found}."
        ),
    )


def _sound_checks(audio: AudioInfo, loudness: Loudness) -> tuple[Check, ...]:
    integrated, peak = loudness.integrated_lufs, loudness.true_peak_dbtp
    return (
        Check(
            name="sound_format",
            value=f"{audio.codec} {audio.sample_rate} Hz, {audio.channels} channels",
            limit=f"aac {SAMPLE_RATE_HZ} Hz, {CHANNELS} channels",
            passed=(audio.codec, audio.sample_rate, audio.channels)
            == ("aac", SAMPLE_RATE_HZ, CHANNELS),
            sentence="The film's sound is not AAC stereo at 48 kHz.",
        ),
        Check(
            name="loudness",
            value=integrated,
            limit=f"{LOUDNESS_LUFS} LUFS ± {LOUDNESS_TOLERANCE_LU}; none where there is no sound",
            passed=integrated is None or abs(integrated - LOUDNESS_LUFS) <= LOUDNESS_TOLERANCE_LU,
            sentence=f"The film's loudness is {integrated} LUFS instead of {LOUDNESS_LUFS:g}.",
        ),
        Check(
            name="true_peak",
            value=peak,
            limit=f"<= {TRUE_PEAK_DBTP_MAX} dBTP",
            passed=peak is None or peak <= TRUE_PEAK_DBTP_MAX,
            sentence=f"The film's sound peaks at {peak} dBTP, above {TRUE_PEAK_DBTP_MAX:g}.",
        ),
    )


def _file_checks(content: Content) -> tuple[Check, ...]:
    names = [name for name in content.boxes if name in ("moov", "mdat")]
    return (
        Check(
            name="fast_start",
            value=" ".join(content.boxes),
            limit="moov before mdat",
            passed=names[:1] == ["moov"],
            sentence="The film cannot start to play before it is loaded.",
        ),
        Check(
            name="checksum",
            value=content.sha256,
            limit="SHA-256 of a file that is as long as its boxes say",
            passed=content.whole,
            sentence="The film's file is cut short or has something behind its end.",
        ),
    )
