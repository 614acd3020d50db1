"""Which test payment method does what.

All names are Stripe's own (docs.stripe.com/testing) but `pm_link`, for it publishes none for Link.
A brand before `chargeDeclined` (`pm_card_visa_chargeDeclined`) is accepted and means nothing, as
declines have been published with and without it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fate(StrEnum):
    """What becomes of a payment by itself, after it was answered."""

    NONE = "none"
    DISPUTED = "disputed"
    REFUND_FAILS = "refund_fails"
    """A refund succeeds at first, and fails later."""
    REFUND_PENDING = "refund_pending"
    """A refund is pending at first, and succeeds later."""
    CLEARS = "clears"
    """The payment is `processing` at first, and succeeds later."""
    BOUNCES = "bounces"
    """The payment is `processing` at first, and fails later."""


@dataclass(frozen=True)
class Decline:
    """An issuer's refusal: `code`, `decline_code` and `message` of the error."""

    code: str
    decline_code: str
    message: str


@dataclass(frozen=True)
class PaymentMethod:
    """`brand` and `last4` are of a test card; `reason` is a dispute's."""

    kind: str = "card"
    brand: str = "visa"
    last4: str = "4242"
    decline: Decline | None = None
    authenticates: bool = False
    fate: Fate = Fate.NONE
    reason: str = "fraudulent"
    network_reason: str = "10.4"

    @property
    def is_delayed(self) -> bool:
        return self.fate in {Fate.CLEARS, Fate.BOUNCES}


def _declined(code: str, decline_code: str, message: str, last4: str) -> PaymentMethod:
    return PaymentMethod(last4=last4, decline=Decline(code, decline_code, message))


_DECLINED = "Your card was declined."

METHODS: Final = {
    "pm_card_visa": PaymentMethod(),
    "pm_card_visa_debit": PaymentMethod(last4="5556"),
    "pm_card_mastercard": PaymentMethod(brand="mastercard", last4="4444"),
    "pm_card_amex": PaymentMethod(brand="amex", last4="8431"),
    "pm_card_discover": PaymentMethod(brand="discover", last4="9424"),
    "pm_card_us": PaymentMethod(),
    "pm_card_bypassPending": PaymentMethod(last4="0077"),
    "pm_link": PaymentMethod(kind="link"),
    "pm_card_chargeDeclined": _declined("card_declined", "generic_decline", _DECLINED, "0002"),
    "pm_card_chargeDeclinedInsufficientFunds": _declined(
        "card_declined", "insufficient_funds", "Your card has insufficient funds.", "9995"
    ),
    "pm_card_chargeDeclinedLostCard": _declined("card_declined", "lost_card", _DECLINED, "9987"),
    "pm_card_chargeDeclinedStolenCard": _declined(
        "card_declined", "stolen_card", _DECLINED, "9979"
    ),
    "pm_card_chargeDeclinedFraudulent": _declined("card_declined", "fraudulent", _DECLINED, "0019"),
    "pm_card_chargeDeclinedExpiredCard": _declined(
        "expired_card", "expired_card", "Your card has expired.", "0069"
    ),
    "pm_card_chargeDeclinedIncorrectCvc": _declined(
        "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "0127"
    ),
    "pm_card_chargeDeclinedProcessingError": _declined(
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
        "0119",
    ),
    "pm_card_chargeDeclinedVelocityLimitExceeded": _declined(
        "card_declined",
        "card_velocity_exceeded",
        "Your card was declined for making repeated attempts too frequently or exceeding its "
        "amount limit.",
        "6975",
    ),
    "pm_card_authenticationRequired": PaymentMethod(last4="3184", authenticates=True),
    "pm_card_threeDSecureRequired": PaymentMethod(last4="3063", authenticates=True),
    "pm_card_createDispute": PaymentMethod(last4="0259", fate=Fate.DISPUTED),
    "pm_card_createDisputeProductNotReceived": PaymentMethod(
        last4="2685", fate=Fate.DISPUTED, reason="product_not_received", network_reason="13.1"
    ),
    "pm_card_refundFail": PaymentMethod(last4="5126", fate=Fate.REFUND_FAILS),
    "pm_card_pendingRefund": PaymentMethod(last4="7726", fate=Fate.REFUND_PENDING),
    # Stripe does not let a token share a bank account; here it may, for what `processing` does.
    "pm_usBankAccount_success": PaymentMethod(
        kind="us_bank_account", last4="6789", fate=Fate.CLEARS
    ),
    "pm_usBankAccount_accountClosed": PaymentMethod(
        kind="us_bank_account", last4="1113", fate=Fate.BOUNCES
    ),
}

AUTHENTICATION_REQUIRED: Final = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
BOUNCED: Final = Decline(
    "payment_method_provider_decline",
    "account_closed",
    "The customer's account has been closed.",
)

_BRANDED_DECLINE: Final = re.compile(r"pm_card_[a-z]+_(chargeDeclined\w*)")


def find_method(name: str) -> PaymentMethod | None:
    branded = _BRANDED_DECLINE.fullmatch(name)
    return METHODS.get(f"pm_card_{branded[1]}" if branded else name)
