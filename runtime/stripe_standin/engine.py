"""The stand-in itself, without HTTP: state, idempotency, and what happens by itself."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from runtime.stripe_standin import sessions, turns
from runtime.stripe_standin.books import Books
from runtime.stripe_standin.documents import charge_document
from runtime.stripe_standin.faults import Faults
from runtime.stripe_standin.idempotency import Idempotency
from runtime.stripe_standin.intents import with_charge
from runtime.stripe_standin.payment_methods import find_method
from runtime.stripe_standin.records import (
    Charge,
    CheckoutSession,
    Event,
    Intent,
    Pending,
    Refund,
)
from runtime.stripe_standin.refund_documents import refund_document
from runtime.stripe_standin.refusals import StripeRefusal, broken, unknown
from runtime.stripe_standin.routes import METHODS, ApiRoute
from runtime.stripe_standin.session_documents import session_document
from runtime.stripe_standin.settings import StandinSettings
from runtime.stripe_standin.store import Store
from runtime.stripe_standin.webhooks import Webhooks
from runtime.stripe_standin.wire import Answer, Call, Json, json_answer
from runtime.stripe_standin.work import Work

TEST_KEY_PREFIXES: Final = ("sk_test_", "rk_test_")


class Standin:
    """Used from the loop of its server, but for `faults` and `books`, which any thread may use.

    Raises ValueError for a secret key that is not a test key.
    """

    def __init__(self, settings: StandinSettings, now: Callable[[], float] = time.time) -> None:
        if settings.secret_key and not settings.secret_key.startswith(TEST_KEY_PREFIXES):
            raise ValueError("The stand-in takes test keys only (sk_test_… or rk_test_…).")
        self.settings = settings
        self.now = now
        self.store = Store(settings.state_file)
        self.books = Books(self.store)
        self.faults = Faults(METHODS)
        self.idempotency = Idempotency(self.store, now)
        self.webhooks = Webhooks(settings, self.store, now)
        self.stopping = asyncio.Event()
        self._hurried = asyncio.Event()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def start(self) -> None:
        """Take up what an earlier process with this state left to be done."""
        self.idempotency.prune()
        self.webhooks.start()
        self._await_turns(self.store.all(Pending))

    async def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        await self.webhooks.close()
        self.store.close()

    def perform(self, route: ApiRoute, call: Call, *, broken_status: int | None = None) -> Answer:
        """Do what is asked, in one transaction with the answer that the idempotency key keeps.

        With `broken_status` it is done, and the answer is that error.
        """
        work = Work(
            self.store, self.settings, int(self.now()), call.request_id, call.idempotency_key
        )
        with self.store.transaction():
            answer, is_kept = self._attempt(route, work, call)
            if broken_status is not None:
                answer = json_answer(broken(broken_status).document(), broken_status)
                is_kept = True
            if is_kept and call.idempotency_key is not None:
                self.idempotency.keep(call.idempotency_key, call, answer)
        self._take_up(work)
        return answer

    async def delay(self, seconds: float) -> None:
        """Wait so long, or until `hurry` or the end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), seconds)

    def hurry(self) -> None:
        """Let those who wait go on now."""
        self._hurried.set()
        self._hurried = asyncio.Event()

    def stop_waiting(self) -> None:
        """End delays and hanging requests, as the server stops."""
        self.stopping.set()
        self.hurry()

    def let_turns_happen(self) -> None:
        """Do now what would happen by itself later; what has a time of its own waits for it."""
        now = self.now()
        for pending in self.store.all(Pending):
            if pending.due_at is None or pending.due_at <= now:
                self._happen(pending)

    def dispute(self, intent_id: str) -> None:
        """Let the customer's bank take the payment back. ValueError where there is no charge."""
        intent = self.store.get(Intent, intent_id)
        charge = self.store.get(Charge, intent.charge_id or "") if intent else None
        if charge is None or charge.status != "succeeded":
            raise ValueError("There is no such payment, or it was not charged.")
        work = Work(self.store, self.settings, int(self.now()))
        with self.store.transaction():
            turns.dispute(work, charge)
        self._take_up(work)

    def session(self, session_id: str) -> CheckoutSession | None:
        return self.store.get(CheckoutSession, session_id)

    def pay(self, session_id: str, method: str) -> tuple[CheckoutSession, str | None]:
        """Pay a session as its customer; it as it is now, and why the method was declined.

        ValueError where there is no such session or method.
        """
        session = self.session(session_id)
        if session is None or find_method(method) is None:
            raise ValueError("There is no such session or payment method.")
        work = Work(self.store, self.settings, int(self.now()))
        with self.store.transaction():
            refusal = sessions.pay(work, session, method)
        self._take_up(work)
        return self.store.get(CheckoutSession, session_id) or session, refusal

    def tell(self, kind: str, subject: Json) -> Event:
        """Send an event of any type about any object now, also while others are held."""
        work = Work(self.store, self.settings, int(self.now()))
        with self.store.transaction():
            work.tell(kind, subject)
        self.webhooks.send_now(work.events)
        return work.events[0]

    def document_of(self, object_id: str) -> Json:
        """A payment, charge, refund or session as it is now. ValueError where there is none."""
        if intent := self.store.get(Intent, object_id):
            return with_charge(Work(self.store, self.settings, int(self.now())), intent)
        if charge := self.store.get(Charge, object_id):
            return charge_document(charge)
        if refund := self.store.get(Refund, object_id):
            return refund_document(refund)
        if session := self.session(object_id):
            return session_document(session, self.settings.url)
        raise ValueError(f"There is no payment, charge, refund or session {object_id!r}.")

    def is_at(self, url: str) -> None:
        """Say where it is served, before it is."""
        self.settings = replace(self.settings, url=url)

    def change(self, **changes: float) -> None:
        """Change `search_delay_seconds` or `later_seconds`, for what comes from now on."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]  # its fields

    def _attempt(self, route: ApiRoute, work: Work, call: Call) -> tuple[Answer, bool]:
        try:
            for name in sorted(call.form.names - route.parameters):
                raise unknown(name)
            return json_answer(route.handler(work, call)), True
        except StripeRefusal as refusal:
            answer = json_answer(refusal.document(), refusal.status, refusal.headers)
            return answer, refusal.executed

    def _take_up(self, work: Work) -> None:
        self.webhooks.send(work.events)
        self._await_turns(work.pending)

    def _await_turns(self, pending: list[Pending]) -> None:
        loop = asyncio.get_running_loop()
        for one in pending:
            due = one.created + self.settings.later_seconds if one.due_at is None else one.due_at
            wait_seconds = max(0.0, due - self.now())
            self._timers[one.id] = loop.call_later(wait_seconds, self._happen, one)

    def _happen(self, pending: Pending) -> None:
        timer = self._timers.pop(pending.id, None)
        if timer is not None:
            timer.cancel()
        work = Work(self.store, self.settings, int(self.now()))
        with self.store.transaction():
            turns.happen(work, pending)
        self._take_up(work)
