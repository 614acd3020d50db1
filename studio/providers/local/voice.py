"""The offline voice. Model id `local-tts`: espeak-ng in a child process."""

import asyncio
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.providers.errors import ProviderError, ProviderRejected
from studio.providers.local import speak_child
from studio.providers.local.voice_room import warm_up
from studio.providers.local.words import word_set, words_of
from studio.providers.ports import SpeechRequest

SPOKEN_LENGTH_MAX: Final = 2_000
"""About two minutes of speech: far more than the summary of a stage."""
SPEAKING_TIMEOUT_SECONDS: Final = 30.0
"""Two minutes of speech take about five seconds of a busy core."""
_ERROR_LENGTH_MAX: Final = 300
_FAST: Final = word_set("fast quick excited energetic lively urgent cheerful")
_SLOW: Final = word_set("slow calm solemn gentle soft quiet sad thoughtful tender")
_HIGH: Final = word_set("young bright child girl woman female cheerful light")
_LOW: Final = word_set("deep old grave dark solemn low male")


class LocalVoiceModel:
    """VoiceModel port. Longer texts are cut at `SPOKEN_LENGTH_MAX`.

    Raises ProviderRejected where there is nothing to say, ProviderError where espeak fails.
    """

    async def speak(self, request: SpeechRequest, destination: Path) -> None:
        spoken = _speakable(request.text)
        if not spoken:
            raise ProviderRejected("there is nothing to say")
        part = destination.with_name(destination.name + ".part")
        try:
            await _run_child(spoken, part, delivery_of(request.manner))
            await asyncio.to_thread(warm_up, part)
            part.replace(destination)
        finally:
            part.unlink(missing_ok=True)


@dataclass(frozen=True)
class Delivery:
    """Words a minute, and espeak's pitch from 0 to 99."""

    words_per_minute: int = 152
    pitch: int = 40


def delivery_of(manner: str) -> Delivery:
    """How fast and how high a manner in plain words is spoken."""
    words = words_of(manner)
    plain = Delivery()
    rate = plain.words_per_minute + 14 * bool(words & _FAST) - 4 * bool(words & _SLOW)
    pitch = plain.pitch + 18 * bool(words & _HIGH) - 10 * bool(words & _LOW)
    return Delivery(rate, pitch)


def _speakable(text: str) -> str:
    """Text without control characters, on one line, at most `SPOKEN_LENGTH_MAX` long."""
    kept = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
    return " ".join(kept.split())[:SPOKEN_LENGTH_MAX]


async def _run_child(text: str, destination: Path, delivery: Delivery) -> None:
    # By path and with -P: the child must start wherever the parent was started from, and its own
    # folder has modules that are not meant for it.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(speak_child.__file__), str(destination),
        str(delivery.words_per_minute), str(delivery.pitch),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SPEAKING_TIMEOUT_SECONDS):
            _, errors = await process.communicate(text.encode("utf-8", "ignore"))
    except TimeoutError:
        raise ProviderError("speaking took too long and was stopped") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        words = errors[-_ERROR_LENGTH_MAX:].decode(errors="replace").strip()
        raise ProviderError(f"the voice failed: {words or process.returncode}")
