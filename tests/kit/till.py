"""A stack that takes payments: Stripe's stand-in in the test's own process, with its books."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from runtime.ports import free_port
from runtime.stripe_standin.books import Balance
from runtime.stripe_standin.server import StripeStandin
from runtime.stripe_standin.settings import StandinSettings
from tests.kit.stack import Stack

SECRET_KEY = "sk_test_of_the_test_suite_0123456789"
WEBHOOK_SECRET = "whsec_of_the_test_suite_0123456789"
NETWORK_ID = "profile_test_of_the_test_suite"
MPP_SECRET = "a secret of challenges of the test suite, 32+"
PREVIEW = "2026-07-29.preview"
TOKEN_SECONDS = 1800
GOOD_CARD = "pm_card_visa"
DECLINED_CARD = "pm_card_chargeDeclined"


@dataclass(frozen=True)
class Till:
    """Where the money of one stack goes. `stripe` has faults, webhooks and disputes to order."""

    stripe: StripeStandin

    @property
    def spt_url(self) -> str:
        return f"{self.stripe.url}/v1/test_helpers/shared_payment/granted_tokens"

    def balance(self, quote_id: str) -> Balance:
        return self.stripe.books.balance(quote_id)

    def charges(self) -> int:
        """Charges that succeeded, of all quotes together."""
        return sum(balance.charges for balance in self.stripe.books.balances().values())

    def mint(
        self,
        amount_cents: int,
        *,
        card: str = GOOD_CARD,
        currency: str = "usd",
        network_id: str = NETWORK_ID,
        expires_at: int | None = None,
    ) -> str:
        """A shared payment token, as a wallet grants one to a seller."""
        return mint_token(
            self.spt_url,
            SECRET_KEY,
            amount_cents,
            card=card,
            currency=currency,
            network_id=network_id,
            expires_at=expires_at,
        )


def mint_token(
    spt_url: str,
    secret_key: str,
    amount_cents: int,
    *,
    network_id: str,
    card: str = GOOD_CARD,
    currency: str = "usd",
    expires_at: int | None = None,
) -> str:
    """A shared payment token of any stand-in; by default it lives as long as a quote."""
    answer = httpx2.post(
        spt_url,
        auth=(secret_key, ""),
        headers={"Stripe-Version": PREVIEW},
        data={
            "payment_method": card,
            "usage_limits[currency]": currency,
            "usage_limits[max_amount]": str(amount_cents),
            "usage_limits[expires_at]": str(expires_at or int(time.time()) + TOKEN_SECONDS),
            "seller_details[network_id]": network_id,
        },
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@contextmanager
def taking_payments(stack: Stack) -> Iterator[Till]:
    """Let this stack take payments; before its processes start."""
    stack.port = stack.port or free_port()
    settings = StandinSettings(
        secret_key=SECRET_KEY,
        webhook_url=f"{stack.base_url}/api/stripe/webhooks",
        webhook_secret=WEBHOOK_SECRET,
        network_id=NETWORK_ID,
        control=True,
    )
    with StripeStandin(settings) as stripe:
        stack.variables.update(
            STRIPE_SECRET_KEY=SECRET_KEY,
            STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET,
            FVS_STRIPE_NETWORK_ID=NETWORK_ID,
            FVS_STRIPE_BASE_URL=stripe.url,
            FVS_MPP_SECRET=MPP_SECRET,
            FVS_PAYMENT_REALM="127.0.0.1",
            FVS_QUOTES_PER_MINUTE_MAX="10000",
        )
        yield Till(stripe)
