"""The narrator: every line is spoken once, kept, and laid where its shot is seen."""

import asyncio
from pathlib import Path
from typing import Final

from activities.paid_calls import PaidCall, digest_of, paid_call
from activities.workbench import Workbench
from studio.contracts.base import Payload
from studio.contracts.documents import ShotScript
from studio.contracts.errors import StudioError
from studio.contracts.keys import narration_key, narration_line_key, narration_transcript_key
from studio.contracts.workflow_io import Narration, NarrationTask
from studio.journal.errors import TriesExhausted
from studio.media.narration import Line, narrate
from studio.media.timeline import Timeline
from studio.providers.errors import ModelGone, ProviderDenied, ProviderRejected
from studio.providers.ports import SpeechRequest, VoiceModel

MANNER: Final = "calm narrator"
LINES_AT_ONCE: Final = 4
"""64 lines of a few seconds each fit into one call's time; no voice's quota is that low."""

DIGEST_LENGTH: Final = 12
SOUND_TYPE: Final = "audio/wav"


class SpokenLine(Payload):
    """A line's recording in storage."""

    key: str


class Narrator:
    """Speaks the lines of one render with one voice, in `folder`."""

    def __init__(
        self, bench: Workbench, task: NarrationTask, model: VoiceModel, folder: Path
    ) -> None:
        self._bench = bench
        self._task = task
        self._model = model
        self._folder = folder
        self._places = asyncio.Semaphore(LINES_AT_ONCE)
        self._refused: dict[int, StudioError] = {}

    async def narrate(self) -> Narration:
        """Speak all lines. Raises what a voice raises, if none of them could be spoken."""
        scripts = (await self._bench.screenplay(self._task.screenplay_key)).shots
        texts = {script.index: _said(script) for script in scripts}
        spoken = [
            (position, texts.get(shot.index, "")) for position, shot in enumerate(self._task.shots)
        ]
        lines = await self._speak_all([pair for pair in spoken if pair[1]])
        if not lines and self._refused:
            raise next(iter(self._refused.values()))
        track = self._folder / "narration.wav"
        timeline = Timeline.of(self._task.shots, self._task.frames_per_second)
        narrated = await narrate(lines, timeline, track, folder=self._folder)
        project_id = self._task.project_id
        return Narration(
            key=await self._bench.store(narration_key(project_id), track, SOUND_TYPE),
            transcript_key=await self._bench.write_document(
                narration_transcript_key(project_id), narrated.transcript
            ),
            warnings=(*self._missing(), *map(self._cut_short, narrated.cut)),
        )

    async def _speak_all(self, spoken: list[tuple[int, str]]) -> list[Line]:
        """Where one line fails, the others are still waited for: they may be paid for already."""
        results = await asyncio.gather(
            *(self._speak(*pair) for pair in spoken), return_exceptions=True
        )
        lines: list[Line] = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            if result is not None:
                lines.append(result)
        return lines

    async def _speak(self, position: int, text: str) -> Line | None:
        """One line; None where its text is refused for good, which costs the film this line."""
        async with self._places:
            try:
                key = await self._spoken(position, text)
            except (ModelGone, ProviderDenied):
                raise
            except (ProviderRejected, TriesExhausted) as refusal:
                self._refused[position] = refusal
                return None
            sound = await self._bench.fetch(key, self._folder / f"spoken-{position:03d}.wav")
        return Line(position, text, sound)

    async def _spoken(self, position: int, text: str) -> str:
        """The key of a line's recording, which is bought once for a text and a voice."""
        task, index = self._task, self._task.shots[position].index
        request = SpeechRequest(model=task.model.provider_model, text=text, manner=MANNER)
        asked = {"provider": task.model.provider, "model": request.model, "text": text}
        digest = digest_of(asked)[:DIGEST_LENGTH]

        async def speak() -> SpokenLine:
            recording = self._folder / f"recording-{position:03d}.wav"
            await self._model.speak(request, recording)
            key = narration_line_key(task.project_id, index, digest)
            return SpokenLine(key=await self._bench.store(key, recording, SOUND_TYPE))

        call = PaidCall(
            call_id=f"{task.project_id}-narration-{index:03d}-{digest}",
            project_id=task.project_id,
            provider=task.model.provider,
            request=asked,
        )
        return (await paid_call(self._bench, call, work=speak, kind=SpokenLine)).key

    def _missing(self) -> list[str]:
        return [
            f"The narration of shot {self._task.shots[position].index} is missing: {error.detail}"
            for position, error in sorted(self._refused.items())
        ]

    def _cut_short(self, position: int) -> str:
        shot = self._task.shots[position].index
        return f"The narration of shot {shot} is longer than there is room for and was cut short."


def _said(script: ShotScript) -> str:
    return " ".join(script.narration.split())
