"""What can be asked about a quote by whoever has its claim token, and its cancellation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from gateway.clock import Clock
from gateway.services.quote_views import QuoteView
from gateway.services.quotes import Quotes
from gateway.services.renders import Renders
from gateway.services.threads import Threads
from gateway.services.views import RenderFacts, RenderView
from gateway.services.workflows import PaymentStarter, WorkflowsUnavailable
from studio.contracts.payment import CANCELABLE_STATES, MAKING_STATES, PaymentState
from studio.contracts.plan import ChargePlan
from studio.contracts.status import ClipState, RenderSnapshot, RenderState
from studio.ledger.service import LineReceipt, receipt
from studio.quotes.errors import QuoteError
from studio.quotes.progress import request_cancel
from studio.renders.errors import UnknownRender
from studio.renders.first_snapshot import first_snapshot

CANCELED_SENTENCE: Final = (
    "The render was canceled before it began; the whole payment goes back to the card."
)
NOT_BEGUN_SENTENCE: Final = (
    "The render could not be begun; the whole payment goes back to the card."
)
RUN_NOT_WOKEN: Final = "wish to cancel written down but its run not woken; the sweep will"

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


class NotPaid(QuoteError):
    """There is no receipt of a quote that nobody paid."""

    code = "quote_not_paid"

    def __init__(self) -> None:
        super().__init__("This quote is not paid, so there is no receipt yet.")


@dataclass(frozen=True)
class PaidView:
    """A quote and its render, which is None until the quote is paid."""

    quote: QuoteView
    render: RenderView | None


@dataclass(frozen=True)
class PaidReceipt:
    """The charge lines of a paid quote. `money` is empty until its render has begun."""

    quote: QuoteView
    charges: ChargePlan
    money: dict[str, LineReceipt]


class PaidRenders:
    """Renders of quotes. Their owner is the quote; their first record is its row."""

    def __init__(
        self,
        *,
        threads: Threads,
        quotes: Quotes,
        renders: Renders,
        starter: PaymentStarter,
        clock: Clock,
    ) -> None:
        self._threads = threads
        self._quotes = quotes
        self._renders = renders
        self._starter = starter
        self._clock = clock

    async def get(self, quote_id: str | None, claim_token: str) -> PaidView:
        """The quote and its render as they are now; its claim token may do alone. UnknownQuote."""
        return await self.view(await self._quotes.claimed(quote_id, claim_token))

    async def view(self, quote: QuoteView) -> PaidView:
        """The same for whoever has proved that the quote is theirs."""
        if not quote.is_paid:
            return PaidView(quote, None)
        try:
            render = await self._renders.get(quote.project_id, lambda _session: quote.quote_id)
        except UnknownRender:
            render = _not_begun(quote)
        return PaidView(quote, render)

    async def cancel(self, quote_id: str | None, claim_token: str) -> PaidView:
        """End a quote that is not paid, or ask its render to end. What has ended stays as it is.

        UnknownQuote; WorkflowsUnavailable before anything was changed.
        """
        quote = await self._quotes.claimed(quote_id, claim_token)
        # A wish that is written down was told, or the sweep tells it: every signal is an event of
        # the run's history, and a history that is too long ends the run.
        is_new = quote.state in CANCELABLE_STATES and not quote.cancel_requested
        if is_new and not await self._has_ended(quote):
            await self._cancel(quote)
        return await self.view(await self._quotes.load(quote.quote_id))

    async def receipt(self, quote_id: str, claim_token: str) -> PaidReceipt:
        """What was charged of the payment, line by line. UnknownQuote, NotPaid."""
        quote = await self._quotes.claimed(quote_id, claim_token)
        if not quote.is_paid:
            raise NotPaid
        money = await self._threads.read(lambda s: receipt(s, subject=quote.project_id))
        return PaidReceipt(quote, quote.render.plan.charges, money)

    async def _has_ended(self, quote: QuoteView) -> bool:
        render = (await self.view(quote)).render
        return render is not None and render.is_terminal

    async def _cancel(self, quote: QuoteView) -> None:
        """The wish goes into the quote's row first: a render that begins afterwards sees it."""
        if quote.state is not PaymentState.QUOTED:
            await self._starter.check()
        now = self._clock.now()
        state = await self._threads.write(
            lambda session: request_cancel(session, quote.quote_id, now=now)
        )
        if state is PaymentState.RENDERING:
            await self._cancel_render(quote)
        if state in CANCELABLE_STATES:
            await self._wake(quote)

    async def _cancel_render(self, quote: QuoteView) -> None:
        try:
            await self._renders.cancel(quote.project_id, lambda _session: quote.quote_id)
        except (UnknownRender, WorkflowsUnavailable) as error:
            _log.warning(RUN_NOT_WOKEN, quote_id=quote.quote_id, error=type(error).__name__)

    async def _wake(self, quote: QuoteView) -> None:
        try:
            await self._starter.settle(quote.payment)
        except WorkflowsUnavailable:
            _log.warning(RUN_NOT_WOKEN, quote_id=quote.quote_id)


def _not_begun(quote: QuoteView) -> RenderView:
    """A paid render without a row of its own: still to begin, or never to."""
    waits = quote.state in MAKING_STATES
    finished_at: datetime | None = None if waits else quote.updated_at
    return RenderView(
        project_id=quote.project_id,
        account_id=quote.quote_id,
        name=quote.name,
        facts=RenderFacts.of(quote.render),
        snapshot=_queued(quote) if waits else _given_up(quote),
        run_id=None,
        cancel_requested=quote.cancel_requested,
        created_at=quote.paid_at or quote.created_at,
        updated_at=quote.updated_at,
        finished_at=finished_at,
    )


def _queued(quote: QuoteView) -> RenderSnapshot:
    return first_snapshot(quote.render.plan)


def _given_up(quote: QuoteView) -> RenderSnapshot:
    first = _queued(quote)
    canceled = quote.cancel_requested
    return first.model_copy(
        update={
            "revision": 1,
            "status": RenderState.CANCELED if canceled else RenderState.FAILED,
            "last_error": CANCELED_SENTENCE if canceled else NOT_BEGUN_SENTENCE,
            "clips": tuple(
                clip.model_copy(update={"status": ClipState.CANCELED}) for clip in first.clips
            ),
        }
    )
