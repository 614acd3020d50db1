"""The baseline of the quotes: what a first version would do, on the same engine, SDK and stand-in.

    python -m bench.plain_quotes PORT PRICE_CENTS CHALLENGE_LENGTH

A quote is parsed with the product's own model, one row, and a 402 with a header as long as the
product's. A payment is one call of Stripe's SDK, one changed row, and a 202 with a receipt: no
claim, nothing that would survive a crash, and no render.
"""

import base64
import json
import secrets
import sys
from datetime import UTC, datetime
from typing import Final, cast

import uvicorn
from fastapi import FastAPI, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, Text
from stripe import HTTPXClient, StripeClient
from stripe.params import PaymentIntentCreateParams

from runtime.settings import Settings, load_settings
from studio.contracts.quote_request import QuoteRequest
from studio.db.engine import Database, open_database
from studio.payments.stripe import API_VERSION

METADATA: Final = MetaData()
PLAIN_QUOTES: Final = Table(
    "plain_quote",
    METADATA,
    Column("quote_id", String(40), primary_key=True),
    Column("request", Text, nullable=False),
    Column("amount_cents", Integer, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("payment_id", String(255)),
)


class PlainPayment(BaseModel):
    quote_id: str
    spt: str


class PlainTill:
    """The rows and the charge behind the two routes."""

    def __init__(self, settings: Settings, price_cents: int) -> None:
        self._database: Database = open_database(settings.database_url)
        METADATA.create_all(self._database.engine)
        key, base_url = settings.stripe_secret_key, settings.stripe_base_url
        self._stripe = StripeClient(
            key.get_secret_value() if key else "",
            stripe_version=API_VERSION,
            base_addresses={"api": base_url} if base_url else {},
            max_network_retries=0,
            http_client=HTTPXClient(),
        )
        self._price_cents = price_cents

    def store(self, wanted: QuoteRequest) -> str:
        quote_id = f"plain_{secrets.token_hex(12)}"
        with self._database.transaction() as session:
            session.execute(
                PLAIN_QUOTES.insert().values(
                    quote_id=quote_id,
                    request=wanted.model_dump_json(),
                    amount_cents=self._price_cents,
                    created_at=datetime.now(UTC).replace(tzinfo=None),
                )
            )
        return quote_id

    async def charge(self, payment: PlainPayment) -> str:
        sent = {
            "amount": self._price_cents,
            "currency": "usd",
            "confirm": True,
            "shared_payment_granted_token": payment.spt,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {"quote_id": payment.quote_id},
        }
        intent = await self._stripe.v1.payment_intents.create_async(
            cast("PaymentIntentCreateParams", sent),
            {"idempotency_key": f"plain_{payment.quote_id}_{payment.spt}"},
        )
        if intent.status != "succeeded":
            raise ValueError(intent.status)
        return intent.id

    def note(self, quote_id: str, payment_id: str) -> None:
        with self._database.transaction() as session:
            session.execute(
                PLAIN_QUOTES.update()
                .where(PLAIN_QUOTES.c.quote_id == quote_id)
                .values(payment_id=payment_id)
            )


def plain_app(till: PlainTill, price_cents: int, challenge_length: int) -> FastAPI:
    app = FastAPI()

    @app.post("/api/agent/render-quotes", status_code=402)
    def quote(wanted: QuoteRequest, response: Response) -> dict[str, object]:
        quote_id = till.store(wanted)
        response.headers["WWW-Authenticate"] = f"Payment {'x' * (challenge_length - 8)}"
        return {"quote_id": quote_id, "amount_cents": price_cents, "currency": "usd"}

    @app.post("/api/agent/pay", status_code=202)
    async def pay(payment: PlainPayment, response: Response) -> dict[str, object]:
        payment_id = await till.charge(payment)
        await run_in_threadpool(till.note, payment.quote_id, payment_id)
        receipt = json.dumps({"status": "success", "method": "stripe", "reference": payment_id})
        response.headers["Payment-Receipt"] = base64.urlsafe_b64encode(receipt.encode()).decode()
        return {"quote_id": payment.quote_id, "status": "paid"}

    return app


def main(port: int, price_cents: int, challenge_length: int) -> None:
    till = PlainTill(load_settings(), price_cents)
    app = plain_app(till, price_cents, challenge_length)
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
