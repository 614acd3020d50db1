"""What purchases need of others: who takes the money, wallets, and transactions."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from studio.contracts.purchase import (
    CheckoutPage,
    FoundPurchase,
    PurchaseOrder,
    PurchaseRefund,
    PurchaseStanding,
)

Result = TypeVar("Result")


class Checkout(Protocol):
    """Whoever takes the money at a page of theirs.

    Every call may raise CheckoutUnavailable, where no answer came: the same call may be made again.
    Further errors are those of `studio.payments.errors`.
    """

    async def create(self, order: PurchaseOrder) -> CheckoutPage:
        """Open the page of an order, once. CheckoutRefused."""
        ...

    async def read(self, session_id: str) -> PurchaseStanding:
        """How a purchase stands. CheckoutRefused where there is none."""
        ...

    async def find(self, payment_id: str) -> FoundPurchase | None:
        """Which purchase of ours a payment is of; None where it is of none."""
        ...

    async def refund(self, order: PurchaseRefund) -> None:
        """Give money back. RefundRefused."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class Wallets(Protocol):
    """The ledger, `studio.ledger.service`: each within the caller's transaction.

    The first of them locks the wallet, so whoever writes purchases' money writes after it.
    """

    def open_wallet(self, session: Session, *, owner: str, now: datetime) -> str: ...

    def top_up(
        self, session: Session, *, wallet: str, credits: int, reference: str, now: datetime
    ) -> None: ...

    def withdraw(
        self,
        session: Session,
        *,
        wallet: str,
        credits_max: int,
        reference: str,
        reason: str,
        now: datetime,
    ) -> int: ...


class Transact(Protocol):
    """Runs work in one transaction: committed if it returns, rolled back if it raises."""

    async def __call__(self, work: Callable[[Session], Result], /) -> Result: ...
