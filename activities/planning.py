"""Planning: from the brief and the analysis of its uploads to one script a shot."""

from typing import Final

from temporalio import activity

from activities.heartbeats import heartbeating
from activities.paid_calls import PaidCall, paid_call
from activities.selection import adapter
from activities.workbench import Brief, Workbench
from studio.catalog.catalogue import load_catalogue
from studio.contracts.activities import PlanningActivities
from studio.contracts.documents import ScreenplayDocument, TrackReport
from studio.contracts.keys import screenplay_key
from studio.contracts.plan import ShotTiming
from studio.contracts.request import ProjectMode, RenderRequest
from studio.contracts.workflow_io import PlanningTask, Screenplay
from studio.pricing.cutting import cut_on_beats, cuts_on_beat, with_dissolves
from studio.providers.ports import Planner, PlanRequest, Providers

SHEETS_MAX: Final = 4
"""Characters that get a sheet of their own; the cost of four is within the margin of the
keyframes that they are for."""

SHEET_SHOTS_MIN: Final = 2
"""Someone in one shot only has nothing to be consistent with."""


class ModelPlanningActivities(PlanningActivities):
    def __init__(self, bench: Workbench, providers: Providers) -> None:
        self._bench = bench
        self._providers = providers

    @activity.defn
    async def plan_shots(self, task: PlanningTask) -> Screenplay:
        planner = adapter(self._providers.planners, task.model)
        call = PaidCall(
            call_id=f"{task.project_id}-plan",
            project_id=task.project_id,
            provider=task.model.provider,
            request=task,
        )
        async with heartbeating("planning"):
            return await paid_call(
                self._bench, call, work=lambda: self._plan(task, planner), kind=Screenplay
            )

    async def _plan(self, task: PlanningTask, planner: Planner) -> Screenplay:
        brief = await self._bench.brief(task.project_id)
        track = await self._track(task)
        document = await planner.plan(await self._request(task, brief, track))
        key = await self._bench.write_document(screenplay_key(task.project_id), document)
        shots, warnings = _cut(task, brief.request, document, track)
        return Screenplay(
            screenplay_key=key,
            shot_count=len(document.shots),
            shots=shots,
            continued=tuple(shot.index for shot in document.shots[:-1] if shot.continues),
            sheets=_missing_sheets(document),
            narrated=any(shot.narration for shot in document.shots),
            warnings=warnings,
        )

    async def _track(self, task: PlanningTask) -> TrackReport | None:
        if task.track_report_key is None:
            return None
        return await self._bench.read_document(task.track_report_key, TrackReport)

    async def _request(
        self, task: PlanningTask, brief: Brief, track: TrackReport | None
    ) -> PlanRequest:
        request = brief.request
        return PlanRequest(
            model=task.model.provider_model,
            name=request.name,
            screenplay=request.screenplay,
            instructions=request.instructions,
            additional_lore=request.additional_lore,
            style=_style(request),
            mode=request.project_mode,
            shots=task.shots,
            frames_per_second=task.frames_per_second,
            assets=await self._bench.asset_report(task.analysis_key),
            track=track,
            narration=task.narration,
        )


def _cut(
    task: PlanningTask,
    request: RenderRequest,
    document: ScreenplayDocument,
    track: TrackReport | None,
) -> tuple[tuple[ShotTiming, ...], tuple[str, ...]]:
    """The frozen shots with their cuts moved to beats and with room for dissolves.

    The film stays as long as it was priced, and so does what is filmed of each shot.
    """
    shots, warnings = tuple(task.shots), []
    if request.project_mode == ProjectMode.MUSIC and track is not None and len(shots) > 1:
        shots = cut_on_beats(
            shots,
            track.beats,
            music_start_seconds=track.start_seconds,
            frames_per_second=task.frames_per_second,
        )
        on_beat = cuts_on_beat(
            shots,
            track.beats,
            music_start_seconds=track.start_seconds,
            frames_per_second=task.frames_per_second,
        )
        if on_beat < len(shots) - 1:
            warnings.append(
                f"{on_beat} of {len(shots) - 1} cuts are on a beat of the music; the others have "
                "none within reach."
            )
    dissolving = {shot.index for shot in document.shots[:-1] if shot.dissolves}
    if dissolving:
        shots = with_dissolves(shots, dissolving, task.frames_per_second)
        missing = len(dissolving) - sum(shot.overlap_frames > 0 for shot in shots)
        if missing:
            warnings.append(
                f"{missing} of {len(dissolving)} dissolves are cuts: the clips have no room for "
                "an overlap."
            )
    return shots, tuple(warnings)


def _missing_sheets(document: ScreenplayDocument) -> tuple[int, ...]:
    """Positions of those who appear again and again and whom no upload shows."""
    return tuple(
        position
        for position, someone in enumerate(document.characters)
        if not someone.reference_indices
        and sum(someone.name in shot.characters for shot in document.shots) >= SHEET_SHOTS_MIN
    )[:SHEETS_MAX]


def _style(request: RenderRequest) -> str:
    """The preset's id first, then what it looks like, then what the caller adds."""
    parts = [request.visual_style_custom_instructions]
    if request.visual_style_preset is not None:
        look = load_catalogue().style(request.visual_style_preset).look
        parts = [request.visual_style_preset, ", ".join(look), *parts]
    return ". ".join(part for part in parts if part)
