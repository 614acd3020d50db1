"""What a stand-in is started with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

SECRET_KEY_VARIABLE: Final = "STRIPE_SECRET_KEY"  # noqa: S105  # a variable's name
WEBHOOK_SECRET_VARIABLE: Final = "STRIPE_WEBHOOK_SECRET"  # noqa: S105  # likewise

WEBHOOK_PAUSES_SECONDS: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Before each new attempt at a webhook. Stripe tries for three days; a gateway that restarts on
this machine is back within the first few."""


class TokenPlace(StrEnum):
    """Where a PaymentIntent may name its shared payment token: published sources disagree."""

    BOTH = "both"
    TOP_LEVEL = "top_level"
    """`shared_payment_granted_token`, as the MPP specification, mppx and pympp send it."""
    PAYMENT_METHOD_DATA = "payment_method_data"
    """`payment_method_data[shared_payment_granted_token]`, as Stripe's API reference has it."""


@dataclass(frozen=True)
class StandinSettings:
    """`secret_key` None takes any test key. Without a webhook's URL and secret none is sent.

    `later_seconds` is when comes what Stripe does by itself after an answer: a refund that fails
    or arrives, a dispute, a debit that clears. `search_delay_seconds` is how long a payment cannot
    be found by search ("less than one minute" under normal conditions, docs.stripe.com/search).
    `network_id` None is a seller that takes every token.
    """

    secret_key: str | None = field(default=None, repr=False)
    url: str = ""
    """The stand-in's own address, which its hosted pages are at; the server fills it in."""
    webhook_url: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    network_id: str | None = None
    state_file: Path | None = None
    control: bool = False
    token_place: TokenPlace = TokenPlace.BOTH
    later_seconds: float = 2.0
    search_delay_seconds: float = 0.0
    webhook_pauses_seconds: tuple[float, ...] = WEBHOOK_PAUSES_SECONDS


def secrets_of(environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The secret key and the webhook secret: never arguments, which every user can read."""
    return (
        environment.get(SECRET_KEY_VARIABLE) or None,
        environment.get(WEBHOOK_SECRET_VARIABLE) or None,
    )
