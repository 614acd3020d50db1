"""What a model says of uploads: bought once, believed within bounds, and never missed too much.

An analyst that fails costs a description, not the render: what it could not do is a warning.
"""

import math
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import structlog

from activities.paid_calls import PaidCall, paid_call
from activities.selection import UnknownProvider, adapter
from activities.workbench import Workbench
from studio.contracts.assets import AssetKind, AssetRef
from studio.contracts.base import Payload
from studio.contracts.documents import AssetClass, Segment, Transcript
from studio.contracts.errors import StudioError
from studio.contracts.plan import ModelChoice
from studio.contracts.text import counted
from studio.journal.errors import TriesExhausted
from studio.providers.errors import ModelGone, ProviderError
from studio.providers.ports import Analyst, DescribeRequest, TranscribeRequest
from studio.providers.quoting import plain, shortened

DESCRIPTION_LENGTH_MAX: Final = 1_000
NAME_LENGTH_MAX: Final = 120
"""One or two sentences and a name were asked for; planning pays for every word."""

PICTURES_DESCRIBED_MAX: Final = 4
"""Of a document's pictures: each is a call of its own, and the first ones tell of the rest."""

SEGMENTS_MAX: Final = 2_000
SEGMENT_LENGTH_MAX: Final = 500
"""Ten minutes of speech are some 200 sentences."""

LANGUAGE_LENGTH_MAX: Final = 35
"""The longest tag that RFC 5646 asks software to keep."""

PASSING_CODES: Final = frozenset({"provider_unavailable", "provider_busy", "submission_unknown"})
"""Codes of failures after which the same question may be answered."""

Answer = TypeVar("Answer", bound=Payload)

log = structlog.get_logger(__name__)


class Described(Payload):
    """What an upload shows. Empty where the analyst has no sense for it, or failed."""

    text: str = ""
    name: str = ""
    asset_class: AssetClass = AssetClass.OTHER


class AnalystDesk:
    """One render's questions to its analyst. `model` None asks nothing.

    Each question is about one upload and is paid for once, whichever of the model and its
    successors answers it.
    """

    def __init__(
        self,
        bench: Workbench,
        analysts: Mapping[str, Analyst],
        project_id: str,
        model: ModelChoice | None,
    ) -> None:
        self._bench = bench
        self._analysts = analysts
        self._project_id = project_id
        self._model = model
        self._failures: dict[tuple[int, str], StudioError] = {}

    @property
    def is_open(self) -> bool:
        return self._model is not None

    @property
    def passing_failure(self) -> StudioError | None:
        """A failure that may not happen again, if there was one."""
        failures = self._failures.values()
        return next((error for error in failures if error.code in PASSING_CODES), None)

    def warnings(self) -> tuple[str, ...]:
        """Our own words only: a provider's sentence may quote what it was given."""
        if not self._failures or self._model is None:
            return ()
        codes = sorted({error.code for error in self._failures.values()})
        uploads = counted(len({index for index, _ in self._failures}), "upload")
        return (f"{self._model.used} could not make out {uploads} ({', '.join(codes)}).",)

    async def describe(self, asset: AssetRef, pictures: Sequence[Path]) -> Described:
        """What the pictures of an upload show: frames of a video together, others one by one."""
        if asset.kind == AssetKind.VIDEO:
            return await self._describe(asset, "describe", pictures)
        shown = pictures[:PICTURES_DESCRIBED_MAX]
        seen = [
            await self._describe(asset, f"describe{number}", [picture])
            for number, picture in enumerate(shown, start=1)
        ]
        if len(seen) == 1:
            return seen[0]
        texts = [f"Picture {n}: {each.text}" for n, each in enumerate(seen, 1) if each.text]
        return seen[0].model_copy(update={"text": " ".join(texts)}) if seen else Described()

    async def _describe(
        self, asset: AssetRef, question: str, pictures: Sequence[Path]
    ) -> Described:
        async def ask(analyst: Analyst, model: ModelChoice) -> Described:
            found = await analyst.describe(
                DescribeRequest(
                    model=model.provider_model,
                    kind=AssetKind.VIDEO if asset.kind == AssetKind.VIDEO else AssetKind.IMAGE,
                    pictures=pictures,
                    filename=asset.filename,
                    label=asset.label,
                    purpose=asset.purpose,
                )
            )
            if found is None:
                return Described()
            return Described(
                text=shortened(plain(found.text), DESCRIPTION_LENGTH_MAX),
                name=shortened(plain(found.name), NAME_LENGTH_MAX),
                asset_class=found.asset_class,
            )

        return await self._ask(asset, question, ask, Described)

    async def transcribe(
        self, asset: AssetRef, sound: Path, duration_seconds: float, *, start_seconds: float
    ) -> Transcript:
        """What is heard in a piece of an upload, with the times of the whole of it."""

        async def ask(analyst: Analyst, model: ModelChoice) -> Transcript:
            request = TranscribeRequest(
                model=model.provider_model, sound=sound, duration_seconds=duration_seconds
            )
            found = await analyst.transcribe(request)
            return believed(found or Transcript(), duration_seconds, start_seconds)

        return await self._ask(asset, "transcribe", ask, Transcript)

    async def _ask(
        self,
        asset: AssetRef,
        question: str,
        ask: Callable[[Analyst, ModelChoice], Awaitable[Answer]],
        kind: type[Answer],
    ) -> Answer:
        for model in self._models():
            try:
                answer = await paid_call(
                    self._bench,
                    self._call(asset, question, model),
                    work=partial(ask, adapter(self._analysts, model), model),
                    kind=kind,
                )
            except (ProviderError, TriesExhausted, UnknownProvider) as error:
                self._failures[asset.index, question] = error
                log.warning("analyst failed", project_id=self._project_id, code=error.code)
                if not isinstance(error, ModelGone):
                    break
            else:
                self._failures.pop((asset.index, question), None)
                return answer
        return kind()

    def _models(self) -> Iterator[ModelChoice]:
        model = self._model
        while model is not None:
            yield model
            model = model.successor

    def _call(self, asset: AssetRef, question: str, model: ModelChoice) -> PaidCall:
        """The model is not part of the question: what a successor answered is not asked again."""
        return PaidCall(
            call_id=f"{self._project_id}-asset{asset.index:02d}-{question}",
            project_id=self._project_id,
            provider=model.provider,
            request={
                "question": question,
                "sha256": asset.sha256,
                "filename": asset.filename,
                "label": asset.label,
                "purpose": asset.purpose,
            },
        )


def believed(heard: Transcript, duration_seconds: float, offset_seconds: float) -> Transcript:
    """A model's transcript, in order and within the recording, moved by `offset_seconds`."""
    kept = []
    for segment in sorted(heard.segments, key=_start):
        start, end = segment.start_seconds, segment.end_seconds
        text = shortened(plain(segment.text), SEGMENT_LENGTH_MAX)
        if not (math.isfinite(start) and math.isfinite(end)) or not text:
            continue
        start, end = max(0.0, start), min(end, duration_seconds)
        if start < end:
            kept.append(
                Segment(
                    start_seconds=round(start + offset_seconds, 3),
                    end_seconds=round(end + offset_seconds, 3),
                    text=text,
                )
            )
    return Transcript(
        segments=tuple(kept[:SEGMENTS_MAX]),
        language=shortened(plain(heard.language), LANGUAGE_LENGTH_MAX),
    )


def _start(segment: Segment) -> float:
    return segment.start_seconds if math.isfinite(segment.start_seconds) else 0.0
