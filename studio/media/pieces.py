"""The film's picture as a list of pieces whose packets are copied.

A clip that is cut at both ends is one piece as it is. Where two clips dissolve into each other, the
frames that they share are encoded as a piece of their own and the clips are cut at keyframes, so
that nothing else is encoded again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final

from studio.media.encoding import BT709_FILTER, SAMPLE_RATE_HZ, time_scale, video_arguments
from studio.media.errors import MediaError
from studio.media.ffmpeg import SAFE_INPUT, file_url, run_ffmpeg
from studio.media.normalise import normalise_clip, parameter_sets
from studio.media.probe import MediaInfo, probe
from studio.media.timeline import Timeline

MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True)
class Piece:
    """A file in the joiner's folder and the frames that it brings."""

    name: str
    frames: int


@dataclass(frozen=True)
class Cutter:
    """Makes the pieces of a film in `folder`, under names of our own only."""

    folder: Path
    timeline: Timeline
    width: int
    height: int
    timeout_seconds: float

    async def line_up(
        self, sources: Sequence[Path], on_progress: Callable[[float], None]
    ) -> list[Path]:
        """The clips, each normalised: a source that is already is linked to."""
        parameters = await self._parameter_sets()
        clips = []
        for index, source in enumerate(sources):
            clip = self.folder / f"clip-{index + 1:04}.mov"
            if self._fits(await probe(source), index, parameters):
                clip.symlink_to(source.absolute())
            else:
                await self._normalise(source, clip, index)
            clips.append(clip)
            on_progress((index + 1) / len(sources))
        return clips

    async def cut(self, clips: Sequence[Path]) -> Path:
        """Write the list that ffmpeg's concat demuxer reads."""
        pieces: list[Piece] = []
        for index, clip in enumerate(clips):
            pieces.append(await self._body(clip, index))
            if self.timeline.tail(index):
                pieces.append(await self._dissolve(clip, clips[index + 1], index))
        listing = self.folder / "pieces.ffconcat"
        listing.write_text(_listing(pieces, self.timeline.frames_per_second))
        return listing

    async def _parameter_sets(self) -> bytes:
        return await parameter_sets(
            self.folder,
            frames_per_second=self.timeline.frames_per_second,
            width=self.width,
            height=self.height,
        )

    def _fits(self, info: MediaInfo, index: int, parameters: bytes) -> bool:
        """Whether a clip's packets can be copied into the film's track as they are."""
        video, audio = info.video, info.audio
        if video is None or audio is None:
            return False
        frames, rate = self.timeline.clip_frames[index], self.timeline.frames_per_second
        return (
            (video.codec, video.extradata) == ("h264", parameters)
            and (video.width, video.height) == (self.width, self.height)
            and (video.frames, video.fps) == (frames, rate)
            and video.regular
            and video.start_seconds == 0
            and set(self.timeline.split_frames(index)) <= set(video.keyframes)
            and audio.codec == "pcm_s16le"
            and audio.sample_rate == SAMPLE_RATE_HZ
            and abs(audio.duration_seconds - frames / rate) < 1 / SAMPLE_RATE_HZ
        )

    async def _normalise(self, source: Path, clip: Path, index: int) -> None:
        await normalise_clip(
            source,
            clip,
            frames=self.timeline.clip_frames[index],
            frames_per_second=self.timeline.frames_per_second,
            width=self.width,
            height=self.height,
            keyframes=self.timeline.split_frames(index),
            timeout_seconds=self.timeout_seconds,
        )

    async def _body(self, clip: Path, index: int) -> Piece:
        """What of a clip is shown alone."""
        head, tail = self.timeline.head(index), self.timeline.tail(index)
        frames = self.timeline.clip_frames[index] - head - tail
        if head == tail == 0:
            return Piece(clip.name, frames)
        body = self.folder / f"body-{index + 1:04}.mov"
        await self._write(
            body,
            [
                *(*self._from_frame(clip, head), "-map", "0:v:0", "-c", "copy"),
                *("-frames:v", str(frames)),
                *("-video_track_timescale", str(time_scale(self.timeline.frames_per_second))),
            ],
            frames,
        )
        return Piece(body.name, frames)

    async def _dissolve(self, before: Path, after: Path, index: int) -> Piece:
        """The frames that two clips share."""
        rate, frames = self.timeline.frames_per_second, self.timeline.tail(index)
        counted = f"settb=1/{rate},setpts=N,fps={rate}"
        graph = (
            f"[0:v]{counted}[before];[1:v]trim=end_frame={frames},{counted}[after];"
            f"[before][after]xfade=transition=fade:duration={frames / rate:.6f}:offset=0,"
            f"setsar=1,format=yuv420p,{BT709_FILTER}[out]"
        )
        dissolve = self.folder / f"dissolve-{index + 1:04}.mov"
        first = self.timeline.clip_frames[index] - frames
        await self._write(
            dissolve,
            [
                *(*self._from_frame(before, first, half=True), *SAFE_INPUT, "-i", file_url(after)),
                *("-filter_complex", graph, "-map", "[out]", "-frames:v", str(frames)),
                *video_arguments(rate),
            ],
            frames,
        )
        return Piece(dissolve.name, frames)

    def _from_frame(self, clip: Path, frame: int, *, half: bool = False) -> list[str]:
        """Open a clip at a frame; `half` a frame earlier where frames are decoded and dropped."""
        at = max(0.0, (frame - (0.5 if half else 0.0)) / self.timeline.frames_per_second)
        return ["-ss", f"{at:.6f}", *SAFE_INPUT, "-i", file_url(clip)]

    async def _write(self, piece: Path, arguments: list[str], frames: int) -> None:
        await run_ffmpeg(
            [*arguments, "-an", "-bitexact", file_url(piece)], timeout_seconds=self.timeout_seconds
        )
        video = (await probe(piece)).video
        exact = (
            video is not None
            and (video.frames, video.regular) == (frames, True)
            and video.start_seconds == 0
            and video.extradata == await self._parameter_sets()
        )
        if not exact:
            raise MediaError(
                f"{piece.stem} did not come out as {frames} frames that can be joined."
            )


def _listing(pieces: Sequence[Piece], frames_per_second: int) -> str:
    """Durations are differences of rounded positions, so that rounding never adds up."""
    ends = accumulate((piece.frames for piece in pieces), initial=0)
    positions = [round(frames * MICROSECONDS / frames_per_second) for frames in ends]
    lines = ["ffconcat version 1.0"]
    for piece, (start, end) in zip(pieces, pairwise(positions), strict=True):
        lines += [f"file {piece.name}", f"duration {end - start}us"]
    return "\n".join(lines) + "\n"
