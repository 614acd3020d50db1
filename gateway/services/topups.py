"""Buying credits: a page at Stripe, and the way back from it.

Who has paid is credited by whoever hears of it first: Stripe's webhook, the customer who comes
back, or the sweep. Each asks Stripe how the purchase stands; see `studio/topups/looking.py`.
"""

import contextlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from gateway.clock import Clock
from gateway.metrics import GatewayMetrics
from gateway.services.payment_setup import MissingSettings
from gateway.services.threads import Threads
from studio.contracts.purchase import (
    CheckoutPage,
    CheckoutUnavailable,
    PurchaseOrder,
    PurchaseState,
)
from studio.ledger import service as ledger
from studio.payments.errors import PaymentError, PaymentsNotConfigured
from studio.payments.webhooks import WebhookEvent
from studio.topups.decision import Finding
from studio.topups.errors import TopUpChanged, TopUpOver
from studio.topups.looking import Purchases
from studio.topups.ports import Checkout
from studio.topups.records import NewTopUp, TopUpView, new_top_up, view_of
from studio.topups.repository import (
    find_top_up,
    insert_once,
    list_top_ups,
    load_of_account,
    load_top_up,
    note_session,
)
from studio.topups.tables import TopUpRow, TopUpState

PAGE_LIFETIME: Final = timedelta(hours=2)
"""From the first time that the form was sent; Stripe takes 30 minutes to 24 hours."""
PAGE_OPENED_WITHIN: Final = timedelta(hours=1)
"""A form that is sent again later could no longer get the page that it asked for at first."""
OPEN_TRIES_MAX: Final = 3
OPEN_PAUSE_SECONDS: Final = 1.0
"""More than Stripe takes to open a page."""
SESSION_PLACE: Final = "{CHECKOUT_SESSION_ID}"
"""Stripe writes the session's id here, in the address that it sends the customer back to."""


class TopUps:
    """Without its settings nothing is sold: PaymentsNotConfigured."""

    def __init__(
        self,
        *,
        threads: Threads,
        checkout: Checkout | MissingSettings,
        clock: Clock,
        metrics: GatewayMetrics,
    ) -> None:
        self._threads = threads
        self._checkout = checkout
        self._clock = clock
        self._metrics = metrics

    @property
    def is_open(self) -> bool:
        """Whether anything is sold here."""
        return not isinstance(self._checkout, MissingSettings)

    async def start(self, account_id: str, *, dollars: int, form_id: str, wallet_url: str) -> str:
        """Where the customer pays so many whole dollars.

        The same form again is the same purchase: `form_id` is drawn when the form is shown. Stripe
        leads back to `wallet_url`, with `session_id` in its query once it was paid, and `canceled`
        where the customer turned back. Raises InvalidTopUp, NothingForSale, TooManyTopUps,
        TopUpConflict, TopUpOver, CheckoutUnavailable and PaymentsNotConfigured.
        """
        checkout = self._require_checkout()
        new = new_top_up(account_id, dollars=dollars, form_id=form_id)
        row = await self._insert(new)
        if row.state is not TopUpState.OPEN:
            raise TopUpOver
        if row.session_id is not None:
            return await self._open_page(checkout, row.top_up_id, row.session_id)
        if self._clock.now() - row.created_at > PAGE_OPENED_WITHIN:
            raise TopUpOver
        page = await self._open(checkout, _order(new, row.created_at, wallet_url))
        await self._threads.write(
            lambda session: note_session(session, new.top_up_id, page.session_id)
        )
        return page.url

    async def finish(self, account_id: str, session_id: str) -> TopUpView:
        """A purchase whose customer has come back; still `open` where Stripe does not know yet.

        UnknownTopUp where the session is not one of this account.
        """
        row = await self._threads.read(
            lambda session: load_of_account(session, account_id, session_id=session_id)
        )
        if row.state is TopUpState.OPEN:
            with contextlib.suppress(CheckoutUnavailable, PaymentError, TopUpChanged):
                await self._look(row.top_up_id)  # else a webhook or the sweep will
        return await self._threads.read(
            lambda session: view_of(load_top_up(session, row.top_up_id))
        )

    async def list(self, account_id: str, *, limit: int) -> list[TopUpView]:
        """The account's purchases, newest first."""

        def work(session: Session) -> list[TopUpView]:
            rows = list_top_ups(session, account_id=account_id, limit=limit)
            return [view_of(row) for row in rows]

        return await self._threads.read(work)

    async def hear(self, told: WebhookEvent) -> str | None:
        """Look at the purchase that a webhook is about; its id, or None where it is about none.

        Refunds by hand and disputes know their payment only, and may come before we know it.
        """
        row = await self._threads.read(
            lambda session: find_top_up(
                session,
                top_up_id=told.top_up_id,
                session_id=told.session_id,
                payment_id=told.payment_id,
            )
        )
        session_id = (row.session_id if row else None) or told.session_id
        if session_id is None or row is None:
            if isinstance(self._checkout, MissingSettings) or told.payment_id is None:
                return None
            found = await self._checkout.find(told.payment_id)
            if found is None:
                return None
            session_id, named = found.session_id, found.top_up_id
            row = await self._threads.read(lambda session: find_top_up(session, top_up_id=named))
            if row is None:
                return None
        await self._look(row.top_up_id, session_id)
        return row.top_up_id

    async def close(self) -> None:
        """Let go of the connections."""
        if not isinstance(self._checkout, MissingSettings):
            await self._checkout.close()

    async def _insert(self, new: NewTopUp) -> TopUpRow:
        def work(session: Session) -> TopUpRow:
            return insert_once(session, new, now=self._clock.now())

        try:
            return await self._threads.write(work)
        except TopUpChanged:
            return await self._threads.write(work)  # the form was sent twice at once

    async def _open(self, checkout: Checkout, order: PurchaseOrder) -> CheckoutPage:
        """An answer may be lost, and a form that is sent twice is still being worked on."""
        for _ in range(OPEN_TRIES_MAX - 1):
            with contextlib.suppress(CheckoutUnavailable):
                return await checkout.create(order)
            await self._clock.pause(OPEN_PAUSE_SECONDS)
        return await checkout.create(order)

    async def _open_page(self, checkout: Checkout, top_up_id: str, session_id: str) -> str:
        """The page of a form that was sent again."""
        found = await checkout.read(session_id)
        if found.state is PurchaseState.OPEN and found.url is not None:
            return found.url
        await self._look(top_up_id)
        raise TopUpOver

    async def _look(self, top_up_id: str, session_id: str | None = None) -> None:
        purchases = Purchases(
            checkout=self._require_checkout(),
            transact=self._threads.write,
            wallets=ledger,
            now=self._clock.now,
        )
        finding = await purchases.look(top_up_id, session_id=session_id)
        if finding is not Finding.UNCHANGED:
            self._metrics.top_up_found(finding.value)

    def _require_checkout(self) -> Checkout:
        if isinstance(self._checkout, MissingSettings):
            raise PaymentsNotConfigured(*self._checkout.variables)
        return self._checkout


def _order(new: NewTopUp, created_at: datetime, wallet_url: str) -> PurchaseOrder:
    return PurchaseOrder(
        top_up_id=new.top_up_id,
        credits=new.credits,
        amount_cents=new.amount_cents,
        currency=new.currency,
        success_url=f"{wallet_url}?session_id={SESSION_PLACE}",
        cancel_url=f"{wallet_url}?canceled=yes",
        expires_at=created_at + PAGE_LIFETIME,
    )
