"""A quote in memory behind a paid render's workflow, so that its decisions can be tested.

It keeps the states as the row does; what Stripe answers is scripted. The render itself is that of
a `ScriptedStudio`.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from studio.contracts.launch import payment_start_arguments
from studio.contracts.payment import (
    UNPAID_STATES,
    BegunRender,
    EventKind,
    EventTask,
    PaidRenderInput,
    PaymentEvent,
    PaymentState,
    QuoteStanding,
    QuoteTask,
    RefundStanding,
    RefundState,
    RefundTask,
    SettleTask,
)
from studio.contracts.status import TERMINAL_STATES, RenderState
from studio.contracts.workflow_io import RenderInput
from tests.kit.renders import render_input
from tests.kit.scripted import ScriptedStudio
from workflows.paid_render import PaidRenderWorkflow
from workflows.payment_view import PaymentStanding
from workflows.render import RenderWorkflow

PaidHandle = WorkflowHandle[PaidRenderWorkflow, PaymentStanding]

Answer = TypeVar("Answer")

DECLINED = "declined"
UNKNOWN = "unknown"


def payment_input(
    render: RenderInput | None = None, *, lifetime_seconds: float = 1800
) -> PaidRenderInput:
    """A quote of a render of one shot, as it travels to its workflow."""
    quote_id = f"quote_{uuid.uuid4().hex[:24]}"
    made = (render or render_input(shots=1)).model_copy(update={"account_id": quote_id})
    return PaidRenderInput(
        quote_id=quote_id,
        project_id=made.project_id,
        amount_cents=made.plan.charges.total_credits,
        currency="usd",
        charges_digest=made.plan.charges.digest,
        expires_at=datetime.now(UTC) + timedelta(seconds=lifetime_seconds),
        name=made.name,
        render=made,
    )


@dataclass
class ScriptedQuote:
    """`answers` are what a charge comes to, one a try: a payment's id, DECLINED or UNKNOWN; the
    last one stays. `refunds` likewise. `failures` raise by the name of the activity, once each.
    """

    payment: PaidRenderInput
    studio: ScriptedStudio = field(default_factory=ScriptedStudio)
    state: PaymentState = PaymentState.SETTLING
    answers: list[str] = field(default_factory=lambda: ["pi_1"])
    refunds: list[RefundState] = field(default_factory=lambda: [RefundState.SUCCEEDED])
    failures: dict[str, list[ApplicationError]] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    reached: dict[str, asyncio.Event] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    charges: list[str] = field(default_factory=list)
    events: list[PaymentEvent] = field(default_factory=list)
    refunded: list[str] = field(default_factory=list)
    paid_by: str | None = None
    canceled: bool = False
    owed: int | None = None
    refund_state: RefundState | None = None
    has_row: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def gate(self, name: str) -> asyncio.Event:
        """Hold this activity; the returned event says that it was reached."""
        self.gates[name] = asyncio.Event()
        return self.reached.setdefault(name, asyncio.Event())

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait until an activity has made this true."""
        async with self.changed:
            await self.changed.wait_for(wanted)

    @asynccontextmanager
    async def _step(self, name: str) -> AsyncIterator[None]:
        """Do as scripted, then what is in the block, and tell who waits for it."""
        self.calls[name] += 1
        try:
            await self._follow_script(name)
            yield
        finally:
            async with self.changed:
                self.changed.notify_all()

    async def _follow_script(self, name: str) -> None:
        if name in self.gates:
            self.reached[name].set()
            while not self.gates[name].is_set():
                if activity.info().heartbeat_timeout is not None:
                    activity.heartbeat()
                await asyncio.sleep(0.02)
        if self.failures.get(name):
            raise self.failures[name].pop(0)

    @activity.defn
    async def settle_payment(self, task: SettleTask) -> QuoteStanding:
        if task.event is not None:
            async with self._step("settle_event"):
                self.events.append(task.event)
                if task.event.kind is EventKind.PAYMENT_SUCCEEDED:
                    return self._pay(task.event.payment_id)
                return self._standing()
        is_claimed = self.state is PaymentState.SETTLING
        async with self._step("settle_payment"):
            if is_claimed:
                answer = self._next(self.answers)
                self.charges.append(answer)
                if answer == UNKNOWN:
                    raise ApplicationError("Stripe did not say.", type="payment_unknown")
                if answer == DECLINED:
                    self.state = PaymentState.QUOTED
                else:
                    return self._pay(answer)
            is_late = datetime.now(UTC) >= self.payment.expires_at
            if self.state is PaymentState.QUOTED and (is_late or self.canceled):
                self.state = PaymentState.EXPIRED
            return self._standing()

    def _pay(self, payment_id: str) -> QuoteStanding:
        if self.paid_by is None and self.state in UNPAID_STATES:
            self.state, self.paid_by = PaymentState.PAID, payment_id
        stray = payment_id if self.paid_by != payment_id else None
        return self._standing(stray)

    @activity.defn
    async def begin_render(self, _task: QuoteTask) -> BegunRender:
        async with self._step("begin_render"):
            if self.has_row:
                return BegunRender(starts=not self._has_ended)
            if self.state is not PaymentState.PAID or self.canceled:
                return BegunRender(starts=False)
            self.state, self.has_row = PaymentState.RENDERING, True
            return BegunRender(starts=True)

    @activity.defn
    async def conclude_quote(self, _task: QuoteTask) -> QuoteStanding:
        async with self._step("conclude_quote"):
            if self.state not in {PaymentState.PAID, PaymentState.RENDERING}:
                return self._standing()
            if self.has_row and not self._has_ended:
                raise ApplicationError("It has not ended.", type="render_not_ended")
            status = self.studio.snapshots[-1].status if self.has_row else None
            settled = sum(self.studio.prices[line] for line in self.studio.settled)
            kept = 0 if status in (None, RenderState.FAILED) else settled
            owed = self.payment.amount_cents - kept if self.owed is None else self.owed
            ended = (
                PaymentState.COMPLETED if status is RenderState.COMPLETED else PaymentState.FAILED
            )
            self.owed, self.state = owed, PaymentState.REFUNDING if owed else ended
            return self._standing()

    @activity.defn
    async def refund_payment(self, task: RefundTask) -> RefundStanding:
        async with self._step("refund_stray" if task.stray_payment_id else "refund_payment"):
            if task.stray_payment_id is not None:
                self.refunded.append(task.stray_payment_id)
                return RefundStanding(
                    state=RefundState.SUCCEEDED, amount_cents=self.payment.amount_cents
                )
            if self.state is PaymentState.REFUNDING:
                self.refund_state = self._next(self.refunds)
                if self.refund_state is RefundState.SUCCEEDED:
                    self.state = PaymentState.REFUNDED
                    self.refunded.append(self.paid_by or "")
            return RefundStanding(state=self.refund_state, amount_cents=self.owed or 0)

    @activity.defn
    async def note_event(self, task: EventTask) -> QuoteStanding:
        async with self._step("note_event"):
            event = task.event
            self.events.append(event)
            if event.kind is EventKind.DISPUTED:
                self.canceled = True
            elif event.refund_state is RefundState.SUCCEEDED:
                self.state, self.refund_state = PaymentState.REFUNDED, event.refund_state
            elif event.refund_state is RefundState.FAILED:
                self.state = PaymentState.REFUNDING
                self.refunds = [RefundState.FAILED]
            return self._standing()

    @property
    def _has_ended(self) -> bool:
        snapshots = self.studio.snapshots
        return bool(snapshots) and snapshots[-1].status in TERMINAL_STATES

    def _standing(self, stray: str | None = None) -> QuoteStanding:
        return QuoteStanding(state=self.state, stray_payment_id=stray, canceled=self.canceled)

    @staticmethod
    def _next(answers: list[Answer]) -> Answer:
        return answers.pop(0) if len(answers) > 1 else answers[0]


@asynccontextmanager
async def paying(
    client: Client, quote: ScriptedQuote, *, event: PaymentEvent | None = None
) -> AsyncIterator[PaidHandle]:
    """Workers on a queue of their own, and the quote's run started as the gateway does it.

    The history is replayed at the end.
    """
    queue = f"test-{uuid.uuid4().hex[:8]}"
    render_worker, media_worker = quote.studio.workers(
        client,
        queue,
        workflows=(RenderWorkflow, PaidRenderWorkflow),
        activities=(
            quote.settle_payment,
            quote.begin_render,
            quote.conclude_quote,
            quote.refund_payment,
            quote.note_event,
        ),
    )
    async with media_worker, render_worker:
        handle = await client.start_workflow(
            PaidRenderWorkflow.run,
            quote.payment,
            task_queue=queue,
            **payment_start_arguments(quote.payment, event=event),
        )
        yield handle
        history = await handle.fetch_history()
    replayer = Replayer(workflows=[PaidRenderWorkflow], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(history)
