"""The schedule of the reconciling sweep, made at boot if it is not there yet."""

from datetime import timedelta
from typing import Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from runtime.settings import Settings
from studio.contracts.names import RECONCILE_SCHEDULE_ID, RECONCILE_WORKFLOW
from studio.contracts.sweeps import ReconcileTask

SWEEP_INTERVAL: Final = timedelta(minutes=1)
"""A caller whose gateway died in the middle of a start waits this long at most."""


async def ensure_schedule(client: Client, settings: Settings) -> None:
    """Create the schedule; nothing happens if another worker did."""
    action = ScheduleActionStartWorkflow(
        RECONCILE_WORKFLOW,
        ReconcileTask(),
        id=f"{RECONCILE_SCHEDULE_ID}-{settings.render_task_queue}",
        task_queue=settings.render_task_queue,
        static_summary="Compare the record with Temporal",
    )
    schedule = Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=SWEEP_INTERVAL)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )
    try:
        await client.create_schedule(
            f"{RECONCILE_SCHEDULE_ID}-{settings.render_task_queue}", schedule
        )
    except ScheduleAlreadyRunningError:
        return
