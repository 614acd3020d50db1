"""Input: every upload is looked at once; what was found is stored for the later stages.

The files passed the gateway's checks, but they are still a stranger's: whatever decodes them does
so in a limited child process, and what is shown to a model was written anew there.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from temporalio import activity

from activities.analysts import AnalystDesk
from activities.heartbeats import heartbeating
from activities.viewing import UNREADABLE, Viewing
from activities.workbench import Brief, Workbench
from studio.contracts.activities import AssetActivities
from studio.contracts.assets import AssetRef
from studio.contracts.documents import AssetNote, AssetReport
from studio.contracts.keys import analysis_key
from studio.contracts.request import MusicWorkflow
from studio.contracts.workflow_io import AnalysisTask, AssetAnalysis
from studio.providers.ports import Providers

ASSETS_AT_ONCE: Final = 3
"""Each has a decoder of its own for a while; most of the time they wait for the model."""

ANALYST_ATTEMPTS_MAX: Final = 3
"""After so many tries of the activity, what the analyst would not do is left undone."""


class MediaAssetActivities(AssetActivities):
    def __init__(self, bench: Workbench, providers: Providers) -> None:
        self._bench = bench
        self._providers = providers

    @activity.defn
    async def analyze_assets(self, task: AnalysisTask) -> AssetAnalysis:
        desk = AnalystDesk(self._bench, self._providers.analysts, task.project_id, task.model)
        async with heartbeating("looking at uploads") as pulse:
            brief = await self._bench.brief(task.project_id)
            viewing = Viewing(self._bench, desk, task.project_id, _track_start_seconds(brief))
            notes = await _look_at_all(viewing, brief.assets, pulse.report)
            failure = desk.passing_failure
            if failure is not None and activity.info().attempt < ANALYST_ATTEMPTS_MAX:
                raise failure  # what was answered is kept, and not asked again
            key = await self._bench.write_document(
                analysis_key(task.project_id), AssetReport(notes=notes)
            )
        return AssetAnalysis(
            analysis_key=key,
            described_count=len(notes),
            warnings=(*_unreadable(notes), *desk.warnings()),
        )


async def _look_at_all(
    viewing: Viewing, assets: Sequence[AssetRef], on_progress: Callable[[float], None]
) -> tuple[AssetNote, ...]:
    """Side by side, a few at once; the notes are in the order of the uploads."""
    places = asyncio.Semaphore(ASSETS_AT_ONCE)
    done = 0

    async def look(asset: AssetRef) -> AssetNote:
        nonlocal done
        async with places:
            note = await viewing.look(asset)
        done += 1
        on_progress(done / len(assets))
        return note

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(look(asset)) for asset in assets]
    except ExceptionGroup as failures:
        # What Temporal is told is decided by the error itself, not by its wrapping.
        raise failures.exceptions[0] from None
    return tuple(task.result() for task in tasks)


def _track_start_seconds(brief: Brief) -> float:
    music = brief.render.music
    is_uploaded = music is not None and music.workflow == MusicWorkflow.UPLOADED_TRACK
    return music.start_seconds if music is not None and is_uploaded else 0.0


def _unreadable(notes: Sequence[AssetNote]) -> tuple[str, ...]:
    """By number: names of files are a caller's text, which has no place in a history."""
    broken = [number for number, note in enumerate(notes, 1) if note.description == UNREADABLE]
    if not broken:
        return ()
    numbers = ", ".join(map(str, broken))
    return (f"{'Upload' if len(broken) == 1 else 'Uploads'} {numbers} could not be read.",)
