"""A worker process that stops dead at a chosen moment, so that a test can kill it just there.

The real worker with the real local models; only the store and the video model are wrapped. At the
first arrival at the moment named by CHAOS_HOLD it writes CHAOS_DIRECTORY/held and waits for ever;
a worker started later finds that file and goes on. Every clip that is ordered is noted in
CHAOS_DIRECTORY/orders. CHAOS_FAIL makes the store refuse the keys that end with it, for as long
as CHAOS_DIRECTORY/mended does not exist.

    CHAOS_HOLD="before-put:screenplay.json" | "after-put:keyframe-1.png" | "before-submit" | …
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from sqlalchemy.orm import Session

import runtime.worker
from activities.workbench import Result, Workbench
from runtime.logs import configure_logging
from runtime.settings import Settings, load_settings
from runtime.worker import WorkerParts
from studio.payments.ports import ChargeOrder, Payment, Processor, Refund, RefundOrder
from studio.providers.ports import Handle, JobStatus, VideoModel, VideoRequest
from studio.storage.port import Storage, StorageFull, StoredObject


class Chaos:
    """Where to stop, and the notes that outlive this process."""

    def __init__(self, directory: Path, hold: str, fail: str) -> None:
        self._directory = directory
        self._hold = hold
        self._fail = fail

    def pass_by(self, moment: str) -> None:
        held = self._directory / "held"
        kind, _, key_end = self._hold.partition(":")
        if not kind or not moment.startswith(kind) or not moment.endswith(key_end):
            return
        if held.exists():
            return
        held.write_text(str(os.getpid()))
        threading.Event().wait()

    def refuse(self, key: str) -> None:
        if self._fail and key.endswith(self._fail) and not (self._directory / "mended").exists():
            (self._directory / "refused").touch()
            raise StorageFull("No room is left in the store.")

    def note_order(self, attempt_id: str) -> None:
        with (self._directory / "orders").open("a") as orders:
            orders.write(f"{attempt_id}\n")


class ChaosStorage:
    """A store that can be stopped around every write. Reads pass through."""

    def __init__(self, inner: Storage, chaos: Chaos) -> None:
        self._inner = inner
        self._chaos = chaos
        self.fetch = inner.fetch
        self.read_bytes = inner.read_bytes
        self.stat = inner.stat
        self.delete = inner.delete
        self.move = inner.move
        self.sign_url = inner.sign_url
        self.move = inner.move

    def put_file(self, key: str, path: Path, *, content_type: str) -> StoredObject:
        self._chaos.pass_by(f"before-put:{key}")
        self._chaos.refuse(key)
        stored = self._inner.put_file(key, path, content_type=content_type)
        self._chaos.pass_by(f"after-put:{key}")
        return stored

    def put_bytes(self, key: str, data: bytes, *, content_type: str) -> StoredObject:
        self._chaos.pass_by(f"before-put:{key}")
        self._chaos.refuse(key)
        stored = self._inner.put_bytes(key, data, content_type=content_type)
        self._chaos.pass_by(f"after-put:{key}")
        return stored


class ChaosVideoModel:
    """The local video model, watched: what is ordered is noted, and it can hang."""

    def __init__(self, inner: VideoModel, chaos: Chaos) -> None:
        self._inner = inner
        self._chaos = chaos
        self.prepare = inner.prepare
        self.cancel = inner.cancel
        self.collect = inner.collect
        self.reconcile = inner.reconcile

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        await asyncio.to_thread(self._chaos.pass_by, "before-submit")
        handle = await self._inner.submit(request, prepared)
        self._chaos.note_order(request.attempt_id)
        await asyncio.to_thread(self._chaos.pass_by, "after-submit")
        return handle

    async def poll(self, handle: Handle) -> JobStatus:
        await asyncio.to_thread(self._chaos.pass_by, "poll")
        return await self._inner.poll(handle)


class ChaosProcessor:
    """The payment processor, watched: a request that was sent, and one that was answered."""

    def __init__(self, inner: Processor, chaos: Chaos) -> None:
        self._inner = inner
        self._chaos = chaos
        self.find = inner.find
        self.refund_of = inner.refund_of

    async def charge(self, order: ChargeOrder) -> Payment:
        await asyncio.to_thread(self._chaos.pass_by, "before-charge")
        payment = await self._inner.charge(order)
        await asyncio.to_thread(self._chaos.pass_by, "after-charge")
        return payment

    async def refund(self, order: RefundOrder) -> Refund:
        await asyncio.to_thread(self._chaos.pass_by, "before-refund")
        refund = await self._inner.refund(order)
        await asyncio.to_thread(self._chaos.pass_by, "after-refund")
        return refund


class ChaosWorkbench(Workbench):
    """Commits as the real one, and can die before anyone hears of it: `after-commit:close`."""

    chaos: ClassVar[Chaos]

    async def transact(self, work: Callable[[Session], Result]) -> Result:
        result = await super().transact(work)
        await asyncio.to_thread(self.chaos.pass_by, f"after-commit:{work.__name__}")
        return result


@asynccontextmanager
async def _chaotic_parts(settings: Settings) -> AsyncIterator[WorkerParts]:
    chaos = Chaos(
        Path(os.environ["CHAOS_DIRECTORY"]),
        os.environ.get("CHAOS_HOLD", ""),
        os.environ.get("CHAOS_FAIL", ""),
    )
    async with runtime.worker.open_parts(settings) as parts:
        videos = {
            name: ChaosVideoModel(model, chaos) for name, model in parts.providers.videos.items()
        }
        yield replace(
            parts,
            bench=_chaotic_bench(parts.bench, chaos),
            providers=replace(parts.providers, videos=videos),
            payments=replace(
                parts.payments, processor=ChaosProcessor(parts.payments.processor, chaos)
            ),
        )


def _chaotic_bench(bench: Workbench, chaos: Chaos) -> Workbench:
    ChaosWorkbench.chaos = chaos
    storage = ChaosStorage(bench.storage, chaos)
    return ChaosWorkbench(bench.database, storage, bench.scratch, bench.now)


if __name__ == "__main__":
    chosen = load_settings()
    configure_logging(service="worker", level=chosen.log_level, log_format=chosen.log_format)
    asyncio.run(runtime.worker.run_worker(chosen, _chaotic_parts))
