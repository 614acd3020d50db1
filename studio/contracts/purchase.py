"""What is said about a purchase of credits, between us and whoever takes the money."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from studio.contracts.base import Payload
from studio.contracts.errors import StudioError

TOP_UP_ID_PREFIX = "topup_"


@dataclass(frozen=True)
class PurchaseOrder:
    """One purchase at a hosted page. The same order again is the same page.

    `success_url` has `{CHECKOUT_SESSION_ID}` in it, which becomes the session's id.
    """

    top_up_id: str
    credits: int
    amount_cents: int
    currency: str
    success_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True)
class CheckoutPage:
    """Where the customer pays."""

    session_id: str
    url: str


class CheckoutUnavailable(StudioError):
    """The processor gave no answer about a purchase. The same call may be made again."""

    code: ClassVar[str] = "checkout_unavailable"

    def __init__(self) -> None:
        super().__init__("The payment processor cannot be reached right now; try again shortly.")


class PurchaseState(StrEnum):
    """`processing`: the customer is done, and the money may come for days."""

    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class PurchaseStanding:
    """All that is known there of one purchase, at one moment.

    `top_up_id` is what our order was marked with, and `url` the page while it can be paid.
    `received_cents` is what came in, `refunded_cents` what of that went back or is on its way, in
    `refunds_made` tries, and `disputed_cents` what the bank has taken back for its cardholder.
    """

    session_id: str
    top_up_id: str
    state: PurchaseState
    url: str | None = None
    payment_id: str | None = None
    received_cents: int = 0
    currency: str = ""
    refunded_cents: int = 0
    refunds_made: int = 0
    disputed_cents: int = 0


@dataclass(frozen=True)
class FoundPurchase:
    """The session of a payment, and our order's mark on it."""

    session_id: str
    top_up_id: str


@dataclass(frozen=True)
class PurchaseRefund:
    """One refund to the card that paid. `key` makes it once, however often it is sent."""

    top_up_id: str
    payment_id: str
    amount_cents: int
    key: str


class TopUpSweepReport(Payload):
    """What a sweep did for purchases. `flagged` needs a look by an operator."""

    paid: tuple[str, ...] = ()
    ended: int = 0
    flagged: tuple[str, ...] = ()
