"""Looks into a finished film."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 24
SOUND_HERTZ = 48_000
BOX_LUMA = 170
"""The vendors' clips have a white box that crosses the frame on a darker ground."""
THUMBNAIL = (160, 90)

Sound = NDArray[np.float64]


def check_film(path: Path, *, seconds: float, size: tuple[int, int] = (1280, 720)) -> None:
    """A playable film of the right length, with picture and sound that start together."""
    with av.open(str(path)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        frames = sum(1 for _ in film.decode(video))
        assert (video.width, video.height) == size
        assert audio.rate == SOUND_HERTZ
    assert frames == round(seconds * FRAMES_PER_SECOND)


def cuts_of(path: Path) -> list[int]:
    """The frames of a film of the vendors' clips at which the box is back where it started."""
    places = []
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            luma = frame.reformat(*THUMBNAIL, format="gray").to_ndarray()
            columns = np.flatnonzero((luma > BOX_LUMA).any(axis=0))
            places.append(float(columns.mean()) if len(columns) else 0.0)
    moved = np.diff(np.array(places))
    return [int(frame) + 1 for frame in np.flatnonzero(moved < 0)]


def sound_of(path: Path) -> Sound:
    """What is heard, mono at 48 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_HERTZ)
    pieces: list[NDArray[Any]] = []
    with av.open(str(path)) as film:
        for frame in film.decode(audio=0):
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return np.asarray(np.concatenate(pieces), dtype=np.float64)


@dataclass(frozen=True)
class Place:
    """Where a sound was found in a recording; `likeness` is 1 for the same and 0 for nothing."""

    seconds: float
    likeness: float


def place_in(recording: Sound, heard: Sound) -> Place:
    """Where in a recording the sound that is heard begins.

    The place of the best correlation of both, their low tones taken out: what else is heard with
    it, such as a hum, counts for little.
    """
    long, short = _bright(recording), _bright(heard)
    size = 1 << (len(long) + len(short)).bit_length()
    spectrum = np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size))
    match = np.fft.irfft(spectrum, size)[: len(long)]
    start = int(np.argmax(match))
    same = long[start : start + len(short)]
    power = np.sqrt(float(same @ same) * float(short @ short))
    return Place(start / SOUND_HERTZ, float(match[start]) / power if power else 0.0)


def _bright(sound: Sound) -> Sound:
    return np.asarray(np.diff(sound, n=2))
