"""What quotes are offered and paid with, or what is missing for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from studio.contracts.limits import PAYMENT_CURRENCY
from studio.payments.challenges import Challenger
from studio.payments.errors import PaymentsNotConfigured
from studio.payments.sealing import Seal

PAYMENT_VARIABLES: Final = (
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "FVS_STRIPE_NETWORK_ID",
    "FVS_MPP_SECRET",
)
"""Without any one of them a quote could be offered that cannot be paid, or not be settled."""


CHECKOUT_VARIABLES: Final = PAYMENT_VARIABLES[:2]
"""What selling credits takes of them."""


@dataclass(frozen=True)
class PaymentSetup:
    """`secrets` are those that claim tokens are derived from, the current one first."""

    challenger: Challenger
    seal: Seal
    secrets: tuple[str, ...] = field(repr=False)
    currency: str = PAYMENT_CURRENCY

    @classmethod
    def of(cls, secrets: Sequence[str], *, realm: str, network_id: str) -> "PaymentSetup":
        """ValueError if the realm is no host or there is no secret."""
        return cls(
            challenger=Challenger(secrets=secrets, realm=realm, network_id=network_id),
            seal=Seal(secrets),
            secrets=tuple(secrets),
        )


@dataclass(frozen=True)
class MissingSettings:
    """Names of the variables that are not set."""

    variables: tuple[str, ...] = PAYMENT_VARIABLES


def require_setup(payments: PaymentSetup | MissingSettings) -> PaymentSetup:
    """PaymentsNotConfigured if something is missing."""
    if isinstance(payments, MissingSettings):
        raise PaymentsNotConfigured(*payments.variables)
    return payments
