"""The payment processor and the seal of payment tokens that the settings make, for a worker."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NoReturn

from activities.settlement import TokenOpener
from runtime.settings import Settings
from studio.contracts.errors import StudioError
from studio.payments.ports import ChargeOrder, Payment, Processor, Refund, RefundOrder


class PaymentsUnconfigured(StudioError):
    """This worker cannot move money. Nothing was asked for; it goes on when it is configured."""

    code: ClassVar[str] = "payments_unconfigured"

    def __init__(self, setting: str) -> None:
        super().__init__(f"Payments are not set up on this worker: set {setting}.")


@dataclass(frozen=True)
class Payments:
    """What the activities of payments work with."""

    processor: Processor
    seal: TokenOpener


class NoProcessor:
    """Stands where a processor would, and says what is missing."""

    def __init__(self, setting: str) -> None:
        self._setting = setting

    async def charge(self, order: ChargeOrder) -> Payment:
        self._refuse(order)

    async def find(self, quote_id: str, challenge_id: str, *, since: datetime) -> Payment | None:
        self._refuse(quote_id, challenge_id, since)

    async def refund(self, order: RefundOrder) -> Refund:
        self._refuse(order)

    async def refund_of(self, refund_id: str) -> Refund:
        self._refuse(refund_id)

    def _refuse(self, *_asked: object) -> NoReturn:
        raise PaymentsUnconfigured(self._setting)


class NoSeal:
    """Stands where a seal would: without its secret no token is called unreadable."""

    def __init__(self, setting: str) -> None:
        self._setting = setting

    def open(self, sealed: bytes) -> str:
        del sealed
        raise PaymentsUnconfigured(self._setting)


@asynccontextmanager
async def open_payments(settings: Settings) -> AsyncIterator[Payments]:
    """What the settings make; what is missing is told by whoever needs it, not at boot.

    Raises SettingsError where a secret is too short.
    """
    async with AsyncExitStack() as stack:
        yield Payments(
            processor=await _processor(settings, stack),
            seal=_seal(settings),
        )


async def _processor(settings: Settings, stack: AsyncExitStack) -> Processor:
    key = settings.stripe_secret_key
    if key is None:
        return NoProcessor("FVS_STRIPE_SECRET_KEY")
    from studio.payments.stripe import open_stripe

    return await stack.enter_async_context(
        open_stripe(
            key.get_secret_value(),
            base_url=settings.stripe_base_url,
            token_place=settings.stripe_token_place,
        )
    )


def _seal(settings: Settings) -> TokenOpener:
    if settings.mpp_secret is None:
        return NoSeal("FVS_MPP_SECRET")
    from studio.payments.sealing import Seal

    return Seal(settings.mpp_secrets())
