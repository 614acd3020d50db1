"""What Stripe answers, in our words. Its own sentences may name a card or a token: none is kept."""

from collections.abc import Mapping
from typing import Final

import structlog
from stripe import (
    AuthenticationError,
    CardError,
    IdempotencyError,
    InvalidRequestError,
    PermissionError,  # noqa: A004 - Stripe's own name
    RateLimitError,
    StripeError,
    StripeObject,
)

from studio.contracts.payment import RefundState
from studio.payments.errors import (
    PaymentActionRequired,
    PaymentDeclined,
    PaymentError,
    PaymentUnknown,
    ProcessorMisconfigured,
)
from studio.payments.ports import Payment, Refund
from studio.payments.refusals import CARD_DECLINED, REFUSALS, REQUEST_REFUSED, TOKEN_REFUSED

Document = Mapping[str, object]

_NEEDS_HOLDER: Final = "authentication_required"
_TOKEN_WORDS: Final = ("shared_payment", "payment_method_data", "granted_token")
REFUND_STATES: Final = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.CANCELED,
}
"""Stripe's words for a refund (docs.stripe.com/api/refunds/object), in ours."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("payments")


def charge_failure(error: StripeError) -> PaymentError:
    """What a failed charge means.

    A 402 and a 400 are definite: nothing was charged. So is a key that was sent with other
    parameters before, as far as this request goes; what became of the earlier one has to be looked
    up. All else may have been charged, but for a key of ours that is refused.
    """
    if isinstance(error, CardError):
        if _NEEDS_HOLDER in _codes(error):
            return PaymentActionRequired()
        return declined(next((code for code in _codes(error) if code in REFUSALS), CARD_DECLINED))
    if isinstance(error, InvalidRequestError):
        if _is_about_token(error):
            return declined(TOKEN_REFUSED)
        _tell(error, "the payment processor refuses what we ask for")
        return declined(REQUEST_REFUSED)
    if isinstance(error, IdempotencyError):
        _tell(error, "a charge was repeated with other parameters")
        return declined(REQUEST_REFUSED)
    return failure(error)


def failure(error: StripeError) -> PaymentError:
    """What a failed request means that was no charge: not known yet, or our own key's fault."""
    if isinstance(error, AuthenticationError | PermissionError):
        _tell(error, "the payment processor refuses our key")
        return ProcessorMisconfigured()
    if not isinstance(error, RateLimitError):
        _log.warning(
            "the payment processor gave no answer",
            error_kind=type(error.__cause__ or error).__name__,
            http_status=error.http_status,
            request_id=error.request_id,
        )
    return PaymentUnknown()


def declined(reason: str) -> PaymentDeclined:
    return PaymentDeclined(reason, REFUSALS[reason])


def payment_of(intent: Document) -> Payment:
    """A PaymentIntent that succeeded. PaymentUnknown where the answer is not one of Stripe's."""
    payment_id, currency = text(intent, "id"), text(intent, "currency")
    received = intent.get("amount_received")
    amount = received if received is not None else intent.get("amount")
    if not payment_id or not currency or not isinstance(amount, int):
        raise PaymentUnknown
    return Payment(payment_id=payment_id, amount_cents=amount, currency=currency.lower())


def refund_of(document: Document) -> Refund:
    """A refund. A state that is not known is not an end, and so it is pending."""
    refund_id = text(document, "id")
    if not refund_id:
        raise PaymentUnknown
    state = REFUND_STATES.get(text(document, "status"), RefundState.PENDING)
    return Refund(refund_id=refund_id, state=state)


def document_of(answer: StripeObject) -> Document:
    return answer.to_dict()


def page_of(answer: StripeObject) -> list[Document]:
    """The objects of a list. PaymentUnknown where the answer is none of Stripe's."""
    data = document_of(answer).get("data")
    if not isinstance(data, list):
        raise PaymentUnknown
    return [item for item in data if isinstance(item, Mapping)]


def known_code(error: StripeError) -> str:
    """The code of an error, if it is one of plain words."""
    code = error.code or ""
    return code if code.isascii() and code.replace("_", "").isalpha() else "no code"


def metadata_of(document: Document) -> Document:
    found = document.get("metadata")
    return found if isinstance(found, Mapping) else {}


def text(document: Document, name: str) -> str:
    """A text of a document, empty where there is none."""
    found = document.get(name)
    return found if isinstance(found, str) else ""


def _codes(error: CardError) -> tuple[str, ...]:
    """The issuer's code is more exact than Stripe's own."""
    details = error.json_body.get("error") if isinstance(error.json_body, dict) else None
    decline_code = details.get("decline_code") if isinstance(details, dict) else None
    return tuple(code for code in (decline_code, error.code) if isinstance(code, str))


def _is_about_token(error: InvalidRequestError) -> bool:
    hints = " ".join(word for word in (error.param, error.code) if isinstance(word, str))
    return any(word in hints for word in _TOKEN_WORDS)


def _tell(error: StripeError, event: str) -> None:
    """For operators: codes and Stripe's request id, by which its dashboard finds the rest."""
    _log.error(
        event,
        error_kind=type(error).__name__,
        error_code=error.code,
        param=getattr(error, "param", None),
        request_id=error.request_id,
    )
