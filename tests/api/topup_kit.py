"""A gateway that sells credits on a real port, and the stand-in of Stripe that tells it by HTTP."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import httpx2
import uvicorn
from sqlalchemy import select

from gateway.app import create_app
from gateway.dependencies import Gateway
from gateway.services.webhooks import WebhookTrust
from runtime.ports import free_port
from runtime.stripe_standin.server import StripeStandin
from runtime.stripe_standin.settings import StandinSettings
from studio.ledger import service as ledger
from studio.ledger.tables import TransferCode, TransferRow
from studio.payments.checkout import StripeCheckout
from studio.topups.records import TopUpView
from studio.topups.repository import find_top_up
from studio.topups.tables import TopUpRow
from tests.api.kit import ApiStack
from tests.kit.serving import ObservableServer

KEY = "sk_test_of_the_shop"
SECRET = "whsec_of_the_shop"
ACCOUNT = "acct_one"
OTHER = "acct_two"
CREDITS = 2000
GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
NEVER_SECONDS = 10_000_000.0

_FORMS = count()


def new_form() -> str:
    return f"form-of-the-tests-{next(_FORMS)}"


@dataclass(frozen=True)
class CreditShop:
    """Shares its clock with the stand-in, whose webhooks come once, or as a test sends them."""

    stack: ApiStack
    stripe: StripeStandin
    gateway: Gateway
    browser: httpx2.AsyncClient
    base_url: str

    @property
    def wallet_url(self) -> str:
        return f"{self.base_url}/settings/wallet"

    async def start(self, form_id: str = "", *, dollars: int = 20, account: str = ACCOUNT) -> str:
        """Where the purchase is paid."""
        return await self.gateway.top_ups.start(
            account, dollars=dollars, form_id=form_id or new_form(), wallet_url=self.wallet_url
        )

    async def pay(self, url: str, **form: str) -> httpx2.Response:
        """Send the hosted page's form; with a good card unless it says otherwise."""
        return await self.browser.post(url, data=form or {"card_number": GOOD_CARD})

    async def bought(self) -> TopUpRow:
        """A purchase that was paid and credited."""
        url = await self.start()
        await self.pay(url)
        await self.told()
        return self.row(url)

    async def told(self) -> None:
        """Wait until every webhook that is on its way has come."""
        await asyncio.to_thread(self.stripe.drain_webhooks)

    async def release(self, *, reverse: bool = False, times: int = 1) -> None:
        self.stripe.release_webhooks(reverse=reverse, times=times)
        await self.told()

    async def finish(self, url: str, *, account: str = ACCOUNT) -> TopUpView:
        """Come back from the page, as the success URL leads."""
        return await self.gateway.top_ups.finish(account, session_of(url))

    def row(self, url: str) -> TopUpRow:
        with self.stack.database.reading() as session:
            row = find_top_up(session, session_id=session_of(url))
        assert row is not None
        return row

    def again(self, row: TopUpRow) -> TopUpRow:
        with self.stack.database.reading() as session:
            found = find_top_up(session, top_up_id=row.top_up_id)
        assert found is not None
        return found

    def available(self, account: str = ACCOUNT) -> int:
        with self.stack.database.reading() as session:
            assert ledger.audit(session) == []
            return ledger.balance(session, wallet=ledger.wallet_id(account)).available

    def credited(self) -> list[int]:
        """The top-ups of payments in the ledger, one by one; not what was given back."""
        with self.stack.database.reading() as session:
            rows = session.execute(
                select(TransferRow.subject, TransferRow.amount).where(
                    TransferRow.code == TransferCode.TOP_UP
                )
            ).all()
        return [row[1] for row in rows if row[0].startswith("payment:") and row[0].count(":") == 1]

    def charges(self) -> int:
        """Charges at Stripe that succeeded."""
        return sum(charge.status == "succeeded" for charge in self.stripe.books.charges())

    def found(self, finding: str) -> float:
        """What the gateway's metrics counted."""
        registry = self.stack.dependencies.metrics.registry
        return registry.get_sample_value("fvs_top_ups_total", {"finding": finding}) or 0

    def heard(self, outcome: str) -> float:
        registry = self.stack.dependencies.metrics.registry
        return registry.get_sample_value("fvs_stripe_webhooks_total", {"outcome": outcome}) or 0

    def statuses(self) -> set[int]:
        """How the gateway answered webhooks."""
        return {delivery.status for delivery in self.stripe.deliveries}


def session_of(url: str) -> str:
    return url.rpartition("/")[2]


@asynccontextmanager
async def credit_shop(
    stack: ApiStack, *, pauses_seconds: Sequence[float] = ()
) -> AsyncIterator[CreditShop]:
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    settings = StandinSettings(
        secret_key=KEY,
        webhook_url=f"{base_url}/api/stripe/webhooks",
        webhook_secret=SECRET,
        control=True,
        later_seconds=NEVER_SECONDS,
        webhook_pauses_seconds=tuple(pauses_seconds),
    )
    with StripeStandin(settings, now=lambda: stack.time.now().timestamp()) as stripe:
        stack.configure(
            webhooks=WebhookTrust(secrets=(SECRET,), livemode=False),
            checkout=StripeCheckout.connect(KEY, base_url=stripe.url),
            checkout_origins=(stripe.url,),
        )
        app = create_app(stack.dependencies)
        config = uvicorn.Config(app, port=port, log_config=None, access_log=False)
        server = ObservableServer(config)
        serving = asyncio.create_task(server.serve())
        await server.listening.wait()
        try:
            async with httpx2.AsyncClient() as browser:
                yield CreditShop(stack, stripe, app.state.gateway, browser, base_url)
        finally:
            server.should_exit = True
            await serving
