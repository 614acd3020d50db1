"""Looks into a finished film."""

from pathlib import Path

import av

FRAMES_PER_SECOND = 24


def check_film(path: Path, *, seconds: float) -> None:
    """A playable film of the right length, with picture and sound that start together."""
    with av.open(str(path)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        frames = sum(1 for _ in film.decode(video))
        assert (video.width, video.height) == (1280, 720)
        assert audio.rate == 48_000
    assert frames == round(seconds * FRAMES_PER_SECOND)
