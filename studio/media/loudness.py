"""Loudness by EBU R128 (ITU-R BS.1770), measured with ffmpeg's `ebur128` filter."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from studio.media.errors import MediaError
from studio.media.ffmpeg import run_ffmpeg

METER: Final = "ebur128=peak=true:framelog=quiet"
"""Put it at the end of an audio chain; `read_meter` finds its summary in stderr."""

SAMPLE_METER: Final = "ebur128=peak=sample:framelog=quiet"
"""Half the work of METER, where only the loudness counts: its peaks are those of the samples."""

GATE_LUFS: Final = -70.0
"""The absolute gate of BS.1770: what is not louder has no loudness."""

SUMMARY: Final = re.compile(
    r"I:\s+(-?[\d.]+|-inf|nan) LUFS.*Peak:\s+(-?[\d.]+|-inf|nan) dBFS", re.DOTALL
)
"""The last summary in the output, which has one decimal."""


@dataclass(frozen=True)
class Loudness:
    """`integrated_lufs` and `true_peak_dbtp` are None where there is no sound to speak of."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None

    def misses(self, target_lufs: float) -> float:
        """How far from a loudness this is, in LU; silence misses nothing."""
        return 0.0 if self.integrated_lufs is None else abs(self.integrated_lufs - target_lufs)


async def measure_loudness(inputs: Sequence[str], *, timeout_seconds: float) -> Loudness:
    """Measure the first audio stream of what these ffmpeg input arguments open."""
    stderr = await run_ffmpeg(
        [*inputs, "-map", "0:a:0", "-af", METER, "-f", "null", "-"],
        timeout_seconds=timeout_seconds,
    )
    return read_meter(stderr)


def read_meter(stderr: str) -> Loudness:
    """Read what METER printed. Raises MediaError where it printed nothing."""
    _, mark, summary = stderr.rpartition("Summary:")
    found = SUMMARY.search(summary) if mark else None
    if found is None:
        raise MediaError("ffmpeg did not report a loudness.")
    integrated, peak = (_number(text) for text in found.groups())
    gated = integrated is None or integrated <= GATE_LUFS
    return Loudness(None if gated else integrated, peak)


def _number(text: str) -> float | None:
    return None if text in ("-inf", "nan") else float(text)
