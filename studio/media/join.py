"""Join the shots into the film: pictures copied, sound mixed and mastered, AAC encoded once."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final

from studio.media.encoding import REPRODUCIBLE_ARGUMENTS, SAMPLE_RATE_HZ, samples_of, time_scale
from studio.media.errors import MediaError, MediaTimeout
from studio.media.ffmpeg import SAFE_INPUT, disk_errors, file_url, partial_file, run_ffmpeg
from studio.media.mastering import Master, master_sound
from studio.media.mixing import MUSIC_OFFSET_DB, MeasuredTrack, MixDesk
from studio.media.normalise import normalise_clip, parameter_sets
from studio.media.probe import MediaInfo, probe
from studio.media.quality import QualityReport, measure

MICROSECONDS: Final = 1_000_000

CLIPS_SHARE: Final = 0.2
MIX_SHARE: Final = 0.4
MASTER_SHARE: Final = 0.8
"""How much of the work is done when the clips are checked, mixed and mastered, as measured."""


@dataclass(frozen=True)
class JoinRequest:
    """The shots in film order and how long each is.

    `clips` are files of `normalise_clip`; one that is not is normalised first. `music` begins at
    `music_start_seconds` of its file and is repeated where it is short. `speech` starts with the
    film. `music_offset_db` places the music against the shots' own sound: below 0 under it.
    """

    clips: Sequence[Path]
    clip_frames: Sequence[int]
    frames_per_second: int
    width: int
    height: int
    music: Path | None = None
    music_start_seconds: float = 0.0
    speech: Path | None = None
    music_offset_db: float = MUSIC_OFFSET_DB


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
    if not request.clips or len(request.clips) != len(request.clip_frames):
        raise MediaError("A film needs at least one clip, and a length for each.")
    report_progress = on_progress or _ignore
    try:
        async with asyncio.timeout(timeout_seconds):
            with (
                disk_errors(),
                tempfile.TemporaryDirectory(prefix="join-", dir=work_directory) as folder,
            ):
                joiner = _Joiner(request, Path(folder), timeout_seconds, report_progress)
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
    folder: Path
    timeout_seconds: float
    report_progress: Callable[[float], None]

    @property
    def frames(self) -> int:
        return sum(self.request.clip_frames)

    async def join(self, destination: Path) -> QualityReport:
        clips_list = await self._list_clips()
        mix = await self._mix(clips_list)
        master = await self._master(mix)
        with partial_file(destination) as partial:
            await self._assemble(clips_list, master, partial)
            report = await measure(
                partial,
                frames=self.frames,
                frames_per_second=self.request.frames_per_second,
                width=self.request.width,
                height=self.request.height,
                timeout_seconds=self.timeout_seconds,
            )
        self.report_progress(1.0)
        return report

    async def _list_clips(self) -> Path:
        """Write the list that ffmpeg's concat demuxer reads, with names of our own making only."""
        parameters = await parameter_sets(
            self.folder,
            frames_per_second=self.request.frames_per_second,
            width=self.request.width,
            height=self.request.height,
        )
        for index, source in enumerate(self.request.clips):
            name = self.folder / _clip_name(index)
            frames = self.request.clip_frames[index]
            if self._fits(await probe(source), frames, parameters):
                name.symlink_to(source.absolute())
            else:
                await self._normalise(source, name, frames)
            self.report_progress(CLIPS_SHARE * (index + 1) / len(self.request.clips))
        clips_list = self.folder / "clips.ffconcat"
        clips_list.write_text(
            _concat_list(self.request.clip_frames, self.request.frames_per_second)
        )
        return clips_list

    async def _mix(self, clips_list: Path) -> MeasuredTrack:
        request = self.request
        desk = MixDesk(self.folder, self._samples, self.timeout_seconds)
        halfway = (CLIPS_SHARE + MIX_SHARE) / 2
        ambience = await desk.ambience(
            [*_concat_input(clips_list)], self._listener(CLIPS_SHARE, halfway)
        )
        music = speech = None
        if request.music is not None:
            music = await desk.music(request.music, request.music_start_seconds)
        if request.speech is not None:
            speech = await desk.speech(request.speech)
        return await desk.mix(
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
            samples=self._samples,
            timeout_seconds=self.timeout_seconds,
            on_seconds=self._listener(MIX_SHARE, MASTER_SHARE),
        )

    async def _assemble(self, clips_list: Path, master: Master, film: Path) -> None:
        await run_ffmpeg(
            [
                *(*_concat_input(clips_list), "-i", file_url(master.path)),
                *("-map", "0:v:0", "-map", "1:a:0", "-c", "copy", "-movflags", "+faststart"),
                *("-video_track_timescale", str(time_scale(self.request.frames_per_second))),
                *(*REPRODUCIBLE_ARGUMENTS, "-f", "mp4", file_url(film)),
            ],
            timeout_seconds=self.timeout_seconds,
            on_seconds=self._listener(MASTER_SHARE, 1.0),
        )

    @property
    def _samples(self) -> int:
        return samples_of(self.frames, self.request.frames_per_second)

    def _listener(self, start: float, end: float) -> Callable[[float], None]:
        film_seconds = self.frames / self.request.frames_per_second

        def listen(seconds: float) -> None:
            share = min(1.0, seconds / film_seconds)
            self.report_progress(start + (end - start) * share)

        return listen

    def _fits(self, info: MediaInfo, frames: int, parameters: bytes) -> bool:
        """Whether a clip's packets can be copied into the film's track as they are."""
        video, audio = info.video, info.audio
        if video is None or audio is None:
            return False
        length = frames / self.request.frames_per_second
        return (
            (video.codec, video.extradata) == ("h264", parameters)
            and (video.width, video.height) == (self.request.width, self.request.height)
            and (video.frames, video.fps) == (frames, self.request.frames_per_second)
            and video.regular
            and video.start_seconds == 0
            and audio.codec == "pcm_s16le"
            and audio.sample_rate == SAMPLE_RATE_HZ
            and abs(audio.duration_seconds - length) < 1 / SAMPLE_RATE_HZ
        )

    async def _normalise(self, source: Path, name: Path, frames: int) -> None:
        await normalise_clip(
            source,
            name,
            frames=frames,
            frames_per_second=self.request.frames_per_second,
            width=self.request.width,
            height=self.request.height,
            timeout_seconds=self.timeout_seconds,
        )


def _clip_name(index: int) -> str:
    return f"clip-{index + 1:04}.mov"


def _concat_list(clip_frames: Sequence[int], frames_per_second: int) -> str:
    """Durations are differences of rounded positions, so that rounding never adds up."""
    ends = accumulate(clip_frames, initial=0)
    positions = [round(frames * MICROSECONDS / frames_per_second) for frames in ends]
    lines = ["ffconcat version 1.0"]
    for index, (start, end) in enumerate(pairwise(positions)):
        lines += [f"file {_clip_name(index)}", f"duration {end - start}us"]
    return "\n".join(lines) + "\n"


def _concat_input(clips_list: Path) -> list[str]:
    return [*SAFE_INPUT, "-f", "concat", "-safe", "1", "-i", file_url(clips_list)]
