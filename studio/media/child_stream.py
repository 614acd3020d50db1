"""Sound and moving pictures, decoded in the limited child process with PyAV.

The demuxer is the one that the sniffed type names, the file is handed over as an open file so that
no protocol is ever asked, and only the decoders on our list are opened.
"""

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from studio.media.cut_short import refuse_cut_short
from studio.media.encoding import CHANNELS, SAMPLE_RATE_HZ
from studio.media.errors import UndecodableMedia
from studio.media.upload_limits import (
    AUDIO_SECONDS_MAX,
    CODECS,
    FRAMES_TO_STILL_MAX,
    PACKETS_MAX,
    STREAM_FORMATS,
    VIDEO_PIXELS_MAX,
    VIDEO_SIDE_MAX,
)

if TYPE_CHECKING:
    from PIL.Image import Image

Facts = dict[str, int | float | bool | None]

SAMPLE_BYTES = 2
TRUNCATED_SHARE = 0.9
TRUNCATED_SECONDS = 1.0
"""A file that ends before nine tenths of what its index promises, and a second, is cut short."""

MICROSECONDS = 1_000_000
"""The unit of a container's own times."""

STILL_POSITION = 0.1
QUARTER_TURN_DEGREES = 90


def inspect_stream(path: Path, media_type: str, *, wants_video: bool) -> Facts:
    """Decode a first picture and a first sound, and read all packets for the duration."""
    refuse_cut_short(path, media_type)
    with open_stream(path, media_type) as container:
        video = video_of(container) if wants_video else None
        audio = _audio_of(container)
        if video is None and audio is None:
            raise UndecodableMedia("The file holds no sound that is decoded here.")
        picture = _first_frame(container, video) if video else None
        if audio is not None:
            container.seek(0)
            _first_frame(container, audio)
        duration = _duration_seconds(container, video or audio)
    facts: Facts = {"duration_seconds": duration, "has_audio": audio is not None}
    if isinstance(picture, VideoFrame):
        turned = picture.rotation % (2 * QUARTER_TURN_DEGREES) == QUARTER_TURN_DEGREES
        size = (picture.height, picture.width) if turned else (picture.width, picture.height)
        facts |= {"width": size[0], "height": size[1]}
    return facts


def still_from_video(path: Path, media_type: str, destination: Path) -> None:
    """Write a frame from the first tenth of the video, upright."""
    from studio.media.child_image import save_still

    with open_stream(path, media_type) as container:
        video = video_of(container)
        if container.duration:
            container.seek(int(container.duration * STILL_POSITION), backward=True)
        frame = frame_at(container, video, (container.duration or 0) * STILL_POSITION / 1e6)
        save_still(upright(frame), destination)


def decode_to_wav(path: Path, media_type: str, destination: Path) -> Facts:
    """Decode the first audio stream to 16-bit 48 kHz stereo, at most AUDIO_SECONDS_MAX of it."""
    frames_left = int(AUDIO_SECONDS_MAX * SAMPLE_RATE_HZ)
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE_HZ)
    written = 0
    with open_stream(path, media_type) as container, wave.open(str(destination), "wb") as sound:
        sound.setnchannels(CHANNELS)
        sound.setsampwidth(SAMPLE_BYTES)
        sound.setframerate(SAMPLE_RATE_HZ)
        for frame in _resampled(container, resampler):
            count = min(frame.samples, frames_left - written)
            sound.writeframes(bytes(frame.planes[0])[: count * CHANNELS * SAMPLE_BYTES])
            written += count
            if written == frames_left:
                break
    if written == 0:
        raise UndecodableMedia("The file holds no sound that can be decoded.")
    return {"duration_seconds": written / SAMPLE_RATE_HZ}


