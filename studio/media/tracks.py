"""What is done to a sound of our own decoding: measured, cut, made small for a model to hear."""

from pathlib import Path
from typing import Final

from studio.contracts.limits import FILM_DURATION_SECONDS_MAX
from studio.media.encoding import PCM_ARGUMENTS
from studio.media.ffmpeg import SAFE_INPUT, file_url, partial_file, run_ffmpeg
from studio.media.loudness import measure_loudness

MEASURE_TIMEOUT_SECONDS: Final = 240.0
"""Below the activity's own limit; an hour of sound takes some 20 s of one core."""

FADE_OUT_SECONDS: Final = 2.0
FADE_OUT_SHARE_MAX: Final = 0.25
"""Music ends in a fade, which takes no more than this share of it."""

HEARD_SECONDS_MAX: Final = float(FILM_DURATION_SECONDS_MAX)
"""No film is longer, so no more of a recording is transcribed."""

LISTENING_ARGUMENTS: Final = ("-c:a", "pcm_s16le", "-ar", "16000", "-ac", "1")
"""What speech models hear; ten minutes of it are 19 MB, below what a request may carry."""


async def loudness_of(wav: Path) -> float | None:
    """Integrated loudness in LUFS (EBU R128); None where there is no sound to speak of."""
    measured = await measure_loudness(
        [*SAFE_INPUT, "-i", file_url(wav)], timeout_seconds=MEASURE_TIMEOUT_SECONDS
    )
    return measured.integrated_lufs


def fade_out(duration_seconds: float) -> str:
    """The filter that ends music of this length."""
    fade = min(FADE_OUT_SECONDS, duration_seconds * FADE_OUT_SHARE_MAX)
    return f"afade=t=out:st={duration_seconds - fade:.6f}:d={fade:.6f}"


async def cut_with_fade(wav: Path, destination: Path, duration_seconds: float) -> None:
    """The beginning of a track, faded out at its end."""
    chain = f"atrim=end={duration_seconds:.6f},{fade_out(duration_seconds)}"
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
