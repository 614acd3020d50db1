"""The sweep that keeps the record and Temporal in step, on a schedule."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from studio.contracts.activities import ReconcileActivities
from studio.contracts.names import RECONCILE_WORKFLOW
from studio.contracts.payment import QuoteSweepReport
from studio.contracts.purchase import TopUpSweepReport
from studio.contracts.workflow_io import ReconcileReport, ReconcileTask, WalletSweepReport

QUOTES_PATCH = "quotes"
"""Sweeps that began before there were quotes sweep renders only."""

WALLETS_PATCH = "wallets"
"""And those that began before gifts could end leave wallets alone."""

TOP_UPS_PATCH = "top-ups"
"""Likewise, before credits were sold."""

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
        top_ups = TopUpSweepReport()
        if workflow.patched(TOP_UPS_PATCH):
            top_ups = await workflow.execute_activity_method(
                ReconcileActivities.sweep_top_ups,
                task,
                summary="Ask about purchases that nobody told of",
                start_to_close_timeout=_SWEEP_TIMEOUT,
                heartbeat_timeout=timedelta(seconds=150),  # three requests of 40 s
                retry_policy=RetryPolicy(maximum_attempts=5),
            )
        workflow.set_current_details(_details(report, quotes, wallets, top_ups))
        return report


def _details(
    report: ReconcileReport,
    quotes: QuoteSweepReport,
    wallets: WalletSweepReport,
    top_ups: TopUpSweepReport,
) -> str:
    lines = [
        f"- renders started: {len(report.started)}",
        f"- renders released: {len(report.released)}",
        f"- quotes carried on: {len(quotes.started)}",
        f"- quotes expired: {quotes.expired}, forgotten: {quotes.purged}",
        f"- credits of gifts that ended: {wallets.credits_expired}",
        f"- owners told that their credits run low: {wallets.notified}",
        f"- purchases paid: {len(top_ups.paid)}, ended: {top_ups.ended}",
    ]
    drift = (*report.drift, *quotes.drift, *top_ups.flagged)
    return "\n".join(lines + [f"- **drift**: {sentence}" for sentence in drift])
