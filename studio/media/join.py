"""Join the shots into the film: pictures copied, sound mixed and mastered, AAC encoded once."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.media.encoding import REPRODUCIBLE_ARGUMENTS, time_scale
from studio.media.errors import MediaError, MediaTimeout
from studio.media.ffmpeg import SAFE_INPUT, disk_errors, file_url, partial_file, run_ffmpeg
from studio.media.mastering import Master, master_sound
from studio.media.mixing import MUSIC_OFFSET_DB, MeasuredTrack, MixDesk
from studio.media.pieces import Cutter
from studio.media.quality import Blueprint, MixedSound, QualityReport, measure
from studio.media.timeline import Timeline

CLIPS_SHARE: Final = 0.2
MIX_SHARE: Final = 0.4
MASTER_SHARE: Final = 0.8
"""How much of the work is done when the clips are cut, mixed and mastered, as measured."""


@dataclass(frozen=True)
class JoinRequest:
    """The shots in film order and how long each is.

    `clips` are files of `normalise_clip`; one that is not is normalised first. `overlap_frames[i]`
    are shared by clip i and i + 1, which dissolve into each other there; none given means cuts.
    `music` begins at `music_start_seconds` of its file and is repeated where it is short. `speech`
    starts with the film. `music_offset_db` places the music against the shots' own sound: below 0
    under it.
    """

    clips: Sequence[Path]
    clip_frames: Sequence[int]
    frames_per_second: int
    width: int
    height: int
    overlap_frames: Sequence[int] = ()
    music: Path | None = None
    music_start_seconds: float = 0.0
    speech: Path | None = None
    music_offset_db: float = MUSIC_OFFSET_DB

    def timeline(self) -> Timeline:
        """Raises MediaError where clips, lengths and overlaps do not belong together."""
        if len(self.clips) != len(self.clip_frames):
            raise MediaError("A film needs a length for each of its clips.")
        cuts = (0,) * (len(self.clips) - 1)
        overlaps = tuple(self.overlap_frames) or cuts
        return Timeline(tuple(self.clip_frames), overlaps, self.frames_per_second)


async def join_film(
    request: JoinRequest,
    destination: Path,
    *,
    work_directory: Path,
    timeout_seconds: float,
    on_progress: Callable[[float], None] | None = None,
) -> QualityReport:
    """Write the film (MP4) to `destination` and measure it.

    Intermediates live in a folder inside `work_directory` that is deleted at the end, whatever
    happens; `destination` appears only when it is whole. `on_progress` hears 0 to 1 as each step
    advances. Raises MediaError, MediaTimeout, DiskFull.
    """
    timeline = request.timeline()
    report_progress = on_progress or _ignore
    try:
        async with asyncio.timeout(timeout_seconds):
            with (
                disk_errors(),
                tempfile.TemporaryDirectory(prefix="join-", dir=work_directory) as folder,
            ):
                joiner = _Joiner(request, timeline, Path(folder), timeout_seconds, report_progress)
                return await joiner.join(destination)
    except TimeoutError as error:
        raise MediaTimeout(
            f"The film was not joined within {timeout_seconds:g} seconds."
        ) from error


def _ignore(_fraction: float) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class _Joiner:
    request: JoinRequest
    timeline: Timeline
    folder: Path
    timeout_seconds: float
    report_progress: Callable[[float], None]

    async def join(self, destination: Path) -> QualityReport:
        request = self.request
        cutter = Cutter(
            self.folder, self.timeline, request.width, request.height, self.timeout_seconds
        )
        clips = await cutter.line_up(
            request.clips, lambda share: self.report_progress(CLIPS_SHARE * share)
        )
        pieces = await cutter.cut(clips)
        ambience, mix = await self._mix(clips)
        master = await self._master(mix)
        with partial_file(destination) as partial:
            await self._assemble(pieces, master, partial)
            report = await measure(
                partial, self._blueprint(clips, ambience, mix), timeout_seconds=self.timeout_seconds
            )
        self.report_progress(1.0)
        return report

    def _blueprint(
        self, clips: Sequence[Path], ambience: MeasuredTrack, mix: MeasuredTrack
    ) -> Blueprint:
        return Blueprint(
            timeline=self.timeline,
            width=self.request.width,
            height=self.request.height,
            clips=clips,
            folder=self.folder,
            sound=None if mix == ambience else MixedSound(ambience.path, mix.path),
        )

    async def _mix(self, clips: Sequence[Path]) -> tuple[MeasuredTrack, MeasuredTrack]:
        """The clips' sound alone, and with what is added to it."""
        request = self.request
        desk = MixDesk(self.folder, self.timeline.samples, self.timeout_seconds)
        halfway = (CLIPS_SHARE + MIX_SHARE) / 2
        ambience = await desk.ambience(clips, self.timeline, self._listener(CLIPS_SHARE, halfway))
        music = speech = None
        if request.music is not None:
            music = await desk.music(request.music, request.music_start_seconds)
        if request.speech is not None:
            speech = await desk.speech(request.speech)
        return ambience, await desk.mix(
            ambience,
            music,
            speech,
            music_offset_db=request.music_offset_db,
            on_seconds=self._listener(halfway, MIX_SHARE),
        )

    async def _master(self, mix: MeasuredTrack) -> Master:
        return await master_sound(
            mix,
            self.folder,
            samples=self.timeline.samples,
            timeout_seconds=self.timeout_seconds,
            on_seconds=self._listener(MIX_SHARE, MASTER_SHARE),
        )

    async def _assemble(self, pieces: Path, master: Master, film: Path) -> None:
        """Packets stay as they are (`auto_convert` off): all have the same parameter sets."""
        await run_ffmpeg(
            [
                *(*SAFE_INPUT, "-f", "concat", "-safe", "1", "-auto_convert", "0"),
                *("-i", file_url(pieces), "-i", file_url(master.path)),
                *("-map", "0:v:0", "-map", "1:a:0", "-c", "copy", "-movflags", "+faststart"),
                *("-video_track_timescale", str(time_scale(self.timeline.frames_per_second))),
                *(*REPRODUCIBLE_ARGUMENTS, "-f", "mp4", file_url(film)),
            ],
            timeout_seconds=self.timeout_seconds,
            on_seconds=self._listener(MASTER_SHARE, 1.0),
        )

    def _listener(self, start: float, end: float) -> Callable[[float], None]:
        def listen(seconds: float) -> None:
            share = min(1.0, seconds / self.timeline.seconds)
            self.report_progress(start + (end - start) * share)

        return listen
