"""Problems of the Machine Payments Protocol: their types, and the offer that a 402 carries.

Types and statuses are those of draft-httpauth-payment-00 and of the common clients; `code` is the
type's last part with underscores.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field

from gateway.problem import ProblemDocument, title_of
from gateway.services.links import paid_cancel_url, paid_status_url, payment_url
from gateway.services.payments import ChallengeSpent, PaymentRefused
from gateway.services.quotes import Offer
from studio.contracts.errors import StudioError
from studio.contracts.plan import ChargeLine
from studio.payments.errors import (
    InvalidChallenge,
    InvalidPayload,
    MalformedCredential,
    MethodUnsupported,
    SeveralCredentials,
)
from studio.payments.refusals import REFUSALS
from studio.quotes.errors import QuoteExpired, UnknownQuote
from studio.quotes.tables import ClaimOutcome

PROBLEM_TYPES: Final = "https://paymentauth.org/problems/"
PAYMENT_REQUIRED_STATUS: Final = 402
_CHALLENGE_ID: Final = re.compile(r'\bid="([^"]*)"')

_SLUGS: Final[dict[type[StudioError], str]] = {
    MalformedCredential: "malformed-credential",
    InvalidPayload: "invalid-payload",
    InvalidChallenge: "invalid-challenge",
    ChallengeSpent: "invalid-challenge",
    PaymentRefused: "verification-failed",
    UnknownQuote: "payment-expired",  # an authentic payment for a quote that was purged
    QuoteExpired: "payment-expired",
    MethodUnsupported: "method-unsupported",
    SeveralCredentials: "bad-request",
}

REFUSED_SENTENCE: Final = "The payment was refused."
CONFIRM_SENTENCE: Final = (
    "The card's bank wants its holder to confirm this payment, which cannot be done here."
)
NOTHING_CHARGED: Final = "Nothing was charged; the challenge of this answer can be paid."


PAYMENT_METHOD: Final = "stripe_mpp"
"""What the reference calls Stripe's method of the Machine Payments Protocol."""


class PaymentRequiredDocument(ProblemDocument):
    """What is to be paid, and where, beside the challenge in `WWW-Authenticate`."""

    payment_method: Literal["stripe_mpp"] = PAYMENT_METHOD
    quote_id: str
    amount_cents: int
    currency: str
    credits_quoted: int = Field(description="One credit is one US cent.")
    payment_url: str
    status_url: str
    cancel_url: str
    claim_token: str = Field(description="Whoever has it can pay, watch and cancel the quote.")
    expires_at: str = Field(description="RFC 3339, UTC.")
    challengeId: str  # noqa: N815 - the protocol's own name
    lines: list[ChargeLine]
    warnings: list[str]


@dataclass(frozen=True)
class PaymentProblem:
    """The last part of a problem's type, and its sentence."""

    slug: str
    detail: str

    @property
    def code(self) -> str:
        return self.slug.replace("-", "_")


def payment_problem(error: StudioError) -> PaymentProblem | None:
    """The protocol's problem for an error; None for one that is no business of the protocol."""
    slug = next((_SLUGS[kind] for kind in type(error).__mro__ if kind in _SLUGS), None)
    if slug is None:
        return None
    if isinstance(error, PaymentRefused):
        return _refusal(error)
    return PaymentProblem(slug, error.detail)


def _refusal(error: PaymentRefused) -> PaymentProblem:
    if error.outcome is ClaimOutcome.ACTION_REQUIRED:
        return PaymentProblem("payment-action-required", f"{CONFIRM_SENTENCE} {NOTHING_CHARGED}")
    sentence = REFUSALS.get(error.reason or "", REFUSED_SENTENCE)
    return PaymentProblem("verification-failed", f"{sentence} {NOTHING_CHARGED}")


def required_problem(offer: Offer) -> PaymentProblem:
    """Of a request that came without a payment."""
    dollars = f"${offer.quote.amount_cents / 100:,.2f}"
    return PaymentProblem(
        "payment-required",
        f"This render costs {dollars}: pay the challenge of WWW-Authenticate at payment_url, then "
        "poll status_url.",
    )


def required_document(
    offer: Offer,
    challenge: str,
    found: PaymentProblem,
    *,
    base_url: str,
    request_id: str | None,
) -> PaymentRequiredDocument:
    """The body of a 402. `challenge` is the value of its `WWW-Authenticate`."""
    quote, token = offer.quote, offer.claim_token
    return PaymentRequiredDocument(
        type=PROBLEM_TYPES + found.slug,
        title=title_of(PAYMENT_REQUIRED_STATUS),
        status=PAYMENT_REQUIRED_STATUS,
        detail=found.detail,
        code=found.code,
        request_id=request_id,
        quote_id=quote.quote_id,
        amount_cents=quote.amount_cents,
        currency=quote.currency,
        credits_quoted=quote.render.plan.charges.total_credits,
        payment_url=payment_url(base_url, quote.quote_id, token),
        status_url=paid_status_url(base_url, quote.quote_id, token),
        cancel_url=paid_cancel_url(base_url, quote.quote_id, token),
        claim_token=token,
        expires_at=quote.expires_at.isoformat().replace("+00:00", "Z"),
        challengeId=_challenge_id(challenge),
        lines=list(quote.lines),
        warnings=list(quote.render.plan.warnings),
    )


def _challenge_id(challenge: str) -> str:
    found = _CHALLENGE_ID.search(challenge)
    return found.group(1) if found else ""
