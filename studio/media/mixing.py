"""The film's sound before mastering: the shots' own, music under it, a voice above both.

Every step streams from file to file, so that memory does not grow with the film.
"""

from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.media.ambience import STREAM_ARGUMENTS, ambience_stream
from studio.media.encoding import CHANNELS, PCM_ARGUMENTS, SAMPLE_RATE_HZ
from studio.media.errors import UndecodableMedia
from studio.media.ffmpeg import SAFE_INPUT, file_url, run_ffmpeg
from studio.media.loudness import METER, Loudness, read_meter
from studio.media.probe import probe
from studio.media.timeline import Timeline
from studio.media.tracks import fade_out

AMBIENCE_LUFS: Final = -24.0
"""Where the shots' own sound lies in a mix; the master is raised as a whole afterwards."""

SPEECH_LUFS: Final = -18.0
MUSIC_OFFSET_DB: Final = -6.0
"""Music lies this far under the shots' own sound."""

RAISE_DB_MAX: Final = 12.0
"""A quiet track is raised by no more: the rest of it is hiss."""

MUSIC_FADE_IN_SECONDS: Final = 0.05
LOOP_FADE_SECONDS: Final = 0.02
"""Fades a piece of music at its own ends, so that its repetition does not click."""

DUCKING: Final = "threshold=0.02:ratio=8:attack=20:release=400"
"""For a voice at SPEECH_LUFS: some 10 dB down while it speaks, back within half a second."""

STEREO: Final = f"aresample={SAMPLE_RATE_HZ},aformat=sample_fmts=fltp:channel_layouts=stereo"
ADD: Final = "amix=inputs=2:normalize=0:duration=first"
"""Plain addition: `normalize` would halve everything and pump when a track ends."""

FLOAT_ARGUMENTS: Final = ("-c:a", "pcm_f32le", "-ar", str(SAMPLE_RATE_HZ), "-ac", str(CHANNELS))
"""The mix may exceed full scale until it is mastered."""


@dataclass(frozen=True)
class MeasuredTrack:
    """A PCM file of ours and how loud it is."""

    path: Path
    loudness: Loudness


@dataclass(frozen=True)
class MixDesk:
    """What every step of a mix needs. `samples` is the film's exact length a channel."""

    folder: Path
    samples: int
    timeout_seconds: float

    async def ambience(
        self,
        clips: Sequence[Path],
        timeline: Timeline,
        on_seconds: Callable[[float], None] | None,
    ) -> MeasuredTrack:
        """The shots' own sound, crossfaded where they overlap, exactly as long as the film.

        Where sounds are added, the sum may exceed full scale.
        """
        arguments = [*STREAM_ARGUMENTS, "-i", "pipe:0", "-map", "0:a:0", "-af", METER]
        encoding = FLOAT_ARGUMENTS if any(timeline.overlap_frames) else PCM_ARGUMENTS
        stream = ambience_stream(clips, timeline)
        return await self._run(arguments, "ambience", encoding, on_seconds, stream)

    async def music(self, source: Path, start_seconds: float) -> MeasuredTrack:
        """The part of a piece of music that is heard, repeated later where it is short."""
        cut = f"atrim=start={start_seconds:.6f},asetpts=PTS-STARTPTS,{STEREO}"
        chain = f"{cut},atrim=end_sample={self.samples}"
        inputs = [*SAFE_INPUT, "-i", file_url(source)]
        track = await self._record(inputs, chain, "music", PCM_ARGUMENTS)
        audio = (await probe(track.path)).audio
        length = audio.duration_seconds if audio else 0.0
        if length <= 2 * LOOP_FADE_SECONDS:
            raise UndecodableMedia(
                f"The music ends before {start_seconds:g} seconds, where it is to start."
            )
        if round(length * SAMPLE_RATE_HZ) >= self.samples:
            return track
        fades = (
            f"afade=t=in:d={LOOP_FADE_SECONDS},"
            f"afade=t=out:st={length - LOOP_FADE_SECONDS:.6f}:d={LOOP_FADE_SECONDS}"
        )
        return await self._record(["-i", file_url(track.path)], fades, "loop", PCM_ARGUMENTS)

    async def speech(self, source: Path) -> MeasuredTrack:
        """A voice that starts with the film."""
        inputs = [*SAFE_INPUT, "-i", file_url(source)]
        chain = f"{STEREO},apad,atrim=end_sample={self.samples}"
        return await self._record(inputs, chain, "speech", PCM_ARGUMENTS)

    async def mix(
        self,
        ambience: MeasuredTrack,
        music: MeasuredTrack | None,
        speech: MeasuredTrack | None,
        *,
        music_offset_db: float,
        on_seconds: Callable[[float], None] | None,
    ) -> MeasuredTrack:
        """Add the tracks, each at its level, the others ducked under the voice."""
        if music is None and speech is None:
            return ambience
        inputs = ["-i", file_url(ambience.path)]
        graph = [f"[0:a]{_levelled(ambience, AMBIENCE_LUFS)}[bed]"]
        if music is not None:
            inputs += ["-stream_loop", "-1", "-i", file_url(music.path)]
            level = _levelled(music, AMBIENCE_LUFS + music_offset_db)
            graph += [f"[1:a]{level},{self._film_fades()}[music]", f"[bed][music]{ADD}[under]"]
        if speech is not None:
            bed = "bed" if music is None else "under"
            index = 1 if music is None else 2
            inputs += ["-i", file_url(speech.path)]
            graph += [
                f"[{index}:a]{_levelled(speech, SPEECH_LUFS)},asplit[key][voice]",
                f"[{bed}][key]sidechaincompress={DUCKING}[ducked]",
                f"[ducked][voice]{ADD}[all]",
            ]
        last = "under" if speech is None else "all"
        graph.append(f"[{last}]apad,atrim=end_sample={self.samples},{METER}[out]")
        arguments = [*inputs, "-filter_complex", ";".join(graph), "-map", "[out]"]
        return await self._run(arguments, "mix", FLOAT_ARGUMENTS, on_seconds)

    async def _record(
        self,
        inputs: list[str],
        chain: str,
        name: str,
        encoding: tuple[str, ...],
        on_seconds: Callable[[float], None] | None = None,
    ) -> MeasuredTrack:
        arguments = [*inputs, "-map", "0:a:0", "-af", f"{chain},{METER}"]
        return await self._run(arguments, name, encoding, on_seconds)

    async def _run(
        self,
        arguments: list[str],
        name: str,
        encoding: tuple[str, ...],
        on_seconds: Callable[[float], None] | None,
        stdin: AsyncIterable[bytes] | None = None,
    ) -> MeasuredTrack:
        track = self.folder / f"{name}.wav"
        stderr = await run_ffmpeg(
            [*arguments, *encoding, "-bitexact", file_url(track)],
            timeout_seconds=self.timeout_seconds,
            stdin=stdin,
            on_seconds=on_seconds,
        )
        return MeasuredTrack(track, read_meter(stderr))

    def _film_fades(self) -> str:
        return (
            f"atrim=end_sample={self.samples},afade=t=in:d={MUSIC_FADE_IN_SECONDS},"
            f"{fade_out(self.samples / SAMPLE_RATE_HZ)}"
        )


def _levelled(track: MeasuredTrack, target_lufs: float) -> str:
    """Float stereo, brought to a loudness; what has none stays as it is."""
    measured = track.loudness.integrated_lufs
    gain_db = 0.0 if measured is None else min(target_lufs - measured, RAISE_DB_MAX)
    return f"aformat=sample_fmts=fltp:channel_layouts=stereo,volume={gain_db:.2f}dB"
