"""A worker with the product's payments and credits, whose renders wait at their first stage.

What a payer waits for is over by then; a film that is made meanwhile would take the processors.
"""

import asyncio
import os
import signal

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.credits import LedgerCreditActivities
from activities.payments import LedgerPaymentActivities
from activities.workbench import Workbench
from bench.real_workers import workbench_of
from runtime.logs import configure_logging
from runtime.processor import Payments, open_payments
from runtime.settings import Settings, load_settings
from runtime.temporal_client import connect
from runtime.worker import render_worker
from studio.contracts import workflow_io as io
from studio.contracts.activities import AssetActivities


class HeldAssets(AssetActivities):
    """Looks at the uploads for as long as the process runs."""

    @activity.defn
    async def analyze_assets(self, task: io.AnalysisTask) -> io.AssetAnalysis:
        await asyncio.Event().wait()
        raise NotImplementedError(task.project_id)


def paying_worker(
    settings: Settings, client: Client, bench: Workbench, payments: Payments
) -> Worker:
    """As `runtime.worker` composes it, as far as a paid render comes here."""
    credits_ = LedgerCreditActivities(bench)
    paying = LedgerPaymentActivities(bench, payments.processor, payments.seal)
    calls = (
        credits_.confirm_holds,
        credits_.record_progress,
        credits_.close_render,
        HeldAssets().analyze_assets,
        paying.settle_payment,
        paying.begin_render,
        paying.conclude_quote,
        paying.refund_payment,
        paying.note_event,
    )
    return render_worker(settings, client, calls)


async def work(settings: Settings) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await connect()
    async with open_payments(settings) as payments:
        worker = paying_worker(settings, client, workbench_of(settings), payments)
        asyncio.create_task(worker.run())  # noqa: RUF006 - it ends with the process
        await stop.wait()
        # Nothing is left to be saved, and to end the renders that wait here would take seconds.
        os._exit(0)


if __name__ == "__main__":
    chosen = load_settings()
    configure_logging(service="paying", level=chosen.log_level, log_format=chosen.log_format)
    asyncio.run(work(chosen))
