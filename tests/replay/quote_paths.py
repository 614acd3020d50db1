"""The ways of a quote's run whose histories are recorded."""

from collections.abc import Awaitable, Callable

from studio.contracts.payment import EventKind, PaymentEvent, PaymentState, RefundState
from tests.kit.scripted import ScriptedStudio, fail
from tests.kit.scripted_quote import DECLINED, UNKNOWN, PaidHandle, ScriptedQuote, payment_input
from workflows.paid_render import PaidRenderWorkflow

QuoteMeanwhile = Callable[[PaidHandle, ScriptedQuote], Awaitable[None]]
QuotePath = tuple[ScriptedQuote, PaymentEvent | None, QuoteMeanwhile]

TOLD = PaymentEvent(kind=EventKind.PAYMENT_SUCCEEDED, payment_id="pi_told", challenge_id="c1")
DISPUTED = PaymentEvent(kind=EventKind.DISPUTED, payment_id="pi_1")
ARRIVED = PaymentEvent(
    kind=EventKind.REFUND_CHANGED,
    payment_id="pi_1",
    refund_id="re_1",
    refund_state=RefundState.SUCCEEDED,
)


async def _nothing(_handle: PaidHandle, _quote: ScriptedQuote) -> None:
    """The run is left alone."""


async def _tell_of_payment(handle: PaidHandle, quote: ScriptedQuote) -> None:
    await quote.until(lambda: bool(quote.charges))
    await handle.signal(PaidRenderWorkflow.payment_event, TOLD)


async def _claim_again(handle: PaidHandle, quote: ScriptedQuote) -> None:
    await quote.until(lambda: quote.state is PaymentState.QUOTED)
    quote.state = PaymentState.SETTLING
    await handle.signal(PaidRenderWorkflow.claimed)


async def _cancel_while_filming(handle: PaidHandle, quote: ScriptedQuote) -> None:
    await quote.studio.reached["await_clip/1"].wait()
    quote.canceled = True
    await handle.signal(PaidRenderWorkflow.claimed)


async def _cancel_natively(handle: PaidHandle, quote: ScriptedQuote) -> None:
    await quote.studio.reached["await_clip/1"].wait()
    await handle.cancel()


async def _dispute(handle: PaidHandle, quote: ScriptedQuote) -> None:
    await quote.studio.reached["await_clip/1"].wait()
    await handle.signal(PaidRenderWorkflow.payment_event, DISPUTED)


async def _tell_of_refund(handle: PaidHandle, quote: ScriptedQuote) -> None:
    await quote.until(lambda: quote.refund_state is RefundState.PENDING)
    await handle.signal(PaidRenderWorkflow.payment_event, ARRIVED)


async def _pay_twice(handle: PaidHandle, quote: ScriptedQuote) -> None:
    await quote.studio.reached["await_clip/1"].wait()
    await handle.signal(PaidRenderWorkflow.payment_event, TOLD)
    await quote.until(lambda: bool(quote.refunded))
    quote.studio.gates["await_clip/1"].set()


def quote_paths() -> dict[str, QuotePath]:
    """By the names of their files."""
    done = PaymentState.COMPLETED
    return {
        "quote-paid": (ScriptedQuote(payment_input()), None, _nothing),
        "quote-told-by-webhook": (
            ScriptedQuote(payment_input(), answers=[UNKNOWN]),
            None,
            _tell_of_payment,
        ),
        "quote-declined-then-paid": (
            ScriptedQuote(payment_input(), answers=[DECLINED, "pi_2"]),
            None,
            _claim_again,
        ),
        "quote-expired": (
            ScriptedQuote(payment_input(lifetime_seconds=1), answers=[DECLINED]),
            None,
            _nothing,
        ),
        "quote-render-failed": (
            ScriptedQuote(payment_input(), ScriptedStudio({"plan_shots": fail("x", "No.")})),
            None,
            _nothing,
        ),
        "quote-canceled": (_filming(), None, _cancel_while_filming),
        "quote-canceled-natively": (_filming(), None, _cancel_natively),
        "quote-disputed": (_filming(), None, _dispute),
        "quote-paid-twice": (_filming(), None, _pay_twice),
        "quote-refund-pending": (
            ScriptedQuote(payment_input(), owed=5, refunds=[RefundState.PENDING]),
            None,
            _tell_of_refund,
        ),
        "quote-refund-sent-back": (
            ScriptedQuote(payment_input(), owed=5, refunds=[RefundState.FAILED]),
            None,
            _nothing,
        ),
        "quote-late-dispute": (
            ScriptedQuote(payment_input(), state=done, paid_by="pi_1"),
            DISPUTED,
            _nothing,
        ),
    }


def _filming() -> ScriptedQuote:
    """Held while its clip is filmed."""
    quote = ScriptedQuote(payment_input())
    quote.studio.gate("await_clip/1")
    return quote