@contextmanager
def open_stream(path: Path, media_type: str) -> Iterator[InputContainer]:
    demuxer = STREAM_FORMATS[media_type]
    options = {
        "format_whitelist": demuxer,
        "protocol_whitelist": "file",
        "codec_whitelist": ",".join(CODECS),
    }
    with (
        path.open("rb") as file,
        av.open(file, mode="r", format=demuxer, container_options=options) as container,
    ):
        for stream in (*container.streams.video, *container.streams.audio):
            stream.codec_context.thread_count = 1
        yield container


def video_of(container: InputContainer) -> VideoStream:
    pictures = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not pictures:
        raise UndecodableMedia("The video holds no picture.")
    stream = pictures[0]
    if not _is_known(stream):
        raise UndecodableMedia("The video is coded in a way that is not decoded here.")
    width, height = stream.codec_context.width, stream.codec_context.height
    if max(width, height) > VIDEO_SIDE_MAX or width * height > VIDEO_PIXELS_MAX:
        raise UndecodableMedia("The video's frames are larger than 8K.")
    return stream


def _audio_of(container: InputContainer) -> AudioStream | None:
    return next(filter(_is_known, container.streams.audio), None)


def _is_known(stream: VideoStream | AudioStream) -> bool:
    """Asked here again, for the demuxer's list keeps only its own probing from other decoders."""
    return stream.codec_context.name in CODECS


def _first_frame(container: InputContainer, stream: Stream) -> VideoFrame | AudioFrame:
    for frame in container.decode(stream):
        if isinstance(frame, VideoFrame | AudioFrame):
            return frame
    raise UndecodableMedia(f"The file's {stream.type} cannot be decoded.")


def frame_at(container: InputContainer, video: VideoStream, seconds: float) -> VideoFrame:
    found: VideoFrame | None = None
    for count, frame in enumerate(container.decode(video)):
        found = frame
        if count >= FRAMES_TO_STILL_MAX or (frame.time is not None and frame.time >= seconds):
            break
    if found is None:
        raise UndecodableMedia("The video cannot be decoded.")
    return found


def _duration_seconds(container: InputContainer, stream: Stream | None) -> float:
    """The length that the packets really have, which a header may misstate."""
    seconds = packets_seconds(container, stream)
    if seconds <= 0:
        raise UndecodableMedia("The file has no length.")
    family = container.format.name.split(",")[0]
    if family in ("mov", "flac") and stream and stream.duration and stream.time_base:
        _refuse_shortfall(seconds, float(stream.duration * stream.time_base))
    elif family == "matroska" and container.duration:
        # The header tells the length of the longest stream, which may be another one.
        streams = (*container.streams.video, *container.streams.audio)
        longest = max(packets_seconds(container, each) for each in streams)
        _refuse_shortfall(longest, container.duration / MICROSECONDS)
    return seconds


def packets_seconds(container: InputContainer, stream: Stream | None) -> float:
    container.seek(0)
    unit = (stream.time_base if stream else None) or Fraction(1, MICROSECONDS)
    end = 0
    start: int | None = None
    for count, packet in enumerate(container.demux(stream)):
        if count > PACKETS_MAX:
            raise UndecodableMedia("The file has too many packets.")
        if packet.pts is not None:
            start = packet.pts if start is None else min(start, packet.pts)
            end = max(end, packet.pts + (packet.duration or 0))
    return float((end - (start or 0)) * unit)


def _refuse_shortfall(seconds: float, declared_seconds: float) -> None:
    if seconds < declared_seconds * TRUNCATED_SHARE - TRUNCATED_SECONDS:
        raise UndecodableMedia("The file is cut short.")


def upright(frame: VideoFrame) -> "Image":
    image: Image = frame.to_image()  # type: ignore[no-untyped-call]
    return image.rotate(frame.rotation, expand=True)


def _resampled(container: InputContainer, resampler: av.AudioResampler) -> Iterator[AudioFrame]:
    audio = _audio_of(container)
    if audio is None:
        raise UndecodableMedia("The file holds no sound that is decoded here.")
    for frame in container.decode(audio):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)
