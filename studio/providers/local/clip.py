"""Render one clip: frames piped into an ffmpeg child process, ambience muxed in."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import imageio_ffmpeg
from PIL import Image

from studio.contracts.limits import FILM_DURATION_SECONDS_MAX
from studio.media.encoding import BT709_FILTER, video_arguments
from studio.providers.errors import ProviderError, ProviderRejected
from studio.providers.local.ambience import write_ambience
from studio.providers.local.art.cels import Layers, layers_of
from studio.providers.local.frames import MovingStill
from studio.providers.pictures import UnreadablePicture, opened_picture
from studio.providers.ports import Handle

CLIP_SIDE_MIN: Final = 16
CLIP_SIDE_MAX: Final = 4096
"""DCI 4K; x264 takes more, memory for more is not promised."""
FRAMES_PER_SECOND_MAX: Final = 60
CLIP_TIMEOUT_SECONDS: Final = 900.0
"""A minute of 4K takes about five minutes of one core; three times that is a hang."""
ERROR_TEXT_MAX: Final = 400
_PIPE_BYTES: Final = 1024 * 1024
"""Linux's default limit for unprivileged pipes (/proc/sys/fs/pipe-max-size): one 720p frame needs
two turns of the scheduler, not twenty."""
_SET_PIPE_SIZE: Final = 1031
"""F_SETPIPE_SZ of linux/fcntl.h."""


class RenderStopped(Exception):
    """The clip was canceled while it was rendered."""


@dataclass
class Watch:
    """What a render and its owner tell each other across threads."""

    stop: threading.Event = field(default_factory=threading.Event)
    progress: float = 0.0


@dataclass(frozen=True)
class ClipSpec:
    """Everything that decides a clip's bytes, apart from the still itself."""

    attempt_id: str
    keyframe_key: str
    width: int
    height: int
    duration_seconds: int
    frames_per_second: int
    camera_move: str
    ambience: str
    seed: int

    def handle(self) -> Handle:
        """The spec as a provider's handle: plain strings, enough for any worker to resume."""
        return {name: str(value) for name, value in vars(self).items()}

    @classmethod
    def of(cls, handle: Mapping[str, str]) -> Self:
        """Read a handle back. Raises ProviderRejected where it is none of ours."""
        try:
            return cls(
                attempt_id=handle["attempt_id"],
                keyframe_key=handle["keyframe_key"],
                width=int(handle["width"]),
                height=int(handle["height"]),
                duration_seconds=int(handle["duration_seconds"]),
                frames_per_second=int(handle["frames_per_second"]),
                camera_move=handle["camera_move"],
                ambience=handle["ambience"],
                seed=int(handle["seed"]),
            )
        except (KeyError, ValueError) as error:
            raise ProviderRejected(f"this is no handle of the local video model: {error}") from None

    def check(self) -> None:
        """Raises ProviderRejected for what cannot be encoded."""
        sides = (self.width, self.height)
        if not all(CLIP_SIDE_MIN <= s <= CLIP_SIDE_MAX and s % 2 == 0 for s in sides):
            raise ProviderRejected(
                f"a clip of {self.width} x {self.height} pixels cannot be filmed; sides are even "
                f"and {CLIP_SIDE_MIN} to {CLIP_SIDE_MAX} pixels"
            )
        if not 1 <= self.duration_seconds <= FILM_DURATION_SECONDS_MAX:
            raise ProviderRejected(
                f"a clip of {self.duration_seconds} seconds cannot be filmed; it takes 1 to "
                f"{FILM_DURATION_SECONDS_MAX} seconds"
            )
        if not 1 <= self.frames_per_second <= FRAMES_PER_SECOND_MAX:
            raise ProviderRejected(f"{self.frames_per_second} frames a second cannot be filmed")


