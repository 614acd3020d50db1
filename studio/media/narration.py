"""A narrator's lines, laid where their shots are seen, as one track of the film's length."""

import asyncio
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.contracts.documents import Segment, Transcript
from studio.media.encoding import CHANNELS, PCM_ARGUMENTS, SAMPLE_RATE_HZ
from studio.media.ffmpeg import SAFE_INPUT, disk_errors, file_url, partial_file, run_ffmpeg
from studio.media.probe import probe
from studio.media.timeline import Timeline

LEAD_SECONDS: Final = 0.3
"""After a cut a viewer looks first and listens then."""

MARGIN_SECONDS: Final = 0.2
"""A line is over this much before the next one, or the film's end."""

TEMPO_MAX: Final = 1.25
"""What is spoken faster sounds hurried."""

TEMPO_UNNOTICED: Final = 1.005
CUT_FADE_SECONDS: Final = 0.15
LINE_TIMEOUT_SECONDS: Final = 60.0
SPOKEN_FORMATS: Final = "wav,w64"
SAMPLE_BYTES: Final = 2
SILENCE_BLOCK_FRAMES: Final = SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Line:
    """What is said over a shot: its position in the film (from 0) and its recording."""

    position: int
    text: str
    sound: Path


@dataclass(frozen=True)
class Placement:
    """Where a line is heard. `tempo` is how much faster; `cut` that not all of it is heard."""

    start_seconds: float
    seconds: float
    tempo: float = 1.0
    cut: bool = False

    @property
    def end_seconds(self) -> float:
        return self.start_seconds + self.seconds


@dataclass(frozen=True)
class Narrated:
    """What is heard, and when, in seconds of the film; `cut` are positions of lines cut short."""

    transcript: Transcript
    cut: tuple[int, ...]


async def narrate(
    lines: Sequence[Line], timeline: Timeline, destination: Path, *, folder: Path
) -> Narrated:
    """Write the narration of a film as 16-bit stereo WAV of its exact length.

    `lines` are in film order, one a shot at most. A recording without sound is left out. Raises
    MediaError, MediaTimeout, DiskFull.
    """
    durations = [await _duration(line.sound) for line in lines]
    heard = [pair for pair in zip(lines, durations, strict=True) if pair[1] > MARGIN_SECONDS]
    places = place([line.position for line, _ in heard], [long for _, long in heard], timeline)
    pieces = [folder / f"line-{line.position:03}.wav" for line, _ in heard]
    for (line, _), placement, piece in zip(heard, places, pieces, strict=True):
        await _fit(line.sound, placement, piece)
    with partial_file(destination) as partial:
        await asyncio.to_thread(_lay, pieces, places, timeline.samples, partial)
    return Narrated(
        Transcript(
            segments=tuple(
                _segment(line.text, placement, long)
                for (line, long), placement in zip(heard, places, strict=True)
            )
        ),
        tuple(line.position for (line, _), where in zip(heard, places, strict=True) if where.cut),
    )


def place(
    positions: Sequence[int], durations_seconds: Sequence[float], timeline: Timeline
) -> list[Placement]:
    """Where lines of these lengths are heard that belong to shots at these positions.

    A line that is longer than its shot is spoken faster. If that is not enough it runs on, up to
    the next line or the film's end, and is cut there.
    """
    rate = timeline.frames_per_second
    starts = [timeline.start_frames[position] / rate + LEAD_SECONDS for position in positions]
    limits = [*starts[1:], timeline.seconds]
    placements = []
    for position, start, limit, duration in zip(
        positions, starts, limits, durations_seconds, strict=True
    ):
        shot_end = (timeline.start_frames[position] + timeline.clip_frames[position]) / rate
        room = max(min(shot_end, limit) - MARGIN_SECONDS - start, 0.0)
        tempo = min(max(duration / room, 1.0) if room else TEMPO_MAX, TEMPO_MAX)
        tempo = tempo if tempo > TEMPO_UNNOTICED else 1.0
        available = max(limit - MARGIN_SECONDS - start, CUT_FADE_SECONDS)
        spoken = duration / tempo
        cut = spoken > available * TEMPO_UNNOTICED
        placements.append(Placement(start, min(spoken, available), tempo, cut))
    return placements


async def _duration(sound: Path) -> float:
    audio = (await probe(sound)).audio
    return audio.duration_seconds if audio else 0.0


async def _fit(sound: Path, placement: Placement, piece: Path) -> None:
    chain = [f"atempo={placement.tempo:.4f}"] if placement.tempo > 1 else []
    chain += [f"aresample={SAMPLE_RATE_HZ}", "aformat=channel_layouts=stereo"]
    chain.append(f"atrim=end={placement.seconds:.6f}")
    if placement.cut:
        fade = placement.seconds - CUT_FADE_SECONDS
        chain.append(f"afade=t=out:st={max(fade, 0):.6f}:d={CUT_FADE_SECONDS}")
    await run_ffmpeg(
        [
            *(*SAFE_INPUT, "-format_whitelist", SPOKEN_FORMATS, "-i", file_url(sound)),
            *("-map", "0:a:0", "-af", ",".join(chain), *PCM_ARGUMENTS, "-bitexact"),
            file_url(piece),
        ],
        timeout_seconds=LINE_TIMEOUT_SECONDS,
    )


def _lay(
    pieces: Sequence[Path], places: Sequence[Placement], samples: int, destination: Path
) -> None:
    """Silence with the lines in it, written from front to back: a film's length is never held."""
    with disk_errors(), wave.open(str(destination), "wb") as track:
        track.setnchannels(CHANNELS)
        track.setsampwidth(SAMPLE_BYTES)
        track.setframerate(SAMPLE_RATE_HZ)
        written = 0
        for piece, placement in zip(pieces, places, strict=True):
            start = min(round(placement.start_seconds * SAMPLE_RATE_HZ), samples)
            written += _write_silence(track, start - written)
            with wave.open(str(piece), "rb") as line:
                count = min(line.getnframes(), samples - written)
                track.writeframes(line.readframes(count))
            written += count
        _write_silence(track, samples - written)


def _write_silence(track: wave.Wave_write, samples: int) -> int:
    for first in range(0, samples, SILENCE_BLOCK_FRAMES):
        count = min(SILENCE_BLOCK_FRAMES, samples - first)
        track.writeframes(bytes(count * CHANNELS * SAMPLE_BYTES))
    return max(samples, 0)


def _segment(text: str, placement: Placement, duration_seconds: float) -> Segment:
    """The words that are heard: of a line that is cut, as many as its share of time."""
    if placement.cut:
        words = text.split()
        share = placement.seconds * placement.tempo / duration_seconds
        text = " ".join(words[: max(1, int(len(words) * share))]) + " …"
    return Segment(
        start_seconds=round(placement.start_seconds, 3),
        end_seconds=round(placement.end_seconds, 3),
        text=text,
    )
