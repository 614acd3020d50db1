"""The payment processor and the seal of payment tokens that the settings make, for a worker."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from activities.settlement import TokenOpener
from runtime.settings import Settings
from studio.contracts.purchase import (
    CheckoutPage,
    FoundPurchase,
    PurchaseOrder,
    PurchaseRefund,
    PurchaseStanding,
)
from studio.payments.errors import PaymentsNotConfigured
from studio.payments.ports import ChargeOrder, Payment, Processor, Refund, RefundOrder
from studio.topups.ports import Checkout


@dataclass(frozen=True)
class Payments:
    """What the activities of payments work with."""

    processor: Processor
    seal: TokenOpener
    checkout: Checkout


class NoProcessor:
    """Stands where a processor would, and says which variable is missing."""

    def __init__(self, variable: str) -> None:
        self._variable = variable

    async def charge(self, order: ChargeOrder) -> Payment:
        self._refuse(order)

    async def find(self, quote_id: str, challenge_id: str, *, since: datetime) -> Payment | None:
        self._refuse(quote_id, challenge_id, since)

    async def refund(self, order: RefundOrder) -> Refund:
        self._refuse(order)

    async def refund_of(self, refund_id: str) -> Refund:
        self._refuse(refund_id)

    def _refuse(self, *_asked: object) -> NoReturn:
        raise PaymentsNotConfigured(self._variable)


class NoCheckout:
    """Likewise, where credits would be sold."""

    def __init__(self, variable: str) -> None:
        self._variable = variable

    async def create(self, order: PurchaseOrder) -> CheckoutPage:
        self._refuse(order)

    async def read(self, session_id: str) -> PurchaseStanding:
        self._refuse(session_id)

    async def find(self, payment_id: str) -> FoundPurchase | None:
        self._refuse(payment_id)

    async def refund(self, order: PurchaseRefund) -> None:
        self._refuse(order)

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _refuse(self, *_asked: object) -> NoReturn:
        raise PaymentsNotConfigured(self._variable)


class NoSeal:
    """Stands where a seal would: without its secret no token is called unreadable."""

    def __init__(self, variable: str) -> None:
        self._variable = variable

    def open(self, sealed: bytes) -> str:
        del sealed
        raise PaymentsNotConfigured(self._variable)


@asynccontextmanager
async def open_payments(settings: Settings) -> AsyncIterator[Payments]:
    """What the settings make; what is missing is told by whoever needs it, not at boot.

    Raises SettingsError where a secret is too short.
    """
    async with AsyncExitStack() as stack:
        yield Payments(
            processor=await _processor(settings, stack),
            seal=_seal(settings),
            checkout=_checkout(settings, stack),
        )


async def _processor(settings: Settings, stack: AsyncExitStack) -> Processor:
    key = settings.stripe_secret_key
    if key is None:
        return NoProcessor("STRIPE_SECRET_KEY")
    from studio.payments.stripe import open_stripe

    return await stack.enter_async_context(
        open_stripe(
            key.get_secret_value(),
            base_url=settings.stripe_base_url,
            token_place=settings.stripe_token_place,
        )
    )


def _checkout(settings: Settings, stack: AsyncExitStack) -> Checkout:
    key = settings.stripe_secret_key
    if key is None:
        return NoCheckout("STRIPE_SECRET_KEY")
    from studio.payments.checkout import StripeCheckout

    checkout = StripeCheckout.connect(key.get_secret_value(), base_url=settings.stripe_base_url)
    stack.push_async_callback(checkout.close)
    return checkout


def _seal(settings: Settings) -> TokenOpener:
    if settings.mpp_secret is None:
        return NoSeal("FVS_MPP_SECRET")
    from studio.payments.sealing import Seal

    return Seal(settings.mpp_secrets())
