"""Signed events, delivered in the background until they are taken.

Signature: docs.stripe.com/webhooks/signature: `t=…,v1=…`, HMAC-SHA256 of `{t}.{payload}`.
"""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final

import httpx2

from runtime.stripe_standin.records import Event
from runtime.stripe_standin.refund_documents import event_document
from runtime.stripe_standin.settings import StandinSettings
from runtime.stripe_standin.store import Store

ANSWER_SECONDS_MAX: Final = 20.0
"""As long as Stripe is said to wait for an endpoint."""
RETRIED_SECONDS: Final = 3 * 24 * 3600
"""Stripe gives up after three days (docs.stripe.com/webhooks)."""
AT_ONCE_MAX: Final = 4
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivery:
    """One attempt. `status` is 0 where the endpoint did not answer."""

    event_id: str
    type: str
    status: int

    @property
    def is_taken(self) -> bool:
        return httpx2.codes.is_success(self.status)


class Webhooks:
    """All of it runs on the loop of the server. As with Stripe, no order is promised."""

    def __init__(self, settings: StandinSettings, store: Store, now: Callable[[], float]) -> None:
        self._settings = settings
        self._store = store
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE_MAX)
        self._client: httpx2.AsyncClient | None = None
        self._held: list[Event] | None = None
        self.deliveries: list[Delivery] = []

    def start(self) -> None:
        """Take up what an earlier process did not deliver."""
        self._client = httpx2.AsyncClient(timeout=ANSWER_SECONDS_MAX, trust_env=False)
        oldest = self._now() - RETRIED_SECONDS
        waiting = [event for event in self._store.all(Event) if not event.is_delivered]
        self.send([event for event in waiting if event.created >= oldest])

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def idle(self) -> None:
        """Wait until nothing is on its way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def hold(self) -> None:
        """Keep back what comes from now on."""
        self._held = self._held or []

    def release(self, *, reverse: bool = False, times: int = 1) -> None:
        """Send what was kept back, one after the other in this order, each so many times."""
        held, self._held = self._held or [], None
        ordered = held[::-1] if reverse else held
        self._run(self._one_by_one([event for event in ordered for _ in range(times)]))

    def send(self, events: list[Event]) -> None:
        if self._settings.webhook_url is None or self._settings.webhook_secret is None:
            return
        if self._held is not None:
            self._held.extend(events)
            return
        self.send_now(events)

    def send_now(self, events: list[Event]) -> None:
        """Send these, whatever is held."""
        if self._settings.webhook_url is None or self._settings.webhook_secret is None:
            return
        for event in events:
            self._run(self._deliver(event))

    def signature(self, payload: bytes) -> str:
        secret = (self._settings.webhook_secret or "").encode()
        at = int(self._now())
        digest = hmac.new(secret, f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
        return f"t={at},v1={digest}"

    def _run(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one_by_one(self, events: list[Event]) -> None:
        for event in events:
            await self._deliver(event)

    async def _deliver(self, event: Event) -> None:
        for pause_seconds in (*self._settings.webhook_pauses_seconds, None):
            async with self._slots:
                delivery = Delivery(event.id, event.type, await self._post(event))
            self.deliveries.append(delivery)
            if delivery.is_taken:
                self._store.put(event.model_copy(update={"is_delivered": True}))
                return
            if pause_seconds is not None:
                await asyncio.sleep(pause_seconds)
        logger.warning(
            "webhook was not taken", extra={"event_id": event.id, "event_type": event.type}
        )

    async def _post(self, event: Event) -> int:
        """The status of the answer, whose body is not read; 0 where there is none."""
        if self._client is None or self._settings.webhook_url is None:
            return 0
        payload = json.dumps(event_document(event), indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": self.signature(payload),
            "User-Agent": "Stripe/1.0 (local stand-in)",
        }
        url = self._settings.webhook_url
        try:
            async with self._client.stream(
                "POST", url, content=payload, headers=headers
            ) as response:
                return response.status_code
        except httpx2.HTTPError:
            return 0
