"""Bring a mix to the film's loudness and encode it, once, as AAC.

Two passes by EBU R128: the mix is measured, then raised by the difference through a true-peak
limiter (four times oversampled, as BS.1770 measures peaks). A limiter takes loudness away, so where
it has work to do, the gain is first tried without encoding. What counts is what a viewer decodes,
so the encoded sound is measured again, and the gain and the limit are corrected where it missed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.media.encoding import SAMPLE_RATE_HZ
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.loudness import SAMPLE_METER, Loudness, measure_loudness, read_meter
from studio.media.mixing import MeasuredTrack

LOUDNESS_LUFS: Final = -14.0
LOUDNESS_TOLERANCE_LU: Final = 0.5
TRUE_PEAK_DBTP_MAX: Final = -1.0
"""The three numbers that online platforms normalise to, and AES TD1008 advises."""

AIM_TOLERANCE_LU: Final = 0.35
AIM_PEAK_DBTP_MAX: Final = -1.1
"""Stricter while mastering, for the meter shows one decimal: up to 0.3 LU and -1.1 dBTP pass."""

LIMIT_DB_FIRST: Final = -1.8
"""Leaves room for what the AAC encoder adds to peaks, usually under 0.7 dB."""

LIMIT_DB_MIN: Final = -12.0
"""Lower limits than this would be distortion, not mastering."""

GAIN_DB_MAX: Final = 40.0
"""Beyond this only noise would be raised; the report then shows that the film is quiet."""

ATTEMPTS_MAX: Final = 4
TRIALS_MAX: Final = 2
TRIAL_MISS_LU_MAX: Final = 0.5
"""A correction as small as this needs no trial of its own."""

CORRECTION_DB_MAX: Final = 3.0
"""Loudness need not grow with the gain, for quiet parts begin to count: no step may run away."""

LIMITED_OVERSTEP: Final = 2.0
"""A limiter takes about half of a raise away again."""

OVERSAMPLED_HZ: Final = 4 * SAMPLE_RATE_HZ
AAC_BITRATE: Final = "192k"


@dataclass(frozen=True)
class Setting:
    gain_db: float
    limit_db: float

    def corrected(self, measured: Loudness, *, limited: bool) -> "Setting":
        """The setting that makes up for what was measured after the encode."""
        loudness, peak = measured.integrated_lufs, measured.true_peak_dbtp
        miss_db = 0.0 if loudness is None else LOUDNESS_LUFS - loudness
        if limited:
            step_db = miss_db * LIMITED_OVERSTEP
            miss_db = max(-CORRECTION_DB_MAX, min(step_db, CORRECTION_DB_MAX))
        excess_db = 0.0 if peak is None else max(0.0, peak - AIM_PEAK_DBTP_MAX)
        return Setting(
            gain_db=min(self.gain_db + miss_db, GAIN_DB_MAX),
            limit_db=max(self.limit_db - excess_db, LIMIT_DB_MIN),
        )


@dataclass(frozen=True)
class Master:
    """An encoded sound track and what was measured on it."""

    path: Path
    loudness: Loudness


async def master_sound(
    mix: MeasuredTrack,
    folder: Path,
    *,
    samples: int,
    timeout_seconds: float,
    on_seconds: Callable[[float], None] | None = None,
) -> Master:
    """Encode `mix` at -14 LUFS with true peaks below -1 dBTP; silence stays silence.

    Raises MediaError, MediaTimeout, DiskFull.
    """
    quiet = Loudness(mix.loudness.integrated_lufs, None)
    setting = Setting(0.0, LIMIT_DB_FIRST).corrected(quiet, limited=False)
    if not _stays_below(setting, mix.loudness):
        setting = await _tried(setting, mix.path, timeout_seconds)
    master = Master(folder / "master.m4a", Loudness(None, None))
    for _ in range(ATTEMPTS_MAX):
        await run_ffmpeg(
            [
                *("-i", file_url(mix.path), "-af", _chain(setting, samples, mix.loudness)),
                *("-c:a", "aac", "-b:a", AAC_BITRATE, "-bitexact", file_url(master.path)),
            ],
            timeout_seconds=timeout_seconds,
            on_seconds=on_seconds,
        )
        loudness = await measure_loudness(
            ["-i", file_url(master.path)], timeout_seconds=timeout_seconds
        )
        master = Master(master.path, loudness)
        limited = not _stays_below(setting, mix.loudness)
        following = setting.corrected(loudness, limited=limited)
        if _on_target(loudness) or following == setting:
            break
        setting = following
    return master


async def _tried(setting: Setting, mix: Path, timeout_seconds: float) -> Setting:
    """The setting with a gain that makes up for what the limiter takes away.

    Not oversampled: that matters for peaks, and changes the loudness by 0.1 LU at most.
    """
    for _ in range(TRIALS_MAX):
        chain = ",".join((_raised(setting), _limiter(setting.limit_db), SAMPLE_METER))
        stderr = await run_ffmpeg(
            ["-i", file_url(mix), "-af", chain, "-f", "null", "-"], timeout_seconds=timeout_seconds
        )
        heard = Loudness(read_meter(stderr).integrated_lufs, None)
        setting = setting.corrected(heard, limited=True)
        if heard.misses(LOUDNESS_LUFS) <= TRIAL_MISS_LU_MAX:
            break
    return setting


def _chain(setting: Setting, samples: int, mix: Loudness) -> str:
    return ",".join(
        (
            _raised(setting),
            *(() if _stays_below(setting, mix) else _true_peak_limiter(setting.limit_db)),
            "apad",
            f"atrim=end_sample={samples}",
        )
    )


def _stays_below(setting: Setting, mix: Loudness) -> bool:
    """Whether there is nothing to limit."""
    peak = mix.true_peak_dbtp
    return peak is not None and peak + setting.gain_db <= setting.limit_db


def _raised(setting: Setting) -> str:
    return f"aformat=sample_fmts=fltp:channel_layouts=stereo,volume={setting.gain_db:.2f}dB"


def _limiter(limit_db: float) -> str:
    limit = 10 ** (limit_db / 20)
    return f"alimiter=level=false:limit={limit:.5f}:attack=5:release=60:latency=true"


def _true_peak_limiter(limit_db: float) -> tuple[str, ...]:
    """Oversampling costs most of the time of a master, so it is left out where nothing peaks."""
    return (
        f"aresample={OVERSAMPLED_HZ}",
        _limiter(limit_db),
        f"aresample={SAMPLE_RATE_HZ}",
    )


def _on_target(loudness: Loudness) -> bool:
    peak = loudness.true_peak_dbtp
    return loudness.misses(LOUDNESS_LUFS) <= AIM_TOLERANCE_LU and (
        loudness.integrated_lufs is None or peak is None or peak <= AIM_PEAK_DBTP_MAX
    )
