"""One quote's money, end to end: charged once, rendered once, and what is left over given back.

Its id is `paid-render-{quote_id}`. The quote's row decides everything: each step is an activity
that looks at the row before it does anything, so that this run may be started, stopped, reset and
followed by another at any moment. A run ends where nothing is left to do; what happens later, such
as a refund that fails or a dispute, starts another one that does just what it is for.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.names import (
    CANCEL_WISH_SIGNAL,
    CLAIMED_SIGNAL,
    PAID_RENDER_WORKFLOW,
    PAYMENT_EVENT_SIGNAL,
    STATUS_QUERY,
)
from studio.contracts.payment import (
    FINAL_STATES,
    UNPAID_STATES,
    EventKind,
    PaidRenderInput,
    PaymentEvent,
    PaymentState,
    QuoteStanding,
    RefundState,
)
from workflows.failures import describe
from workflows.guest_render import cancel_render, start_render
from workflows.payment_calls import PaymentCalls
from workflows.payment_view import PaymentStanding, PaymentView

CLOCK_GRACE: Final = timedelta(seconds=2)
"""A worker's clock may be behind Temporal's: a quote is not expired before both say so."""

REFUND_LOOK_MIN: Final = timedelta(minutes=1)
REFUND_LOOK_MAX: Final = timedelta(hours=12)
"""A pending refund takes days, and a webhook tells its end; this is for webhooks that are lost."""

STUCK_MIN: Final = timedelta(minutes=1)
STUCK_MAX: Final = timedelta(hours=6)
"""What no retry mends waits for an operator; then it is tried again, or when it is signaled."""

_PAUSE_GROWTH: Final = 4

T = TypeVar("T")


@workflow.defn(name=PAID_RENDER_WORKFLOW)
class PaidRenderWorkflow:
    """One quote. Query `status`; signals say that its row changed, or what Stripe told."""

    @workflow.init
    def __init__(self, payment: PaidRenderInput) -> None:
        self._payment = payment
        self._calls = PaymentCalls(payment)
        self._view = PaymentView(payment)
        self._events: list[PaymentEvent] = []
        self._disputes: list[PaymentEvent] = []
        self._aside: list[asyncio.Task[None]] = []
        self._is_told = False
        self._withdrawn = False
        self._render_told = False
        self._pause = STUCK_MIN

    @workflow.run
    async def run(self, _payment: PaidRenderInput) -> PaymentStanding:
        carrying = asyncio.create_task(self._carry())
        native_cancellation: asyncio.CancelledError | None = None
        while not carrying.done():
            try:
                await workflow.wait([carrying])
            except asyncio.CancelledError as error:
                # The render is not wanted any more; the money still comes to rest.
                native_cancellation, self._withdrawn = error, True
        carrying.result()
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.logger.info("quote's run ended", extra={"state": self._state})
        if native_cancellation is not None and self._state is not PaymentState.COMPLETED:
            raise native_cancellation
        return self._view.standing

    @workflow.query(name=STATUS_QUERY, description="Where the money of the quote is.")
    def status(self) -> PaymentStanding:
        return self._view.standing

    @workflow.signal(name=CLAIMED_SIGNAL, description="The quote's row changed: look at it.")
    def claimed(self) -> None:
        self._is_told = True

    @workflow.signal(
        name=CANCEL_WISH_SIGNAL, description="The row says that the render is not wanted any more."
    )
    def cancel(self, _reason: str = "") -> None:
        self._is_told = True

    @workflow.signal(name=PAYMENT_EVENT_SIGNAL, description="What Stripe told of the quote.")
    def payment_event(self, event: PaymentEvent) -> None:
        if event not in self._events:
            self._events.append(event)

    @property
    def _state(self) -> PaymentState | None:
        return self._view.state

    async def _carry(self) -> None:
        """Do what the row's state asks for, until it asks for nothing."""
        while True:
            await self._hear()
            try:
                is_over = await self._step()
            except ActivityError as error:
                is_over = await self._wait_for_operator(error)
            if is_over:
                await workflow.wait_condition(
                    lambda: bool(self._events) or all(task.done() for task in self._aside)
                )
                if not self._events:
                    return

    async def _step(self) -> bool:
        """One step; whether nothing is left to do."""
        match self._state:
            case None | PaymentState.SETTLING:
                await self._settle()
            case PaymentState.QUOTED:
                return await self._wait_for_payment()
            case PaymentState.PAID | PaymentState.RENDERING:
                await self._make_film()
                await self._conclude()
            case PaymentState.REFUNDING:
                return await self._give_back()
            case _:
                return True
        return False

    async def _settle(self) -> None:
        """Ask what became of the payment; what the processor tells by itself ends the waiting."""
        self._is_told = False
        asking = asyncio.create_task(
            self._calls.look("Look at the quote, and charge what was claimed")
        )
        standing = await self._attend(asking, until=lambda: self._is_paid)
        if standing is not None:
            self._take(standing)
        else:
            self._aside.append(asyncio.create_task(self._hear_late(asking)))

    async def _hear_late(self, asking: "asyncio.Task[QuoteStanding]") -> None:
        """A charge is never torn off: if it went through beside the other one, it goes back."""
        try:
            standing = await asking
        except ActivityError as error:
            self._fail(error)
        else:
            self._note_stray(standing)

    async def _wait_for_payment(self) -> bool:
        """Wait for a claim, and let the quote expire in the end."""
        if self._withdrawn:
            return True
        left = self._payment.expires_at - workflow.now()
        await self._wait(max(left, timedelta()) + CLOCK_GRACE, "The quote expires")
        if not self._withdrawn and not self._events:
            await self._settle()
        return False

    async def _make_film(self) -> None:
        """Have the render made that was paid for, once, and wait until it has ended."""
        if self._withdrawn and self._state is PaymentState.PAID:
            return
        try:
            begun = await self._calls.begin()
        except ActivityError as error:
            # Nothing was begun, and nothing will be: everything goes back.
            self._fail(error)
            return
        if not begun.starts:
            return
        self._take(QuoteStanding(state=PaymentState.RENDERING, canceled=self._canceled))
        rendering = await start_render(self._payment.render)
        if rendering is not None:
            await self._attend(rendering)

    async def _conclude(self) -> None:
        """Find out what goes back, as soon as the render's row says how it ended."""
        standing = await self._attend(asyncio.create_task(self._calls.conclude()))
        if standing is not None:
            self._take(standing)
        # What the render stored after a dispute goes the way of the rest.
        self._events += [event for event in self._disputes if event not in self._events]
        self._disputes.clear()
        self._pause = REFUND_LOOK_MIN

    async def _give_back(self) -> bool:
        """Ask for the refund, then how it stands, until it has arrived or was sent back."""
        self._is_told = False
        refund = await self._attend(asyncio.create_task(self._calls.refund()))
        if refund is None or self._state is not PaymentState.REFUNDING:
            return False  # a webhook was quicker
        self._view.fail(None)
        self._view.take_refund(refund)
        if refund.state is None:
            self._take(await self._calls.look("Look at the quote"))
            return False
        if refund.state is not RefundState.PENDING or self._withdrawn:
            return True  # one that is under way is looked after by the sweep
        await self._wait(self._next_pause(REFUND_LOOK_MAX), "Look again at the pending refund")
        return False

    async def _wait_for_operator(self, error: ActivityError) -> bool:
        """What no retry mends: show it, and try again when told, or much later."""
        self._fail(error)
        if self._withdrawn:
            return True
        self._is_told = False
        await self._wait(self._next_pause(STUCK_MAX), "An operator has to look at this")
        return False

    async def _attend(
        self, work: "asyncio.Task[T]", *, until: Callable[[], bool] = lambda: False
    ) -> T | None:
        """Wait for work, and hear what is told meanwhile; None where that has made it moot."""
        while not work.done():
            await workflow.wait_condition(
                lambda: work.done() or bool(self._events) or self._has_wish
            )
            await self._hear()
            if until():
                return None
            await self._pass_on_wish()
        return work.result()

    @property
    def _has_wish(self) -> bool:
        """Whether the render is to be told something."""
        is_new = self._is_told or ((self._withdrawn or self._canceled) and not self._render_told)
        return self._state is PaymentState.RENDERING and is_new

    async def _pass_on_wish(self) -> None:
        """Tell the render, once, that it is not wanted any more; the row may say so."""
        if not self._has_wish:
            return
        if self._is_told:
            self._is_told = False
            self._take(await self._calls.look("Look whether the render is still wanted"))
        if (self._withdrawn or self._canceled) and not self._render_told:
            self._render_told = True
            await cancel_render(self._payment.project_id)

    async def _hear(self) -> None:
        """Write down what Stripe told, in the order in which it came."""
        while self._events:
            event = self._events.pop(0)
            if event.kind is EventKind.DISPUTED and self._state not in FINAL_STATES:
                self._disputes.append(event)
            try:
                self._take(await self._calls.write_down(event))
            except ActivityError as error:
                self._fail(error)

    def _take(self, standing: QuoteStanding) -> None:
        if self._state is not standing.state:
            self._view.fail(None)
        self._view.take(standing)
        self._note_stray(standing)

    def _note_stray(self, standing: QuoteStanding) -> None:
        stray = standing.stray_payment_id
        if stray is not None and stray not in self._view.standing.strays:
            self._view.add_stray(stray)
            self._aside.append(asyncio.create_task(self._give_back_stray(stray)))

    async def _give_back_stray(self, payment_id: str) -> None:
        try:
            await self._calls.refund_stray(payment_id)
        except ActivityError as error:
            self._fail(error)

    async def _wait(self, time: timedelta, summary: str) -> None:
        """Wait, or until something was told."""
        self._view.wait_until(workflow.now() + time)
        try:
            await workflow.wait_condition(
                lambda: self._is_told or bool(self._events) or self._withdrawn,
                timeout=time,
                timeout_summary=summary,
            )
        except TimeoutError:
            pass
        finally:
            self._view.wait_until(None)

    def _next_pause(self, longest: timedelta) -> timedelta:
        pause, self._pause = self._pause, min(self._pause * _PAUSE_GROWTH, longest)
        return pause

    def _fail(self, error: ActivityError) -> None:
        sentence = describe(error)
        workflow.logger.error("a step of a quote's money failed", extra={"reason": sentence})
        self._view.fail(sentence)

    @property
    def _is_paid(self) -> bool:
        return self._state is not None and self._state not in UNPAID_STATES

    @property
    def _canceled(self) -> bool:
        return self._view.standing.canceled
