"""Why a payment was refused: a closed set of words, and the sentence that each is told with."""

from typing import Final

CARD_DECLINED: Final = "card_declined"
TOKEN_REFUSED: Final = "token_refused"  # noqa: S105 - a reason
REQUEST_REFUSED: Final = "request_refused"

REFUSALS: Final = {
    CARD_DECLINED: "The card's bank declined this payment; pay with another card.",
    "insufficient_funds": "The card has too little money for this payment.",
    "expired_card": "The card has expired; pay with another one.",
    "incorrect_cvc": "The card's security code is wrong.",
    "incorrect_number": "The card's number is wrong.",
    "processing_error": "The card could not be charged just now; try again, or with another card.",
    TOKEN_REFUSED: (
        "The payment token cannot pay for this: it is used up, expired, revoked or for less than "
        "the price. Make a new one."
    ),
    REQUEST_REFUSED: "The payment processor refused this payment.",
}
"""The words are Stripe's codes where it has one (docs.stripe.com/error-codes and
/declines/codes)."""
