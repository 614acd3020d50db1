"""Small real media: made once a shape, and told apart by job.

Videos are H.264 with AAC as the providers send them, encoded once for each shape and tint and kept
in a folder of the system's temporary ones; every job's copy carries its id in a `free` box, which
players pass over (ISO/IEC 14496-12, 8.1.2). Pictures are kept alike, the id in a comment.
"""

import io
import os
import re
import subprocess
import tempfile
import threading
import wave
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image, ImageDraw

TINTS = ("0x7a4b2a", "0x2a5f7a", "0x3f7a2a", "0x6a2a7a")
SPEECH_HERTZ = 24_000
"""What Google's speech models send: raw 16-bit PCM (audio/L16;codec=pcm;rate=24000)."""
MUSIC_HERTZ = 44_100
SECONDS_A_WORD = 0.35
ENCODE_SECONDS_MAX = 300
PICTURES = 16
"""How many pictures of a size are drawn; jobs beyond that differ by a comment only."""
PNG_END_BYTES = 12
"""The chunk IEND: length, name, checksum."""


@dataclass(frozen=True)
class VideoShape:
    width: int
    height: int
    seconds: float
    frames_per_second: int
    sound: bool = True


class MediaStore:
    """Makes media in `folder`. Safe to be used from many threads and processes at once."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir()) / f"fvs-vendor-media-{os.getuid()}"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def video(self, shape: VideoShape, *, job_id: str, number: int) -> bytes:
        """An MP4 of exactly this shape; no two jobs get the same bytes."""
        tint = TINTS[number % len(TINTS)]
        sound = "sound" if shape.sound else "silent"
        name = (
            f"{shape.width}x{shape.height}-{shape.seconds:g}s-{shape.frames_per_second}-"
            f"{sound}-{tint}.mp4"
        )
        return self._made(name, _video_arguments(shape, tint)) + _free_box(job_id.encode())

    def picture(self, width: int, height: int, *, job_id: str, number: int) -> bytes:
        """A PNG of exactly this size; no two jobs get the same bytes."""
        path = self._folder / f"{width}x{height}-{number % PICTURES}.png"
        with self._locks[path.name]:
            if not path.exists():
                _put(path, png(width, height, number % PICTURES))
        body = path.read_bytes()
        return body[:-PNG_END_BYTES] + _text_chunk(job_id) + body[-PNG_END_BYTES:]

    def music(self, seconds: float, kind: str) -> bytes:
        """Stereo at 44.1 kHz; `kind` is mp3 or wav."""
        tones = "aevalsrc=0.2*sin(2*PI*220*t)*(0.6+0.4*sin(PI*t))|0.2*sin(2*PI*277*t)"
        source = f"{tones}:s={MUSIC_HERTZ}:d={seconds:g}"
        return self._made(f"music-{seconds:g}s.{kind}", ["-f", "lavfi", "-i", source])

    def _made(self, name: str, arguments: list[str]) -> bytes:
        path = self._folder / name
        with self._locks[name]:
            if not path.exists():
                # Written beside and moved: another process may want the same at the same time.
                half = path.with_name(f".{os.getpid()}-{name}")
                ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
                command = [ffmpeg, "-v", "error", "-y", "-nostdin", *arguments, str(half)]
                subprocess.run(command, check=True, timeout=ENCODE_SECONDS_MAX)
                half.rename(path)
        return path.read_bytes()


def _video_arguments(shape: VideoShape, tint: str) -> list[str]:
    size, seconds, rate = f"{shape.width}x{shape.height}", shape.seconds, shape.frames_per_second
    ground = f"color=c={tint}:s={size}:r={rate}:d={seconds:g}"
    side = shape.height // 4
    box = f"color=c=white:s={side}x{side}:r={rate}:d={seconds:g}"
    moving = f"[0][1]overlay=x='(W-w)*t/{seconds:g}':y='(H-h)/2'[v]"
    sound: list[str] = []
    if shape.sound:
        tone = f"sine=frequency=330:sample_rate=48000:duration={seconds:g}"
        sound = ["-f", "lavfi", "-i", tone]
    return [
        *("-f", "lavfi", "-i", ground, "-f", "lavfi", "-i", box, *sound),
        *("-filter_complex", moving, "-map", "[v]"),
        *(("-map", "2:a", "-c:a", "aac", "-b:a", "64k") if shape.sound else ()),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1"),
        *("-frames:v", str(round(seconds * rate)), "-movflags", "+faststart"),
    ]


def _put(path: Path, body: bytes) -> None:
    half = path.with_name(f".{os.getpid()}-{threading.get_ident()}-{path.name}")
    half.write_bytes(body)
    half.rename(path)


def _text_chunk(text: str) -> bytes:
    """A comment in a PNG (11.3.3 of its specification)."""
    content = b"tEXtComment\0" + text.encode()
    check = zlib.crc32(content).to_bytes(4, "big")
    return (len(content) - 4).to_bytes(4, "big") + content + check


def _free_box(content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + b"free" + content


def png(width: int, height: int, number: int) -> bytes:
    """A picture with a shape in it that differs by number."""
    ground = "#" + TINTS[number % len(TINTS)].removeprefix("0x")
    image = Image.new("RGB", (width, height), ground)
    left = (number * 97) % (width // 2)
    ImageDraw.Draw(image).ellipse(
        (left, height // 4, left + width // 4, height // 4 + width // 4), fill="#f0e0c0"
    )
    target = io.BytesIO()
    image.save(target, "PNG", compress_level=1)
    return target.getvalue()


def speech(text: str) -> bytes:
    """Raw mono L16 at 24 kHz, as long as the words need."""
    seconds = max(0.5, SECONDS_A_WORD * len(text.split()))
    times = np.arange(round(seconds * SPEECH_HERTZ)) / SPEECH_HERTZ
    syllables = np.clip(np.sin(2 * np.pi * 3 * times), 0, 1)
    return (6000 * syllables * np.sin(2 * np.pi * 160 * times)).astype("<i2").tobytes()


def wav(pcm: bytes) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as out:
        out.setparams((1, 2, SPEECH_HERTZ, 0, "NONE", "not compressed"))
        out.writeframes(pcm)
    return target.getvalue()


def seconds_asked(prompt: str, default: float) -> float:
    """The length that a prompt asks for in words ("30 seconds", "2 minutes")."""
    if found := re.search(r"(\d+(?:\.\d+)?)[ -]?(s\b|sec|min)", prompt):
        return float(found[1]) * (60 if found[2] == "min" else 1)
    return default
