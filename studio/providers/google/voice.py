"""VoiceModel over generateContent with the AUDIO modality (Gemini TTS)."""

import asyncio
import re
import wave
from pathlib import Path
from typing import Final

from google.genai import types

from studio.providers.errors import ProviderRejected, UnusableAnswer
from studio.providers.google.answers import Media, media_of, refuse_blocked
from studio.providers.google.client import GoogleClient
from studio.providers.ports import SpeechRequest
from studio.providers.quoting import plain, shortened

DEFAULT_VOICE: Final = "Charon"
"""One of Gemini's prebuilt voices: even and informative."""
SPOKEN_LENGTH_MAX: Final = 4_000
"""About four minutes; Gemini TTS takes some 8,000 tokens."""
MANNER_LENGTH_MAX: Final = 200
DEFAULT_HERTZ: Final = 24_000
_HERTZ: Final = range(8_000, 96_001)
_RATE: Final = re.compile(r"[;,]\s*rate\s*=\s*(\d{1,6})", re.IGNORECASE)
_CHANNELS: Final = re.compile(r"[;,]\s*channels\s*=\s*([12])\b", re.IGNORECASE)
_SAMPLE_BYTES: Final = 2


class GoogleVoiceModel:
    """VoiceModel port. `voice` is the name of a prebuilt voice.

    Raises ProviderRejected where there is nothing to say, UnusableAnswer where the answer has
    no sound in it (it may be billed).
    """

    def __init__(self, client: GoogleClient, *, voice: str = DEFAULT_VOICE) -> None:
        self._client = client
        self._voice = voice

    async def speak(self, request: SpeechRequest, destination: Path) -> None:
        words = shortened(plain(request.text), SPOKEN_LENGTH_MAX)
        if not words:
            raise ProviderRejected("There is nothing to say.")
        manner = shortened(plain(request.manner), MANNER_LENGTH_MAX)
        # Without "read aloud" the model may answer the words instead of speaking them.
        told = f"Read aloud, as a {manner}:\n{words}" if manner else f"Read aloud:\n{words}"
        voice = types.VoiceConfig(
            prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=self._voice)
        )
        config = types.GenerateContentConfig(
            response_modalities=["AUDIO"], speech_config=types.SpeechConfig(voice_config=voice)
        )
        response = await self._client.generate(
            request.model, [types.Part.from_text(text=told)], config
        )
        refuse_blocked(response)
        sound = media_of(response, "audio")
        if sound is None:
            raise UnusableAnswer("Google's answer has no sound in it; the call may be billed.")
        await asyncio.to_thread(_write_wav, sound, destination)


def _write_wav(sound: Media, destination: Path) -> None:
    """Raw 16-bit samples (`audio/L16;codec=pcm;rate=24000`) as a WAV; a WAV as it is.

    RFC 3551's L16 is big-endian, Gemini's is not: its documentation writes the bytes into a WAV
    unchanged.
    """
    part = destination.with_name(destination.name + ".part")
    try:
        if sound.data[:4] == b"RIFF" and sound.data[8:12] == b"WAVE":  # AVI is RIFF, too
            part.write_bytes(sound.data)
        else:
            _write_samples(sound, part)
        part.replace(destination)
    finally:
        part.unlink(missing_ok=True)


def _write_samples(sound: Media, destination: Path) -> None:
    rate = _RATE.search(sound.mime_type)
    hertz = int(rate[1]) if rate and int(rate[1]) in _HERTZ else DEFAULT_HERTZ
    channels = _CHANNELS.search(sound.mime_type)
    count = int(channels[1]) if channels else 1
    whole = len(sound.data) - len(sound.data) % (_SAMPLE_BYTES * count)
    with wave.open(str(destination), "wb") as wav:
        wav.setnchannels(count)
        wav.setsampwidth(_SAMPLE_BYTES)
        wav.setframerate(hertz)
        wav.writeframes(sound.data[:whole])
