"""Input: every upload is looked at once; what was found is stored for the later stages.

The files passed the gateway's checks, but they are still a stranger's: whatever decodes them does
so in a limited child process.
"""

from pathlib import Path

import structlog
from temporalio import activity

from activities.heartbeats import heartbeating
from activities.workbench import Workbench
from studio.contracts.activities import AssetActivities
from studio.contracts.assets import AssetKind, AssetRef
from studio.contracts.documents import AssetNote, AssetReport
from studio.contracts.keys import analysis_key, asset_audio_key, asset_still_key
from studio.contracts.workflow_io import AssetAnalysis, ProjectTask
from studio.media.errors import DiskFull, MediaError
from studio.media.inspect import (
    decode_audio_to_wav,
    extract_document_text,
    inspect_file,
    reencode_image,
    still_from_video,
)
from studio.media.palette import dominant_colours

DOCUMENT_CHARACTERS_MAX = 20_000
"""What planning can use of one document; a page is about 3,000."""

STILL_TYPE = "image/png"
AUDIO_TYPE = "audio/wav"

log = structlog.get_logger(__name__)


class MediaAssetActivities(AssetActivities):
    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    @activity.defn
    async def analyze_assets(self, task: ProjectTask) -> AssetAnalysis:
        async with heartbeating("looking at uploads") as pulse:
            brief = await self._bench.brief(task.project_id)
            notes = []
            for done, asset in enumerate(brief.assets):
                pulse.progress = done / len(brief.assets)
                notes.append(await self._look(task.project_id, asset))
            key = await self._bench.write_document(
                analysis_key(task.project_id), AssetReport(notes=tuple(notes))
            )
        audio = next((note for note in notes if note.kind == AssetKind.AUDIO), None)
        return AssetAnalysis(
            analysis_key=key,
            described_count=len(notes),
            audio_key=audio.audio_key if audio else None,
            audio_duration_seconds=audio.duration_seconds if audio else None,
        )

    async def _look(self, project_id: str, asset: AssetRef) -> AssetNote:
        note = AssetNote(
            index=asset.index,
            kind=asset.kind,
            filename=asset.filename,
            label=asset.label,
            purpose=asset.purpose,
        )
        async with self._bench.workspace("asset") as folder:
            source = await self._bench.fetch(asset.key, folder / "source")
            try:
                found = await self._examine(project_id, asset, source, folder)
            except DiskFull:
                raise
            except MediaError as error:
                # One upload that cannot be read costs that upload, not the film.
                log.warning("upload could not be read", project_id=project_id, reason=error.detail)
                found = {"description": "This file could not be read."}
        return note.model_copy(update=found)

    async def _examine(
        self, project_id: str, asset: AssetRef, source: Path, folder: Path
    ) -> dict[str, object]:
        inspection = await inspect_file(source, asset.kind, asset.media_type)
        facts: dict[str, object] = {
            "width": inspection.width,
            "height": inspection.height,
            "duration_seconds": inspection.duration_seconds,
        }
        if asset.kind == AssetKind.DOCUMENT:
            text = await extract_document_text(
                source, asset.media_type, chars_max=DOCUMENT_CHARACTERS_MAX
            )
            return facts | {"text": text}
        if asset.kind == AssetKind.AUDIO:
            return facts | await self._sound(project_id, asset, source, folder)
        return facts | await self._picture(project_id, asset, source, folder)

    async def _sound(
        self, project_id: str, asset: AssetRef, source: Path, folder: Path
    ) -> dict[str, object]:
        """The sound as the mix takes it, and its length, which is cut after the first hour."""
        wav = folder / "sound.wav"
        seconds = await decode_audio_to_wav(source, asset.media_type, wav)
        key = asset_audio_key(project_id, asset.index)
        return {
            "audio_key": await self._bench.store(key, wav, AUDIO_TYPE),
            "duration_seconds": seconds,
        }

    async def _picture(
        self, project_id: str, asset: AssetRef, source: Path, folder: Path
    ) -> dict[str, object]:
        still = folder / "still.png"
        if asset.kind == AssetKind.VIDEO:
            await still_from_video(source, asset.media_type, still)
        else:
            await reencode_image(source, asset.media_type, still)
        key = asset_still_key(project_id, asset.index)
        return {
            "still_key": await self._bench.store(key, still, STILL_TYPE),
            "palette": await dominant_colours(still),
        }
