"""Recordings on their way to a model. Blocking: call from a thread."""

import io
from pathlib import Path
from typing import Final

import av
from av.error import FFmpegError
from google.genai import types

from studio.contracts.limits import FILM_DURATION_SECONDS_MAX

HEARD_HERTZ: Final = 16_000
"""Gemini listens at 16 kHz in one channel, whatever it is sent (its audio documentation)."""
HEARD_SECONDS_MAX: Final = FILM_DURATION_SECONDS_MAX
"""FLAC of ten minutes is 10 MB at most, below the 20 MB of a request."""


class UnreadableRecording(ValueError):
    """The file holds no sound that can be decoded."""


def recording_part(path: Path) -> types.Part:
    """A recording as a FLAC part, 16 kHz and mono, its first ten minutes. UnreadableRecording."""
    try:
        return types.Part.from_bytes(data=_flac_of(path), mime_type="audio/flac")
    except (FFmpegError, OSError, ValueError) as error:
        raise UnreadableRecording(type(error).__name__) from None


def _flac_of(path: Path) -> bytes:
    written = io.BytesIO()
    with (
        av.open(str(path)) as source,
        av.open(written, mode="w", format="flac") as target,
    ):
        if not source.streams.audio:
            raise UnreadableRecording("no sound stream")
        stream = target.add_stream("flac", rate=HEARD_HERTZ, layout="mono")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=HEARD_HERTZ)
        samples = 0
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                samples += part.samples
                part.pts = None
                target.mux(stream.encode(part))
            if samples >= HEARD_SECONDS_MAX * HEARD_HERTZ:
                break
        if not samples:
            raise UnreadableRecording("no samples")
        target.mux(stream.encode(None))
    return written.getvalue()
