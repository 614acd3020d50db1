"""The sweep that keeps the record and Temporal in step, on a schedule."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from studio.contracts.activities import ReconcileActivities
from studio.contracts.names import RECONCILE_WORKFLOW
from studio.contracts.payment import QuoteSweepReport
from studio.contracts.workflow_io import ReconcileReport, ReconcileTask, WalletSweepReport

QUOTES_PATCH = "quotes"
"""Sweeps that began before there were quotes sweep renders only."""

WALLETS_PATCH = "wallets"
"""And those that began before gifts could end leave wallets alone."""

_SWEEP_TIMEOUT = timedelta(minutes=5)


@workflow.defn(name=RECONCILE_WORKFLOW)
class ReconcileWorkflow:
    """Starts renders that were stored but never started, releases holds of closed ones."""

    @workflow.run
    async def run(self, task: ReconcileTask) -> ReconcileReport:
        report = await workflow.execute_activity_method(
            ReconcileActivities.sweep_renders,
            task,
            summary="Compare the record with Temporal",
            start_to_close_timeout=_SWEEP_TIMEOUT,
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(maximum_attempts=5),
        )
        quotes = QuoteSweepReport()
        if workflow.patched(QUOTES_PATCH):
            quotes = await workflow.execute_activity_method(
                ReconcileActivities.sweep_quotes,
                task,
                summary="Carry on payments that no run carries",
                start_to_close_timeout=_SWEEP_TIMEOUT,
                heartbeat_timeout=timedelta(seconds=30),
                retry_policy=RetryPolicy(maximum_attempts=5),
            )
        wallets = WalletSweepReport()
        if workflow.patched(WALLETS_PATCH):
            wallets = await workflow.execute_activity_method(
                ReconcileActivities.sweep_wallets,
                task,
                summary="Let gifts end, and tell whose credits run low",
                start_to_close_timeout=_SWEEP_TIMEOUT,
                heartbeat_timeout=timedelta(seconds=30),
                retry_policy=RetryPolicy(maximum_attempts=5),
            )
        workflow.set_current_details(_details(report, quotes, wallets))
        return report


def _details(report: ReconcileReport, quotes: QuoteSweepReport, wallets: WalletSweepReport) -> str:
    lines = [
        f"- renders started: {len(report.started)}",
        f"- renders released: {len(report.released)}",
        f"- quotes carried on: {len(quotes.started)}",
        f"- quotes expired: {quotes.expired}, forgotten: {quotes.purged}",
        f"- credits of gifts that ended: {wallets.credits_expired}",
        f"- owners told that their credits run low: {wallets.notified}",
    ]
    drift = (*report.drift, *quotes.drift)
    return "\n".join(lines + [f"- **drift**: {sentence}" for sentence in drift])
