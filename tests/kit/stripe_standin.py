"""Who sells and who pays at the stand-in of Stripe: everything over the wire, by Stripe's SDK."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, cast

import stripe
from stripe.params import PaymentIntentCreateParams

from runtime.stripe_standin.settings import StandinSettings

KEY = "sk_test_contract"
WEBHOOK_SECRET = "whsec_contract"
NETWORK = "profile_test_contract"
PREVIEW = "2026-07-29.preview"
TOKENS = "/v1/test_helpers/shared_payment/granted_tokens"
NEVER_SECONDS = 3600.0
STANDIN_NOW = 1_800_000_000
SETTINGS = StandinSettings(
    secret_key=KEY, network_id=NETWORK, control=True, later_seconds=NEVER_SECONDS
)
"""What happens by itself later happens when the test says so."""

Json = dict[str, object]
Options = stripe.RequestOptions


class StandinClock:
    """The stand-in's time, in seconds; a test moves it."""

    def __init__(self) -> None:
        self.seconds = float(STANDIN_NOW)

    def __call__(self) -> float:
        return self.seconds


class Seller:
    """A client of Stripe's SDK with the key, and the agent that mints tokens for it."""

    def __init__(self, url: str, key: str = KEY) -> None:
        self.url = url
        self._http = stripe.RequestsClient()
        self.client = _client(key, url, self._http)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()  # type: ignore[no-untyped-call]  # typed in part

    def send(self, method: str, path: str, version: str = PREVIEW, **params: object) -> Json:
        """A request to a route that the SDK has no method for."""
        answer = self.client.raw_request(method, path, stripe_version=version, **params)
        return cast("Json", json.loads(json.dumps(answer.data)))

    def mint(
        self,
        method: str = "pm_card_visa",
        max_amount: int = 500,
        currency: str = "usd",
        expires_at: int | None = None,
        network_id: str | None = NETWORK,
    ) -> str:
        limits: Json = {"currency": currency, "max_amount": max_amount}
        if expires_at is not None:
            limits["expires_at"] = expires_at
        params: Json = {"payment_method": method, "usage_limits": limits}
        if network_id is not None:
            params["seller_details"] = {"network_id": network_id}
        token = self.send("post", TOKENS, PREVIEW, **params)
        return str(token["id"])

    def pay(
        self,
        token: str,
        amount: int = 500,
        quote_id: str = "",
        key: str | None = None,
        changes: Json | None = None,
    ) -> stripe.PaymentIntent:
        """`changes` of the parameters; None leaves one out."""
        return self.client.v1.payment_intents.create(
            order(token, amount, quote_id, changes), options(key)
        )

    def bought(self, method: str = "pm_card_visa", amount: int = 500) -> stripe.PaymentIntent:
        """A payment of its own quote by that method."""
        return self.pay(self.mint(method, amount), amount, new_quote())


def order(
    token: str, amount: int = 500, quote_id: str = "", changes: Json | None = None
) -> PaymentIntentCreateParams:
    """What a seller sends to charge a token. The SDK's types do not know the token."""
    sent: Json = {
        "amount": amount,
        "currency": "usd",
        "confirm": True,
        "shared_payment_granted_token": token,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {"quote_id": quote_id},
        **(changes or {}),
    }
    kept = {name: value for name, value in sent.items() if value is not None}
    return cast("PaymentIntentCreateParams", kept)


def options(key: str | None = None, version: str = PREVIEW) -> Options:
    named: Options = {"stripe_version": version}
    if key is not None:
        named["idempotency_key"] = key
    return named


def new_quote() -> str:
    return f"quote_{secrets.token_hex(8)}"


def refused(error: stripe.StripeError) -> tuple[int | None, str | None]:
    """Status and code of an error, also where the SDK keeps the code in the body only."""
    return error.http_status, error.error.code if error.error else None


@asynccontextmanager
async def asynchronous(url: str) -> AsyncIterator[stripe.StripeClient]:
    """The SDK's asynchronous client, which its own garbage would not close."""
    http = stripe.HTTPXClient()
    yield _client(KEY, url, http)
    await http.close_async()  # type: ignore[no-untyped-call]  # likewise


def _client(key: str, url: str, http: stripe.HTTPClient) -> stripe.StripeClient:
    return stripe.StripeClient(
        key, base_addresses={"api": url}, max_network_retries=0, http_client=http
    )
