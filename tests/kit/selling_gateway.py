"""A gateway process that stops around what it asks of Stripe, so that it can be killed there.

The real application on the real database, with two doors in place of the console's pages: `POST` at
`DOOR` begins a purchase, and `GET` of a session below it comes back from the page. Its moments
(`tests/kit/moments.py`) are those of a purchase's id, and of a session's:

    topup_…@before-page   the row is stored, no page was asked for
    topup_…@after-page    the page is open, and not written down
    cs_…@before-read      told by a webhook or its customer, nothing asked
    cs_…@after-read       known to be paid, and not credited
"""

import asyncio
import os
from pathlib import Path

from fastapi import Request
from fastapi.responses import JSONResponse

from gateway.dependencies import Gateway
from gateway.services.payment_setup import MissingSettings
from gateway.services.starter import TemporalWorkflows
from runtime.logs import configure_logging
from runtime.payments import gateway_checkout
from runtime.serve import build_app
from runtime.settings import Settings, load_settings
from runtime.temporal_client import connect
from studio.contracts.purchase import CheckoutPage, PurchaseOrder, PurchaseStanding
from studio.db.engine import open_database
from studio.topups.ports import Checkout
from tests.kit.moments import Moments
from tests.kit.stoppable_gateway import serve_app

DOOR = "/test/top-ups"


class StoppableCheckout:
    """The real checkout with moments around what pages and payments hang on."""

    def __init__(self, inner: Checkout, moments: Moments) -> None:
        self._inner = inner
        self._moments = moments
        self.find = inner.find
        self.refund = inner.refund
        self.close = inner.close

    async def create(self, order: PurchaseOrder) -> CheckoutPage:
        await self._moments.pass_by(order.top_up_id, "before-page")
        page = await self._inner.create(order)
        await self._moments.pass_by(order.top_up_id, "after-page")
        return page

    async def read(self, session_id: str) -> PurchaseStanding:
        await self._moments.pass_by(session_id, "before-read")
        found = await self._inner.read(session_id)
        await self._moments.pass_by(session_id, "after-read")
        return found


async def serve(settings: Settings) -> None:
    checkout = gateway_checkout(settings)
    assert not isinstance(checkout, MissingSettings)
    app = build_app(
        settings,
        workflows=TemporalWorkflows(
            await connect(lazy=True), task_queue=settings.render_task_queue
        ),
        database=open_database(settings.database_url),
        checkout=StoppableCheckout(checkout, Moments(Path(os.environ["CHAOS_DIRECTORY"]))),
    )
    gateway: Gateway = app.state.gateway

    async def begin(request: Request) -> JSONResponse:
        order = await request.json()
        return JSONResponse({"url": await gateway.top_ups.start(**order)})

    async def come_back(request: Request) -> JSONResponse:
        view = await gateway.top_ups.finish(
            request.query_params["account"], request.path_params["session_id"]
        )
        return JSONResponse({"state": view.state})

    app.add_api_route(DOOR, begin, methods=["POST"])
    app.add_api_route(f"{DOOR}/{{session_id}}", come_back, methods=["GET"])
    await serve_app(app, settings)


if __name__ == "__main__":
    chosen = load_settings()
    configure_logging(service="gateway", level=chosen.log_level, log_format=chosen.log_format)
    asyncio.run(serve(chosen))
