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


def sound_lags(
    heard: Path, clips: Sequence[Path], mixed: Path | None, timeline: Timeline
) -> list[Heard]:
    """How much later than planned each clip is heard. Blocks.

    `heard` is the film's sound in the form of `LISTENING_ARGUMENTS`, and `mixed` the mix that it
    was mastered from. Where a clip's own sound is drowned by music or a voice, what the mix has at
    its place is looked for instead.
    """
    return [_sound_lag(heard, clip, mixed, timeline, index) for index, clip in enumerate(clips)]


def _sound_lag(
    heard: Path, clip: Path, mixed: Path | None, timeline: Timeline, index: int
) -> Heard:
    """Only what a clip has for itself is looked for, not what it shares in a dissolve."""
    rate = timeline.frames_per_second
    begin = timeline.head(index) * LISTENING_HZ // rate
    end = (timeline.clip_frames[index] - timeline.tail(index)) * LISTENING_HZ // rate
    place = round(timeline.start_frames[index] * LISTENING_HZ / rate) + begin
    length = min(end - begin, round(WINDOW_SECONDS_MAX * LISTENING_HZ))
    own = listened(read_sound(clip))[begin : begin + length]
    reach = round(REACH_SECONDS * LISTENING_HZ)
    within = _excerpt(heard, place - reach, len(own) + 2 * reach)
    lag = find_lag(own, within) if _is_audible(own) else None
    if lag is None and mixed is not None:
        own = _excerpt(mixed, place, length)
        lag = find_lag(own, within) if _is_audible(own) else None
    return Heard(_is_audible(own), None if lag is None else lag / LISTENING_HZ)


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
