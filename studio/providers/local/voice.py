"""The offline voice. Model id `local-tts`: espeak-ng in a child process."""

import asyncio
import sys
import unicodedata
from pathlib import Path
from typing import Final

from studio.providers.errors import ProviderError, ProviderRejected
from studio.providers.local import speak_child
from studio.providers.ports import SpeechRequest

SPOKEN_LENGTH_MAX: Final = 2_000
"""About two minutes of speech: far more than the summary of a stage."""
SPEAKING_TIMEOUT_SECONDS: Final = 30.0
"""Two minutes of speech take about five seconds of a busy core."""
_ERROR_LENGTH_MAX: Final = 300


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
            await _run_child(spoken, part)
            part.replace(destination)
        finally:
            part.unlink(missing_ok=True)


def _speakable(text: str) -> str:
    """Text without control characters, on one line, at most `SPOKEN_LENGTH_MAX` long."""
    kept = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
    return " ".join(kept.split())[:SPOKEN_LENGTH_MAX]


async def _run_child(text: str, destination: Path) -> None:
    # By path and with -P: the child must start wherever the parent was started from, and its own
    # folder has modules that are not meant for it.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(speak_child.__file__), str(destination),
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
