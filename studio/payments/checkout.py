"""Purchases of credits at Stripe Checkout, over Stripe's SDK.

A session is read with all that became of its payment, in at most three requests: webhooks only say
that there is something to read. Sources: docs.stripe.com/api/checkout/sessions, /refunds,
/disputes, and docs.stripe.com/checkout/fulfillment.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from stripe import HTTPXClient, IdempotencyError, InvalidRequestError, StripeClient, StripeError

from studio.contracts.payment import SENT_BACK_STATES
from studio.contracts.purchase import (
    CheckoutPage,
    CheckoutUnavailable,
    FoundPurchase,
    PurchaseOrder,
    PurchaseRefund,
    PurchaseStanding,
    PurchaseState,
)
from studio.payments.errors import (
    CheckoutRefused,
    PaymentUnknown,
    RefundRefused,
)
from studio.payments.stripe import (
    ANSWER_SECONDS_MAX,
    PAGE_LENGTH,
    stripe_client,
    stripe_connections,
)
from studio.payments.stripe_answers import (
    REFUND_STATES,
    Document,
    document_of,
    failure,
    known_code,
    metadata_of,
    page_of,
    text,
)

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

TOP_UP_MARK: Final = "top_up_id"
"""The metadata key of our orders, on the session and on its payment."""

NOT_TAKEN: Final = frozenset(
    {"won", "prevented", "warning_needs_response", "warning_under_review", "warning_closed"}
)
"""Disputes whose money is ours: those that we won, those that a refund has prevented, and questions
of a bank before there is a dispute (docs.stripe.com/api/disputes/object#dispute_object-status)."""

_FAILED: Final = frozenset({"requires_payment_method", "canceled"})


class StripeCheckout:
    """Implements `studio.topups.ports.Checkout`. One a process; `close` it."""

    def __init__(self, client: StripeClient, connections: HTTPXClient) -> None:
        self._sessions = client.v1.checkout.sessions
        self._refunds = client.v1.refunds
        self._disputes = client.v1.disputes
        self._connections = connections

    @classmethod
    def connect(
        cls,
        secret_key: str,
        *,
        base_url: str | None = None,
        answer_seconds_max: float = ANSWER_SECONDS_MAX,
    ) -> "StripeCheckout":
        """`base_url` is another address than Stripe's, such as a stand-in's."""
        connections = stripe_connections(answer_seconds_max)
        return cls(stripe_client(secret_key, connections, base_url=base_url), connections)

    async def close(self) -> None:
        await self._connections.close_async()  # type: ignore[no-untyped-call]  # of the SDK

    async def create(self, order: PurchaseOrder) -> CheckoutPage:
        with _asking():
            answer = await self._sessions.create_async(
                _parameters(order), {"idempotency_key": order.top_up_id}
            )
        session = document_of(answer)
        session_id, url = text(session, "id"), text(session, "url")
        if not session_id:
            raise CheckoutUnavailable
        if not url:  # the answer to a key that was used before, whose page is no more
            raise CheckoutRefused("its page is closed")
        return CheckoutPage(session_id=session_id, url=url)

    async def read(self, session_id: str) -> PurchaseStanding:
        with _asking():
            session = document_of(
                await self._sessions.retrieve_async(session_id, {"expand": ["payment_intent"]})
            )
        found = session.get("payment_intent")
        intent: Document = found if isinstance(found, Mapping) else {}
        state = _state(session, intent)
        payment_id = text(intent, "id")
        taken: dict[str, int] = {}
        if state is PurchaseState.PAID and payment_id:
            taken = await self._taken(payment_id)
        return PurchaseStanding(
            session_id=session_id,
            top_up_id=text(metadata_of(session), TOP_UP_MARK),
            state=state,
            url=text(session, "url") or None,
            payment_id=payment_id or None,
            received_cents=_cents(intent, "amount_received"),
            currency=text(intent, "currency").lower(),
            **taken,
        )

    async def find(self, payment_id: str) -> FoundPurchase | None:
        with _asking():
            answer = await self._sessions.list_async({"payment_intent": payment_id, "limit": 1})
            sessions = page_of(answer)
        if not sessions:
            return None
        session_id, mark = text(sessions[0], "id"), text(metadata_of(sessions[0]), TOP_UP_MARK)
        return FoundPurchase(session_id=session_id, top_up_id=mark) if mark else None

    async def refund(self, order: PurchaseRefund) -> None:
        try:
            with _asking():
                await self._refunds.create_async(
                    {
                        "payment_intent": order.payment_id,
                        "amount": order.amount_cents,
                        "reason": "requested_by_customer",
                        "metadata": {TOP_UP_MARK: order.top_up_id},
                    },
                    {"idempotency_key": order.key},
                )
        except CheckoutRefused as refusal:
            raise RefundRefused(
                f"The payment processor will not give back {order.amount_cents} cents of "
                f"{order.payment_id}: {refusal.detail}"
            ) from None

    async def _taken(self, payment_id: str) -> dict[str, int]:
        """What of a payment is not ours any more. One has a handful of refunds at most."""
        with _asking():
            of_payment = {"payment_intent": payment_id, "limit": PAGE_LENGTH}
            refunds = page_of(await self._refunds.list_async(of_payment))  # type: ignore[arg-type]  # both of them
            disputes = page_of(await self._disputes.list_async(of_payment))  # type: ignore[arg-type]  # likewise
        return {
            "refunded_cents": sum(
                _cents(refund, "amount")
                for refund in refunds
                if REFUND_STATES.get(text(refund, "status")) not in SENT_BACK_STATES
            ),
            "refunds_made": len(refunds),
            "disputed_cents": sum(
                _cents(dispute, "amount")
                for dispute in disputes
                if text(dispute, "status") not in NOT_TAKEN
            ),
        }


def _parameters(order: PurchaseOrder) -> "SessionCreateParams":
    mark = {TOP_UP_MARK: order.top_up_id}
    return {
        "mode": "payment",
        "line_items": [
            {
                "price_data": {
                    "currency": order.currency,
                    "unit_amount": order.amount_cents,
                    "product_data": {"name": f"{order.credits:,} credits"},
                },
                "quantity": 1,
            }
        ],
        "client_reference_id": order.top_up_id,
        "metadata": mark,
        "payment_intent_data": {"metadata": mark},
        # What is received is what was asked for: nothing is converted on the way.
        "adaptive_pricing": {"enabled": False},
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "expires_at": int(order.expires_at.timestamp()),
    }


def _state(session: Document, intent: Document) -> PurchaseState:
    """docs.stripe.com/api/checkout/sessions/object: `status` and `payment_status`."""
    if text(session, "payment_status") == "paid":
        return PurchaseState.PAID
    if text(session, "status") == "expired":
        return PurchaseState.EXPIRED
    if text(session, "status") != "complete":
        return PurchaseState.OPEN
    is_over = text(intent, "status") in _FAILED
    return PurchaseState.FAILED if is_over else PurchaseState.PROCESSING


def _cents(document: Document, name: str) -> int:
    """An amount. CheckoutUnavailable where the answer is none of Stripe's."""
    if not document:
        return 0
    value = document.get(name)
    if not isinstance(value, int):
        raise CheckoutUnavailable
    return value


@contextmanager
def _asking() -> Iterator[None]:
    """Turn the SDK's failures into ours. Its own sentences may have anything in them."""
    try:
        yield
    except IdempotencyError:
        raise CheckoutRefused("the same order was sent with other details") from None
    except InvalidRequestError as error:
        raise CheckoutRefused(known_code(error)) from None
    except StripeError as error:
        mapped = failure(error)
        raise (CheckoutUnavailable() if isinstance(mapped, PaymentUnknown) else mapped) from None
    except PaymentUnknown:
        raise CheckoutUnavailable from None
