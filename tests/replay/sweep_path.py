"""A sweep that finds something of everything, for the recorded history of one."""

from temporalio import activity
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Worker

from studio.contracts.activities import ReconcileActivities
from studio.contracts.payment import QuoteSweepReport
from studio.contracts.purchase import TopUpSweepReport
from studio.contracts.sweeps import ReconcileReport, ReconcileTask, WalletSweepReport
from workflows.reconcile import ReconcileWorkflow

QUEUE = "recorded-sweep"


class ScriptedSweep(ReconcileActivities):
    @activity.defn
    async def sweep_renders(self, _task: ReconcileTask) -> ReconcileReport:
        return ReconcileReport(started=("proj_api_1",), drift=("Something does not add up.",))

    @activity.defn
    async def sweep_quotes(self, _task: ReconcileTask) -> QuoteSweepReport:
        return QuoteSweepReport(expired=1)

    @activity.defn
    async def sweep_wallets(self, _task: ReconcileTask) -> WalletSweepReport:
        return WalletSweepReport(credits_expired=100, notified=1)

    @activity.defn
    async def sweep_top_ups(self, _task: ReconcileTask) -> TopUpSweepReport:
        return TopUpSweepReport(paid=("topup_1",), ended=1)


async def recorded_sweep(client: Client) -> WorkflowHistory:
    sweep = ScriptedSweep()
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[ReconcileWorkflow],
        activities=[
            sweep.sweep_renders,
            sweep.sweep_quotes,
            sweep.sweep_wallets,
            sweep.sweep_top_ups,
        ],
    ):
        handle = await client.start_workflow(
            ReconcileWorkflow.run, ReconcileTask(), id="recorded-sweep", task_queue=QUEUE
        )
        await handle.result()
        return await handle.fetch_history()