def render_clip(
    spec: ClipSpec,
    keyframe: Path,
    destination: Path,
    watch: Watch,
) -> None:
    """Write the MP4 (H.264 yuv420p BT.709, AAC 48 kHz stereo), all of it or nothing.

    Blocking; runs in a thread. Raises ProviderRejected for a keyframe that is no picture,
    ProviderError where ffmpeg fails (a full disk), RenderStopped after `watch.stop` was set.
    """
    still, layers = _load_still(keyframe)
    moving = MovingStill(
        still, spec.width, spec.height, spec.camera_move, seed=spec.seed, layers=layers
    )
    del still, layers  # at 4K it is 25 MB that the frames do not need
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix="render-") as scratch:
        sound, part = Path(scratch, "ambience.wav"), Path(scratch, "clip.mp4")
        write_ambience(sound, spec.ambience, spec.seed, spec.duration_seconds)
        _encode(spec, moving, sound, part, watch)
        part.replace(destination)


def _load_still(path: Path) -> tuple[Image.Image, Layers | None]:
    try:
        with opened_picture(path) as opened:
            return opened.convert("RGB"), layers_of(opened)
    except UnreadablePicture as error:
        raise ProviderRejected(f"the keyframe cannot be read: {error}") from None


def _encode(
    spec: ClipSpec,
    moving: MovingStill,
    sound: Path,
    destination: Path,
    watch: Watch,
) -> None:
    errors = destination.with_suffix(".log")
    with (
        errors.open("wb") as log,
        subprocess.Popen(
            _command(spec, sound, destination),
            stdin=subprocess.PIPE,
            stderr=log,
            stdout=subprocess.DEVNULL,
        ) as process,
    ):
        watchdog = threading.Timer(CLIP_TIMEOUT_SECONDS, process.kill)
        watchdog.start()
        try:
            _feed(process, moving, spec, watch)
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.kill()
    if process.returncode != 0:
        text = errors.read_bytes()[-ERROR_TEXT_MAX:].decode(errors="replace").strip()
        raise ProviderError(f"ffmpeg could not encode the clip: {text or process.returncode}")


def _feed(
    process: "subprocess.Popen[bytes]", moving: MovingStill, spec: ClipSpec, watch: Watch
) -> None:
    total = spec.duration_seconds * spec.frames_per_second
    pipe = process.stdin
    if pipe is None:  # pragma: no cover - it was asked for
        raise ProviderError("ffmpeg was started without an input")
    _widen(pipe.fileno())
    try:
        for number, planes in enumerate(moving.frames(total, spec.frames_per_second), start=1):
            if watch.stop.is_set():
                raise RenderStopped
            for plane in planes:
                pipe.write(plane)
            watch.progress = number / total
        pipe.close()
    except BrokenPipeError:
        # ffmpeg died: its exit code and its last words say why, the broken pipe does not.
        process.wait()
        return
    process.wait()


def _widen(descriptor: int) -> None:
    """A larger pipe where the system has such a thing; a smaller one works as well."""
    if os.name != "posix":
        return
    import fcntl

    try:
        fcntl.fcntl(descriptor, _SET_PIPE_SIZE, _PIPE_BYTES)
    except OSError:
        return


def _command(spec: ClipSpec, sound: Path, destination: Path) -> list[str]:
    """One thread and `bitexact`: the same request gives the same bytes.

    The picture is encoded just as a film's shots are, so that a clip of the right length is copied
    into the film and not encoded again.
    """
    return [
        imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y",
        "-protocol_whitelist", "file,pipe",
        "-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", f"{spec.width}x{spec.height}",
        "-framerate", str(spec.frames_per_second), "-i", "pipe:0",
        "-i", str(sound),
        "-map", "0:v", "-map", "1:a", "-map_metadata", "-1",
        "-vf", f"setsar=1,format=yuv420p,{BT709_FILTER}",
        *video_arguments(spec.frames_per_second), "-threads", "1",
        "-c:a", "aac", "-b:a", "160k",
        "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
        "-movflags", "+faststart", "-f", "mp4", str(destination),
    ]  # fmt: skip
