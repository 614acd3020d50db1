"""The sweep that keeps the record and Temporal in step, on a schedule."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from studio.contracts.activities import ReconcileActivities
from studio.contracts.names import RECONCILE_WORKFLOW
from studio.contracts.payment import QuoteSweepReport
from studio.contracts.purchase import TopUpSweepReport
from studio.contracts.sweeps import ReconcileReport, ReconcileTask, WalletSweepReport

QUOTES_PATCH = "quotes"
"""Sweeps that began before there were quotes sweep renders only."""

WALLETS_PATCH = "wallets"
"""And those that began before credits were sold and given leave wallets and purchases alone."""

_SWEEP_TIMEOUT = timedelta(minutes=5)
_HEARTBEAT_TIMEOUT = timedelta(seconds=30)
_ASKING_HEARTBEAT_TIMEOUT = timedelta(seconds=150)
"""Three requests of 40 s lie between two signs of life."""
_RETRIES = RetryPolicy(maximum_attempts=5)


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
            heartbeat_timeout=_HEARTBEAT_TIMEOUT,
            retry_policy=_RETRIES,
        )
        quotes, wallets, top_ups = QuoteSweepReport(), WalletSweepReport(), TopUpSweepReport()
        if workflow.patched(QUOTES_PATCH):
            quotes = await workflow.execute_activity_method(
                ReconcileActivities.sweep_quotes,
                task,
                summary="Carry on payments that no run carries",
                start_to_close_timeout=_SWEEP_TIMEOUT,
                heartbeat_timeout=_HEARTBEAT_TIMEOUT,
                retry_policy=_RETRIES,
            )
        if workflow.patched(WALLETS_PATCH):
            wallets = await workflow.execute_activity_method(
                ReconcileActivities.sweep_wallets,
                task,
                summary="Let gifts end, and tell whose credits run low",
                start_to_close_timeout=_SWEEP_TIMEOUT,
                heartbeat_timeout=_HEARTBEAT_TIMEOUT,
                retry_policy=_RETRIES,
            )
            top_ups = await workflow.execute_activity_method(
                ReconcileActivities.sweep_top_ups,
                task,
                summary="Ask about purchases that nobody told of",
                start_to_close_timeout=_SWEEP_TIMEOUT,
                heartbeat_timeout=_ASKING_HEARTBEAT_TIMEOUT,
                retry_policy=_RETRIES,
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
