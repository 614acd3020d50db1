"""What the stand-in remembers. Each is replaced as a whole; `documents.py` has the wire forms."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from runtime.stripe_standin.payment_methods import METHODS, Decline, PaymentMethod, find_method


class Record(BaseModel):
    """`parent` is what it is looked up by besides its id; times are seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    kind: ClassVar[str]
    id: str
    created: int

    @property
    def parent(self) -> str:
        return ""


class Paying(Record):
    method: str
    """A name of `payment_methods.METHODS`."""
    method_id: str

    @property
    def payment_method(self) -> PaymentMethod:
        return find_method(self.method) or METHODS["pm_card_visa"]


class Token(Paying):
    """A shared payment token, good for `max_amount` in all until it is deactivated."""

    kind = "token"
    currency: str
    max_amount: int
    expires_at: int | None
    network_id: str | None
    metadata: Mapping[str, str]
    amount_captured: int = 0
    deactivated_at: int | None = None
    deactivated_reason: str | None = None

    def at(self, now: int) -> "Token":
        """The token as it stands: one whose time is over is deactivated at that time."""
        if self.deactivated_at is None and self.expires_at is not None and now >= self.expires_at:
            return self.model_copy(
                update={"deactivated_at": self.expires_at, "deactivated_reason": "expired"}
            )
        return self


class IntentStatus(StrEnum):
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class Intent(Record):
    kind = "intent"
    client_secret: str
    amount: int
    currency: str
    metadata: Mapping[str, str]
    description: str | None
    allow_redirects: str | None
    """None: not automatic."""
    status: IntentStatus = IntentStatus.REQUIRES_PAYMENT_METHOD
    token_id: str | None = None
    session_id: str | None = None
    """The Checkout session that it belongs to, if any."""
    charge_id: str | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None


class SessionStatus(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class LineItem(BaseModel):
    """`amount` is that of one piece."""

    model_config = ConfigDict(frozen=True)

    name: str
    amount: int
    quantity: int


class CheckoutSession(Record):
    """A purchase at the hosted page. `is_paid` may come some time after it is complete."""

    kind = "session"
    items: tuple[LineItem, ...]
    currency: str
    metadata: Mapping[str, str]
    client_reference_id: str | None
    customer_email: str | None
    success_url: str
    cancel_url: str | None
    expires_at: int
    has_adaptive_pricing: bool
    payment_metadata: Mapping[str, str]
    payment_description: str | None
    status: SessionStatus = SessionStatus.OPEN
    is_paid: bool = False
    intent_id: str | None = None

    @property
    def amount(self) -> int:
        return sum(item.amount * item.quantity for item in self.items)


class Payer(Paying):
    """Whoever pays at the hosted page, with one payment method; not kept."""

    kind = "payer"


class Charge(Paying):
    """`status` is pending, succeeded or failed; `amount_refunded` is without failed refunds."""

    kind = "charge"
    intent_id: str
    amount: int
    currency: str
    metadata: Mapping[str, str]
    description: str | None
    status: str
    decline: Decline | None = None
    amount_refunded: int = 0
    disputed: bool = False

    @property
    def parent(self) -> str:
        return self.intent_id


class Refund(Record):
    """`status` is pending, succeeded or failed."""

    kind = "refund"
    charge_id: str
    intent_id: str
    amount: int
    currency: str
    metadata: Mapping[str, str]
    reason: str | None
    status: str
    failure_reason: str | None = None

    @property
    def parent(self) -> str:
        return self.charge_id


class DisputeStatus(StrEnum):
    NEEDS_RESPONSE = "needs_response"
    WON = "won"
    LOST = "lost"


class Dispute(Record):
    kind = "dispute"
    status: DisputeStatus = DisputeStatus.NEEDS_RESPONSE
    charge_id: str
    intent_id: str
    amount: int
    currency: str
    reason: str
    network_reason: str
    brand: str

    @property
    def parent(self) -> str:
        return self.charge_id


class Event(Record):
    """One fact, with the object as it was then. `api_version` is the endpoint's."""

    kind = "event"
    type: str
    subject: dict[str, object]
    previous: dict[str, object] | None = None
    request_id: str | None = None
    idempotency_key: str | None = None
    api_version: str
    is_delivered: bool = False


class Turn(StrEnum):
    """What happens by itself."""

    DISPUTE = "dispute"
    REFUND_FAILS = "refund_fails"
    REFUND_ARRIVES = "refund_arrives"
    PAYMENT_CLEARS = "payment_clears"
    PAYMENT_BOUNCES = "payment_bounces"
    SESSION_EXPIRES = "session_expires"


class Pending(Record):
    """A turn that has not happened yet; `subject_id` is a charge, a refund or a session.

    `due_at` is a time of its own; without one it happens some time after it was made.
    """

    kind = "pending"
    turn: Turn
    subject_id: str
    due_at: int | None = None


class KeptAnswer(Record):
    """The answer to the first request with an idempotency key, which is the id."""

    kind = "answer"
    endpoint: str
    fingerprint: str
    request_id: str
    status: int
    body: str
    headers: dict[str, str] = Field(default_factory=dict)
