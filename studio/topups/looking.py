"""One look at a purchase, whoever asks for it: read the row, ask, settle."""

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.orm import Session

from studio.contracts.purchase import CheckoutUnavailable, PurchaseRefund, PurchaseStanding
from studio.topups.decision import Finding
from studio.topups.errors import NotRefundable, RefundUnknown, TopUpChanged
from studio.topups.ports import Checkout, Transact, Wallets
from studio.topups.repository import load_top_up
from studio.topups.settling import settle
from studio.topups.tables import TopUpRow, TopUpState

TRIES_MAX: Final = 5
"""Looks that lose a race, each time to somebody who has settled the same purchase; and refunds
whose answer is lost."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("topups")


class Purchases:
    """How purchases stand, and what follows from it. For gateway, worker and operators alike."""

    def __init__(
        self,
        *,
        checkout: Checkout,
        transact: Transact,
        wallets: Wallets,
        now: Callable[[], datetime],
    ) -> None:
        self._checkout = checkout
        self._transact = transact
        self._wallets = wallets
        self._now = now

    async def look(self, top_up_id: str, *, session_id: str | None = None) -> Finding:
        """Ask how a purchase stands, and settle it. `session_id` where the row may not know it.

        Raises UnknownTopUp, PaymentError, and TopUpChanged where others keep changing it.
        """
        finding, _ = await self._look(top_up_id, session_id)
        return finding

    async def refund(self, top_up_id: str, *, cents: int | None = None) -> int:
        """Give this much of a purchase back to its card, or all that is left; how many cents.

        Raises NotRefundable, RefundRefused, RefundUnknown, and as `look`.
        """
        _, found = await self._look(top_up_id, None)
        row = await self._load(top_up_id)
        left = row.amount_cents - row.withdrawn_credits - row.owed_credits
        if row.state is not TopUpState.PAID or row.payment_id is None or found is None:
            raise NotRefundable(f"{top_up_id} is {row.state.value}: nothing was paid.")
        amount = left if cents is None else cents
        if not 0 < amount <= left:
            raise NotRefundable(f"{left} cents of {top_up_id} are left to give back.")
        await self._give_back(
            PurchaseRefund(
                top_up_id=top_up_id,
                payment_id=row.payment_id,
                amount_cents=amount,
                key=f"{top_up_id}_refund_{found.refunds_made + 1}",
            )
        )
        await self._look(top_up_id, None)
        return amount

    async def _give_back(self, order: PurchaseRefund) -> None:
        """The same key each time: after an answer that was lost it is still one refund."""
        for _ in range(TRIES_MAX):
            with contextlib.suppress(CheckoutUnavailable):
                return await self._checkout.refund(order)
        raise RefundUnknown(order.top_up_id, order.amount_cents)

    async def _look(
        self, top_up_id: str, session_id: str | None
    ) -> tuple[Finding, PurchaseStanding | None]:
        for _ in range(TRIES_MAX):
            row = await self._load(top_up_id)
            named = row.session_id or session_id
            if named is None:
                return Finding.UNCHANGED, None
            found = await self._checkout.read(named)
            try:
                finding = await self._settle(row, found)
            except TopUpChanged:
                continue
            _tell(finding, row, found)
            return finding, found
        raise TopUpChanged

    async def _load(self, top_up_id: str) -> TopUpRow:
        return await self._transact(lambda session: load_top_up(session, top_up_id))

    async def _settle(self, row: TopUpRow, found: PurchaseStanding) -> Finding:
        def work(session: Session) -> Finding:
            return settle(session, row, found, wallets=self._wallets, now=self._now())

        return await self._transact(work)


def _tell(finding: Finding, row: TopUpRow, found: PurchaseStanding) -> None:
    """For operators; Stripe's dashboard finds the rest by the payment."""
    if finding is Finding.MISMATCH:
        _log.error(
            "a payment is not the one that was asked for; nothing was credited",
            top_up_id=row.top_up_id,
            payment_id=found.payment_id,
            received=f"{found.received_cents} {found.currency}",
            expected=f"{row.amount_cents} {row.currency}",
        )
    elif finding is not Finding.UNCHANGED:
        _log.info("a purchase of credits changed", top_up_id=row.top_up_id, finding=finding.value)
