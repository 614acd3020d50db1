"""MusicModel over the Interactions API (Lyria 3)."""

import asyncio
import base64
import binascii
from pathlib import Path
from typing import Final

from google.genai.interactions import Interaction

from studio.providers.errors import ModerationRefused, UnusableAnswer
from studio.providers.google.client import GoogleClient
from studio.providers.google.errors import refused_input_of
from studio.providers.ports import Composition, MusicRequest
from studio.providers.quoting import plain, quoted, shortened

STYLE_LENGTH_MAX: Final = 2_000
LYRICS_LENGTH_MAX: Final = 4_000
"""A song of minutes has some 2,000 characters of words."""
SUNG_LENGTH_MAX: Final = 10_000

_AUDIO_STARTS: Final = (b"ID3", b"RIFF", b"OggS", b"fLaC")
_MP3_SYNC: Final = 0xFFE0
_MP4_TYPE: Final = slice(4, 8)


class GoogleMusicModel:
    """MusicModel port. Instrumental where no lyrics are asked for.

    Raises ModerationRefused where a filter stopped it, UnusableAnswer where it ended otherwise
    without music: whether a failed interaction is billed is not documented.
    """

    def __init__(self, client: GoogleClient) -> None:
        self._client = client

    async def compose(self, request: MusicRequest, destination: Path) -> Composition:
        interaction = await self._client.interact(request.model, music_prompt(request))
        encoded = _audio_of(interaction)
        await asyncio.to_thread(_write_audio, encoded, destination)
        if not request.lyrics_prompt.strip():
            return Composition()
        sung = plain((interaction.output_text or "")[:SUNG_LENGTH_MAX], lines=True)
        return Composition(lyrics=sung)


def music_prompt(request: MusicRequest) -> str:
    """Style, words and length in plain text: Lyria's requests have no fields for them."""
    style = shortened(plain(request.style_prompt), STYLE_LENGTH_MAX) or "cinematic film score"
    lines = [
        f"Music for the film {plain(request.film_title)!r}. Style: {style}.",
        f"Length: about {request.duration_seconds:.0f} seconds, with a beginning and an end.",
    ]
    lyrics = plain(request.lyrics_prompt[:LYRICS_LENGTH_MAX], lines=True)
    lines.append(f"Sung lyrics:\n{lyrics}" if lyrics else "Instrumental only, no vocals.")
    return "\n".join(lines)


def _audio_of(interaction: Interaction) -> str:
    """The music in base64."""
    audio = interaction.output_audio
    if interaction.status == "completed" and audio is not None and audio.data:
        return audio.data
    errors = [f"{error.code or ''} {error.message or ''}" for error in interaction.errors or ()]
    said = quoted("; ".join(errors) or interaction.output_text)
    status = quoted(interaction.status)
    told = f"Lyria's interaction ended as {status}" + (f": {said}" if said else " without music.")
    refused = refused_input_of(said)
    if refused is not None:
        raise ModerationRefused(told, refused=refused)
    raise UnusableAnswer(told)


def _write_audio(encoded: str, destination: Path) -> None:
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not _is_audio(data):
        raise UnusableAnswer("Lyria's answer is no audio file; the call may be billed.")
    part = destination.with_name(destination.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(destination)
    finally:
        part.unlink(missing_ok=True)


def _is_audio(data: bytes) -> bool:
    """By the first bytes; whoever takes the file decodes it with limits."""
    if data.startswith(_AUDIO_STARTS) or data[_MP4_TYPE] == b"ftyp":
        return True
    return int.from_bytes(data[:2], "big") & _MP3_SYNC == _MP3_SYNC
