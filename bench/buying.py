"""The two sides of the quotes' benchmark: how each is asked for quotes, paid, and checked."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import httpx2
from sqlalchemy import func, select

from bench.errors import MeasurementFailed
from bench.place import opened
from bench.service import Service, wait_until
from bench.till import Till
from runtime.processes import Child
from studio.contracts.payment import PaymentState
from studio.quotes.tables import QuoteRow

QUOTES_PATH: Final = "/api/agent/render-quotes"
PLAIN_PAYING_PATH: Final = "/api/agent/pay"
JSON_HEADERS: Final = {"Content-Type": "application/json"}

FILM: Final = {
    "name": "A quoted film",
    "screenplay": "Shot 1: A boat leaves. Shot 2: It passes a bridge. Shot 3: It reaches the sea.",
    "shot_count": 3,
    "scene_target_duration_seconds": 24,
    "stage_voice_briefs_enabled": False,
}
BODY: Final = json.dumps({"request": FILM})

_PARAMETER: Final = re.compile(r'([a-z]+)="([^"]*)"')


@dataclass(frozen=True)
class Order:
    """A request as the load process reads it. It may carry a payment."""

    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)
    method: str = "POST"

    def line(self) -> str:
        """What the load process reads."""
        return json.dumps(vars(self) | {"headers": dict(self.headers)})


QUOTE_ORDER: Final = Order(QUOTES_PATH, JSON_HEADERS, BODY)


class Side(Protocol):
    """One of the two that are compared."""

    port: int
    till: Till
    pids: Mapping[str, int]
    """Its processes by name, without the stand-in of Stripe."""
    paid: list[str]
    """The quotes that are paid, or will be by orders that were made."""

    def order(self, client: httpx2.Client) -> Order:
        """The payment of a new quote, with a new token."""
        ...

    def check(self, client: httpx2.Client) -> None:
        """MeasurementFailed unless everything that was paid was charged once."""
        ...


class Ours:
    """The gateway, with Temporal and a worker behind it."""

    def __init__(self, service: Service, till: Till, worker: Child, *, temporal_pid: int) -> None:
        self.port = int(service.base_url.rpartition(":")[2])
        self.till = till
        self.pids: Mapping[str, int] = {
            "gateway": service.process.pid,
            "worker": worker.pid,
            "temporal": temporal_pid,
        }
        self.paid: list[str] = []
        self._service = service
        self._worker = worker

    def quote(self, client: httpx2.Client) -> httpx2.Response:
        """A 402. MeasurementFailed for anything else."""
        url = self._service.base_url + QUOTES_PATH
        answer = client.post(url, content=BODY, headers=JSON_HEADERS)
        if answer.status_code != httpx2.codes.PAYMENT_REQUIRED:
            raise MeasurementFailed(f"There was no quote: {answer.text}")
        return answer

    def order(self, client: httpx2.Client) -> Order:
        answer = self.quote(client)
        document = answer.json()
        self.paid.append(document["quote_id"])
        token = self.till.mint(client, document["amount_cents"])
        payment = credential(answer.headers["www-authenticate"], token)
        return Order(QUOTES_PATH, {**JSON_HEADERS, "Authorization": payment}, BODY)

    def check(self, client: httpx2.Client) -> None:
        """Every render has begun as well, once all the runs have come so far."""
        wait_until(lambda: self._begun() == len(self.paid), self._worker)
        self.till.check(client, self.paid, self.quote(client).json()["amount_cents"])

    def _begun(self) -> int:
        with opened(self._service.database_url) as database, database.reading() as session:
            query = select(func.count()).where(QuoteRow.state == PaymentState.RENDERING)
            return session.scalar(query) or 0


class Bare:
    """`bench.plain_quotes`."""

    def __init__(self, process: Child, port: int, till: Till, *, price_cents: int) -> None:
        self.port = port
        self.till = till
        self.pids: Mapping[str, int] = {"bare": process.pid}
        self.paid: list[str] = []
        self._price_cents = price_cents

    def order(self, client: httpx2.Client) -> Order:
        answer = client.post(
            f"http://127.0.0.1:{self.port}{QUOTES_PATH}", content=BODY, headers=JSON_HEADERS
        )
        quote_id = str(answer.json()["quote_id"])
        self.paid.append(quote_id)
        token = self.till.mint(client, self._price_cents)
        body = json.dumps({"quote_id": quote_id, "spt": token})
        return Order(PLAIN_PAYING_PATH, JSON_HEADERS, body)

    def check(self, client: httpx2.Client) -> None:
        self.till.check(client, self.paid, self._price_cents)


def credential(challenge: str, token: str) -> str:
    """The `Authorization` that pays a `WWW-Authenticate` (draft-httpauth-payment-00)."""
    echo = dict(_PARAMETER.findall(challenge))
    document = json.dumps({"challenge": echo, "payload": {"spt": token}})
    return f"Payment {base64.urlsafe_b64encode(document.encode()).decode().rstrip('=')}"
