"""A gateway process that stops around what it asks of Temporal, so that it can be killed there.

The real application on the real database. Its moments (`tests/kit/moments.py`) lie between the
commits of a payment, of a wish to cancel or of a submission and the word to its run:

    GATEWAY@before-check    a payment is authentic, and not claimed yet; a render not stored yet
    GATEWAY@before-start    a render is stored, its run not started
    GATEWAY@after-start     the run started, its row not told, the caller not answered
    quote_…@before-settle   claimed (or canceled) in the row, the run not told
    quote_…@after-settle    the run told, the caller not answered
    quote_…@before-tell     a webhook's fact found good, the run not told
    proj_…@before-cancel    a wish to cancel in the quote's row, its render not told
"""

import asyncio
import os
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from gateway.services.starter import TemporalWorkflows
from runtime.http_protocol import GatewayProtocol
from runtime.logs import configure_logging
from runtime.serve import build_app
from runtime.settings import Settings, load_settings
from runtime.temporal_client import connect
from studio.contracts.payment import PaidRenderInput, PaymentEvent
from studio.contracts.workflow_io import RenderInput
from studio.db.engine import open_database
from tests.kit.moments import GATEWAY, Moments


class StoppableWorkflows(TemporalWorkflows):
    """Temporal, with moments around what is asked of it for renders and quotes."""

    moments: Moments

    async def check(self) -> None:
        await self.moments.pass_by(GATEWAY, "before-check", only_first=True)
        await super().check()

    async def start(self, render: RenderInput, *, cancel_reason: str | None = None) -> str:
        await self.moments.pass_by(GATEWAY, "before-start", only_first=True)
        run_id = await super().start(render, cancel_reason=cancel_reason)
        await self.moments.pass_by(GATEWAY, "after-start", only_first=True)
        return run_id

    async def cancel(self, project_id: str, reason: str) -> bool:
        await self.moments.pass_by(project_id, "before-cancel")
        return await super().cancel(project_id, reason)

    async def settle(self, payment: PaidRenderInput, *, event: PaymentEvent | None = None) -> None:
        quote_id = payment.quote_id
        await self.moments.pass_by(quote_id, "before-tell" if event else "before-settle")
        await super().settle(payment, event=event)
        await self.moments.pass_by(quote_id, "after-tell" if event else "after-settle")


async def serve(settings: Settings) -> None:
    workflows = StoppableWorkflows(await connect(lazy=True), task_queue=settings.render_task_queue)
    workflows.moments = Moments(Path(os.environ["CHAOS_DIRECTORY"]))
    await serve_app(
        build_app(settings, workflows=workflows, database=open_database(settings.database_url)),
        settings,
    )


async def serve_app(app: FastAPI, settings: Settings) -> None:
    """Serve it as a gateway is served, without its metrics and its grace."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=GatewayProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    chosen = load_settings()
    configure_logging(service="gateway", level=chosen.log_level, log_format=chosen.log_format)
    asyncio.run(serve(chosen))
