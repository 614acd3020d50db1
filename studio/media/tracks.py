"""What is done to a sound of our own decoding: measured, cut, made small for a model to hear."""

from pathlib import Path
from typing import Final

from studio.media.encoding import PCM_ARGUMENTS
from studio.media.ffmpeg import SAFE_INPUT, file_url, partial_file, run_ffmpeg
from studio.media.loudness import measure_loudness

MEASURE_TIMEOUT_SECONDS: Final = 240.0
"""Below the activity's own limit; an hour of sound takes some 20 s of one core."""

CUT_FADE_SECONDS: Final = 2.0
CUT_FADE_SHARE_MAX: Final = 0.25
"""As the mix fades a film's music: two seconds, and never more than a quarter."""

HEARD_SECONDS_MAX: Final = 600.0
"""No film is longer, so no more of a recording is transcribed."""

LISTENING_ARGUMENTS: Final = ("-c:a", "pcm_s16le", "-ar", "16000", "-ac", "1")
"""What speech models hear; ten minutes of it are 19 MB, below what a request may carry."""


async def loudness_of(wav: Path) -> float | None:
    """Integrated loudness in LUFS (EBU R128); None where there is no sound to speak of."""
    measured = await measure_loudness(
        [*SAFE_INPUT, "-i", file_url(wav)], timeout_seconds=MEASURE_TIMEOUT_SECONDS
    )
    return measured.integrated_lufs


async def cut_with_fade(wav: Path, destination: Path, duration_seconds: float) -> None:
    """The beginning of a track, faded out at its end."""
    fade = min(CUT_FADE_SECONDS, duration_seconds * CUT_FADE_SHARE_MAX)
    chain = (
        f"atrim=end={duration_seconds:.6f},"
        f"afade=t=out:st={duration_seconds - fade:.6f}:d={fade:.6f}"
    )
    await _convert(wav, destination, ["-af", chain, *PCM_ARGUMENTS])


async def listening_copy(wav: Path, destination: Path, *, start_seconds: float) -> None:
    """A mono 16 kHz WAV of at most HEARD_SECONDS_MAX from `start_seconds` on."""
    chain = f"atrim=start={start_seconds:.6f}:duration={HEARD_SECONDS_MAX},asetpts=PTS-STARTPTS"
    await _convert(wav, destination, ["-af", chain, *LISTENING_ARGUMENTS])


async def _convert(wav: Path, destination: Path, options: list[str]) -> None:
    with partial_file(destination) as partial:
        await run_ffmpeg(
            [*SAFE_INPUT, "-i", file_url(wav), *options, "-bitexact", file_url(partial)],
            timeout_seconds=MEASURE_TIMEOUT_SECONDS,
        )
