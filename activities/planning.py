"""Planning: from the brief and the analysis of its uploads to one script a shot."""

from temporalio import activity

from activities.heartbeats import heartbeating
from activities.selection import adapter
from activities.workbench import Workbench
from studio.contracts.activities import PlanningActivities
from studio.contracts.keys import screenplay_key
from studio.contracts.workflow_io import PlanningTask, Screenplay
from studio.providers.ports import PlanRequest, Providers


class ModelPlanningActivities(PlanningActivities):
    def __init__(self, bench: Workbench, providers: Providers) -> None:
        self._bench = bench
        self._providers = providers

    @activity.defn
    async def plan_shots(self, task: PlanningTask) -> Screenplay:
        planner = adapter(self._providers.planners, task.model)
        async with heartbeating("planning"):
            brief = await self._bench.brief(task.project_id)
            request = brief.request
            document = await planner.plan(
                PlanRequest(
                    name=request.name,
                    screenplay=request.screenplay,
                    instructions=request.instructions,
                    additional_lore=request.additional_lore,
                    style=_style(
                        request.visual_style_preset, request.visual_style_custom_instructions
                    ),
                    mode=request.project_mode,
                    shots=task.shots,
                    assets=await self._bench.asset_report(task.analysis_key),
                )
            )
            key = await self._bench.write_document(screenplay_key(task.project_id), document)
        return Screenplay(screenplay_key=key, shot_count=len(document.shots))


def _style(preset: str | None, custom: str) -> str:
    return ". ".join(part for part in (preset, custom) if part)
