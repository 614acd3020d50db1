"""Where each clip really is in a finished film: its picture by its packets, its sound by ear.

The join copies the packets of the clips, so a clip's first group of pictures is found in the film
byte for byte, and the film's own clock says when it is shown. The sound was mixed and encoded, so
it is looked for by likeness.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from studio.contracts.base import Payload
from studio.media.ambience import FULL_SCALE, read_sound
from studio.media.lags import LISTENING_BYTES, LISTENING_HZ, Mono, find_lag, listened
from studio.media.timeline import Timeline

WINDOW_SECONDS_MAX: Final = 4.0
"""How much of a clip is looked for: enough to tell it from all others."""

REACH_SECONDS: Final = 1.0
"""How far off it is looked for; what is farther off is not found."""

DIGEST_BYTES: Final = 16

AUDIBLE_LEVEL: Final = 0.003
"""Root mean square, of full scale: -50 dBFS. Below is noise that an encoder may leave out."""


class ClipQuality(Payload):
    """Where one clip is in the finished film. `index` counts from 1.

    Drifts are later (above 0) or earlier than planned, in milliseconds. `picture_drift_ms` is None
    where the clip's picture is not in the film; `sound_drift_ms` where it has no sound to speak of
    (then `audible` is False), or where its sound was not found.
    """

    index: int
    start_seconds: float
    picture_drift_ms: float | None
    sound_drift_ms: float | None
    audible: bool = False

    @property
    def missing(self) -> bool:
        return self.picture_drift_ms is None or (self.audible and self.sound_drift_ms is None)


@dataclass(frozen=True)
class Heard:
    audible: bool
    lag_seconds: float | None = None

    def then(self, after: "Heard") -> "Heard":
        """What was heard in something that was itself heard in something else."""
        both = [heard for heard in (self, after) if heard.audible]
        lags = [heard.lag_seconds for heard in both if heard.lag_seconds is not None]
        complete = bool(both) and len(lags) == len(both)
        return Heard(bool(both), sum(lags) if complete else None)


def picture_starts(film: Path, clips: Sequence[Path], timeline: Timeline) -> list[float | None]:
    """How much later than planned the first frame is shown that each clip shows alone, in seconds.

    Blocks. None where that frame is not in the film.
    """
    shown: dict[bytes, list[Fraction]] = {}
    for time, digest in _keyframes(film):
        shown.setdefault(digest, []).append(time)
    drifts: list[float | None] = []
    for index, clip in enumerate(clips):
        own = Fraction(timeline.head(index), timeline.frames_per_second)
        planned = Fraction(timeline.start_frames[index], timeline.frames_per_second) + own
        digest = next((digest for time, digest in _keyframes(clip) if time >= own), b"")
        late = [time - planned for time in shown.get(digest, [])]
        drifts.append(float(min(late, key=abs)) if late else None)
    return drifts


@dataclass(frozen=True)
class Recordings:
    """Sounds in the form of `LISTENING_ARGUMENTS`: the film's, and what it was made from.

    `ambience` is what the clips were laid out to, and `mixed` that with music or a voice. Both are
    None where there is neither, so that the clips can be heard in the film itself.
    """

    film: Path
    ambience: Path | None = None
    mixed: Path | None = None


def sound_lags(recordings: Recordings, clips: Sequence[Path], timeline: Timeline) -> list[Heard]:
    """How much later than planned each clip is heard. Blocks.

    Under music or a voice a clip may be drowned. Then it is looked for in what it was laid out to,
    and the mix of that in the film; the two lags add up.
    """
    lags = []
    for index, clip in enumerate(clips):
        place, length = _alone(timeline, index)
        begin = timeline.head(index) * LISTENING_HZ // timeline.frames_per_second
        own = listened(read_sound(clip))[begin : begin + length]
        if recordings.ambience is None or recordings.mixed is None:
            lags.append(_heard(own, recordings.film, place))
            continue
        laid = _heard(own, recordings.ambience, place)
        mixed = _heard(_excerpt(recordings.mixed, place, length), recordings.film, place)
        lags.append(laid.then(mixed))
    return lags


def _alone(timeline: Timeline, index: int) -> tuple[int, int]:
    """Where a clip is heard alone, not in a dissolve, and for how long; in samples."""
    rate, head = timeline.frames_per_second, timeline.head(index)
    frames = timeline.clip_frames[index] - head - timeline.tail(index)
    place = round((timeline.start_frames[index] + head) * LISTENING_HZ / rate)
    return place, min(frames * LISTENING_HZ // rate, round(WINDOW_SECONDS_MAX * LISTENING_HZ))


def _heard(sound: Mono, recording: Path, place: int) -> Heard:
    if not _is_audible(sound):
        return Heard(audible=False)
    reach = round(REACH_SECONDS * LISTENING_HZ)
    lag = find_lag(sound, _excerpt(recording, place - reach, len(sound) + 2 * reach))
    return Heard(audible=True, lag_seconds=None if lag is None else lag / LISTENING_HZ)


def _is_audible(sound: Mono) -> bool:
    return len(sound) > 0 and float(np.sqrt(np.mean(sound**2))) >= AUDIBLE_LEVEL


def _excerpt(heard: Path, start: int, length: int) -> Mono:
    """Part of the film's sound, with silence before its beginning and behind its end."""
    first = max(0, start)
    count = max(0, start + length - first)
    samples = np.fromfile(heard, np.int16, count, offset=first * LISTENING_BYTES)
    excerpt = np.zeros(length, dtype=np.float32)
    excerpt[first - start : first - start + len(samples)] = samples / np.float32(FULL_SCALE)
    return excerpt


def _keyframes(path: Path) -> Iterator[tuple[Fraction, bytes]]:
    """When each keyframe is shown, and a digest of all packets from it to the next one."""
    import av

    with av.open(f"file:{path.absolute()}") as container:
        begun: Fraction | None = None
        digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        for packet in container.demux(container.streams.video[0]):
            if packet.pts is None or packet.time_base is None:
                continue
            if packet.is_keyframe:
                if begun is not None:
                    yield begun, digest.digest()
                begun = packet.pts * packet.time_base
                digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
            digest.update(bytes(packet))
        if begun is not None:
            yield begun, digest.digest()
