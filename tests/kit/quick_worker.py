"""A worker process whose renders take no time: all that moves money is real, films are a few bytes.

Real: the workflows, the ledger, quotes and their payments with the processor over the wire, the
sweeps, and the fetching of uploads. What costs processor time (models, ffmpeg) follows a script
that always succeeds; its files are in the store, so that what a status links can be downloaded.

Every step passes moments (`tests/kit/moments.py`) of its run: `before-commit:pay` and
`after-commit:pay` around each transaction, by the name of its function; `before-charge`,
`after-charge`, `before-refund`, `after-refund` around each request to the processor; and
`step:plan_shots` before each step of a render. Uploads come from the hosts of the outside on
FVS_TEST_UPLOADS_PORT, if there are any.
"""

import asyncio
import os
import signal
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel
from sqlalchemy.orm import Session
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.credits import LedgerCreditActivities
from activities.fetching import RemoteAssetActivities
from activities.payments import LedgerPaymentActivities
from activities.reconcile import TemporalReconcileActivities
from activities.reconcile_quotes import TemporalQuoteSweep
from activities.reconcile_topups import TopUpSweep
from activities.reconcile_wallets import WalletSweep
from activities.workbench import Result, Workbench
from runtime.logs import configure_logging
from runtime.observation import quiet_sdk_loggers
from runtime.settings import Settings, load_settings
from runtime.worker import Activity, WorkerParts, media_worker, open_parts, render_worker
from studio.contracts import workflow_io as io
from studio.ingest.fetch import UploadFetcher
from studio.media.inspect import inspect_file
from studio.payments.ports import ChargeOrder, Payment, Processor, Refund, RefundOrder
from tests.kit.moments import Moments
from tests.kit.scripted import ScriptedStudio
from tests.kit.tls_host import Internet, fetcher_on

FILM = b"a film of a few bytes"
ORDERS = "orders"
INSIDE = "inside.example"
"""A name whose address is one of the inside."""


def run_id() -> str:
    return activity.info().workflow_id or ""


class StoppableProcessor:
    """The processor with moments around the requests that move money."""

    def __init__(self, inner: Processor, moments: Moments) -> None:
        self._inner = inner
        self._moments = moments
        self.find = inner.find
        self.refund_of = inner.refund_of

    async def charge(self, order: ChargeOrder) -> Payment:
        await self._moments.pass_by(run_id(), "before-charge")
        payment = await self._inner.charge(order)
        await self._moments.pass_by(run_id(), "after-charge")
        return payment

    async def refund(self, order: RefundOrder) -> Refund:
        await self._moments.pass_by(run_id(), "before-refund")
        refund = await self._inner.refund(order)
        await self._moments.pass_by(run_id(), "after-refund")
        return refund


class StoppableWorkbench(Workbench):
    """A bench with moments around every transaction."""

    moments: ClassVar[Moments]

    async def transact(self, work: Callable[[Session], Result]) -> Result:
        await self.moments.pass_by(run_id(), f"before-commit:{work.__name__}")
        result = await super().transact(work)
        await self.moments.pass_by(run_id(), f"after-commit:{work.__name__}")
        return result


@dataclass(kw_only=True)
class QuickStudio(ScriptedStudio):
    """Steps that take no time, of renders that tests may stop or have fail."""

    bench: Workbench
    moments: Moments

    async def _step(
        self, name: str, shot: int | None = None, task: BaseModel | None = None
    ) -> None:
        del shot, task
        activity.heartbeat()
        await self.moments.pass_by(run_id(), f"step:{name}", pulse=activity.heartbeat)
        sentence = self.moments.failure(run_id(), name)
        if sentence is not None:
            raise ApplicationError(sentence, type="provider_rejected", non_retryable=True)

    @activity.defn
    async def submit_clip(self, task: io.ClipTask) -> io.ClipJob:
        self.moments.note(ORDERS, run_id())
        return await super().submit_clip(task)

    @activity.defn
    async def assemble_film(self, task: io.FilmTask) -> io.Film:
        film = await super().assemble_film(task)
        key = f"{run_id()}/film.mp4"
        self.bench.storage.put_bytes(key, FILM, content_type="video/mp4")
        return film.model_copy(update={"key": key, "size_bytes": len(FILM)})


def fetcher(folder: Path) -> UploadFetcher | None:
    """Of the small internet of the tests, where there is one."""
    port = os.environ.get("FVS_TEST_UPLOADS_PORT")
    if port is None:
        return None
    trust = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    addresses: dict[str, list[Sequence[str]]] = {INSIDE: [("10.0.0.1",)]}
    return fetcher_on(Internet(port=int(port), addresses=addresses), trust)


async def work(settings: Settings) -> None:
    """Until SIGTERM."""
    quiet_sdk_loggers()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    moments = Moments(Path(os.environ["CHAOS_DIRECTORY"]))
    async with open_parts(settings) as parts:
        StoppableWorkbench.moments = moments
        given = parts.bench
        bench = StoppableWorkbench(given.database, given.storage, given.scratch, given.now)
        calls, encodings = _activities(settings, parts, bench, moments)
        async with (
            media_worker(settings, parts.client, encodings),
            render_worker(settings, parts.client, calls),
        ):
            await stop.wait()


def _activities(
    settings: Settings, parts: WorkerParts, bench: Workbench, moments: Moments
) -> tuple[list[Activity], list[Activity]]:
    credits_ = LedgerCreditActivities(bench)
    payments = LedgerPaymentActivities(
        bench, StoppableProcessor(parts.payments.processor, moments), parts.payments.seal
    )
    uploads = RemoteAssetActivities(bench, fetcher(moments.folder) or parts.fetcher, inspect_file)
    queue = settings.render_task_queue
    studio = QuickStudio(bench=bench, moments=moments)
    calls: list[Activity] = [
        credits_.confirm_holds,
        credits_.record_progress,
        credits_.close_render,
        TemporalReconcileActivities(bench, parts.client, queue).sweep_renders,
        TemporalQuoteSweep(bench, parts.client, queue).sweep_quotes,
        WalletSweep(bench).sweep_wallets,
        TopUpSweep(bench, parts.payments.checkout).sweep_top_ups,
        payments.settle_payment,
        payments.begin_render,
        payments.conclude_quote,
        payments.refund_payment,
        payments.note_event,
        uploads.fetch_uploads,
        studio.analyze_assets,
        studio.make_music,
        studio.plan_shots,
        studio.draw_sheet,
        studio.draw_keyframe,
        studio.review_keyframe,
        studio.submit_clip,
        studio.reconcile_clip,
        studio.await_clip,
        studio.withdraw_clip,
        studio.review_clip,
        studio.speak_brief,
        studio.speak_narration,
    ]
    encodings: list[Activity] = [
        studio.analyze_assets,
        studio.collect_clip,
        studio.animate_keyframe,
        studio.assemble_film,
    ]
    return calls, encodings


if __name__ == "__main__":
    chosen = load_settings()
    configure_logging(service="worker", level=chosen.log_level, log_format=chosen.log_format)
    asyncio.run(work(chosen))
